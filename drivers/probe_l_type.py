"""Driver of an L-type Pitot-static tube's adapter (generic SCPI; the commands are invented)."""

from __future__ import annotations

from drivers.instrument import Instrument
from drivers.properties import Measurement, fixed


class LTypePitot(Instrument):
    """Ask the adapter; the pressures are the manometer's affair."""

    diameter = Measurement("PROB:DIAM?", unit="mm", reply=fixed(2), low=1.0, high=100.0)


driver = LTypePitot
"""What a data sheet builds by `driver = "probe_l_type"`."""
