"""Twin of a pulse generator that gives a known number of pulses, in place of a flow sensor (generic, invented)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments.ports import PulseLine
from instruments.scpi import Event, Fixed, Identity, Integer, Numeric, ScpiError, ScpiInstrument, Setting
from instruments.twin import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.scpi import Operation
    from instruments.twin import Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold the serial number: whole pulses have no error."""

    serial: str = "TWIN-0001"
    """Serial number."""


class Bursts:
    """Be the pulses of some bursts, one after the other; see `instruments.ports.PulseTrain`."""

    def __init__(self) -> None:
        self._bursts: list[tuple[float, float, int]] = []
        self._listeners: list[Callable[[], None]] = []

    def add(self, start: float, rate_hz: float, count: int) -> None:
        """Give pulses from a bench time on, the first one period after it."""
        self._bursts.append((start, rate_hz, count))
        for listener in self._listeners:
            listener()

    def stop(self, now: float) -> None:
        """Give no more pulses from now on."""
        if self._bursts:
            start, rate, count = self._bursts[-1]
            self._bursts[-1] = (start, rate, min(count, max(0, math.floor((now - start) * rate + 1e-9))))
            for listener in self._listeners:
                listener()

    def count(self, at: float) -> int:
        """Return how many edges there were up to and at a bench time."""
        return sum(min(count, max(0, math.floor((at - start) * rate + 1e-9))) for start, rate, count in self._bursts)

    def edge(self, index: int) -> float:
        """Return the bench time of an edge, s; infinite if none is to come as things stand."""
        for start, rate, count in self._bursts:
            if index < count:
                return start + (index + 1) / rate
            index -= count
        return math.inf

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have `listener()` called whenever edges to come may have moved."""
        self._listeners.append(listener)


class PulseSource(ScpiInstrument[Parameters]):
    """Be the generator."""

    identity = Identity(manufacturer="caltwin", model="PG-5", firmware="1.0")
    commands = (
        Setting(
            "SOURce:FREQuency",
            Numeric(unit="HZ", low=0.01, high=10000.0, default=10.0, reply=Fixed(3)),
            attribute="rate_hz",
            doc="Rate of the pulses.",
        ),
        Setting(
            "SOURce:BURSt:NCYCles",
            Numeric(low=1, high=10_000_000, default=100, integer=True, reply=Integer()),
            attribute="cycles",
            doc="Pulses of one burst.",
        ),
        Event("INITiate", method="initiate", doc="Give a burst; overlapped, *OPC? waits for its end."),
        Event("ABORt", method="abort", doc="Stop."),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Switch the generator on."""
        super().__init__(parameters, surroundings)
        self.bursts = Bursts()
        surroundings.port("pulses", PulseLine).connect(self.bursts)
        self._running: Operation | None = None
        self.rate_hz, self.cycles = 10.0, 100

    def reset(self) -> None:
        """Go to the state of *RST."""
        self.abort()
        self.rate_hz, self.cycles = 10.0, 100

    def initiate(self) -> None:
        """Give a burst."""
        if self._running is not None and self._running.pending:
            raise ScpiError(-213)
        self.bursts.add(self.now, self.rate_hz, self.cycles)
        self._running = self.begin("burst", until=self.now + self.cycles / self.rate_hz)

    def abort(self) -> None:
        """Stop."""
        if self._running is not None and self._running.cancel():
            self.bursts.stop(self.now)


twin = Kind(parameters=Parameters, ports={"pulses": PulseLine}, optional_ports=frozenset({"pulses"}), build=PulseSource)
"""What a station builds by `twin: pulse_source`."""
