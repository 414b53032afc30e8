"""Driver of a traversing unit with a five-hole probe for large gas ducts (generic SCPI; the commands are invented)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.errors import InstrumentTimeout
from drivers.instrument import Instrument
from drivers.properties import Measurement, fixed

if TYPE_CHECKING:
    from drivers.session import Steps

TRAVEL_TIMEOUT_S = 120.0
"""Longest time to reach a place and to null the yaw there, s."""


class DuctTraverse(Instrument):
    """Drive the unit."""

    joins_check = True

    yaw = Measurement("YAW?", unit="deg", reply=fixed(2), low=-90.0, high=90.0)
    """Angle at which P2 = P3."""
    temperature = Measurement("GAS:TEMP?", unit="degC", reply=fixed(2), low=-40.0, high=400.0)
    """Temperature of the gas."""
    pressure = Measurement("GAS:PRES?", unit="kPa", reply=fixed(3), low=10.0, high=1000.0)
    """Absolute static pressure."""
    diameter = Measurement("DUCT:DIAM?", unit="mm", reply=fixed(1), low=100.0, high=10000.0)
    """Mean of two measured diameters."""

    def select(self, duct: str) -> Steps[None]:
        """Hang the unit on a duct, and see that it hangs there.

        Raises:
            ReportedError: there is no such duct.
            ProtocolError: it says that it hangs elsewhere.
        """
        yield from self.tell(f"SEL:DUCT {duct}", f"duct = {duct}")
        found = yield from self.ask("SEL:DUCT?")
        if found != duct:
            raise self.doubt(f"SEL:DUCT?: reply {found!r} is not {duct!r}")

    def go(self, port: int, r: float) -> Steps[None]:
        """Go to a place on the diameter of a port and null the yaw there.

        Args:
            port: 1 or 2.
            r: place by the radius, -1 to 1.

        Raises:
            InstrumentTimeout: the place is not reached.
            ProtocolError: the unit stands elsewhere.
        """
        yield from self.tell(f"POS:GOTO {port:d},{r:.4f}", f"place = {port}, {r:.4f}")
        try:
            complete = yield from self.ask("*OPC?", TRAVEL_TIMEOUT_S)
        except InstrumentTimeout:
            raise InstrumentTimeout(
                f"{self.role}: place {port}, {r:.4f} is not reached after {TRAVEL_TIMEOUT_S:g} s; look at the drive"
            ) from None
        place = yield from self.ask("POS?")
        if complete != "1" or place != f"{port:d},{r:.4f}":
            raise self.doubt(f"POS?: {place!r} after *OPC? = {complete!r}, not '{port:d},{r:.4f}'")


driver = DuctTraverse
"""What a data sheet builds by `driver = "duct_traverse"`."""
