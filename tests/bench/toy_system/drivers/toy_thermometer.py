"""Driver of the toy thermometer."""

from drivers.instrument import Instrument
from drivers.properties import Measurement, fixed


class ToyThermometer(Instrument):
    temperature = Measurement("MEAS:TEMP?", unit="degC", reply=fixed(2))


driver = ToyThermometer
