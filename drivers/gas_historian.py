"""Driver of a plant's data server: meters of large ducts and of a gas grid (generic SCPI; all commands invented)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drivers.errors import InstrumentError
from drivers.instrument import Instrument
from drivers.reading import Reading
from uncertainty.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drivers.session import Steps

THOUSAND = 1e3
"""The server gives flows of the grid in 1000 m³/h."""

_FLOW = re.compile(r"-?\d+\.\d")
_MEAN = re.compile(r"-?\d\.\d{6}E[+-]\d{2}")


class GasHistorian(Instrument):
    """Drive the server."""

    joins_check = True

    def duct_flow(self, duct: str, seconds: float) -> Steps[Reading]:
        """Return the mean indication of a duct's meter over the last seconds, m³/h of dry gas at 0 °C and 101.325 kPa.

        Raises:
            ProtocolError: the reply is no flow.
        """
        raw = yield from self.ask(f"DUCT:MEAN? {duct},{seconds:g}")
        if _FLOW.fullmatch(raw) is None:
            raise self.doubt(f"DUCT:MEAN? {duct}: reply {raw!r} is not of the form {_FLOW.pattern!r}")
        return self._reading(duct, float(raw), "m**3/h", raw)

    def hour(self, tags: Sequence[str], units: Sequence[str]) -> Steps[tuple[Reading, ...]]:
        """Return the grid's means over the last hour.

        Args:
            tags: what is wanted, in the server's order.
            units: their units; flows, which the server gives in 1000 m³/h, in "m**3/h".

        Raises:
            InstrumentError: the server has other tags.
            ProtocolError: the reply does not hold as many numbers.
        """
        known = yield from self.ask("GRID:TAGS?")
        if known != ",".join(f'"{tag}"' for tag in tags):
            raise InstrumentError(
                f"{self.role}: GRID:TAGS?: the server's tags {known} are not those of the sheet, "
                f"{', '.join(tags)}; correct the sheet or the server"
            )
        raw = yield from self.ask("GRID:HOUR?")
        fields = raw.split(",")
        if len(fields) != len(tags) or not all(_MEAN.fullmatch(field) for field in fields):
            raise self.doubt(
                f"GRID:HOUR?: reply {raw!r} does not hold {len(tags)} numbers of the form {_MEAN.pattern!r}"
            )
        return tuple(
            self._reading(tag, float(field) * (THOUSAND if unit == "m**3/h" else 1.0), unit, field)
            for tag, unit, field in zip(tags, units, fields, strict=True)
        )

    def _reading(self, name: str, value: float, unit: str, raw: str) -> Reading:
        return Reading(
            name=name,
            indication=Quantity(value=value, unit=unit),
            instrument=self.role,
            time_s=self.session.now(),
            raw=raw,
        )


driver = GasHistorian
"""What a data sheet builds by `driver = "gas_historian"`."""
