"""The sessions of the bench: to a twin on the bench clock, to real hardware in a thread, to a person who reads.

All are SimPy-style generators behind `drivers.session.Session`; a procedure cannot tell which one it has.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from pyvisa.constants import StatusCode
from pyvisa.errors import InvalidSession, VisaIOError

from bench.station_check import OPERATOR
from drivers.connection import Connection
from drivers.errors import TransportError
from drivers.session import decoded
from scenarios.procedure import Prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyvisa.resources import MessageBasedResource

    from drivers.session import Steps
    from scenarios.sheet import ManualReading

T = TypeVar("T")

POLL_S = 0.005
"""Wall time between two looks at a call that runs in a thread, s."""


class BenchSession:
    """Speak to a twin: the reply costs bench time, and other processes go on meanwhile."""

    def __init__(self, resource: MessageBasedResource, environment: Any) -> None:
        """Take an open resource of the twin library (`pyvisa_caltwin`) and the bench's environment."""
        self._resource = resource
        self._connection = Connection(resource)
        self._library: Any = resource.visalib
        self._environment = environment
        # Attributes of a PyVISA resource cost a call into the library each time, and its read and write do half a dozen
        # things that never change here; so messages go straight to the library's viWrite and viRead.
        self._usual_s = resource.timeout / 1000
        self._ending = str(resource.write_termination or "")
        self._terminator = str(resource.read_termination or "\n")
        self._encoding = resource.encoding
        self._chunk = resource.chunk_size
        self._adopt()

    def _adopt(self) -> None:
        """Speak over the session that the resource has now."""
        self._session = self._resource.session
        # For good: a reply longer than a chunk is nothing to warn of.
        self._quiet = self._library.ignore_warning(self._session, StatusCode.success_max_count_read)
        self._quiet.__enter__()

    @property
    def address(self) -> str:
        """VISA address."""
        return self._connection.address

    def now(self) -> float:
        """Return the bench time, s since the start of the run."""
        return float(self._environment.now)

    def write(self, message: str) -> Steps[None]:
        """Send a message that has no reply."""
        yield from ()
        self._send(message)

    def query(self, message: str, timeout_s: float | None = None) -> Steps[str]:
        """Send a message, let bench time run on to its reply, and return it."""
        if self._connection.socket:
            self._connection.drain()
        self._send(message)
        library, session = self._library, self._session
        yield from library.until_readable(session, self._usual_s if timeout_s is None else timeout_s)
        try:
            raw, status = library.read(session, self._chunk)
            while status is StatusCode.success_max_count_read:
                more, status = library.read(session, self._chunk)
                raw += more
        except (VisaIOError, InvalidSession, OSError) as problem:
            raise self._connection.explained(message, problem) from None
        return decoded(raw, self._terminator)

    def _send(self, message: str) -> None:
        try:
            self._library.write(self._session, (message + self._ending).encode(self._encoding))
        except (VisaIOError, InvalidSession, OSError) as problem:
            raise self._connection.explained(message, problem) from None

    def wait(self, seconds: float) -> Steps[None]:
        """Let bench time pass."""
        environment = self._environment
        end = environment.now + seconds
        if not environment.advance(end):
            yield environment.event_at(end)

    def clear(self) -> Steps[None]:
        """Make sure that no old reply can come any more; see `drivers.connection`."""
        yield from ()
        self._connection.renew()
        if self._resource.session != self._session:
            self._adopt()


class HardwareSession:
    """Speak to real hardware: blocking VISA calls run in a thread, the bench's clock goes on."""

    def __init__(self, resource: MessageBasedResource, environment: Any) -> None:
        """Take an open resource of a real VISA library and the bench's real-time environment."""
        self._resource = resource
        self._connection = Connection(resource)
        self._environment = environment
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"visa {resource.resource_name}")

    @property
    def address(self) -> str:
        """VISA address."""
        return self._connection.address

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
                self._connection.drain()
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
        """Make sure that no old reply can come any more; see `drivers.connection`."""
        yield from self._call("device clear", self._connection.renew)

    def close(self) -> None:
        """End the thread; a call that still waits for its reply is left to its own timeout."""
        self._thread.shutdown(wait=False)

    def _call(self, message: str, action: Callable[[], T]) -> Steps[T]:
        future = self._thread.submit(action)
        while not future.done():
            yield self._environment.timeout(POLL_S / self._environment.factor)
        return self._connection.guarded(message, future.result)


class OperatorSession:
    """Stand in for an instrument without an interface: a person reads what the driver would have asked."""

    def __init__(self, role: str, identity: str, manual: Mapping[str, ManualReading], environment: Any) -> None:
        """Say what can be read.

        Args:
            role: role of the instrument.
            identity: what *IDN? answers: what is marked on it.
            manual: the driver's query -> what a person is asked.
            environment: the bench's clock.
        """
        self._role, self._identity, self._manual, self._environment = role, identity, manual, environment
        self.read: Callable[[Prompt], str] | None = None
        """Has a person read a number, and keeps who did; set once the run has an operator and a journal."""

    @property
    def address(self) -> str:
        """What the station calls it."""
        return OPERATOR

    def now(self) -> float:
        """Return the bench time, s since the start of the run."""
        return float(self._environment.now)

    def write(self, message: str) -> Steps[None]:
        """Do nothing: there is nothing to set."""
        yield from ()

    def query(self, message: str, timeout_s: float | None = None) -> Steps[str]:
        """Have a person read a number.

        Raises:
            TransportError: the sheet does not say how to read this.
        """
        yield from ()
        if message == "*IDN?":
            return self._identity
        asked = self._manual.get(message)
        if asked is None or self.read is None:
            raise TransportError(f"{self._role}: has no interface, and the sheet does not say how to read {message!r}")
        return self.read(
            Prompt(
                key=f"{self._role}/{message}",
                question=asked.question,
                unit=asked.unit,
                low=asked.low,
                high=asked.high,
                decimals=asked.decimals,
                picture=asked.picture,
            )
        )

    def wait(self, seconds: float) -> Steps[None]:
        """Let bench time pass."""
        yield self._environment.event_at(self._environment.now + seconds)

    def clear(self) -> Steps[None]:
        """Do nothing."""
        yield from ()
