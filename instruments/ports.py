"""Ports: where twins touch. A source writes, sensors read, neither knows the other; wiring is data of the station."""

from __future__ import annotations

import math
from typing import Protocol

from instruments.signal import Signal


class ElectricalNode:
    """Join a DC source, its standard and a device under test by separate voltage and current circuits (phantom load).

    The circuits are ideal: every reader sees the same voltage and the same current.
    """

    def __init__(self) -> None:
        self.voltage = Signal()
        """Voltage between the voltage terminals, V."""
        self.current = Signal()
        """Current in the current circuit, A; above zero for import (the load consumes)."""
        self.shunt = Signal()
        """Voltage given to inputs for an external shunt, V; used instead of `current`, polarity alike."""

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


class PulseLine:
    """Carry the pulses of one device to any number of readers."""

    def __init__(self) -> None:
        self._train: PulseTrain | None = None

    def connect(self, train: PulseTrain) -> None:
        """Connect the device that gives the pulses.

        Raises:
            ValueError: another device drives this line already.
        """
        if self._train is not None:
            raise ValueError("pulse line: two devices drive it; give one of them a line of its own in the station")
        self._train = train

    def count(self, at: float) -> int:
        """Return how many edges there were up to and at a bench time; 0 on an open line."""
        return 0 if self._train is None else self._train.count(at)

    def edge(self, index: int) -> float:
        """Return the bench time of an edge (the first has index 0), s; infinite on an open line."""
        return math.inf if self._train is None else self._train.edge(index)


class Ambient:
    """Hold the air of the room. Without a writer it stays at reference conditions."""

    def __init__(self) -> None:
        self.temperature = Signal(23.0)
        """Air temperature, °C."""
        self.humidity = Signal(50.0)
        """Relative humidity, %."""
        self.pressure = Signal(101.325)
        """Air pressure, kPa."""
