"""The one transport seam: every driver speaks through a `Session`, whoever waits and however.

Slow calls are generators. A bench on a virtual clock yields events and is resumed when the reply is there; the blocking
session of this module never yields. Drivers only ever write `yield from session.query(...)`, so one driver serves both.

In a script:

    with visa.open_resource("TCPIP::10.0.0.7::5025::SOCKET") as resource:
        source = PowerSource(BlockingSession(resource), role="source")
        run(source.voltage.set(500.0))
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from drivers.connection import Connection

if TYPE_CHECKING:
    from pyvisa.resources import MessageBasedResource

T = TypeVar("T")

Steps: TypeAlias = Generator[Any, Any, T]
"""A call that may wait: `value = yield from call`. What it yields is between the session and whoever runs it."""


class Session(Protocol):
    """Exchange messages with the instrument at one address.

    Terminators are the session's affair. Text is ASCII; bytes that are not come escaped, so that a reply is kept
    as it was. Errors are `TransportError` and `InstrumentTimeout`.
    """

    @property
    def address(self) -> str:
        """VISA address."""

    def now(self) -> float:
        """Return the bench time, s since the start of the run."""

    def write(self, message: str) -> Steps[None]:
        """Send a message that has no reply."""

    def query(self, message: str, timeout_s: float | None = None) -> Steps[str]:
        """Send a message and return its reply, without terminator.

        Args:
            message: the query.
            timeout_s: bench time to wait for the reply, s; None for the session's usual time.
        """

    def wait(self, seconds: float) -> Steps[None]:
        """Let bench time pass."""

    def clear(self) -> Steps[None]:
        """Make sure that no reply to an earlier message can come any more, as after a timeout; reconnects if need be.

        A device clear where the transport has one, a new connection on a socket.

        Raises:
            TransportError: the instrument cannot be reached.
        """


def run(steps: Steps[T]) -> T:
    """Return the value of a call over a session that never waits for others (`BlockingSession`).

    Raises:
        TypeError: the session does wait, so a scheduler must run the call.
    """
    try:
        next(steps)
    except StopIteration as stop:
        value: T = stop.value
        return value
    steps.close()
    raise TypeError("this session waits on a scheduler: run the call as a process (yield from), not by run()")


class BlockingSession:
    """Speak through a PyVISA resource; no call yields."""

    def __init__(
        self,
        resource: MessageBasedResource,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Wrap an open resource, whose terminators and timeout have been set.

        Args:
            resource: open resource.
            clock: tells the time, s; the wall clock unless the instrument lives on another (a twin on a virtual one).
            sleep: lets the given time (s) pass on that clock.
        """
        self._connection = Connection(resource)
        self._clock = clock
        self._sleep = sleep
        self._start = clock()

    @property
    def address(self) -> str:
        """VISA address."""
        return self._connection.address

    def now(self) -> float:
        """Return the seconds since this session was made."""
        return self._clock() - self._start

    def write(self, message: str) -> Steps[None]:
        """Send a message that has no reply."""
        yield from ()
        self._connection.guarded(message, lambda: self._connection.resource.write(message))

    def query(self, message: str, timeout_s: float | None = None) -> Steps[str]:
        """Send a message and return its reply, without terminator."""
        yield from ()
        connection = self._connection
        return connection.guarded(message, lambda: self._exchange(connection.resource, message, timeout_s))

    def _exchange(self, resource: MessageBasedResource, message: str, timeout_s: float | None) -> str:
        usual = resource.timeout
        if timeout_s is not None:
            resource.timeout = timeout_s * 1000.0
        try:
            self._connection.drain()
            resource.write(message)
            raw = resource.read_raw()
        finally:
            if timeout_s is not None:
                resource.timeout = usual
        return decoded(raw, str(resource.read_termination or "\n"))

    def wait(self, seconds: float) -> Steps[None]:
        """Sleep."""
        yield from ()
        self._sleep(seconds)

    def clear(self) -> Steps[None]:
        """Make sure that no old reply can come any more; see `drivers.connection`."""
        yield from ()
        self._connection.renew()


def decoded(raw: bytes, terminator: str = "\n") -> str:
    """Return a reply as text: its terminator taken off, bytes beyond ASCII escaped, nothing else touched."""
    text = raw.decode("ascii", "backslashreplace")
    if terminator and text.endswith(terminator):
        return text[: -len(terminator)]
    return text.removesuffix("\n").removesuffix("\r")
