"""Driver of a five-hole probe's adapter, whose chip tells who it is (generic SCPI; the commands are invented)."""

from __future__ import annotations

from drivers.instrument import Instrument
from drivers.properties import Measurement, Option, fixed


class FiveHoleProbe(Instrument):
    """Ask the adapter; the pressures are the manometer's affair."""

    diameter = Measurement("PROB:DIAM?", unit="mm", reply=fixed(2), low=1.0, high=100.0)
    head = Option("PROB:HEAD {}", "PROB:HEAD?", choices={"sphere": "SPHERE", "prism": "PRISM"})


driver = FiveHoleProbe
"""What a data sheet builds by `driver = "probe_5hole"`."""
