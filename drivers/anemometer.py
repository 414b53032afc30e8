"""Driver of an anemometer under test with a readable display (generic SCPI; the commands are invented)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.instrument import Instrument
from drivers.properties import Measurement, fixed

if TYPE_CHECKING:
    from drivers.reading import Reading
    from drivers.session import Steps


class Anemometer(Instrument):
    """Drive the anemometer."""

    speed = Measurement("MEAS:SPE?", unit="m/s", reply=fixed(2), low=0.0, high=100.0)
    mean_speed = Measurement("FETC?", unit="m/s", reply=fixed(2), low=0.0, high=100.0)

    def start(self, duration_s: float) -> Steps[None]:
        """Begin a mean over a time, s."""
        yield from self.tell(f"INIT {duration_s:.1f}", f"mean over {duration_s:g} s")

    def mean(self, timeout_s: float) -> Steps[Reading]:
        """Return the mean when its time is over.

        Raises:
            InstrumentTimeout: it does not come.
            ProtocolError: the two replies of one message differ: a digit changed on the way.
        """
        raw = yield from self.ask("FETC?;:FETC?", timeout_s)
        first, _, second = raw.partition(";")
        if first != second:
            raise self.doubt(f"mean_speed: reply {raw!r} is not twice the same number")
        return self.mean_speed.reading(first)


driver = Anemometer
"""What a data sheet builds by `driver = "anemometer"`."""
