"""Twin of a counter for meter pulses with double timing: whole pulses, and the time between their edges.

The gate opens with the first edge after the start and shuts with the first one after the gate time, so the count has no
rest of a pulse in it. Generic; the commands are invented.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments.ports import PulseLine
from instruments.scpi import Event, Fields, Fixed, Identity, Integer, Numeric, Query, Raw, ScpiError, ScpiInstrument
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.scpi import Operation
    from instruments.twin import Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a counter."""

    serial: str = "TWIN-0001"
    """Serial number."""
    clock_error: float = 0.0
    """Relative error of its time base, 1."""


class PulseCounter(ScpiInstrument[Parameters]):
    """Be the counter."""

    identity = Identity(manufacturer="caltwin", model="PC-2", firmware="1.0")
    commands = (
        Event(
            "INITiate",
            method="initiate",
            parameters=(Numeric(name="gate", unit="S", low=0.1, high=86400.0),),
            doc="Count from the next edge to the first edge after the gate time; *OPC? waits for it.",
        ),
        Event("ABORt", method="abort", doc="Give the count up."),
        Query(
            "FETCh?", method="fetch", reply=Fields((Integer(), Fixed(6))), doc="Pulses, and the time between them, s."
        ),
        Query("COUNter:STATe?", method="state", reply=Raw(), doc="IDLE, WAIT (for the first edge), RUN or DONE."),
        Query("COUNter:TOTal?", method="total", reply=Integer(), doc="Edges seen since *RST or power-on."),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build the counter at power-on."""
        super().__init__(parameters, surroundings)
        self._line = surroundings.port("pulses", PulseLine)
        self._line.on_change(self._moved)
        self._operation: Operation | None = None
        self._gate = 0.0
        self._first = 0
        self._result: tuple[int, float] | None = None
        self._before = 0

    def reset(self) -> None:
        """Go to the state of *RST: nothing counted."""
        self.abort()
        self._result = None
        self._before = self._line.count(self.now)

    def initiate(self, gate: float) -> None:
        """Begin to count.

        Raises:
            ScpiError: -213, a count is going on.
        """
        if self._operation is not None and self._operation.pending:
            raise ScpiError(-213)
        self._gate, self._result = gate, None
        self._first = self._line.count(self.now)
        self._operation = self.begin("count", done=self._done)
        self._moved()

    def _last(self) -> int:
        """Return the index of the edge that shuts the gate; -1 if it is not to come as things stand."""
        opened = self._line.edge(self._first)
        if opened == math.inf:
            return -1
        index = self._line.count(opened + self._gate)
        # An edge exactly at the end of the gate time shuts it, too.
        if self._line.edge(index - 1) >= opened + self._gate:
            index -= 1
        return index if self._line.edge(index) < math.inf else -1

    def _moved(self) -> None:
        """Move the end of the count to where the last edge is expected now."""
        operation = self._operation
        if operation is None or not operation.pending:
            return
        last = self._last()
        if last >= 0:
            operation.finish_at(max(self.now, self._line.edge(last)))
            return
        # As things stand the edge does not come: an end that was foreseen is not one any more.
        operation.cancel(go_on=False)
        self._operation = self.begin("count", done=self._done)

    def _done(self) -> None:
        last = self._last()
        time = (self._line.edge(last) - self._line.edge(self._first)) * (1.0 + self.parameters.clock_error)
        self._result = last - self._first, time

    def abort(self) -> None:
        """Give the count up."""
        if self._operation is not None:
            self._operation.cancel()
        self._operation = None

    def fetch(self) -> tuple[int, float]:
        """Return pulses and time.

        Raises:
            ScpiError: -230, there is no result.
        """
        if self._result is None:
            raise ScpiError(-230)
        return self._result

    def state(self) -> str:
        """Return what the counter does."""
        if self._result is not None:
            return "DONE"
        if self._operation is None or not self._operation.pending:
            return "IDLE"
        return "RUN" if self._line.edge(self._first) <= self.now else "WAIT"

    def total(self) -> int:
        """Return the edges seen."""
        return self._line.count(self.now) - self._before


twin = Kind(parameters=Parameters, ports={"pulses": PulseLine}, build=PulseCounter)
"""What a station builds by `twin: pulse_counter`."""
