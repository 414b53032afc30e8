"""Ports: where twins touch. A source writes, sensors read, neither knows the other; wiring is data of the station."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from instruments import terms as algebra
from instruments.signal import Pointwise, Signal
from instruments.twin import Port

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.clock import Clock


Connection = Literal["direct", "shunt"]
"""How a current input is connected."""


class ElectricalNode(Port):
    """Join a DC source, its standard and a device under test by separate voltage and current circuits (phantom load).

    The circuits are ideal: every reader sees the same voltage and the same current.
    """

    def __init__(self, parameters: Any, clock: Clock) -> None:
        super().__init__(parameters, clock)
        self.voltage = Signal()
        """Voltage between the voltage terminals, V."""
        self.current = Signal()
        """Current in the current circuit, A; above zero for import (the load consumes)."""
        self.shunt = Signal()
        """Voltage given to inputs for an external shunt, V; used instead of `current`, polarity alike."""

    def circuit(self, connection: Connection, shunt_voltage_v: float, shunt_current_a: float) -> Signal:
        """Return the current as a sensor sees it, A.

        Args:
            connection: "direct" for the current itself, "shunt" for the signal of an external shunt.
            shunt_voltage_v: voltage of that shunt at its rated current, V.
            shunt_current_a: its rated current, A.
        """
        if connection == "direct":
            return self.current
        factor = shunt_current_a / shunt_voltage_v
        return Pointwise(lambda terms: algebra.scale(terms, factor), self.shunt)

    def energised(self, at: float) -> bool:
        """Tell whether any circuit carries more than a touch of its quantity: 1 V, 1 mA or 1 µV.

        Ripple counts by its momentary value; a circuit in its first instant of rising does not count yet.
        """
        return (
            abs(self.voltage.value(at)) > 1.0 or abs(self.current.value(at)) > 1e-3 or abs(self.shunt.value(at)) > 1e-6
        )


class PulseTrain(Protocol):
    """Say when a device gives its pulses."""

    def count(self, at: float) -> int:
        """Return how many edges there were up to and at a bench time."""

    def edge(self, index: int) -> float:
        """Return the bench time of an edge (the first has index 0), s; infinite if none is to come as things stand.

        For edges in the past the answer never changes; for future ones it follows what the world does meanwhile.
        """

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have `listener()` called whenever edges to come may have moved."""


class PulseLine(Port):
    """Carry the pulses of one device to any number of readers."""

    def __init__(self, parameters: Any, clock: Clock) -> None:
        super().__init__(parameters, clock)
        self._train: PulseTrain | None = None
        self._listeners: list[Callable[[], None]] = []

    def connect(self, train: PulseTrain) -> None:
        """Connect the device that gives the pulses.

        Raises:
            ValueError: another device drives this line already.
        """
        if self._train is not None:
            raise ValueError("pulse line: two devices drive it; give one of them a line of its own in the station")
        self._train = train
        for listener in self._listeners:
            train.on_change(listener)

    def count(self, at: float) -> int:
        """Return how many edges there were up to and at a bench time; 0 on an open line."""
        return 0 if self._train is None else self._train.count(at)

    def edge(self, index: int) -> float:
        """Return the bench time of an edge (the first has index 0), s; infinite on an open line."""
        return math.inf if self._train is None else self._train.edge(index)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have `listener()` called whenever edges to come may have moved."""
        self._listeners.append(listener)
        if self._train is not None:
            self._train.on_change(listener)


@dataclass(frozen=True, slots=True, kw_only=True)
class Air:
    """Describe the air of a room as it truly is."""

    temperature_degc: float = 23.0
    """Temperature at bench time 0 without the cycle, °C."""
    temperature_drift_per_h: float = 0.0
    """Steady change of the temperature, K/h."""
    cycle_amplitude_k: float = 0.0
    """Amplitude (half of peak to peak) of the air conditioner's cycle, K."""
    cycle_period_s: float = 1800.0
    """Period of that cycle, s."""
    cycle_phase_rad: float = 0.0
    """Phase of that cycle at bench time 0, rad."""
    humidity_percent: float = 50.0
    """Relative humidity, %."""
    pressure_kpa: float = 101.325
    """Pressure, kPa."""

    def __post_init__(self) -> None:
        if self.cycle_period_s <= 0.0:
            raise ValueError(f"cycle_period_s must be above 0 s, got {self.cycle_period_s}")
        if not 0.0 <= self.humidity_percent <= 100.0:
            raise ValueError(f"humidity_percent must lie in 0..100 %, got {self.humidity_percent}")


class Ambient(Port):
    """Hold the air of the room; several rooms may exist."""

    parameters_type = Air

    def __init__(self, parameters: Air, clock: Clock) -> None:
        super().__init__(parameters, clock)
        course = algebra.add(
            algebra.line(parameters.temperature_degc, parameters.temperature_drift_per_h / 3600.0),
            algebra.sinusoid(parameters.cycle_amplitude_k, 1.0 / parameters.cycle_period_s, parameters.cycle_phase_rad),
        )
        self.temperature = Signal()
        """Air temperature, °C."""
        self.temperature.replace_from(0.0, [(0.0, course)])
        self.humidity = Signal(parameters.humidity_percent)
        """Relative humidity, %."""
        self.pressure = Signal(parameters.pressure_kpa)
        """Air pressure, kPa."""
