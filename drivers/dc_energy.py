"""Driver of a DC energy meter under test with a readable display (generic SCPI; the commands are invented)."""

from __future__ import annotations

from drivers.instrument import Instrument
from drivers.properties import Measurement, fixed

PLAIN = r"\d+(?:\.\d+)?"


class DcEnergyMeter(Instrument):
    """Drive the meter: registers, nameplate, clock."""

    energy_import = Measurement("MEAS:ENER:IMP?", unit="kWh", reply=fixed(3), low=0.0)
    energy_export = Measurement("MEAS:ENER:EXP?", unit="kWh", reply=fixed(3), low=0.0)
    power = Measurement("MEAS:POW?", unit="kW", reply=fixed(4))
    constant = Measurement("NAM:CONS?", unit="imp/kWh", reply=PLAIN, low=1e-3)
    rated_voltage = Measurement("NAM:VOLT?", unit="V", reply=PLAIN)
    rated_current = Measurement("NAM:CURR?", unit="A", reply=PLAIN)
    clock = Measurement("SYST:CLOC?", unit="s", reply=fixed(0))


driver = DcEnergyMeter
"""What a data sheet builds by `driver = "dc_energy"`."""
