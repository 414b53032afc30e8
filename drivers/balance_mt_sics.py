"""Driver of a balance that speaks MT-SICS, levels 0 and 1 (METTLER TOLEDO Standard Interface Command Set).

A weight is ten places and its unit, right-aligned; the template insists on that, so that a digit that is lost on the
way is seen. Where a balance says why it gives no weight ("S I", "S +", "S -", "ES"), the error says it in words.
MT-SICS knows neither *IDN? nor an error queue: I2, I3 and I4 identify, and every command answers for itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from drivers.answering import AnsweringInstrument
from drivers.errors import InstrumentError
from drivers.instrument import Identity
from drivers.properties import Measurement

if TYPE_CHECKING:
    from drivers.reading import Reading
    from drivers.session import Steps

STABLE_TIMEOUT_S = 60.0
"""Time to wait for a stable weight, s: balances give up by themselves after 40 s or so."""
MANUFACTURER = "Mettler-Toledo"
"""What the identity gives as manufacturer: MT-SICS has no query for it."""

_NUMBER = r"(?=\x20*-?\d+(?:\.\d+)? g)(?P<value>[-\x20.\d]{10}) g"
_TEXT = r'{} A "(?P<text>[^"]*)"'
_SAID = {
    "I": "cannot do that now: no stable weight in time, or busy; keep draughts off the pan and try again",
    "+": "overload; take the load off",
    "-": "underload; put the pan and its carrier back",
    "L": "the parameter is not accepted",
}
_REFUSED = {
    "ES": "does not know the command",
    "ET": "did not receive the command whole; check the line",
    "EL": "cannot execute the command in this state",
}


def _refusal(message: str, raw: str) -> str | None:
    """Return in words why a balance gave no value; None if the reply is no such refusal."""
    words = raw.split(" ")
    if raw in _REFUSED:
        return _REFUSED[raw]
    # SI answers as S does; the others answer with their own name.
    if len(words) == 2 and words[0] in (message, message.removesuffix("I")):
        return _SAID.get(words[1])
    return None


class Weight(Measurement):
    """Declare a weight; see `Measurement`."""

    def __init__(self, query: str, *, states: str, timeout_s: float | None = None) -> None:
        """Declare it.

        Args:
            query: message that asks for it, e.g. "S".
            states: how the reply begins, as a regular expression, e.g. "S S" for a stable weight.
            timeout_s: time to wait for the reply, s; None for the session's usual time.
        """
        super().__init__(query, unit="g", reply=f"{states} {_NUMBER}", timeout_s=timeout_s)

    def parse(self, role: str, raw: str) -> float:
        """Return the weight in a reply, g.

        Raises:
            InstrumentError: the balance says why it gives none.
            ProtocolError: the reply is not of the declared form.
        """
        why = _refusal(self.query, raw)
        if why is not None:
            raise InstrumentError(f"{role}: {self.name}: {why} ({self.query!r} was answered {raw!r})")
        return super().parse(role, raw)


class BalanceMtSics(AnsweringInstrument):
    """Drive the balance. All weights are in g and as indicated: no correction for buoyancy."""

    terminator: ClassVar[str] = "\r\n"

    weight = Weight("S", states="S S", timeout_s=STABLE_TIMEOUT_S)
    """Net weight, once it is stable."""
    weight_now = Weight("SI", states="S [SD]")
    """Net weight at once, stable or not."""
    take_tare = Weight("T", states="T S", timeout_s=STABLE_TIMEOUT_S)
    """Reading it tares: what lies on the pan, once it is stable, is the tare weight that is returned."""
    tare_weight = Weight("TA", states="TA A")
    """Tare weight that is stored."""

    def zero(self) -> Steps[None]:
        """Take what lies on the pan as zero, once it is stable; the tare is forgotten.

        Raises:
            InstrumentError: not stable in time, or too far from the first zero.
        """
        yield from self._act("Z", STABLE_TIMEOUT_S)

    def clear_tare(self) -> Steps[None]:
        """Forget the tare."""
        yield from self._act("TAC")

    def tare(self) -> Steps[Reading]:
        """Tare, once the weight is stable, and return the tare weight."""
        return (yield from self.take_tare.read())

    def _act(self, message: str, timeout_s: float | None = None) -> Steps[None]:
        """Have something done that is answered with "A".

        Raises:
            InstrumentError: it was not done; the balance says why.
            ProtocolError: the reply is none of the command's.
        """
        yield from self.ready()
        raw = yield from self.ask(message, timeout_s)
        if raw == f"{message} A":
            return
        why = _refusal(message, raw)
        if why is None:
            raise self.doubt(f"{message}: reply {raw!r} is not {message + ' A'!r}")
        raise InstrumentError(f"{self.role}: {message}: {why} (answered {raw!r})")

    # -- what MT-SICS does otherwise than SCPI ------------------------------------------------------------------------

    def clear_status(self) -> Steps[None]:
        """Break off what the balance is doing; its tare is forgotten.

        Raises:
            ProtocolError: the reply is not the serial number.
        """
        yield from self._text("@", "I4")

    def prepare(self) -> Steps[None]:
        """Break off what was left running, e.g. values that are sent unasked."""
        yield from self.clear_status()

    def who(self) -> Steps[Identity]:
        """See `AnsweringInstrument.who`: type (I2), software (I3), serial number (I4)."""
        kind = yield from self._text("I2", "I2")
        software = yield from self._text("I3", "I3")
        serial = yield from self._text("I4", "I4")
        return Identity(manufacturer=MANUFACTURER, model=kind.partition(" ")[0], serial=serial, firmware=software)

    def _text(self, message: str, answer: str) -> Steps[str]:
        """Return the quoted text that answers a message."""
        raw = yield from self._exchange(message)
        match = re.fullmatch(_TEXT.format(answer), raw)
        if match is None or not match["text"].strip():
            raise self.doubt(f'{message}: reply {raw!r} is not of the form {answer} A "..."')
        return match["text"].strip()


driver = BalanceMtSics
"""What a data sheet builds by `driver = "balance_mt_sics"`."""
