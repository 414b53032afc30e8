"""Driver of a dynamic diluter's valves (generic SCPI, commands invented); its controllers have drivers of their own.

All four valves are set in one message and read back in one, so that no state is ever half of what was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from drivers.errors import ImplausibleReading, InstrumentError
from drivers.instrument import Instrument
from drivers.properties import Measurement, fixed
from drivers.safety import switch_off

if TYPE_CHECKING:
    from drivers.session import Steps

Route = Literal["OFF", "MIX", "PROV"]
"""Where a line goes: nowhere, to the mixing chamber, to the prover."""
Inlet = Literal["GAS", "PURG"]
"""What enters the parent line: the parent gas, or diluent."""
Outlet = Literal["OFF", "BLEN", "CHEC", "ZERO"]
"""What leaves the outlet: nothing, the blend, the check gas, diluent."""
STATE = "ROUT:PAR?;DIL?;:INL:PAR?;:OUTL:SEL?"


class GasDiluter(Instrument):
    """Drive the valves."""

    joins_check: ClassVar[bool] = True

    pressure = Measurement("MIX:PRES?", unit="kPa", reply=fixed(3), low=0.0, high=500.0)

    def prepare(self) -> Steps[None]:
        """Shut everything."""
        yield from self.clear_status()
        yield from self.make_safe()

    def route(self, *, parent: Route, diluent: Route, inlet: Inlet, outlet: Outlet) -> Steps[None]:
        """Set all valves and see that they are set.

        Raises:
            ImplausibleReading: they are not.
        """
        yield from self.tell(
            f"ROUT:PAR {parent};DIL {diluent};:INL:PAR {inlet};:OUTL:SEL {outlet}",
            f"parent {inlet} to {parent}, diluent to {diluent}, outlet {outlet}",
        )
        yield from self.confirm(parent=parent, diluent=diluent, inlet=inlet, outlet=outlet)

    def confirm(self, *, parent: Route, diluent: Route, inlet: Inlet, outlet: Outlet) -> Steps[None]:
        """See that the valves stand as they were set.

        Raises:
            ImplausibleReading: they do not.
        """
        yield from self.ready()
        wanted = ";".join((parent, diluent, inlet, outlet))
        raw = yield from self.ask(STATE)
        if raw == wanted:
            return
        if raw.count(";") != 3:
            raise self.doubt(f"{STATE}: reply {raw!r} is not parent;diluent;inlet;outlet")
        self.mistrust()
        raise ImplausibleReading(
            f"{self.role}: the valves stand at {raw!r} instead of {wanted!r} (parent;diluent;inlet;outlet); check its "
            "supply and who else commands it"
        )

    def make_safe(self) -> Steps[None]:
        """Shut both lines and the outlet, from any state, and see that they are shut.

        Raises:
            InstrumentError: that did not come about; someone must shut the cylinders.
        """
        yield from switch_off(
            self,
            ("ROUT:PAR OFF;DIL OFF;:INL:PAR PURG;:OUTL:SEL OFF",),
            self._shut,
            what="valves not confirmed shut",
            remedy="shut the cylinders",
            pause_s=1.0,
        )
        yield from self.clear_status()

    def _shut(self) -> Steps[None]:
        raw = yield from self.ask(STATE)
        if raw != "OFF;OFF;PURG;OFF":
            raise InstrumentError(f"{self.role}: the valves stand at {raw!r} after they were shut")


driver = GasDiluter
"""What a data sheet builds by `driver = "gas_diluter"`."""
