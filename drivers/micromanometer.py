"""Driver of a micromanometer with up to five differential channels (generic SCPI; the commands are invented)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from drivers.instrument import Instrument
from drivers.properties import Measurement, Setting, fixed

if TYPE_CHECKING:
    from drivers.reading import Reading
    from drivers.session import Steps

ZERO_TIMEOUT_S = 30.0
"""Longest time that a zeroing may take, s."""


class Micromanometer(Instrument):
    """Drive the micromanometer."""

    joins_check = True

    time = Setting("SENS:AVER:TIME {:.1f}", "SENS:AVER:TIME?", unit="s", reply=fixed(1), low=0.1, high=600.0)
    pressure = Measurement("READ?", unit="Pa", reply=fixed(4), low=-1e5, high=1e5)
    range = Measurement("SENS:RANG?", unit="Pa", reply=fixed(1), low=0.0)
    channels = Measurement("SYST:CHAN?", unit="1", reply=r"\d+", low=1.0, high=5.0)

    def zero(self) -> Steps[None]:
        """Close the valves and take the zero of all channels.

        Raises:
            InstrumentTimeout: the zeroing does not end.
        """
        yield from self.tell("CAL:ZERO", "zeroing")
        complete = yield from self.ask("*OPC?", ZERO_TIMEOUT_S)
        if complete != "1":
            raise self.doubt(f"*OPC?: reply {complete!r} is not '1'")

    def read(self, channels: int, duration_s: float) -> Steps[tuple[Reading, ...]]:
        """Return the means of all channels over the same time, Pa; `time` must have been set to `duration_s`.

        Raises:
            ProtocolError: the reply holds another count of channels, or one is over range.
        """
        yield from self.ready()
        begin = self.session.now()
        raw = yield from self.ask("READ?", duration_s + 5.0)
        if self.session.now() - begin < 0.9 * duration_s:
            raise self.doubt(f"READ?: {raw!r} came before a mean over {duration_s:g} s can be; its time was changed")
        parts = raw.split(",")
        if len(parts) != channels:
            raise self.doubt(f"pressure: reply {raw!r} does not hold {channels} channels")
        return tuple(
            replace(self.pressure.reading(part), name=f"pressure_{n}") for n, part in enumerate(parts, start=1)
        )


driver = Micromanometer
"""What a data sheet builds by `driver = "micromanometer"`."""
