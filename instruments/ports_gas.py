"""A gas line: what flows in it, of what, at which pressure and temperature.

A controller writes the flow, meters and analysers read it; composition, pressure and temperature belong to the line.
Flows are standard flows, at 25 °C and 101.325 kPa, as mass flow instruments state them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.signal import TRANSIENT_ENDS, Signal
from instruments.twin import Port

if TYPE_CHECKING:
    from instruments.clock import Clock
    from instruments.signal import Piece

STANDARD_TEMPERATURE_DEGC = 25.0
"""Temperature of the standard state, °C."""
STANDARD_PRESSURE_KPA = 101.325
"""Pressure of the standard state, kPa."""
KELVIN = 273.15

_SHARE = re.compile(r"\s*([A-Za-z0-9-]+)\s*=\s*([0-9.eE+-]+)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Describe a gas line as it truly is."""

    composition: str = "N2=1"
    """Amount fractions: gas names and numbers, e.g. "N2=0.85, CO2=0.14, CO=1e-4"; what is missing to 1 is N2."""
    inlet_pressure_kpa: float = 300.0
    """Absolute pressure before a controller, kPa."""
    pressure_kpa: float = 101.325
    """Absolute pressure in the line, behind the controller, kPa."""
    temperature_degc: float = 25.0
    """Temperature of the gas, °C."""
    flow_l_per_min: float = 0.0
    """Standard flow while nobody controls it, l/min."""

    def __post_init__(self) -> None:
        fractions(self.composition)
        for name in ("inlet_pressure_kpa", "pressure_kpa"):
            if not getattr(self, name) >= 0.0:
                raise ValueError(f"{name} must not be below 0, got {getattr(self, name)}")
        if not self.temperature_degc > -KELVIN:
            raise ValueError(f"temperature_degc must be above {-KELVIN}, got {self.temperature_degc}")


class GasLine(Port):
    """Join controllers, meters and analysers on one line."""

    parameters_type = Line

    def __init__(self, parameters: Line, clock: Clock) -> None:
        super().__init__(parameters, clock)
        self.flow = Signal(parameters.flow_l_per_min)
        """Standard flow, l/min."""
        self.pressure = Signal(parameters.pressure_kpa)
        """Absolute pressure, kPa."""
        self.inlet_pressure = Signal(parameters.inlet_pressure_kpa)
        """Absolute pressure before a controller, kPa."""
        self.temperature = Signal(parameters.temperature_degc)
        """Temperature of the gas, °C."""
        self.vented = Signal(1.0)
        """1 while the end of the line is open to the room: a pump that wants more takes air there; 0 for a dead end."""
        self.gases: dict[str, Signal] = {gas: Signal(share) for gas, share in fractions(parameters.composition).items()}
        """Amount fraction of each gas, 1."""

    def fraction(self, gas: str) -> Signal:
        """Return the amount fraction of a gas, 1; a gas that is not there has 0."""
        return self.gases.setdefault(gas, Signal(0.0))

    def change(self, composition: str, time_constant_s: float = 0.0) -> None:
        """Let the composition go over to another one from now on, as a valve before the line does.

        Args:
            composition: amount fractions, as in `Line`.
            time_constant_s: of the exchange of the gas, s; 0 for a step.

        Raises:
            ValueError: the composition cannot be read.
        """
        now, target = self.clock.now, fractions(composition)
        for gas in {*target, *self.gases}:
            signal = self.fraction(gas)
            signal.replace_from(now, approach(now, signal.value(now), target.get(gas, 0.0), time_constant_s))


def approach(at: float, start: float, target: float, time_constant_s: float) -> list[Piece]:
    """Return the pieces of an exponential approach, or of a step where the time constant is 0, from `at` (s) on."""
    level = algebra.constant(target)
    if start == target or time_constant_s <= 0.0:
        return [(at, level)]
    moving = algebra.add(level, algebra.decay(start - target, time_constant_s))
    return [(at, moving), (at + TRANSIENT_ENDS * time_constant_s, level)]


def fractions(composition: str) -> dict[str, float]:
    """Return the amount fractions of a composition; what is missing to 1 is nitrogen.

    Raises:
        ValueError: it cannot be read, or the fractions exceed 1.
    """
    found: dict[str, float] = {}
    for part in composition.split(","):
        match = _SHARE.fullmatch(part)
        if match is None:
            raise ValueError(f"composition: {part.strip()!r} is not of the form 'CO2=0.14'")
        found[match[1]] = float(match[2])
    total = sum(found.values())
    if any(share < 0.0 for share in found.values()) or total > 1.0 + 1e-9:
        raise ValueError(f"composition: the fractions of {composition!r} must lie in 0..1 and not exceed 1 together")
    rest = 1.0 - total
    if rest > 1e-12:
        found["N2"] = found.get("N2", 0.0) + rest
    return found
