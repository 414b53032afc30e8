"""Driver of a flow meter under test with pulse output: its display (generic; the commands are invented)."""

from __future__ import annotations

from drivers.instrument import Instrument
from drivers.properties import Measurement, fixed

PLAIN = r"\d+(?:\.\d+)?(?:E[+-]\d+)?"


class FlowMeter(Instrument):
    """Drive the meter: display and nameplate. What is verified is its pulse output, which a counter reads."""

    flow = Measurement("MEAS:FLOW?", unit="m**3/h", reply=fixed(5))
    volume = Measurement("MEAS:VOL?", unit="m**3", reply=fixed(6), low=0.0)
    k_factor = Measurement("NAM:KFAC?", unit="1/m**3", reply=PLAIN, low=1e-6)
    diameter = Measurement("NAM:DIAM?", unit="mm", reply=PLAIN, low=1.0)


driver = FlowMeter
"""What a data sheet builds by `driver = "flow_meter"`."""
