"""A day's batch: devices that share rigs, balances and people, as SimPy resources; throughput, waiting, utilisation.

The steps are the procedure's own (`steps` of its scenario, for the nameplate of each device). A step begins when all
that it holds is free at once: nobody stands at a rig that is not free yet. What the step before held as well it has
already: a meter stays in its line while it waits for the balance. Who has waited longer goes first, where all that it
needs is free.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import simpy

from bench.errors import ConfigurationError
from scenarios.procedure import Step
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Hold one device of the batch."""

    name: str
    """Name, e.g. "water_flow 3"."""
    steps: tuple[Step, ...]
    """What is done with it, in order."""
    arrival_s: float = 0.0
    """When it is there, s after the day's begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Hold one step as it was done."""

    job: str
    """Device."""
    step: Text
    """What was done."""
    begin_s: float
    """Begin, s after the day's begin."""
    end_s: float
    """End, s after the day's begin."""
    waited_s: Mapping[str, float]
    """Resource -> how long it had lacked it, s (several may have been lacking at once); empty if it did not wait."""
    holds: tuple[str, ...]
    """What it held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Hold a simulated day."""

    resources: Mapping[str, int]
    """Resource -> how many of it there are."""
    length_s: float
    """Length of the working day, s."""
    bars: tuple[Bar, ...]
    """Steps as they were done, by device and time."""
    devices: int
    """Devices in the batch."""
    finished: int
    """Devices that were finished within the day."""
    makespan_s: float
    """When the last device was finished, s."""
    waiting_s: Mapping[str, float]
    """Resource -> time that devices waited for it, all together, s."""
    utilisation: Mapping[str, float]
    """Resource -> share of its time until the last device was finished, 0 to 1."""
    turnaround_s: float
    """Mean time from a device's arrival to its end, s."""

    @property
    def bottleneck(self) -> str | None:
        """Return the resource for which devices waited longest; None if nobody waited."""
        name = max(self.waiting_s, key=lambda key: self.waiting_s[key], default=None)
        return name if name is not None and self.waiting_s[name] > 0 else None


def simulate(jobs: Sequence[Job], resources: Mapping[str, int], length_s: float) -> Day:
    """Simulate a batch on shared resources.

    Args:
        jobs: devices, in the order in which they queue.
        resources: resource -> how many of it there are.
        length_s: length of the working day, s; work goes on after it, and counts as not finished within the day.

    Raises:
        ConfigurationError: no job, a step holds a resource that the batch does not have, or devices wait for each
            other for ever.
    """
    _check(jobs, resources)
    environment = simpy.Environment()
    hall = _Hall(environment, resources)
    bars: list[Bar] = []
    ends: dict[str, float] = {}
    for job in jobs:
        environment.process(_work(hall, job, bars, ends))
    environment.run()
    stuck = [job.name for job in jobs if job.name not in ends]
    if stuck:
        raise ConfigurationError(
            "plan",
            "resources",
            f"{', '.join(stuck)} wait for each other for ever; each keeps what another one needs: add to it",
        )
    makespan = max(ends.values())
    waiting = dict.fromkeys(resources, 0.0)
    busy = dict.fromkeys(resources, 0.0)
    for bar in bars:
        for name, waited in bar.waited_s.items():
            waiting[name] += waited
    for job in jobs:
        for name in resources:
            busy[name] += _held(name, [bar for bar in bars if bar.job == job.name])
    return Day(
        resources=dict(resources),
        length_s=length_s,
        bars=tuple(sorted(bars, key=lambda bar: (bar.job, bar.begin_s))),
        devices=len(jobs),
        finished=sum(end <= length_s for end in ends.values()),
        makespan_s=makespan,
        waiting_s=waiting,
        utilisation={name: busy[name] / (makespan * count) for name, count in resources.items()},
        turnaround_s=sum(ends[job.name] - job.arrival_s for job in jobs) / len(jobs),
    )


def _check(jobs: Sequence[Job], resources: Mapping[str, int]) -> None:
    if not jobs:
        raise ConfigurationError("plan", "batch", "no device; give at least one")
    for name, count in resources.items():
        if count < 1:
            raise ConfigurationError("plan", f"resources.{name}", f"{count} of it; give at least 1")
    for job in jobs:
        for step in job.steps:
            for name in step.holds:
                if name not in resources:
                    known = ", ".join(resources) or "none"
                    raise ConfigurationError(
                        "plan", f"resources.{name}", f"missing; {step.name.en!r} needs it (there are: {known})"
                    )


class _Hall:
    """Give out resources: all that a step needs at once, to who has waited longest among those who can begin."""

    def __init__(self, environment: simpy.Environment, resources: Mapping[str, int]) -> None:
        self.environment = environment
        self.pools = {name: simpy.Resource(environment, capacity=count) for name, count in resources.items()}
        self._queue: list[_Wait] = []

    def take(self, names: Sequence[str]) -> _Wait:
        """Ask for resources; the event of the answer happens when they are taken."""
        wait = _Wait(names=tuple(names), taken=self.environment.event(), since=self.environment.now)
        self._queue.append(wait)
        self._look()
        return wait

    def give_back(self, requests: Sequence[Any]) -> None:
        """Give resources back."""
        for request in requests:
            request.resource.release(request)
        self._look()

    def _look(self) -> None:
        """Let those begin who can; note for the others what they lack from now on."""
        now = self.environment.now
        for wait in list(self._queue):
            for name in wait.lacks:
                wait.waited[name] = wait.waited.get(name, 0.0) + now - wait.since
            wait.since = now
            wait.lacks = [name for name in wait.names if self.pools[name].count >= self.pools[name].capacity]
            if not wait.lacks:
                self._queue.remove(wait)
                # Free as they are, the requests are granted at once.
                wait.requests = {name: self.pools[name].request() for name in wait.names}
                wait.taken.succeed()


@dataclass(slots=True, kw_only=True)
class _Wait:
    """Hold one step that waits for its resources."""

    names: tuple[str, ...]
    taken: simpy.Event
    since: float
    lacks: list[str] = field(default_factory=list)
    waited: dict[str, float] = field(default_factory=dict)
    requests: dict[str, Any] = field(default_factory=dict)


def _work(hall: _Hall, job: Job, bars: list[Bar], ends: dict[str, float]) -> Generator[Any, Any, None]:
    """Take one device through its steps."""
    environment = hall.environment
    yield environment.timeout(job.arrival_s)
    held: dict[str, Any] = {}
    for index, step in enumerate(job.steps):
        wait = hall.take([name for name in dict.fromkeys(step.holds) if name not in held])
        yield wait.taken
        held |= wait.requests
        begin = environment.now
        yield environment.timeout(step.duration_s)
        bars.append(
            Bar(
                job=job.name,
                step=step.name,
                begin_s=begin,
                end_s=environment.now,
                waited_s={name: waited for name, waited in wait.waited.items() if waited},
                holds=step.holds,
            )
        )
        following = set(job.steps[index + 1].holds) if index + 1 < len(job.steps) else set()
        hall.give_back([held.pop(name) for name in list(held) if name not in following])
    ends[job.name] = environment.now


def _held(name: str, bars: Sequence[Bar]) -> float:
    """Return how long one device held a resource: steps with it, and waiting between two of them that both hold it."""
    total = 0.0
    ordered = sorted(bars, key=lambda bar: bar.begin_s)
    for bar, following in zip(ordered, [*ordered[1:], None], strict=True):
        if name in bar.holds:
            kept = following is not None and name in following.holds
            total += (following.begin_s if kept and following is not None else bar.end_s) - bar.begin_s
    return total
