"""Driver of a frequency standard that gives pulses of a known rate (generic; the commands are invented)."""

from __future__ import annotations

from drivers.instrument import Instrument
from drivers.properties import Measurement, fixed


class FrequencyReference(Instrument):
    """Drive the standard."""

    frequency = Measurement("SOUR:FREQ?", unit="Hz", reply=fixed(6), low=0.1, high=1e7)


driver = FrequencyReference
"""What a data sheet builds by `driver = "frequency_reference"`."""
