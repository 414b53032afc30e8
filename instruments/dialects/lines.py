"""A line of ASCII in, a line of ASCII out: the base of balances, mass flow controllers and the like.

Messages are handled one after the other: the next begins when the one before is answered. A message that this
instrument does not answer (another unit's address, say) is passed over in silence.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from instruments.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.clock import Call
    from instruments.link import Link
    from instruments.twin import Surroundings

P = TypeVar("P")

MOST_WAITING = 1000
"""Messages that may wait for their turn."""


class LineInstrument(Engine, Generic[P]):
    """Be an instrument with such a dialect; a subclass writes `handle`."""

    ends: ClassVar[bytes] = b"\r\n"
    """Bytes each of which ends a message."""
    terminator: ClassVar[bytes] = b"\r\n"
    """What ends a reply."""
    turnaround_s: ClassVar[float] = 0.005
    """Time from a message to its reply, s."""
    message_limit = 4096

    parameters: P

    def __init__(self, parameters: P, surroundings: Surroundings) -> None:
        super().__init__(parameters, surroundings)
        self.surroundings = surroundings
        self.rng = surroundings.rng
        self._waiting: deque[tuple[str, Link]] = deque()
        self._link: Link | None = None
        self._call: Call | None = None

    @property
    def now(self) -> float:
        """Bench time, s."""
        return self.clock.now

    # -- for the dialect ----------------------------------------------------------------------------------------------

    @abstractmethod
    def handle(self, message: str) -> None:
        """Act on a message: end it by `answer`, `later` or `silence`, now or at a later bench time."""

    def urgent(self, message: str) -> bool:
        """Tell whether a message breaks off the one that is being handled."""
        return False

    def broken_off(self) -> None:
        """Take note that the message in hand was broken off."""

    def answer(self, text: str) -> None:
        """Answer the message in hand after the turnaround time."""
        self.later(self.now + self.turnaround_s, lambda: text)

    def later(self, at: float, make: Callable[[], str]) -> None:
        """Answer the message in hand at bench time `at` (s), with what `make()` says then."""

        def fire() -> None:
            self._call = None
            self.say(make())
            self.silence()

        self._call = self.clock.call_at(at, fire)

    def wait(self, at: float, action: Callable[[], None]) -> None:
        """Go on with the message in hand at bench time `at` (s)."""

        def fire() -> None:
            self._call = None
            action()

        self._call = self.clock.call_at(at, fire)

    def say(self, text: str) -> None:
        """Send a line to whoever sent the message in hand."""
        if self._link is not None and self._link in self._links:
            self._link.respond(text.encode("latin-1") + self.terminator)

    def silence(self) -> None:
        """End the message in hand without a (further) reply."""
        self._link = None
        if self._waiting:
            message, self._link = self._waiting.popleft()
            self.handle(message)

    @property
    def asker(self) -> Link | None:
        """Session that sent the message in hand."""
        return self._link

    # -- Engine -------------------------------------------------------------------------------------------------------

    def split(self, buffer: bytearray, end: bool) -> list[bytes]:
        """Take complete lines off the buffer; empty ones are passed over. See `Engine.split`."""
        messages: list[bytes] = []
        start = 0
        for position, byte in enumerate(buffer):
            if byte in self.ends:
                if position > start:
                    messages.append(bytes(buffer[start:position]))
                start = position + 1
        if end and start < len(buffer):
            messages.append(bytes(buffer[start:]))
            start = len(buffer)
        del buffer[:start]
        return messages

    def submit(self, message: bytes, link: Link) -> None:
        """See `Engine.submit`."""
        text = message.decode("latin-1")
        if self._link is not None:
            if not self.urgent(text):
                if len(self._waiting) < MOST_WAITING:  # a full input buffer loses what comes, as in life
                    self._waiting.append((text, link))
                return
            self._break_off()
            self._waiting.clear()
        self._link = link
        self.handle(text)

    def _break_off(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call = None
        self._link = None
        self.broken_off()

    def busy(self, link: Link) -> bool:
        """See `Engine.busy`."""
        return self._link is link or any(waiting is link for _, waiting in self._waiting)

    def clear(self, link: Link) -> None:
        """See `Engine.clear`."""
        self._waiting = deque(entry for entry in self._waiting if entry[1] is not link)
        if self._link is link:
            self._break_off()
            self.silence()
