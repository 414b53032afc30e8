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

from drivers.errors import InstrumentTimeout, TransportError

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
        """Clear the device's input and output, as after a timeout; does nothing where the transport cannot."""


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
        self._resource = resource
        self._address = str(resource.resource_name)  # a closed resource would not tell any more
        self._clock = clock
        self._sleep = sleep
        self._start = clock()

    @property
    def address(self) -> str:
        """VISA address."""
        return self._address

    def now(self) -> float:
        """Return the seconds since this session was made."""
        return self._clock() - self._start

    def write(self, message: str) -> Steps[None]:
        """Send a message that has no reply."""
        yield from ()
        self._guarded(lambda: self._resource.write(message), message)

    def query(self, message: str, timeout_s: float | None = None) -> Steps[str]:
        """Send a message and return its reply, without terminator."""
        yield from ()
        usual = self._resource.timeout
        if timeout_s is not None:
            self._resource.timeout = timeout_s * 1000.0
        try:
            self._guarded(lambda: self._resource.write(message), message)
            raw = self._guarded(self._resource.read_raw, message)
        finally:
            if timeout_s is not None:
                self._resource.timeout = usual
        return decoded(raw, str(self._resource.read_termination or "\n"))

    def wait(self, seconds: float) -> Steps[None]:
        """Sleep."""
        yield from ()
        self._sleep(seconds)

    def clear(self) -> Steps[None]:
        """Clear the device; see `clear_resource`."""
        yield from ()
        clear_resource(self._resource, self.address)

    def _guarded(self, action: Any, message: str) -> Any:
        from pyvisa.constants import StatusCode
        from pyvisa.errors import InvalidSession, VisaIOError

        try:
            return action()
        except VisaIOError as problem:
            if problem.error_code == StatusCode.error_timeout:
                raise InstrumentTimeout(f"{self.address}: no reply in time to {message!r}") from None
            raise TransportError(f"{self.address}: {message!r}: {problem.description}") from None
        except InvalidSession:
            raise TransportError(f"{self.address}: {message!r}: the session is closed") from None
        except OSError as problem:  # pyvisa-py lets some errors of the socket through
            raise TransportError(f"{self.address}: {message!r}: {problem}") from None


def clear_resource(resource: MessageBasedResource, address: str) -> None:
    """Bring a line back to where nothing is on its way: a device clear, or a new connection on a raw socket.

    A socket has no device clear, and a reply that is late would be taken for the next one. (PyVISA-py's own `clear` of
    a socket also never returns when the other end has closed it.)

    Raises:
        TransportError: the instrument cannot be reached.
    """
    from pyvisa.constants import StatusCode
    from pyvisa.errors import VisaIOError

    try:
        if getattr(resource, "resource_class", "") == "SOCKET":
            kept = resource.read_termination, resource.write_termination, resource.timeout
            resource.close()
            resource.open()
            resource.read_termination, resource.write_termination, resource.timeout = kept
        else:
            resource.clear()
    except NotImplementedError:
        return
    except VisaIOError as problem:
        if problem.error_code != StatusCode.error_nonsupported_operation:
            raise TransportError(f"{address}: clear: {problem.description}") from None
    except OSError as problem:
        raise TransportError(f"{address}: clear: {problem}") from None


def decoded(raw: bytes, terminator: str = "\n") -> str:
    """Return a reply as text: its terminator taken off, bytes beyond ASCII escaped, nothing else touched."""
    text = raw.decode("ascii", "backslashreplace")
    if terminator and text.endswith(terminator):
        return text[: -len(terminator)]
    return text.removesuffix("\n").removesuffix("\r")
