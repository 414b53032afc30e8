"""A session that knows exactly what must be said, in which order, and what is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from drivers.errors import InstrumentTimeout

if TYPE_CHECKING:
    from drivers.session import Steps

T = TypeVar("T")

TIMEOUT = object()
"""In place of a reply: the query times out. In place of None: the write does."""

CLEARED = ("<clear>", None)
"""The driver cleared the device."""

OK = ("SYST:ERR?", '0,"No error"')
"""The error queue is empty, as most instruments say it."""


class Transcript:
    """Be a session over an ordered list of (sent, reply); reply None is a message without a reply."""

    address = "TCPIP0::192.0.2.7::5025::SOCKET"

    def __init__(self, *exchange: tuple[str, Any]) -> None:
        self._left = list(exchange)
        self.timeouts: list[float | None] = []
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def _next(self, message: str) -> Any:
        assert self._left, f"{message!r} was sent after the end of the exchange"
        sent, reply = self._left.pop(0)
        assert message == sent, f"{message!r} was sent where {sent!r} is due"
        self._now += 0.5
        if reply is TIMEOUT:
            raise InstrumentTimeout(f"{self.address}: no reply in time to {message!r}")
        return reply

    def write(self, message: str) -> Steps[None]:
        yield from ()
        reply = self._next(message)
        assert reply is None, f"{message!r} has a reply, but was written"

    def query(self, message: str, timeout_s: float | None = None) -> Steps[str]:
        yield from ()
        self.timeouts.append(timeout_s)
        reply = self._next(message)
        assert isinstance(reply, str), f"{message!r} has no reply, but was queried"
        return reply

    def wait(self, seconds: float) -> Steps[None]:
        yield from ()
        self._now += seconds

    def clear(self) -> Steps[None]:
        yield from ()
        self._next(CLEARED[0])

    def finished(self) -> None:
        """Check that everything was said."""
        assert not self._left, f"{self._left[0][0]!r} was never sent"


def value(steps: Steps[T]) -> T:
    """Return the value of a call over a transcript."""
    try:
        next(steps)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise AssertionError("a transcript never waits")
