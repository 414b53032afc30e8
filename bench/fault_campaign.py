"""The fault campaign: one fault at a time on the twins, and what comes of the run.

Every fault class of the catalogue meets every role at several moments. A run must end in the correct result, or in a
refusal that names the instrument, with the source off; a wrong result, a traceback, a run that does not end or a source
left on is a defect.

Three things are no defects, and are counted by themselves. A source that no message reaches any more cannot be switched
off over its line: the run must end with a loud NOT SAFE. What the device under test says of itself *is* the indication
that is judged: a display that lies over its interface is a display that lies. And a standard that is off by less than
two sound instruments may differ is found by a second standard only.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from bench.campaign import held, one_thread
from bench.errors import ConfigurationError
from bench.fault_plan import Case, plan
from bench.operators import Simulation
from bench.rigged import rigged
from bench.runs import Finished, Order, execute
from drivers.errors import InstrumentError
from instruments.faults import ReadingFault, StuckValue
from scenarios.procedure import ProcedureAborted
from uncertainty.conformity import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.catalogue import System
    from bench.station import Station
    from instruments.world import World

HONEST = 1.5
"""How many U an error may lie from the truth: the campaign's U covers 95 %, one and a half of it all but one in 300."""
PATIENCE = 10.0
"""How many times longer than undisturbed a run may take, in bench time, before it counts as one that does not end."""
SETTLED_S = 5.0
"""Bench time after which a source that was switched off has discharged, s."""
READING_FAULTS = (ReadingFault, StuckValue)
"""Faults in which an instrument says, steadily and in the right form, what is not so."""
UNSAFE = "NOT SAFE"
"""What a source's driver says that could not confirm its output off."""


class Outcome(StrEnum):
    """How a run with a fault ended."""

    CORRECT = "correct"
    """The result is that of a bench without the fault, within the stated uncertainty."""
    REFUSED = "refused"
    """A refusal that names the instrument; the source is off."""
    ALARM = "alarm"
    """A refusal that says NOT SAFE: no message reaches the source, and it is still on."""
    INDICATION = "indication"
    """The device under test indicated something else than the truth, and was judged by what it indicated."""
    IDLE = "idle"
    """The fault had nothing to strike at, so that a correct result says nothing about it."""
    BLIND = "blind"
    """The standard is steadily wrong by less than the source can tell: only a second standard could know."""
    DEFECT = "defect"
    """Anything else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Hold what came of one case."""

    case: Case
    """The case."""
    outcome: Outcome
    """How it ended."""
    why: str
    """The refusal, or what is wrong; empty for a correct result."""
    strikes: int
    """How often the fault struck; 0 if the run gave it no chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultCampaign:
    """Hold the result of a fault campaign."""

    system: str
    """Name of the system."""
    seed: int
    """Seed."""
    endings: tuple[Ending, ...]
    """What came of each case, in the order of the catalogue."""

    @property
    def defects(self) -> tuple[Ending, ...]:
        """What should not have come."""
        return tuple(ending for ending in self.endings if ending.outcome is Outcome.DEFECT)

    @property
    def cells(self) -> dict[tuple[str, str], Counter[Outcome]]:
        """Fault class and role -> how often which outcome."""
        cells: dict[tuple[str, str], Counter[Outcome]] = {}
        for ending in self.endings:
            cells.setdefault((ending.case.kind, ending.case.role), Counter())[ending.outcome] += 1
        return cells


class _Endless(Exception):
    """The run takes too long in bench time."""


def fault_campaign(
    system: System,
    station: Station,
    *,
    seed: int,
    moments: int = 3,
    trials: int = 2000,
    only: str | None = None,
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> FaultCampaign:
    """Plant every fault in every instrument.

    Args:
        system: what to verify; its sheet says which device holds the truth.
        station: the twins.
        seed: seed of the runs and of the moments.
        moments: seeded moments per class and role, beside the start of the run.
        trials: Monte Carlo trials per point.
        only: the one fault class to plant; None for all.
        advance: told how many cases are finished, and of how many.

    Raises:
        ValueError: the sheet plans no campaign, or the run without a fault does not come to a result.
    """
    study = system.sheet.campaign
    if study is None:
        raise ValueError(f"{system.source}: campaign: missing; the sheet does not say which device holds the truth")
    sound = execute(system, station, order_of(seed, trials), Simulation())
    behind = {role: station.resources[address] for role, address in station.roles.items()}
    cases = tuple(plan(tuple(behind), seed=seed, duration_s=sound.record.duration_s, moments=moments, only=only))
    endings = []
    with one_thread():
        for case in cases:
            endings.append(end(system, station, case, behind[case.role], sound, trials))
            advance(len(endings), len(cases))
    return FaultCampaign(system=system.sheet.system, seed=seed, endings=tuple(endings))


def order_of(seed: int, trials: int) -> Order:
    """Return how the runs of a fault campaign are made."""
    return Order(seed=seed, started=datetime(2026, 1, 1, tzinfo=UTC), trials=trials)


def end(system: System, station: Station, case: Case, device: str, sound: Finished, trials: int) -> Ending:
    """Make the run of one case and judge it.

    Args:
        system: what to verify.
        station: the twins.
        case: which fault.
        device: name of the twin that has it.
        sound: the same run without the fault.
        trials: Monte Carlo trials per point.
    """
    limit = PATIENCE * sound.record.duration_s

    def give_up() -> None:
        raise _Endless(f"not at an end after {limit:.0f} s of bench time")

    def prepare(world: World) -> None:
        world.faults(device).add(case.fault)
        world.environment.call_at(limit, give_up)

    stage = rigged(station, prepare)
    finished: Finished | None = None
    outcome, why = Outcome.DEFECT, ""
    try:
        finished = execute(system, stage, order_of(case.seed, trials), Simulation())
    except (ProcedureAborted, InstrumentError, ConfigurationError) as refusal:
        why = str(refusal)
        named = case.role in why or station.roles[case.role] in why
        outcome = Outcome.REFUSED if named else Outcome.DEFECT
        if not named:
            why = f"the refusal does not name the {case.role}: {why}"
    except Exception as defect:  # whatever it is, it is what this campaign looks for
        why = f"{type(defect).__name__}: {defect}"
    if finished is not None:
        outcome, why = _judge(system, case, finished, sound)
    if any(_on(world) for world in stage.built):
        told = outcome is Outcome.REFUSED and UNSAFE in why
        outcome = Outcome.ALARM if told else Outcome.DEFECT
        why = why if told else f"the source is still on; {why}"
    strikes = sum(len(world.faults(device).log) for world in stage.built)
    if outcome is Outcome.CORRECT and not strikes:
        outcome = Outcome.IDLE
    return Ending(case=case, outcome=outcome, why=why, strikes=strikes)


def _on(world: World) -> bool:
    at = world.environment.now + SETTLED_S
    return any(port.energised(at) for port in world.ports.values() if hasattr(port, "energised"))


def _judge(system: System, case: Case, finished: Finished, sound: Finished) -> tuple[Outcome, str]:
    """Hold the result against the truth, and the findings against those of the sound run."""
    study = system.sheet.campaign
    assert study is not None  # fault_campaign() has refused a sheet without one
    trials = [trial for trial in held(finished, study) if trial.verdict is not Verdict.INCONCLUSIVE]
    wrong = [
        f"{trial.key}: error {trial.error:+.4g}, truth {trial.truth:+.4g}, U {trial.U:.3g}"
        for trial in trials
        if not abs(trial.error - trial.truth) <= HONEST * trial.U
    ]
    of_points = len(wrong)
    for item, other in zip(finished.record.items, sound.record.items, strict=True):
        found, right = ([f.verdict.value for f in i.findings] for i in (item, other))
        if found != right:
            wrong.append(f"{item.key}: {', '.join(found)} instead of {', '.join(right)}")
    readings = isinstance(case.fault, READING_FAULTS) and case.fault.times is None
    if not wrong:
        return Outcome.CORRECT, ""
    why = f"wrong result: {'; '.join(wrong[:3])}" + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else "")
    if readings and case.role == "device" and _by_display(finished, wrong[:of_points]):
        return Outcome.INDICATION, why
    blind = study.blind.get(case.role, 0.0)
    if (
        readings
        and of_points == len(wrong)
        and blind
        and all(abs(t.error - t.truth) <= t.U + blind * t.scale for t in trials)
    ):
        return Outcome.BLIND, why
    return Outcome.DEFECT, why


def _by_display(finished: Finished, wrong: list[str]) -> bool:
    """Tell whether every wrong point was read from the device itself."""
    own = {
        point.point.key
        for item in finished.record.items
        for point in item.points
        if any(reading.instrument == "device" for reading in point.readings)
    }
    return all(line.split(": ")[0] in own for line in wrong)
