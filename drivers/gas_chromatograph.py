"""Driver of a process gas chromatograph for natural gas (generic SCPI; the commands are invented)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drivers.instrument import Instrument
from drivers.properties import Measurement, fixed

if TYPE_CHECKING:
    from drivers.reading import Reading
    from drivers.session import Steps

_NAMES = re.compile(r"[A-Za-z][A-Za-z0-9]*(,[A-Za-z][A-Za-z0-9]*)*")
SUM_PERCENT = 0.002
"""How far from 100 % the sum of the fractions may be: they are rounded, %."""


class GasChromatograph(Instrument):
    """Drive the chromatograph."""

    fraction = Measurement("ANAL:RUN?", unit="%", reply=fixed(4), low=0.0, high=100.0)

    def analyse(self, timeout_s: float) -> Steps[dict[str, Reading]]:
        """Take a sample and return its amount fractions by component, %.

        Raises:
            InstrumentTimeout: the analysis does not end.
            ProtocolError: the components are no list of formulas, the fractions do not add up to 100 %, or there are
                not as many as components.
        """
        yield from self.ready()
        listed = yield from self.ask("ANAL:COMP?")
        if not _NAMES.fullmatch(listed):
            raise self.doubt(f"ANAL:COMP?: reply {listed!r} is not a list of formulas")
        names = listed.split(",")
        raw = yield from self.ask("ANAL:RUN?", timeout_s)
        fields = raw.split(",")
        if len(fields) != len(names) or len(set(names)) != len(names):
            raise self.doubt(f"ANAL:RUN?: reply {raw!r} is not one fraction for each of {', '.join(names)}")
        found = {name: self.fraction.reading(field) for name, field in zip(names, fields, strict=True)}
        total = sum(reading.indication.value for reading in found.values())
        if abs(total - 100.0) > SUM_PERCENT:
            raise self.doubt(f"ANAL:RUN?: the fractions in {raw!r} add up to {total:.4f} %, not to 100 %")
        return found


driver = GasChromatograph
"""What a data sheet builds by `driver = "gas_chromatograph"`."""
