"""Driver of a counter for meter pulses with double timing (generic SCPI; the commands are invented)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.errors import InstrumentTimeout
from drivers.instrument import Instrument
from drivers.properties import Measurement, fixed

if TYPE_CHECKING:
    from drivers.reading import Reading
    from drivers.session import Steps

CLOCKS = 0.1
"""How much longer than the bench waited, relatively, a count may claim to have taken: clocks differ."""

TIME_BASES = 1e-3
"""How much less than its gate time, relatively, a count may say that it took: its time base is not ours."""


class PulseCounter(Instrument):
    """Drive the counter."""

    pulses = Measurement("FETC?", unit="1", reply=r"\d+", low=1.0)
    time = Measurement("FETC?", unit="s", reply=fixed(6), low=0.0)
    total = Measurement("COUN:TOT?", unit="1", reply=r"\d+")

    def prepare(self) -> Steps[None]:
        """Give up a count that was left running."""
        yield from self.clear_status()
        yield from self.tell("ABOR", "abort of a count")

    def start(self, gate_s: float) -> Steps[None]:
        """Count from the next edge to the first edge after the gate time, s."""
        yield from self.tell(f"INIT {gate_s:.1f}", f"count over {gate_s:g} s")

    def count(self, gate_s: float, since: float, timeout_s: float) -> Steps[tuple[Reading, Reading]]:
        """Return pulses and time (s) of the count when it is complete.

        Args:
            gate_s: the gate time that was asked for, s; a shorter time is refused.
            since: bench time at which the count was started, s.
            timeout_s: bench time to wait, s.

        Raises:
            InstrumentTimeout: the pulses did not come; the count is given up.
            ProtocolError: it says it is complete but not done, or two replies of one message differ.
            ImplausibleReading: it names a time that cannot be.
        """
        try:
            complete = yield from self.ask("*OPC?", timeout_s)
        except InstrumentTimeout:
            seen = yield from self.ask("COUN:STAT?")
            yield from self.tell("ABOR", "abort of a count")
            what = "no pulse at all" if seen == "WAIT" else "no edge that shuts the gate"
            raise InstrumentTimeout(
                f"{self.role}: {what} in {timeout_s:g} s; check the pulse line, the flow and the meter's output"
            ) from None
        if complete != "1":
            raise self.doubt(f"*OPC?: reply {complete!r} is not '1'")
        took = self.session.now() - since
        raw = yield from self.ask("COUN:STAT?;:FETC?;:FETC?")
        parts = raw.split(";")
        fields = parts[1].split(",") if len(parts) == 3 else []
        if len(fields) != 2 or parts[0] != "DONE" or parts[1] != parts[2]:
            raise self.doubt(f"count: reply {raw!r} after *OPC? is not DONE and twice the same pulses and time")
        pulses = self.pulses.reading(fields[0])
        return pulses, self.time.reading(fields[1], (gate_s * (1.0 - TIME_BASES), took * (1.0 + CLOCKS)))


driver = PulseCounter
"""What a data sheet builds by `driver = "pulse_counter"`."""
