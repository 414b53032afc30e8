"""Twin of a universal counter for flow rigs: gated by a diverter's switch, with double chronometry.

Generic counter; the commands are invented. It times how long the gate is open and counts the pulses of a meter
meanwhile. With double chronometry (ISO 4185 calls for whole pulses to be timed apart from the gate) it also counts the
whole pulses between the first edge after the gate opens and the first edge after it shuts, and the time that they took.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments.ports import PulseLine
from instruments.ports_water import GateLine
from instruments.scpi import (
    Choice,
    Event,
    Fields,
    Fixed,
    Identity,
    Integer,
    Numeric,
    Query,
    ScpiError,
    ScpiInstrument,
    Setting,
)
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.scpi import Operation
    from instruments.twin import Surroundings

TIME_STEP_S = 1e-6
"""Resolution of times, s."""
SECONDS = Fixed(6)
RESULT = Fields((Integer(), SECONDS, Integer(), SECONDS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a counter."""

    serial: str = "TWIN-0001"
    """Serial number."""
    timebase_error: float = 0.0
    """Relative error of measured times, 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """Hold a finished measurement."""

    pulses: int
    """Edges while the gate was open."""
    gate_s: float
    """Time for which it was open, s."""
    whole: int
    """Whole pulses between the first edge after it opened and the first after it shut; 0 in gate mode."""
    whole_s: float
    """Time that they took, s; 0 in gate mode."""


class PulseTimer(ScpiInstrument[Parameters]):
    """Be the counter."""

    identity = Identity(manufacturer="caltwin", model="UC-21", firmware="1.3")
    commands = (
        Setting(
            "SENSe:INPut",
            Numeric(low=1, high=2, default=1, integer=True, reply=Integer()),
            attribute="input_number",
            guard="idle",
            doc="Input of the pulses: 1 for the meter, 2 for a reference frequency.",
        ),
        Setting(
            "SENSe:MODE",
            Choice(options=("DOUBle", "GATE"), default="DOUBle"),
            attribute="mode",
            guard="idle",
            doc="Double chronometry, or the gate alone.",
        ),
        Setting(
            "SENSe:GATE:SOURce",
            Choice(options=("EXTernal", "INTernal"), default="EXTernal"),
            attribute="gate_source",
            guard="idle",
            doc="What opens the gate: the diverter's switch, or the counter itself.",
        ),
        Setting(
            "SENSe:GATE:TIME",
            Numeric(unit="S", low=0.1, high=7200.0, default=10.0, reply=SECONDS),
            attribute="gate_time_s",
            guard="idle",
            doc="Time of the internal gate.",
        ),
        Setting(
            "SENSe:GATE:COUNt",
            Numeric(low=1, high=100, default=1, integer=True, reply=Integer()),
            attribute="gate_count",
            guard="idle",
            doc="External gates that are added up; more than one in gate mode only.",
        ),
        Event("INITiate", method="initiate", doc="Measure from the next gate on; overlapped."),
        Event("ABORt", method="abort", doc="Give a measurement up."),
        Query("SENSe:STATe?", method="state", doc="IDLE, WAIT for the gate, RUN or DONE."),
        Query("FETCh?", method="fetch", reply=RESULT, doc="Pulses, gate time (s), whole pulses, their time (s)."),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Switch the counter on."""
        super().__init__(parameters, surroundings)
        self._lines = (surroundings.port("pulses", PulseLine), surroundings.port("reference", PulseLine))
        self._gate = surroundings.port("gate", GateLine)
        self._gate.on_change(self._moved)
        for line in self._lines:
            line.on_change(self._moved)
        self._running: Operation | None = None
        self._internal: tuple[float, float] | None = None
        self._since = 0.0
        self._to_defaults()

    def _to_defaults(self) -> None:
        self.input_number = 1
        self.mode = "DOUBle"
        self.gate_source = "EXTernal"
        self.gate_time_s = 10.0
        self.gate_count = 1
        self._result: Timed | None = None

    def reset(self) -> None:
        """Go to the state of *RST."""
        self.abort()
        self._to_defaults()

    def true_error(self, **_settings: float) -> float:
        """Return the relative error of measured times, ppm."""
        return 1e6 * self.parameters.timebase_error

    # -- measurement --------------------------------------------------------------------------------------------------

    def idle(self) -> None:
        """Refuse a change while a measurement goes on."""
        if self._running is not None and self._running.pending:
            raise ScpiError(-221, info="a measurement goes on")

    def initiate(self) -> None:
        """Begin a measurement."""
        if self._running is not None and self._running.pending:
            raise ScpiError(-213)
        if self.gate_count > 1 and (self.mode == "DOUBle" or self.gate_source == "INTernal"):
            raise ScpiError(-221, info="several gates are added up in gate mode, with the external gate, only")
        self._result = None
        self._since = self.now
        true_time = self.gate_time_s / (1.0 + self.parameters.timebase_error)
        self._internal = (self.now, self.now + true_time) if self.gate_source == "INTernal" else None
        self._running = self.begin("measurement", done=self._done)
        self._moved()

    def abort(self) -> None:
        """Give a measurement up."""
        if self._running is not None:
            self._running.cancel()
            self._running = None

    def _gates(self) -> list[tuple[float, float]]:
        if self._internal is not None:
            return [self._internal]
        return self._gate.after(self._since, self.gate_count)

    @property
    def _line(self) -> PulseLine:
        return self._lines[self.input_number - 1]

    def _end(self) -> float:
        """Return when the measurement will be over as things stand, s; infinite if that is not known."""
        gates = self._gates()
        if len(gates) < self.gate_count:
            return math.inf
        shut = gates[-1][1]
        return shut if self.mode == "GATE" else self._line.edge(self._line.count(shut))

    def _moved(self) -> None:
        running = self._running
        if running is not None and running.pending:
            end = self._end()
            # One that is not known any more ends never: it is put off for as long as a bench may live.
            running.finish_at(max(self.now, min(end, self.now + 1e9)))

    def _done(self) -> None:
        gates, line = self._gates(), self._line
        pulses = sum(line.count(shut) - line.count(opened) for opened, shut in gates)
        whole, whole_s = 0, 0.0
        if self.mode == "DOUBle":
            first, last = line.count(gates[0][0]), line.count(gates[0][1])
            whole, whole_s = last - first, line.edge(last) - line.edge(first)
        self._result = Timed(
            pulses=pulses,
            gate_s=sum(self._measured(shut - opened) for opened, shut in gates),
            whole=whole,
            whole_s=self._measured(whole_s),
        )

    def _measured(self, seconds: float) -> float:
        return round(seconds * (1.0 + self.parameters.timebase_error) / TIME_STEP_S) * TIME_STEP_S

    def state(self) -> str:
        """Answer how far the measurement is."""
        if self._running is None:
            return "IDLE"
        if not self._running.pending:
            return "DONE"
        gates = self._gates()
        return "RUN" if gates and gates[0][0] <= self.now else "WAIT"

    def fetch(self) -> tuple[int, float, int, float]:
        """Return the last finished measurement."""
        if self._result is None:
            raise ScpiError(-230, info="no finished measurement")
        timed = self._result
        return timed.pulses, timed.gate_s, timed.whole, timed.whole_s


twin = Kind(
    parameters=Parameters,
    ports={"pulses": PulseLine, "reference": PulseLine, "gate": GateLine},
    optional_ports=frozenset({"pulses", "reference", "gate"}),
    build=PulseTimer,
)
"""What a station builds by `twin: pulse_timer`."""
