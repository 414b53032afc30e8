"""The two sessions of the bench: to a twin on the bench clock, and to real hardware in a thread of its own.

Both are SimPy-style generators behind `drivers.session.Session`; a procedure cannot tell which one it has.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from pyvisa.constants import StatusCode
from pyvisa.errors import InvalidSession, VisaIOError

from drivers.errors import InstrumentTimeout, TransportError
from drivers.session import clear_resource, decoded

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyvisa.resources import MessageBasedResource

    from drivers.session import Steps

T = TypeVar("T")

POLL_S = 0.005
"""Wall time between two looks at a call that runs in a thread, s."""


class BenchSession:
    """Speak to a twin: the reply costs bench time, and other processes go on meanwhile."""

    def __init__(self, resource: MessageBasedResource, environment: Any) -> None:
        """Take an open resource of the twin library (`pyvisa_caltwin`) and the bench's environment."""
        self._resource = resource
        self._library: Any = resource.visalib
        self._environment = environment
        # Attributes of a PyVISA resource cost a call into the library each time.
        self._address = str(resource.resource_name)
        self._usual_s = resource.timeout / 1000
        self._terminator = str(resource.read_termination or "\n")

    @property
    def address(self) -> str:
        """VISA address."""
        return self._address

    def now(self) -> float:
        """Return the bench time, s since the start of the run."""
        return float(self._environment.now)

    def write(self, message: str) -> Steps[None]:
        """Send a message that has no reply."""
        yield from ()
        _guarded(self.address, message, lambda: self._resource.write(message))

    def query(self, message: str, timeout_s: float | None = None) -> Steps[str]:
        """Send a message, let bench time run on to its reply, and return it."""
        resource = self._resource
        _guarded(self._address, message, lambda: resource.write(message))
        wait = self._usual_s if timeout_s is None else timeout_s
        yield from self._library.until_readable(resource.session, wait)
        raw = _guarded(self._address, message, resource.read_raw)
        return decoded(raw, self._terminator)

    def wait(self, seconds: float) -> Steps[None]:
        """Let bench time pass."""
        yield self._environment.event_at(self._environment.now + seconds)

    def clear(self) -> Steps[None]:
        """Clear the device, where its transport can."""
        yield from ()
        clear_resource(self._resource, self._address)


class HardwareSession:
    """Speak to real hardware: blocking VISA calls run in a thread, the bench's clock goes on."""

    def __init__(self, resource: MessageBasedResource, environment: Any) -> None:
        """Take an open resource of a real VISA library and the bench's real-time environment."""
        self._resource = resource
        self._environment = environment
        self._address = str(resource.resource_name)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"visa {resource.resource_name}")

    @property
    def address(self) -> str:
        """VISA address."""
        return self._address

    def now(self) -> float:
        """Return the bench time, s since the start of the run."""
        return float(self._environment.now)

    def write(self, message: str) -> Steps[None]:
        """Send a message that has no reply."""
        yield from self._call(message, lambda: self._resource.write(message))

    def query(self, message: str, timeout_s: float | None = None) -> Steps[str]:
        """Send a message and wait for its reply."""
        resource = self._resource

        def exchange() -> bytes:
            usual = resource.timeout
            if timeout_s is not None:  # bench time; a bench that runs faster than the wall waits no shorter than usual
                resource.timeout = max(usual, 1000 * timeout_s * self._environment.factor)
            try:
                resource.write(message)
                return bytes(resource.read_raw())
            finally:
                resource.timeout = usual

        raw = yield from self._call(message, exchange)
        return decoded(raw, str(resource.read_termination or "\n"))

    def wait(self, seconds: float) -> Steps[None]:
        """Let bench time pass."""
        yield self._environment.timeout(seconds)

    def clear(self) -> Steps[None]:
        """Clear the device, where its transport can."""
        yield from self._call("device clear", lambda: clear_resource(self._resource, self._address))

    def close(self) -> None:
        """End the thread; a call that still waits for its reply is left to its own timeout."""
        self._thread.shutdown(wait=False)

    def _call(self, message: str, action: Callable[[], T]) -> Steps[T]:
        future = self._thread.submit(action)
        while not future.done():
            yield self._environment.timeout(POLL_S / self._environment.factor)
        return _guarded(self.address, message, future.result)


def _guarded(address: str, message: str, action: Callable[[], T]) -> T:
    try:
        return action()
    except VisaIOError as problem:
        if problem.error_code == StatusCode.error_timeout:
            raise InstrumentTimeout(f"{address}: no reply in time to {message!r}") from None
        raise TransportError(f"{address}: {message!r}: {problem.description}") from None
    except InvalidSession:
        raise TransportError(f"{address}: {message!r}: the session is closed") from None
    except OSError as problem:  # PyVISA-py lets some errors of the socket through
        raise TransportError(f"{address}: {message!r}: {problem}") from None
