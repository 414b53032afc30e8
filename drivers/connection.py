"""An open VISA resource as the sessions use it: errors in our words, and a line that can be made sure of again.

After a timeout a late reply may still come. A device clear takes it away where the transport has one; a raw socket has
none, so the connection is closed and opened anew: no reply to an old message can arrive on a new connection. A serial
line can do neither, so what has arrived is dropped, and the identity check that follows (`drivers.instrument`) refuses
what comes later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from drivers.errors import InstrumentTimeout, TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyvisa.resources import MessageBasedResource

T = TypeVar("T")


class Connection:
    """Hold an open resource, with what is needed to open it again."""

    def __init__(self, resource: MessageBasedResource) -> None:
        """Take an open resource, whose terminators and timeout have been set."""
        self.resource = resource
        self.address = str(resource.resource_name)
        """VISA address; a closed resource would not tell any more."""
        self.socket = self.address.upper().endswith("::SOCKET")
        """Whether replies are pushed without message exchange, so that an old one can be taken for a new one."""
        self.serial = self.address.upper().startswith("ASRL")
        """Whether it is a serial line, a stream as well."""
        self._timeout = resource.timeout
        self._drains = self.socket or self.serial
        self._flushes_slowly = self._drains and str(resource.visalib.library_path) == "py"

    def guarded(self, message: str, action: Callable[[], T]) -> T:
        """Return what a VISA call returns, its errors in our words.

        Raises:
            InstrumentTimeout: no reply in time.
            TransportError: anything else that VISA or the operating system says.
        """
        from pyvisa.errors import InvalidSession, VisaIOError

        try:
            return action()
        except (VisaIOError, InvalidSession, OSError) as problem:
            raise self.explained(message, problem) from None

    def explained(self, message: str, problem: Exception) -> TransportError:
        """Return what VISA or the operating system says (pyvisa-py lets errors of the socket through) in our words."""
        from pyvisa.constants import StatusCode
        from pyvisa.errors import InvalidSession, VisaIOError

        if isinstance(problem, VisaIOError):
            if problem.error_code == StatusCode.error_timeout:
                return InstrumentTimeout(f"{self.address}: no reply in time to {message!r}")
            return TransportError(f"{self.address}: {message!r}: {problem.description}")
        said = "the session is closed" if isinstance(problem, InvalidSession) else problem
        return TransportError(f"{self.address}: {message!r}: {said}")

    def drain(self) -> None:
        """Forget, on a stream, what has arrived unasked, so that it cannot answer the next query."""
        if not self._drains:
            return
        from pyvisa.constants import BufferOperation
        from pyvisa.errors import InvalidSession, VisaIOError

        resource = self.resource
        try:
            if self._flushes_slowly:
                self._read_away()
            else:
                resource.flush(BufferOperation.discard_read_buffer)
        except (NotImplementedError, VisaIOError):
            self._drains = False  # this VISA library cannot
        except (InvalidSession, OSError):
            return  # the next call says so in its own words

    def _read_away(self) -> None:
        """Read until nothing is left: flush of pyvisa-py 0.8 takes 0.1 s, and for ever when the peer has hung up."""
        from pyvisa.constants import StatusCode

        resource = self.resource
        usual, resource.timeout = resource.timeout, 0
        try:
            for _ in range(100):
                data, status = resource.visalib.sessions[resource.session].read(4096)  # type: ignore[attr-defined]
                if not data or status == StatusCode.error_timeout:
                    return
        finally:
            resource.timeout = usual

    def renew(self) -> None:
        """Make sure that no reply to an earlier message can come any more; opens a broken connection again.

        Raises:
            TransportError: the instrument cannot be reached.
        """
        from pyvisa.errors import Error

        if self.serial:
            self.drain()
            return
        if not self.socket:
            try:
                self.resource.clear()
                return
            except (NotImplementedError, Error):
                pass  # no device clear, or no connection: a new one has no past either
        self.guarded("reconnect", self._reopen)

    def _reopen(self) -> None:
        from pyvisa.errors import Error

        resource = self.resource
        termination = resource.read_termination
        try:
            self._timeout = resource.timeout
            resource.close()
        except Error:
            resource.session = None  # it was closed before, or is beyond closing
        try:
            resource.open()
        except ValueError as problem:  # pyvisa-py: nobody listens
            raise OSError(str(problem)) from None
        resource.timeout = self._timeout
        resource.read_termination = termination
