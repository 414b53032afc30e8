"""Driver of a rack in which gas mixtures are made, weighed, divided and sampled (generic; commands are invented)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drivers.errors import InstrumentError, InstrumentTimeout, SettingRefused
from drivers.instrument import Instrument
from drivers.properties import Measurement, fixed

if TYPE_CHECKING:
    from drivers.session import Steps

LOADS = {"nothing": "NONE", "cylinder": "SAMP", "tare": "TARE", "tare and weight": "WEIG"}
"""What may lie on the pan, and how the rack calls it."""
STREAMS = {"none": "NONE", "cylinder": "CYL", "bottle": "BOTT", "reference": "REF"}
"""What may be connected, and how the rack calls it."""
_COUNT = re.compile(r"\d{1,3}")


class GasBatch(Instrument):
    """Drive the rack."""

    pressure = Measurement("GAUG:PRES?", unit="MPa", reply=fixed(3), low=-0.1, high=40.0)
    """Absolute pressure in the cylinder."""
    wall_temperature = Measurement("GAUG:TEMP?", unit="degC", reply=fixed(2), low=-40.0, high=120.0)
    """Temperature of the cylinder's wall."""

    def load(self, what: str) -> Steps[None]:
        """Put something on the pan of the balance, and see that it is there.

        Args:
            what: one of `LOADS`.

        Raises:
            SettingRefused: not one of them; nothing was sent.
            ProtocolError: the rack says that something else lies there.
        """
        if what not in LOADS:
            raise SettingRefused(f"{self.role}: load {what!r} is not one of {', '.join(LOADS)}; nothing was sent")
        word = LOADS[what]
        yield from self.tell(f"CARR:LOAD {word}", f"load = {what}")
        found = yield from self.ask("CARR:LOAD?")
        if found != word:
            raise self.doubt(f"CARR:LOAD?: reply {found!r} is not {word!r} after {what} was loaded")

    def fill(self, parent: str, mass_g: float, timeout_s: float) -> Steps[None]:
        """Let a parent gas into the cylinder until about this mass has flown.

        Raises:
            InstrumentTimeout: it does not end; the rack is still filling.
            ReportedError: the rack refuses.
        """
        yield from self.tell(f"FILL:STAR {parent},{mass_g:.4f}", f"filling {mass_g:g} g of {parent}")
        yield from self._complete(f"filling {parent}", timeout_s)

    def roll(self, duration_s: float) -> Steps[None]:
        """Roll the cylinder so that its gas mixes."""
        yield from self.tell(f"ROLL:STAR {duration_s:.0f}", f"rolling for {duration_s:g} s")
        yield from self._complete("rolling", duration_s + 60.0)

    def divide(self, timeout_s: float) -> Steps[int]:
        """Divide the cylinder's gas into the bottles, and return how many there are.

        Raises:
            ProtocolError: the reply is no count.
            InstrumentError: there are none.
        """
        yield from self.tell("BATC:FILL", "division of the batch")
        yield from self._complete("the division", timeout_s)
        raw = yield from self.ask("BATC:BOTT?")
        if not _COUNT.fullmatch(raw):
            raise self.doubt(f"BATC:BOTT?: reply {raw!r} is not a count")
        if not int(raw):
            raise InstrumentError(f"{self.role}: no bottles after the division of the batch")
        return int(raw)

    def connect(self, kind: str, number: int = 1) -> Steps[None]:
        """Connect a stream to the sampling point, and see that it is connected.

        Args:
            kind: one of `STREAMS`.
            number: which bottle or reference cylinder, from 1.

        Raises:
            SettingRefused: no such kind; nothing was sent.
            ProtocolError: the rack says that another stream is connected.
        """
        if kind not in STREAMS:
            raise SettingRefused(f"{self.role}: stream {kind!r} is not one of {', '.join(STREAMS)}; nothing was sent")
        word = STREAMS[kind] if kind == "none" else f"{STREAMS[kind]},{number}"
        yield from self.tell(f"SAMP:CONN {word}", f"stream = {kind} {number}")
        found = yield from self.ask("SAMP:CONN?")
        if found != word:
            raise self.doubt(f"SAMP:CONN?: reply {found!r} is not {word!r} after {kind} {number} was connected")

    def make_safe(self) -> Steps[None]:
        """Close the sampling valve and take everything off the pan, as far as the rack can be reached.

        Raises:
            InstrumentError: that was not confirmed.
        """
        yield from self.send("SAMP:CONN NONE")
        yield from self.send("CARR:LOAD NONE")
        state = yield from self.ask("SAMP:CONN?;:CARR:LOAD?")
        if state != "NONE;NONE":
            raise InstrumentError(
                f"{self.role}: NOT SAFE: after closing it answers {state!r}; close the valves by hand"
            )

    def _complete(self, what: str, timeout_s: float) -> Steps[None]:
        """Wait until an operation is over.

        Raises:
            InstrumentTimeout: it is not over in time.
            ProtocolError: the reply is not what *OPC? answers, or the rack is busy still.
        """
        try:
            complete = yield from self.ask("*OPC?", timeout_s)
        except InstrumentTimeout:
            raise InstrumentTimeout(
                f"{self.role}: {what} is not over after {timeout_s:g} s; look at the valves and the parent cylinder"
            ) from None
        state = yield from self.ask("FILL:STAT?")
        if complete != "1" or state != "IDLE":
            raise self.doubt(f"*OPC?: {complete!r} and FILL:STAT?: {state!r} after {what}, not '1' and 'IDLE'")


driver = GasBatch
"""What a data sheet builds by `driver = "gas_batch"`."""
