"""Driver of a universal counter for flow rigs: gate, double chronometry (generic; the commands are invented)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from drivers.instrument import Instrument
from drivers.properties import Command, Measurement, Setting, fixed

if TYPE_CHECKING:
    from drivers.reading import Reading
    from drivers.session import Steps

Mode = Literal["DOUB", "GATE"]
"""Double chronometry, or the gate alone."""
_RESULT = re.compile(r"(\d+),(\d+\.\d{6}),(\d+),(\d+\.\d{6})")
NO_PULSE_S = 30.0
"""Time that the first pulse after the gate may take, s."""


class PulseTimer(Instrument):
    """Drive the counter."""

    pulses = Measurement("FETC?", unit="1", reply=r"\d+")
    gate_time = Measurement("FETC?", unit="s", reply=fixed(6), low=0.0)
    whole_pulses = Measurement("FETC?", unit="1", reply=r"\d+")
    whole_time = Measurement("FETC?", unit="s", reply=fixed(6), low=0.0)
    gate_seconds = Setting("SENS:GATE:TIME {:.6f}", "SENS:GATE:TIME?", unit="s", reply=fixed(6), low=0.1, high=7200.0)
    abort = Command("ABOR")

    def prepare(self) -> Steps[None]:
        """End a measurement that was left running."""
        yield from self.clear_status()
        yield from self.abort()

    def arm(self, mode: Mode, gates: int = 1) -> Steps[None]:
        """Measure from the next opening of the diverter's switch on.

        Args:
            mode: double chronometry (one gate), or the gate alone.
            gates: gates that are added up.

        Raises:
            ProtocolError: the counter did not take the settings, or does not wait for the gate.
        """
        yield from self._arm(f"1;{mode};EXT;{gates}", f"SENS:INP 1;MODE {mode};GATE:SOUR EXT;COUN {gates}")
        state = yield from self.ask("SENS:STAT?")
        if state != "WAIT":
            raise self.doubt(f"state {state!r} after INIT, where it should WAIT for the gate")

    def arm_internal(self, seconds: float) -> Steps[None]:
        """Time whole pulses of input 2 over about this time (s), from now on.

        Raises:
            ProtocolError: the counter did not take the settings, or does not run.
        """
        yield from self._arm("2;DOUB;INT;1", f"SENS:INP 2;MODE DOUB;GATE:SOUR INT;COUN 1;TIME {seconds:.6f}")
        state = yield from self.ask("SENS:STAT?")
        if state != "RUN":
            raise self.doubt(f"state {state!r} after INIT, where it should RUN")

    def _arm(self, wanted: str, settings: str) -> Steps[None]:
        yield from self.tell(settings, "settings of the measurement")
        taken = yield from self.ask("SENS:INP?;MODE?;GATE:SOUR?;COUN?")
        if taken != wanted:
            raise self.doubt(f"settings of the measurement: reads back {taken!r} instead of {wanted!r}")
        yield from self.tell("INIT", "start of the measurement")

    def fetch(self, longest_s: float) -> Steps[tuple[Reading, Reading, Reading, Reading]]:
        """Wait for the end, and return pulses in the gate, gate time, whole pulses and their time.

        Args:
            longest_s: time to wait, s.

        Raises:
            InstrumentTimeout: gate or pulses did not come.
            ProtocolError: the result is not of its form, or differs when it is asked for twice.
        """
        complete = yield from self.ask("*OPC?", longest_s)
        if complete != "1":
            raise self.doubt(f"*OPC?: reply {complete!r} is not '1'")
        # Asked for twice in one message: a digit that changed on the way changed in one of the two.
        raw = yield from self.ask("SENS:STAT?;:FETC?;FETC?")
        parts = raw.split(";")
        match = _RESULT.fullmatch(parts[1]) if len(parts) == 3 else None
        if match is None or parts[0] != "DONE" or parts[1] != parts[2]:
            raise self.doubt(f"result: reply {raw!r} is not DONE, pulses,time,pulses,time and the same again")
        return (
            self.pulses.reading(match[1]),
            self.gate_time.reading(match[2]),
            self.whole_pulses.reading(match[3]),
            self.whole_time.reading(match[4]),
        )


driver = PulseTimer
"""What a data sheet builds by `driver = "pulse_timer"`."""
