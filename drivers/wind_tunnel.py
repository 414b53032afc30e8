"""Driver of a wind tunnel with the sensors of its test section (generic SCPI; the commands are invented)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drivers.errors import InstrumentError
from drivers.instrument import Instrument
from drivers.properties import Measurement, Setting, Switch, fixed
from drivers.safety import switch_off

if TYPE_CHECKING:
    from drivers.reading import Reading
    from drivers.session import Steps


_AIR = re.compile(r"(-?\d+\.\d\d),(-?\d+\.\d),(-?\d+\.\d)")


class WindTunnel(Instrument):
    """Drive the tunnel: speed, fan, air of the test section."""

    joins_check = True

    speed = Setting("SPE {:.3f}", "SPE?", unit="m/s", reply=fixed(3), low=0.0, high=50.0)
    fan = Switch("FAN {}", "FAN?", on="1", off="0")
    indicated_speed = Measurement("MEAS:SPE?", unit="m/s", reply=fixed(3), low=-1.0, high=100.0)
    temperature = Measurement("MEAS:TEMP?", unit="degC", reply=fixed(2), low=-20.0, high=80.0)
    pressure = Measurement("MEAS:PRES?", unit="Pa", reply=fixed(1), low=3e4, high=1.2e5)
    humidity = Measurement("MEAS:HUM?", unit="%", reply=fixed(1), low=0.0, high=100.0)

    def settle(self, timeout_s: float) -> Steps[None]:
        """Wait until the controller calls the speed settled.

        Raises:
            InstrumentTimeout: it does not within `timeout_s`.
        """
        yield from self.ready()
        complete = yield from self.ask("*OPC?", timeout_s)
        if complete != "1":
            raise self.doubt(f"*OPC?: reply {complete!r} is not '1'")

    def air(self) -> Steps[tuple[Reading, Reading, Reading]]:
        """Return temperature (°C), static pressure (Pa) and relative humidity (%) of the stream, of one moment."""
        yield from self.ready()
        raw = yield from self.ask("MEAS:AIR?")
        match = _AIR.fullmatch(raw)
        if match is None:
            raise self.doubt(f"air: reply {raw!r} is not of the form {_AIR.pattern!r}")
        return (
            self.temperature.reading(match[1]),
            self.pressure.reading(match[2]),
            self.humidity.reading(match[3]),
        )

    def make_safe(self) -> Steps[None]:
        """Switch the fan off, from any state, and see that it is off; the air runs down by itself.

        Raises:
            InstrumentError: that did not come about; someone must go and look.
        """
        yield from switch_off(
            self,
            ("FAN 0", "SPE 0"),
            self._still,
            what="fan not confirmed off",
            remedy="switch it off by hand",
        )
        yield from self.clear_status()

    def _still(self) -> Steps[None]:
        if (yield from self.fan.read()):
            raise InstrumentError(f"{self.role}: fan is still on after FAN 0")


driver = WindTunnel
"""What a data sheet builds by `driver = "wind_tunnel"`."""
