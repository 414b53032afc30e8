"""The AK protocol: telegrams between STX and ETX, as gas analysers and dynamometers speak it over TCP or RS-232.

    master    STX  blank  A K O N  blank  K 0              ETX
    slave     STX  blank  A K O N  blank  e  blank data... ETX      e: error digit, 0 for none

The second byte is "don't care": the slave gives back the one that it got. Source: the telegrams in public analyser
manuals (Emerson NGA 2000, AK-Commands 90003752; California Analytical Instruments 700 series; Servomex SERVOPRO).
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from instruments.dialects.turnaround import TurnaroundInstrument

if TYPE_CHECKING:
    from instruments.link import Link

P = TypeVar("P")

STX, ETX = 0x02, 0x03


@dataclass(frozen=True, slots=True, kw_only=True)
class Telegram:
    """Hold one telegram of the master."""

    mark: str
    """The byte that nobody cares about."""
    code: str
    """Function code, four letters."""
    channel: int
    """Channel number behind K; 0 for all."""
    data: tuple[str, ...]
    """What follows, by blanks."""


class Unreadable(Exception):
    """Refuse a telegram that does not keep the form: it is answered by ????."""


class AkInstrument(TurnaroundInstrument[P]):
    """Be an instrument that speaks AK; a subclass says what a telegram does and which error digit stands."""

    message_limit = 2048

    @abstractmethod
    def act(self, telegram: Telegram) -> str:
        """Act on a telegram; return the data of the answer, without the error digit. May raise `Unreadable`."""

    @abstractmethod
    def error_digit(self) -> int:
        """Return the error digit, 0 to 9."""

    # -- Engine -------------------------------------------------------------------------------------------------------

    def split(self, buffer: bytearray, end: bool) -> list[bytes]:
        """Take what stands between STX and ETX off the buffer; bytes outside of a telegram are noise and go."""
        messages: list[bytes] = []
        while True:
            start = buffer.find(STX)
            if start < 0:
                buffer.clear()
                return messages
            stop = buffer.find(ETX, start)
            if stop < 0:
                del buffer[:start]
                return messages
            start = buffer.rfind(STX, 0, stop)  # an STX inside begins anew
            messages.append(bytes(buffer[start + 1 : stop]))
            del buffer[: stop + 1]

    def submit(self, message: bytes, link: Link) -> None:
        """Answer a telegram after the turnaround time. See `Engine.submit`."""
        if self.full(link):
            return
        text = message.decode("latin-1")
        mark = text[:1] or " "
        try:
            telegram = read_telegram(text)
            code, data = telegram.code, self.act(telegram)
        except Unreadable:
            code, data = "????", ""

        def make() -> bytes:
            text = f"{mark}{code} {self.error_digit()}" + (f" {data}" if data else "")
            return bytes((STX,)) + text.encode("latin-1") + bytes((ETX,))

        self.answer(link, make)


def read_telegram(text: str) -> Telegram:
    """Return the parts of a telegram, given without STX and ETX.

    Raises:
        Unreadable: it does not keep the form.
    """
    words = text[1:].split()
    if len(text) < 6 or not words or len(words[0]) != 4 or not words[0].isascii() or not words[0].isalpha():
        raise Unreadable
    channel = words[1] if len(words) > 1 else ""
    if channel[:1].upper() != "K" or not channel[1:].isdecimal() or len(channel) > 3:
        raise Unreadable
    return Telegram(mark=text[0], code=words[0].upper(), channel=int(channel[1:]), data=tuple(words[2:]))
