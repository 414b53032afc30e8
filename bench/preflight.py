"""Before a run: how long it will take, what it will use up, and which uncertainty is to be expected.

The uncertainties come from the scenario's forecast for the device and the references of the station. Durations and
consumption come from the procedure itself, run in virtual time on twins: the same steps, so no second book-keeping.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bench.errors import ConfigurationError
from bench.laboratory import read as read_laboratory
from bench.operators import Simulation
from bench.rigged import rigged
from bench.runs import Order, execute
from bench.station import Station
from instruments.twin import Consumed
from scenarios.procedure import Forecast
from uncertainty.text import Text

if TYPE_CHECKING:
    from bench.catalogue import System
    from instruments.world import World
    from scenarios.procedure import Progress

TRIALS = 1000
"""Monte Carlo trials of the run in virtual time: its evaluation does not matter here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Hold the time that one item of the procedure takes."""

    item: Text
    """The item."""
    duration_s: float
    """Bench time from its first step to that of the next item, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """Hold what is to be expected of a run."""

    forecasts: tuple[Forecast, ...]
    """Expected uncertainty per point."""
    stretches: tuple[Stretch, ...]
    """Items in the order of the procedure."""
    duration_s: float
    """Bench time of the whole run, s."""
    consumed: dict[str, tuple[Consumed, ...]]
    """Name of the cylinder, tank or rig -> what the run uses up of it."""
    own_twins: bool
    """Whether durations are those of the sheet's own twins, because the station is not all twins."""


def preflight(system: System, station: Station, *, seed: int) -> Preflight:
    """Return what is to be expected of a run of a system on a station; nothing of the station is energised.

    Args:
        system: what to verify.
        station: the bench; its device and references count for the uncertainty.
        seed: seed of the twins.

    Raises:
        PlanRefused: the plan cannot prove conformity.
        SheetError: the sheet does not cover this device.
        ConfigurationError: station or sheet are wrong.
        ProcedureAborted: the procedure does not come to its end on the twins either.
    """
    laboratory = read_laboratory(station.laboratory, station.source)
    if laboratory.positions:
        raise ConfigurationError(
            station.source, "laboratory.positions", "a pre-flight looks at one device; give a station with one"
        )
    forecasts = system.equipped(laboratory.references).forecast(system.nameplate(laboratory.device, station.source))
    simulated = all(address in station.resources for address in station.roles.values())
    stage = station if simulated else Station.from_dict(system.sheet.station, source=f"{system.source} [station]")
    worlds: list[World] = []
    begun: list[tuple[Text, float]] = []

    def show(step: Progress) -> None:
        if not begun or begun[-1][0] != step.item:
            begun.append((step.item, float(worlds[0].environment.now)))

    order = Order(seed=seed, started=datetime(2026, 1, 1, tzinfo=UTC), trials=TRIALS, show=show)
    record = execute(system, rigged(stage, worlds.append), order, Simulation()).record
    ends = [begin for _, begin in begun[1:]] + [record.duration_s]
    return Preflight(
        forecasts=forecasts,
        stretches=tuple(
            Stretch(item=item, duration_s=end - begin) for (item, begin), end in zip(begun, ends, strict=True)
        ),
        duration_s=record.duration_s,
        consumed={name: used for name, used in worlds[0].consumed().items() if any(part.amount for part in used)},
        own_twins=not simulated,
    )
