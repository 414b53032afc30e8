"""Baths that hold temperature sensors, and the two wires on which a sensor or a decade is connected to a calculator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from instruments.signal import Signal
from instruments.twin import Port

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Liquid:
    """Describe the liquid of a bath as it truly is."""

    temperature_degc: float = 23.0
    """Temperature at bench time 0, °C."""


class BathPort(Port):
    """Join a thermostat and what is immersed in it."""

    parameters_type = Liquid

    def __init__(self, parameters: Liquid, clock: Clock) -> None:
        super().__init__(parameters, clock)
        self.temperature = Signal(parameters.temperature_degc)
        """Temperature of the liquid at the reference thermometer's place, °C."""


class ResistancePort(Port):
    """Join a temperature sensor, a resistance decade and what measures the resistance; the decade takes its place."""

    def __init__(self, parameters: Any, clock: Clock) -> None:
        super().__init__(parameters, clock)
        self._sensor: Callable[[float], float] | None = None
        self._decade_ohm: float | None = None

    def connect(self, sensor: Callable[[float], float]) -> None:
        """Connect a sensor: its resistance (ohm) at a bench time (s)."""
        self._sensor = sensor

    def insert(self, decade_ohm: float | None) -> None:
        """Connect a decade in place of the sensor, or (None) the sensor again."""
        self._decade_ohm = decade_ohm

    def resistance(self, at: float) -> float:
        """Return what is connected at a bench time, ohm; 1e9 on an open line."""
        if self._decade_ohm is not None:
            return self._decade_ohm
        return 1e9 if self._sensor is None else self._sensor(at)
