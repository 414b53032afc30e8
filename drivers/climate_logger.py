"""Driver of a logger for temperature, relative humidity and pressure of the room's air (generic SCPI)."""

from __future__ import annotations

from drivers.instrument import Instrument
from drivers.properties import Measurement, fixed


class ClimateLogger(Instrument):
    """Drive the logger."""

    temperature = Measurement("MEAS:TEMP?", unit="degC", reply=fixed(2), low=-40.0, high=85.0)
    humidity = Measurement("MEAS:HUM?", unit="%", reply=fixed(1), low=0.0, high=100.0)
    pressure = Measurement("MEAS:PRES?", unit="kPa", reply=fixed(2), low=30.0, high=120.0)


driver = ClimateLogger
"""What a data sheet builds by `driver = "climate_logger"`."""
