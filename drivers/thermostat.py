"""Driver of a thermostatic bath (generic; the commands are invented)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.instrument import Instrument
from drivers.properties import Measurement, Setting, Switch, fixed

if TYPE_CHECKING:
    from drivers.session import Steps

DEGREES = fixed(3)


class Thermostat(Instrument):
    """Drive the bath."""

    temperature = Setting("SOUR:TEMP {:.3f}", "SOUR:TEMP?", unit="degC", reply=DEGREES, low=0.0, high=160.0)
    output = Switch("OUTP {}", "OUTP?", on="1", off="0")
    indicated = Measurement("MEAS:TEMP?", unit="degC", reply=DEGREES, low=-20.0, high=200.0)

    def hold(self, temperature_degc: float) -> Steps[None]:
        """Heat or cool to a temperature (°C) and hold it.

        Raises:
            ImplausibleReading: the bath read another set point back.
        """
        yield from self.temperature.set(temperature_degc)
        yield from self.output.set(True)
        yield from self.temperature.read(expect=(temperature_degc - 5e-4, temperature_degc + 5e-4))


driver = Thermostat
"""What a data sheet builds by `driver = "thermostat"`."""
