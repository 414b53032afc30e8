"""Driver of a bank of critical nozzles (generic SCPI; the commands are invented)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drivers.errors import InstrumentError, SettingRefused
from drivers.instrument import Instrument
from drivers.properties import Command, Measurement, Switch
from drivers.safety import switch_off

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drivers.session import Steps

VALVES_S = 10.0
"""Longest time to wait for a reply while valves move, s."""
_LIST = re.compile(r"\d{1,2}(,\d{1,2})*")


class NozzleBank(Instrument):
    """Drive the bank. Nozzles have the numbers 1 and up."""

    pump = Switch("PUMP {}", "PUMP?", on="1", off="0")
    isolated = Switch("ROUT:ISOL {}", "ROUT:ISOL?", on="1", off="0")
    nozzles = Measurement("SYST:NOZZ?", unit="1", reply=r"\d{1,2}", low=1.0, high=16.0)
    shut_all = Command("ROUT:CLOS:ALL")

    def prepare(self) -> Steps[None]:
        """Take the bank into hand: everything shut, pump off."""
        yield from self.clear_status()
        yield from self.make_safe()

    def open_nozzles(self, numbers: Iterable[int]) -> Steps[None]:
        """Open these nozzles, shut all others, and see that it is so.

        Raises:
            SettingRefused: no nozzle is named.
            InstrumentError: the bank says that others are open.
        """
        wanted = sorted(set(numbers))
        if not wanted:
            raise SettingRefused(f"{self.role}: no nozzle to open; to shut all there is shut_all")
        names = ",".join(map(str, wanted))
        yield from self.tell(f"ROUT:OPEN (@{names})", f"nozzles {names} open")
        found = yield from self.open_now()
        if found != tuple(wanted):
            raise InstrumentError(
                f"{self.role}: nozzles {', '.join(map(str, found)) or 'none'} are open instead of {names}; "
                "check the valves and their limit switches"
            )

    def open_now(self) -> Steps[tuple[int, ...]]:
        """Return the nozzles that are open.

        Raises:
            ProtocolError: the reply is not a list of numbers.
        """
        yield from self.ready()
        raw = yield from self.ask("ROUT:STAT?")
        if not _LIST.fullmatch(raw):
            raise self.doubt(f"ROUT:STAT?: reply {raw!r} is not a list of nozzles")
        return tuple(number for number in map(int, raw.split(",")) if number)

    def make_safe(self) -> Steps[None]:
        """Shut all nozzles and switch the pump off, from any state, and see that it is so.

        Raises:
            InstrumentError: that did not come about; someone must go and look.
        """
        yield from switch_off(
            self,
            ("ROUT:CLOS:ALL", "PUMP OFF", "ROUT:ISOL OFF"),
            self._shut,
            what="not confirmed shut",
            remedy="shut it by hand",
        )
        yield from self.clear_status()

    def _shut(self) -> Steps[None]:
        raw = yield from self.ask("ROUT:STAT?;:PUMP?", VALVES_S)
        if raw != "0;0":
            raise InstrumentError(f"{self.role}: after shutting everything it answers {raw!r}")


driver = NozzleBank
"""What a data sheet builds by `driver = "nozzle_bank"`."""
