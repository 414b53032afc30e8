"""A simple circuit as a port: one source (or none), a resistance with an EMF behind it, and any number of meters.

    source or SMU ──── terminals ──── R ──── EMF (DC and AC)

The phantom load of `instruments.ports.ElectricalNode` has separate circuits; here voltage and current belong together:
i = (v - emf)/R. A meter may sit on either.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.ports import ElectricalNode
from instruments.signal import TRANSIENT_ENDS

if TYPE_CHECKING:
    from instruments.clock import Clock
    from instruments.signal import Piece
    from instruments.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Describe what is truly connected to the terminals."""

    resistance_ohm: float = 1000.0
    """Resistance between the terminals, ohm; 1e12 or more stands for an open circuit."""
    lead_resistance_ohm: float = 0.0
    """Resistance of both leads together, ohm; a two-wire measurement of resistance includes it."""
    emf_v: float = 0.0
    """DC voltage behind the resistance, V; what is on the terminals while nobody drives them."""
    ac_emf_v: float = 0.0
    """RMS value of a sinusoidal voltage in series with it, V."""
    current_a: float = 0.0
    """DC current through the circuit while nobody drives it (a loop with a source of its own), A."""
    ac_current_a: float = 0.0
    """RMS value of a sinusoidal current, likewise, A."""
    frequency_hz: float = 50.0
    """Frequency of both, Hz."""
    temperature_degc: float = 23.0
    """Temperature of the sensor at the terminals, for meters that measure one, °C."""

    def __post_init__(self) -> None:
        for name in ("resistance_ohm", "frequency_hz"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        for name in ("lead_resistance_ohm", "ac_emf_v", "ac_current_a"):
            if not getattr(self, name) >= 0.0:
                raise ValueError(f"{name} must not be below 0, got {getattr(self, name)}")


class OnePort(ElectricalNode):
    """Join a source or SMU, meters and a load at one pair of terminals."""

    parameters_type = Load

    def __init__(self, parameters: Load, clock: Clock) -> None:
        super().__init__(parameters, clock)
        self.load = parameters
        root2 = math.sqrt(2.0)
        self._emf = algebra.add(
            algebra.constant(parameters.emf_v),
            algebra.sinusoid(root2 * parameters.ac_emf_v, parameters.frequency_hz, -0.5 * math.pi),
        )
        self._loop = algebra.add(
            algebra.constant(parameters.current_a),
            algebra.sinusoid(root2 * parameters.ac_current_a, parameters.frequency_hz, -0.5 * math.pi),
        )
        self.voltage.replace_from(0.0, [(0.0, self._emf)])
        self.current.replace_from(0.0, [(0.0, self._loop)])

    def release(self, at: float) -> None:
        """Leave the terminals to themselves from a bench time (s) on: no source is connected."""
        self.voltage.replace_from(at, [(at, algebra.shift(self._emf, at))])
        self.current.replace_from(at, [(at, algebra.shift(self._loop, at))])

    def drive_voltage(self, at: float, pieces: list[Piece]) -> None:
        """Put a voltage on the terminals from a bench time (s) on; the current follows."""
        conductance = 1.0 / self.load.resistance_ohm
        minus_emf = algebra.scale(self._emf, -1.0)
        self.voltage.replace_from(at, pieces)
        self.current.replace_from(
            at,
            [(t, algebra.scale(algebra.add(v, algebra.shift(minus_emf, t)), conductance)) for t, v in pieces],
        )

    def drive_current(self, at: float, pieces: list[Piece]) -> None:
        """Send a current into the terminals from a bench time (s) on; the voltage follows."""
        resistance = self.load.resistance_ohm
        self.current.replace_from(at, pieces)
        self.voltage.replace_from(
            at, [(t, algebra.add(algebra.scale(i, resistance), algebra.shift(self._emf, t))) for t, i in pieces]
        )

    def operating_point(self, *, voltage_v: float, current_limit_a: float) -> tuple[float, float, bool]:
        """Return (voltage, current, limited) of a voltage source with a current limit on this load; DC only."""
        current = (voltage_v - self.load.emf_v) / self.load.resistance_ohm
        if abs(current) <= current_limit_a:
            return voltage_v, current, False
        current = math.copysign(current_limit_a, current)
        return self.load.emf_v + current * self.load.resistance_ohm, current, True

    def voltage_at(self, *, current_a: float, voltage_limit_v: float) -> tuple[float, float, bool]:
        """Return (voltage, current, limited) of a current source with a voltage limit on this load; DC only."""
        voltage = self.load.emf_v + current_a * self.load.resistance_ohm
        if abs(voltage) <= voltage_limit_v:
            return voltage, current_a, False
        voltage = math.copysign(voltage_limit_v, voltage)
        return voltage, (voltage - self.load.emf_v) / self.load.resistance_ohm, True


def settling(at: float, start: float, target: float, time_constant_s: float) -> list[Piece]:
    """Return the pieces of an exponential settling from one level to another, beginning at a bench time (s)."""
    level = algebra.constant(target)
    if start == target:
        return [(at, level)]
    moving: Terms = algebra.add(level, algebra.decay(start - target, time_constant_s))
    return [(at, moving), (at + TRANSIENT_ENDS * time_constant_s, level)]
