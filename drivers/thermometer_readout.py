"""Driver of a precision readout: two reference thermometers, two sensors under test (generic; commands invented)."""

from __future__ import annotations

from drivers.instrument import Instrument
from drivers.properties import Measurement, fixed

CELSIUS, OHMS = fixed(4), fixed(4)
WINDOW_S = 30.0
"""Time to wait for a reading, which is a mean of ten seconds, s."""


class ThermometerReadout(Instrument):
    """Drive the readout."""

    bath1 = Measurement("MEAS:TEMP? 1", unit="degC", reply=CELSIUS, low=-10.0, high=200.0, timeout_s=WINDOW_S)
    bath2 = Measurement("MEAS:TEMP? 2", unit="degC", reply=CELSIUS, low=-10.0, high=200.0, timeout_s=WINDOW_S)
    sensor1 = Measurement("MEAS:RES? 1", unit="ohm", reply=OHMS, low=1.0, high=1e5, timeout_s=WINDOW_S)
    sensor2 = Measurement("MEAS:RES? 2", unit="ohm", reply=OHMS, low=1.0, high=1e5, timeout_s=WINDOW_S)


driver = ThermometerReadout
"""What a data sheet builds by `driver = "thermometer_readout"`."""
