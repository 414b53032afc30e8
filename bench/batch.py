"""The batch of a day: which devices come when, and what the laboratory has; from a TOML file or from options.

```toml
day = { value = 8, unit = "h" }

[resources]        # what is not named is there once
line = 2
technician = 2
balance = 1

[[devices]]
system = "water_flow"
count = 6
every = { value = 20, unit = "min" }          # between two arrivals; 0 where all are there in the morning
station = "dn100.yaml"                        # whose nameplate and references count; the sheet's own if left out
```
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.catalogue import find
from bench.day import Job
from bench.errors import ConfigurationError
from bench.laboratory import read as read_laboratory
from bench.station import Station
from scenarios.sheet import SheetError, decode
from uncertainty.quantity import Quantity, UnitMismatch

if TYPE_CHECKING:
    from pathlib import Path

    from scenarios.procedure import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """Hold devices of one kind in a batch."""

    system: str
    """Their system."""
    count: int = 1
    """How many."""
    station: str | None = None
    """Station file whose nameplate and references count; None for the sheet's own."""
    first: Quantity = field(default_factory=lambda: Quantity(value=0.0, unit="min"))
    """When the first one is there, after the day's begin."""
    every: Quantity = field(default_factory=lambda: Quantity(value=0.0, unit="min"))
    """Time between two arrivals; 0 where all are there at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Hold the batch of a day."""

    devices: tuple[Devices, ...]
    """Devices, in the order in which they queue."""
    resources: Mapping[str, int] = field(default_factory=dict)
    """Resource -> how many of it there are; what is not named is there once."""
    day: Quantity = field(default_factory=lambda: Quantity(value=8.0, unit="h"))
    """Length of the working day."""


def read(path: Path) -> Batch:
    """Read a batch.

    Raises:
        ConfigurationError: the file cannot be read, or is wrong; names the key.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        batch = decode(table, Batch)
    except OSError as problem:
        raise ConfigurationError(str(path), "(file)", problem.strerror or str(problem)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ConfigurationError(str(path), "(file)", f"not a TOML file: {problem}") from None
    except SheetError as problem:
        raise ConfigurationError(str(path), problem.key, problem.why) from None
    for number, devices in enumerate(batch.devices):
        if devices.count < 1:
            raise ConfigurationError(str(path), f"devices[{number}].count", f"{devices.count}; give at least 1")
    return batch


def jobs(batch: Batch, folder: Path) -> tuple[Job, ...]:
    """Return the jobs of a batch, in the order in which they queue.

    Args:
        batch: the batch.
        folder: where its station files are looked for.

    Raises:
        ConfigurationError: an unknown system, one without steps to plan with, or a wrong station.
        PlanRefused: the plan cannot prove conformity for a nameplate.
        SheetError: the sheet does not cover a nameplate.
    """
    made = []
    counts: dict[str, int] = {}
    for number, devices in enumerate(batch.devices):
        steps = steps_of(devices, folder)
        first, every = (_seconds(getattr(devices, key), f"devices[{number}].{key}") for key in ("first", "every"))
        for n in range(devices.count):
            counts[devices.system] = counts.get(devices.system, 0) + 1
            name = f"{devices.system} {counts[devices.system]}"
            made.append(Job(name=name, steps=steps, arrival_s=first + n * every))
    return tuple(sorted(made, key=lambda job: job.arrival_s))


def steps_of(devices: Devices, folder: Path) -> tuple[Step, ...]:
    """Return the steps of one kind of devices; see `jobs`."""
    system = find(devices.system)
    plan_steps = getattr(system.procedure, "steps", None)
    if plan_steps is None:
        raise ConfigurationError("plan", devices.system, "this system does not say its steps; it cannot be planned")
    if devices.station is None:
        station = Station.from_dict(system.sheet.station, source=f"{system.source} [station]")
    else:
        station = Station.from_file(folder / devices.station)
    laboratory = read_laboratory(station.laboratory, station.source)
    equipped = system.equipped(laboratory.references)
    steps: tuple[Step, ...] = plan_steps(
        equipped.sheet, equipped.plan, equipped.nameplate(laboratory.device, station.source)
    )
    return steps


def resources_of(batch: Batch, planned: tuple[Job, ...]) -> dict[str, int]:
    """Return what the laboratory has: as many as the batch says, and once each whatever else the steps hold.

    Raises:
        ConfigurationError: the batch names a resource that no step holds.
    """
    held = list(dict.fromkeys(name for job in planned for step in job.steps for name in step.holds))
    for name in batch.resources:
        if name not in held:
            raise ConfigurationError(
                "plan", f"resources.{name}", f"no step holds it; the steps hold {', '.join(held) or 'nothing'}"
            )
    return {**dict.fromkeys(held, 1), **batch.resources}


def length_s(batch: Batch) -> float:
    """Return the length of the working day, s.

    Raises:
        ConfigurationError: it is no time.
    """
    return _seconds(batch.day, "day")


def _seconds(quantity: Quantity, key: str) -> float:
    try:
        return quantity.to("s").value
    except UnitMismatch as problem:
        raise ConfigurationError("plan", key, str(problem)) from None
