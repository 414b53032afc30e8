"""Influence quantities: read, refused when out of range, and summarised for the record."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from drivers.reading import Reading
from scenarios.procedure import ProcedureAborted
from scenarios.record import Condition
from uncertainty.rounding import round_to_step

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from typing import Any

    from scenarios.procedure import Desk
    from scenarios.sheet import Sheet


def observe(desk: Desk, sheet: Sheet, step: str) -> Generator[Any, Any, tuple[Reading, ...]]:
    """Read every influence quantity of the sheet once.

    Raises:
        ProcedureAborted: an indication lies outside the reference conditions; named with both numbers.
    """
    return (yield from desk.attempt(step, tuple[Reading, ...], lambda: _read(desk, sheet, step)))


def _read(desk: Desk, sheet: Sheet, step: str) -> Generator[Any, Any, tuple[Reading, ...]]:
    environment = desk.instrument("environment")
    readings = []
    for key, condition in sheet.conditions.items():
        reading = yield from getattr(environment, condition.reading).read()
        desk.keep(f"{step}/{key}", reading)
        low, high = condition.low.to(reading.indication.unit), condition.high.to(reading.indication.unit)
        if not low <= reading.indication.value <= high:
            raise ProcedureAborted(
                f"environment: conditions.{key}: {reading.indication} is outside {low:g} to {high:g} "
                f"{reading.indication.unit}; bring the room back to its reference conditions and start again"
            )
        readings.append(reading)
    return tuple(readings)


def summarise(sheet: Sheet, readings: Iterable[Reading]) -> tuple[Condition, ...]:
    """Return the smallest and largest indication of each influence quantity, as printed."""
    readings = tuple(readings)
    summary = []
    for condition in sheet.conditions.values():
        seen = [r.indication for r in readings if r.name == condition.reading]
        if not seen:
            continue
        unit = seen[0].unit
        values = [q.to(unit).value for q in seen]
        low, high = Decimal(repr(condition.low.to(unit))), Decimal(repr(condition.high.to(unit)))
        summary.append(
            Condition(
                name=condition.name,
                unit=unit,
                minimum=round_to_step(repr(min(values)), condition.step),
                maximum=round_to_step(repr(max(values)), condition.step),
                permitted=f"{low.normalize():f} to {high.normalize():f}",
            )
        )
    return tuple(summary)
