"""Driver of a gravimetric water rig's controller: flow, diverter, tank, in-place weights (generic; commands invented).

What takes time (a run of the diverter, draining, the lift of the weights) is waited for by *OPC?, and the time that it
took is held against the bench's clock: a start that was lost on the way would be over at once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drivers.errors import ImplausibleReading, InstrumentError
from drivers.instrument import Instrument
from drivers.properties import Command, Measurement, Setting, Switch, fixed
from drivers.reading import Reading
from drivers.safety import switch_off
from uncertainty.quantity import Quantity

if TYPE_CHECKING:
    from drivers.session import Steps

FLOW = fixed(5)
SHUT_LOOKS = 20
"""How often the flow is looked at, half a second apart, before the line counts as not shut."""
_TRACE = re.compile(r"-?\d+\.\d{5}(?:,-?\d+\.\d{5})*")


class WaterRig(Instrument):
    """Drive the rig."""

    flow = Setting("SOUR:FLOW {:.5f}", "SOUR:FLOW?", unit="m**3/h", reply=FLOW, low=0.0, high=20000.0)
    output = Switch("OUTP {}", "OUTP?", on="1", off="0")
    measured_flow = Measurement("MEAS:FLOW?", unit="m**3/h", reply=FLOW)
    temperature = Measurement("MEAS:TEMP?", unit="degC", reply=fixed(3), low=0.0, high=100.0)
    pressure = Measurement("MEAS:PRES?", unit="kPa", reply=fixed(2), low=50.0, high=3000.0)
    weights = Setting("WEIG:COUN {:.0f}", "WEIG:COUN?", unit="1", reply=r"\d+", low=0.0, high=100.0)
    stop_diverting = Command("DIV:ABOR")

    def prepare(self) -> Steps[None]:
        """Shut the line and go to the bypass."""
        yield from self.clear_status()
        yield from self.make_safe()

    def flow_trace(self, count: int) -> Steps[tuple[Reading, tuple[float, ...]]]:
        """Return the line meter's last means of a second: their mean as a reading, and the flows themselves, m³/h.

        Raises:
            ProtocolError: the reply is not as many flows as were asked for.
        """
        yield from self.ready()
        raw = yield from self.ask(f"MEAS:FLOW:TRAC? {count}")
        parts = raw.split(",")
        if _TRACE.fullmatch(raw) is None or len(parts) != count:
            raise self.doubt(f"flow trace: reply {raw!r} is not {count} flows with five decimals")
        flows = tuple(float(part) for part in parts)
        mean = Quantity(value=sum(flows) / count, unit="m**3/h")
        reading = Reading(name="flow_trace", indication=mean, instrument=self.role, time_s=self.session.now(), raw=raw)
        return reading, flows

    def start_runs(self, seconds: float, count: int = 1, pause_s: float = 2.0) -> Steps[None]:
        """Let the diverter begin its run or runs into the tank; `finish_runs` waits for the end.

        Args:
            seconds: time of one run, s.
            count: runs.
            pause_s: time between two runs, s.

        Raises:
            ProtocolError: the rig did not take the numbers.
        """
        plan = f"{seconds:.3f};{count};{pause_s:.3f}"
        yield from self.tell(
            f"DIV:TIME {seconds:.3f};:DIV:COUN {count};:DIV:PAUS {pause_s:.3f}", "plan of the diverter"
        )
        taken = yield from self.ask("DIV:TIME?;:DIV:COUN?;:DIV:PAUS?")
        if taken != plan:
            raise self.doubt(f"plan of the diverter: reads back {taken!r} instead of {plan!r}")
        yield from self.tell("DIV:STAR", "start of the diverter")

    def finish_runs(self, left_s: float, longest_s: float) -> Steps[None]:
        """Wait for the end of the runs that `start_runs` began.

        Args:
            left_s: shortest time that can be left of them, s.
            longest_s: longest time that may be left, s.

        Raises:
            ImplausibleReading: they were over too soon or too late.
            ProtocolError: the diverter is not back at the bypass.
        """
        yield from self._complete("runs of the diverter", left_s, longest_s)
        state = yield from self.ask("DIV:STAT?")
        if state != "BYP":
            raise self.doubt(f"diverter: {state!r} after its runs, not 'BYP'")

    def drain(self, longest_s: float) -> Steps[None]:
        """Let the tank run empty and wait for it.

        Raises:
            InstrumentTimeout: it is not empty after `longest_s`.
        """
        yield from self.tell("TANK:DRA", "drain")
        yield from self._complete("drain", 0.0, longest_s)

    def set_weights(self, count: int, longest_s: float) -> Steps[None]:
        """Lower or raise in-place weights, wait for the lift, and see how many stand.

        Raises:
            ImplausibleReading: another number stands on the tank.
        """
        yield from self.weights.set(float(count))
        yield from self._complete("lift of the weights", 0.0, longest_s)
        yield from self.weights.read(expect=(count, count))

    def _complete(self, what: str, shortest_s: float, longest_s: float) -> Steps[None]:
        begin = self.session.now()
        complete = yield from self.ask("*OPC?", longest_s)
        took = self.session.now() - begin
        if complete != "1":
            raise self.doubt(f"*OPC?: reply {complete!r} is not '1'")
        if not shortest_s <= took <= longest_s:
            raise ImplausibleReading(
                f"{self.role}: {what}: over after {took:.3f} s, where {shortest_s:g} s to {longest_s:g} s are due; "
                "check the line to the rig and its diverter"
            )

    def make_safe(self) -> Steps[None]:
        """Shut the line and go to the bypass, from any state, and see that nothing flows.

        Raises:
            InstrumentError: that did not come about; someone must go and look.
        """
        yield from switch_off(
            self,
            ("OUTP 0", "DIV:ABOR", "SOUR:FLOW 0.00000"),
            self._shut,
            what="line not confirmed shut",
            remedy="shut it by hand",
        )
        yield from self.clear_status()

    def _shut(self) -> Steps[None]:
        if (yield from self.output.read()):
            raise InstrumentError(f"{self.role}: the line is still open after OUTP 0")
        for look in range(SHUT_LOOKS):
            if look:
                yield from self.session.wait(0.5)
            raw = yield from self.ask("MEAS:FLOW?")
            if self.measured_flow.reading(raw).indication.value == 0.0:
                return
        raise InstrumentError(f"{self.role}: the line is shut, but {raw} m³/h still flow")


driver = WaterRig
"""What a data sheet builds by `driver = "water_rig"`."""
