"""Driver of a velocity meter installed in a stack, with a memory of its readings (generic SCPI; commands invented)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.instrument import Instrument
from drivers.properties import Measurement, fixed

if TYPE_CHECKING:
    from drivers.reading import Reading
    from drivers.session import Steps


class StackMeter(Instrument):
    """Drive the meter."""

    joins_check = True

    speed = Measurement("MEAS:SPE?", unit="m/s", reply=fixed(3), low=0.0, high=60.0)
    mean = Measurement("DATA:MEAN?", unit="m/s", reply=fixed(4), low=0.0, high=60.0)
    clock = Measurement("SYST:CLOC?", unit="s", reply=fixed(3), low=0.0)

    def means(self, start_s: float, stop_s: float, count: int) -> Steps[tuple[Reading, ...]]:
        """Return the means over equal parts of a time of its clock that has passed.

        Args:
            start_s: s.
            stop_s: s.
            count: how many parts.

        Raises:
            ProtocolError: the reply holds another count.
        """
        yield from self.ready()
        raw = yield from self.ask(f"DATA:MEAN? {start_s:.3f},{stop_s:.3f},{count}")
        parts = raw.split(",")
        if len(parts) != count:
            raise self.doubt(f"mean: reply {raw!r} does not hold {count} means")
        return tuple(self.mean.reading(part) for part in parts)


driver = StackMeter
"""What a data sheet builds by `driver = "stack_meter"`."""
