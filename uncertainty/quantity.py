"""Quantity values (VIM 1.19): a number and a unit. The only file that knows pint."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pint


class UnitMismatch(ValueError):
    """Two units are not of the same kind of quantity, or a unit is unknown."""


@cache
def _registry() -> pint.UnitRegistry[Any]:
    import pint  # half a second: only a conversion needs it

    registry: pint.UnitRegistry[Any] = pint.UnitRegistry(autoconvert_offset_to_baseunit=True, cache_folder=None)
    registry.define("imp = count = impulse")
    return registry


@cache
def _line(source: str, target: str) -> tuple[float, float]:
    """Return (factor, offset) such that `target = factor * source + offset`."""
    registry = _registry()
    try:
        zero = float(registry.Quantity(0.0, source).to(target).magnitude)
        one = float(registry.Quantity(1.0, source).to(target).magnitude)
    except Exception as problem:  # pint raises some five unrelated classes here
        raise UnitMismatch(f"cannot convert {source!r} to {target!r}: {problem}") from None
    return one - zero, zero


def convert(value: float, source: str, target: str) -> float:
    """Convert a number from one unit to another, offsets (degC) included.

    Raises:
        UnitMismatch: the units are unknown or not of the same kind.
    """
    if source == target:
        return value
    factor, offset = _line(source, target)
    return factor * value + offset


@dataclass(frozen=True, slots=True)
class Dimension:
    """Hold the dimension of a quantity as powers of coherent base units; a plain number has none."""

    powers: tuple[tuple[str, float], ...] = ()
    """(base unit, exponent), sorted, without zeros."""

    def times(self, other: Dimension, exponent: float = 1.0) -> Dimension:
        """Return the dimension of this quantity times another one raised to a power."""
        total = dict(self.powers)
        for unit, power in other.powers:
            total[unit] = total.get(unit, 0.0) + exponent * power
        return Dimension(tuple(sorted((unit, power) for unit, power in total.items() if abs(power) > 1e-12)))

    def __str__(self) -> str:
        if not self.powers:
            return "a plain number"
        return " ".join(unit if power == 1 else f"{unit}^{power:g}" for unit, power in self.powers)


@cache
def coherent(unit: str) -> tuple[float, float, Dimension]:
    """Return (factor, offset, dimension) of a unit: value in coherent SI base units = factor * value + offset.

    Raises:
        UnitMismatch: the unit is unknown.
    """
    registry = _registry()
    try:
        zero = registry.Quantity(0.0, unit).to_base_units()
        one = registry.Quantity(1.0, unit).to_base_units()
    except Exception as problem:  # pint raises some five unrelated classes here
        raise UnitMismatch(f"unknown unit {unit!r}: {problem}") from None
    # Angles and counts are plain numbers in the SI; pint keeps their names.
    plain = {"radian", "count", "dimensionless"}
    powers = sorted((name, float(str(power))) for name, power in zero._units.items() if name not in plain)
    offset = float(zero.magnitude)
    return float(one.magnitude) - offset, offset, Dimension(tuple(powers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """Hold a quantity value."""

    value: float
    """The number, in `unit`."""
    unit: str
    """Unit as pint and SI spell it: "V", "kWh", "degC", "%", "1"."""

    def to(self, unit: str) -> Quantity:
        """Return the same quantity in another unit.

        Raises:
            UnitMismatch: the units are unknown or not of the same kind.
        """
        return Quantity(value=convert(self.value, self.unit, unit), unit=unit)

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}" if self.unit != "1" else f"{self.value:g}"
