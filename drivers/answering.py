"""The base of drivers whose instruments know no status and no error queue: every message is answered for itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from drivers.errors import IdentityMismatch, ProtocolError, TransportError
from drivers.instrument import Identity, Instrument

if TYPE_CHECKING:
    from drivers.session import Steps


class AnsweringInstrument(Instrument, ABC):
    """Speak to an instrument that answers every message."""

    @abstractmethod
    def who(self) -> Steps[Identity]:
        """Return who answers. The replies name their question, so that one that comes late answers none of them.

        Raises:
            ProtocolError: a reply is not of the form that the question has.
        """

    def check(self, after: str, message: str | None = None) -> Steps[None]:
        """Do nothing: there is no error queue."""
        yield from ()

    def clear_status(self) -> Steps[None]:
        """Do nothing: there is no status."""
        yield from ()

    def identity(self) -> Steps[Identity]:
        """Ask who it is.

        Raises:
            ProtocolError: a reply is not of the form that the question has.
        """
        if self._doubtful or self._unidentified:
            yield from self.resynchronise()
        self._known = yield from self.who()
        return self._known

    def resynchronise(self) -> Steps[None]:
        """Make sure of the line, and that the same instrument answers as before; see `Instrument.resynchronise`.

        Raises:
            TransportError: the instrument cannot be reached.
            IdentityMismatch: another one answers.
        """
        try:
            yield from self._clear()
        except TransportError as problem:
            raise self._failed(problem) from None
        self._unidentified = False  # before the question: what asks must not wait for itself
        if self._known is None:
            return
        try:
            found: Identity | str = yield from self.who()
        except ProtocolError as problem:
            found = str(problem)
        except BaseException:
            self.mistrust()
            raise
        if found != self._known:
            self.mistrust()
            raise IdentityMismatch(
                f"{self.role}: after a failed exchange {self.session.address} answers {found}, not as "
                f"{self._known.model} no. {self._known.serial}; check the address and the cable"
            )
