"""Driver of a stack analyser with its sampling system (generic SCPI, commands invented); see `drivers.gas_analyser`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from drivers.errors import ImplausibleReading
from drivers.gas_analyser import GasAnalyser

if TYPE_CHECKING:
    from drivers.session import Steps

Source = Literal["STAC", "CAL"]
"""Gas that is taken: from the stack, or calibration gas by overflow at the probe."""
FLAGS = {"STAC": "N", "CAL": "C"}
"""Source -> status flag that the data must carry."""


class StackAnalyser(GasAnalyser):
    """Drive the analyser and the valve at its probe."""

    def take(self, source: Source) -> Steps[None]:
        """Turn the valve at the probe, and see that it is turned.

        Raises:
            ImplausibleReading: it is not.
        """
        yield from self.ready()
        yield from self.tell(f"SAMP:SOUR {source}", f"sample from {source}")
        yield from self.confirm(source)

    def confirm(self, source: Source) -> Steps[None]:
        """See which gas is taken, by the valve and by the flag of the data.

        Raises:
            ImplausibleReading: another one.
            ProtocolError: the reply is no source and flag.
        """
        yield from self.ready()
        raw = yield from self.ask("SAMP:SOUR?;:STAT:FLAG?")
        if raw.count(";") != 1:
            raise self.doubt(f"SAMP:SOUR?;:STAT:FLAG?: reply {raw!r} is not source;flag")
        if raw != f"{source};{FLAGS[source]}":
            self.mistrust()
            raise ImplausibleReading(
                f"{self.role}: takes {raw!r} instead of '{source};{FLAGS[source]}' (source;flag); check its supply, "
                "its valve and who else commands it"
            )


driver = StackAnalyser
"""What a data sheet builds by `driver = "stack_analyser"`."""
