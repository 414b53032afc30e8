"""Whether a range covers a planned value: ranges are taken at their word, signs included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.lab.entries import Line, Range
from uncertainty.quantity import Quantity, UnitMismatch, convert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BINARY = 1e-9
"""Relative width that forgives binary fractions: 0.1 A as 100 mA."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncovered:
    """Say why a planned point is not covered."""

    settings: tuple[str, ...]
    """Its settings."""
    range: Range | None = None
    """The range that it misses; None where no range names any of its settings."""
    value: Quantity | None = None
    """The value that misses it."""
    incomparable: bool = False
    """Whether the range's unit is of another kind."""


def uncovered(settings: Mapping[str, Quantity], spans: Sequence[Sequence[Range]]) -> Uncovered | None:
    """Return why no span covers a point; None if one does.

    Args:
        settings: planned values by setting.
        spans: alternatives, each a set of ranges that must all hold; a setting that a span does not name does not
            matter to it, but it must name one.
    """
    first: Uncovered | None = None
    for span in spans:
        fault = _fault(settings, span)
        if fault is None:
            return None
        # A range that is missed says more than one that is not there.
        if first is None or (first.range is None and fault.range is not None):
            first = fault
    return first or Uncovered(settings=tuple(settings))


def covering(settings: Mapping[str, Quantity], lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return the lines of a certificate that cover a point; a line without ranges holds everywhere."""
    return tuple(line for line in lines if not line.ranges or _fault(settings, line.ranges) is None)


def comparable(lines: Sequence[Line], unit: str) -> tuple[Line, ...]:
    """Return the lines whose U can be given in a unit."""
    return tuple(line for line in lines if _convertible(line.unit, unit))


def _fault(settings: Mapping[str, Quantity], span: Sequence[Range]) -> Uncovered | None:
    named = False
    for r in span:
        if (planned := settings.get(r.setting)) is None:
            continue
        named = True
        if not _convertible(planned.unit, r.unit):
            return Uncovered(settings=tuple(settings), range=r, value=planned, incomparable=True)
        value = planned.to(r.unit).value
        slack = _BINARY * max(abs(r.low), abs(r.high))
        if not r.low - slack <= value <= r.high + slack:
            return Uncovered(settings=tuple(settings), range=r, value=planned)
    return None if named else Uncovered(settings=tuple(settings))


def _convertible(unit: str, other: str) -> bool:
    try:
        convert(1.0, unit, other)
    except UnitMismatch:
        return False
    return True
