"""A water line with the meter under test in it, and the switch of a diverter that opens and shuts a timer's gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from instruments import terms as algebra
from instruments.signal import Accumulated, Signal
from instruments.twin import Consumed, Port
from instruments.water import density

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.clock import Clock
    from instruments.terms import Terms

SPAN_K = 2.0
"""Half of the range of temperature over which the density is taken as a parabola, K."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Water:
    """Describe the water in a line as it truly is."""

    temperature_degc: float = 20.0
    """Temperature at bench time 0, °C."""
    temperature_drift_per_h: float = 0.0
    """Steady change of the temperature, K/h."""
    pressure_kpa: float = 300.0
    """Absolute pressure at the meter, kPa."""
    density_deviation: float = 0.0
    """Relative deviation of the density from that of pure water (dissolved salts and air), 1."""

    def __post_init__(self) -> None:
        if not SPAN_K <= self.temperature_degc <= 100.0 - SPAN_K:
            raise ValueError(
                f"temperature_degc must lie in {SPAN_K:g} to {100 - SPAN_K:g}, got {self.temperature_degc}"
            )
        if not self.pressure_kpa > 0.0:
            raise ValueError(f"pressure_kpa must be above 0, got {self.pressure_kpa}")


class WaterPipe(Port):
    """Join a rig that sets the flow and the meters in its line."""

    parameters_type = Water

    def __init__(self, parameters: Water, clock: Clock) -> None:
        super().__init__(parameters, clock)
        self.flow = Signal()
        """Volume flow at the meter, m³/s."""
        self.temperature = Signal()
        """Temperature at the meter, °C."""
        course = algebra.line(parameters.temperature_degc, parameters.temperature_drift_per_h / 3600.0)
        self.temperature.replace_from(0.0, [(0.0, course)])
        self.pressure = Signal(parameters.pressure_kpa)
        """Absolute pressure at the meter, kPa."""
        self.volume = Accumulated(self.flow)
        """Volume that has passed since bench time 0, m³."""

    def density(self, at: float) -> float:
        """Return the true density at the meter, kg/m³."""
        pure: float = density(self.temperature.value(at), self.pressure.value(at))
        deviation: float = self.parameters.density_deviation
        return pure * (1.0 + deviation)

    def density_course(self, temperature: Terms) -> Terms:
        """Return the density over time for a course of the temperature (°C), kg/m³: a parabola around its start."""
        start = algebra.value(temperature, 0.0)
        pressure = self.parameters.pressure_kpa
        low, middle, high = (density(start + by, pressure) for by in (-SPAN_K, 0.0, SPAN_K))
        change = algebra.add(temperature, algebra.constant(-start))
        course = algebra.add(algebra.constant(middle), algebra.scale(change, (high - low) / (2.0 * SPAN_K)))
        if not algebra.is_level(temperature):
            bend = (high - 2.0 * middle + low) / (2.0 * SPAN_K**2)
            course = algebra.add(course, algebra.scale(algebra.multiply(change, change), bend))
        return algebra.scale(course, 1.0 + self.parameters.density_deviation)

    def energised(self, at: float) -> bool:
        """Tell whether water flows."""
        return self.flow.value(at) > 1e-9

    def consumed(self, at: float) -> tuple[Consumed, ...]:
        """Return the water that has passed through the line; a rig with a sump gets it back."""
        return (Consumed(what="water through the line", amount=self.volume.value(at), unit="m**3"),)


class GateLine(Port):
    """Carry the switch of a diverter: intervals of bench time during which a timer's gate is open."""

    def __init__(self, parameters: Any, clock: Clock) -> None:
        super().__init__(parameters, clock)
        self._intervals: list[tuple[float, float]] = []
        self._listeners: list[Callable[[], None]] = []

    def plan(self, intervals: list[tuple[float, float]]) -> None:
        """Open and shut at these bench times (s) to come; plans made before are given up, the past stays."""
        now = self.clock.now
        self._intervals = [interval for interval in self._intervals if interval[1] <= now] + intervals
        for listener in self._listeners:
            listener()

    def after(self, at: float, count: int) -> list[tuple[float, float]]:
        """Return the first `count` intervals that open at or after a bench time, as far as they are planned."""
        return [interval for interval in self._intervals if interval[0] >= at][:count]

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have `listener()` called whenever intervals to come may have moved."""
        self._listeners.append(listener)
