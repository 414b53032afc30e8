"""Driver of a pulse generator that gives a known number of pulses (generic; the commands are invented)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.errors import ImplausibleReading
from drivers.instrument import Instrument
from drivers.properties import Command, Setting, fixed

if TYPE_CHECKING:
    from drivers.session import Steps


class PulseSource(Instrument):
    """Drive the generator."""

    rate = Setting("SOUR:FREQ {:.3f}", "SOUR:FREQ?", unit="Hz", reply=fixed(3), low=0.01, high=10000.0)
    cycles = Setting("SOUR:BURS:NCYC {:.0f}", "SOUR:BURS:NCYC?", unit="1", reply=r"\d+", low=1.0, high=1e7)
    abort = Command("ABOR")

    def prepare(self) -> Steps[None]:
        """Stop a burst that was left running."""
        yield from self.clear_status()
        yield from self.abort()

    def burst(self, pulses: int, rate_hz: float) -> Steps[None]:
        """Give a burst, and wait for its end.

        Raises:
            ImplausibleReading: another number or rate was taken, or the burst was over too soon.
        """
        yield from self.cycles.set(float(pulses))
        yield from self.rate.set(rate_hz)
        yield from self.cycles.read(expect=(pulses, pulses))
        yield from self.rate.read(expect=(rate_hz - 6e-4, rate_hz + 6e-4))
        yield from self.tell("INIT", f"burst of {pulses} pulses")
        planned, begin = pulses / rate_hz, self.session.now()
        complete = yield from self.ask("*OPC?", planned + 30.0)
        took = self.session.now() - begin
        if complete != "1" or not planned - 0.5 <= took <= planned + 5.0:
            raise ImplausibleReading(
                f"{self.role}: burst of {pulses} pulses: {complete!r} after {took:.3f} s, where {planned:.3f} s are due"
            )


driver = PulseSource
"""What a data sheet builds by `driver = "pulse_source"`."""
