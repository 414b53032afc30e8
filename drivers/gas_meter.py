"""Driver of a gas meter under test with a readable display (generic SCPI; the commands are invented)."""

from __future__ import annotations

from drivers.instrument import Instrument
from drivers.properties import Measurement, fixed

PLAIN = r"\d+(?:\.\d+)?"


class GasMeter(Instrument):
    """Drive the meter. Velocity and speed of sound are answered by ultrasonic meters only."""

    flow = Measurement("MEAS:FLOW?", unit="m**3/h", reply=fixed(4))
    volume = Measurement("MEAS:VOL?", unit="m**3", reply=fixed(4))
    velocity = Measurement("MEAS:VEL?", unit="m/s", reply=fixed(5), low=-50.0, high=50.0)
    sound = Measurement("MEAS:SOUN?", unit="m/s", reply=fixed(3), low=100.0, high=1500.0)
    constant = Measurement("NAM:PULS?", unit="1/m**3", reply=PLAIN, low=1e-3)


driver = GasMeter
"""What a data sheet builds by `driver = "gas_meter"`."""
