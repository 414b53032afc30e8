"""Driver of a programmable double resistance decade (generic; the commands are invented)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.instrument import Instrument
from drivers.properties import Setting, Switch, fixed

if TYPE_CHECKING:
    from drivers.session import Steps

OHMS = fixed(3)


class ResistanceDecade(Instrument):
    """Drive the decades; with the output off the sensors are connected."""

    first = Setting("SOUR1:RES {:.3f}", "SOUR1:RES?", unit="ohm", reply=OHMS, low=1.0, high=20000.0)
    second = Setting("SOUR2:RES {:.3f}", "SOUR2:RES?", unit="ohm", reply=OHMS, low=1.0, high=20000.0)
    output = Switch("OUTP {}", "OUTP?", on="1", off="0")

    def connect(self, first_ohm: float, second_ohm: float) -> Steps[tuple[float, float]]:
        """Connect two resistances in place of the sensors; returns those that were set, in ohm.

        Raises:
            ImplausibleReading: the decade read another one back.
        """
        yield from self.first.set(first_ohm)
        yield from self.second.set(second_ohm)
        yield from self.output.set(True)
        taken = []
        for declared, ohm in ((self.first, first_ohm), (self.second, second_ohm)):
            taken.append((yield from declared.read(expect=(ohm - 6e-4, ohm + 6e-4))).indication.value)
        return taken[0], taken[1]

    def disconnect(self) -> Steps[None]:
        """Connect the sensors again."""
        yield from self.output.set(False)


driver = ResistanceDecade
"""What a data sheet builds by `driver = "resistance_decade"`."""
