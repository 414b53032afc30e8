# ruff: noqa: B027 - an instrument without status byte, clear or trigger is complete; the empty defaults say so
"""The transport-free contract of a twin: bytes in, messages out at the bench time at which they are ready.

    front (VISA session, socket, HiSLIP)  <->  Link (message exchange of one session)  <->  Engine (one per twin)

* A front delivers bytes, with an END flag where its transport has one, at the current bench time.
* The link frames them into messages and hands each to `Engine.submit`.
* The engine acts at once or schedules itself with `clock.call_at`, and calls `link.respond(data)` at the very bench
  time at which the reply is ready. Nothing is computed ahead of its time: a reading that ends at t is evaluated at t,
  so the world may change until then.
* Status byte, device clear, trigger, service request and remote/local are calls beside the bytes.

`INSTR` and `SOCKET` differ in the link, not in the twin (see `instruments.link`); any number of links may be open on
one engine. SCPI is one dialect of this contract (`instruments.scpi`); line-ASCII and register protocols are others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.interference import Interference
    from instruments.link import Link
    from instruments.twin import Surroundings


class Exchange(Enum):
    """How a transport exchanges messages."""

    INSTR = "INSTR"
    """IEEE 488.2 message exchange (GPIB, USBTMC, VXI-11, HiSLIP): a reply is delivered when the controller reads; a new
    message discards an unread one (-410); reading with no query is -420. Status byte, clear and trigger exist."""
    STREAM = "STREAM"
    """Raw socket or serial line: replies are pushed in order as soon as they are ready; an unread one stays and comes
    first at the next read. No END, no status byte, no clear, no trigger."""


class QueryError(Enum):
    """A breach of the IEEE 488.2 message exchange, as SCPI numbers it."""

    INTERRUPTED = -410
    """A new message arrived before the reply to the last one was read."""
    UNTERMINATED = -420
    """The controller reads although no complete query was sent."""
    DEADLOCKED = -430
    """Input and output buffers are both full."""


class Engine(ABC):
    """Be one instrument, seen from its interface."""

    message_limit = 1 << 20
    """Largest message in bytes that a link collects before it drops it (`overrun`)."""
    output_limit = 1 << 26
    """Largest unread output of one link in bytes."""

    def __init__(self, parameters: Any, surroundings: Surroundings) -> None:
        self.parameters = parameters
        self.name = surroundings.name
        self.clock = surroundings.clock
        self.interference: Interference | None = None
        """Faults between this engine and its links; None for an instrument in order."""
        self._links: list[Link] = []
        self._service_hooks: list[Callable[[], None]] = []

    # -- what a dialect implements ------------------------------------------------------------------------------------

    @abstractmethod
    def split(self, buffer: bytearray, end: bool) -> list[bytes]:
        """Take the complete messages off the front of `buffer`, without their terminators.

        Args:
            buffer: bytes received and not yet used; the rest of an incomplete message stays in it.
            end: whether the last byte carried END, which completes a message without a terminator.
        """

    @abstractmethod
    def submit(self, message: bytes, link: Link) -> None:
        """Act on one complete message at the current bench time.

        Replies go to `link.respond` when they are ready. An exception in here is a defect of the twin: it propagates to
        whoever runs the clock and is never turned into a status or an empty reply.
        """

    def busy(self, link: Link) -> bool:
        """Tell whether a message of this link is being executed or waits for its turn, so that a reply may follow."""
        return False

    def backlog(self, link: Link) -> int:
        """Return how many messages of this link wait for their turn; whoever serves strangers stops reading then."""
        return 0

    def due(self, link: Link) -> float | None:
        """Return the bench time (s) before which nothing changes for this link; None if unknown or idle."""
        return None

    def whole(self, data: bytes, end: bool) -> bool:
        """Tell, when that is quick to see, whether `data` is exactly one message (terminator included); else False."""
        return False

    def abandon(self, link: Link) -> bool:
        """Forget replies that are being made for this link; their messages go on without. Returns if there were any."""
        return False

    def drained(self, link: Link) -> None:
        """Take note that the controller has read (or lost) the last unread reply of this link."""

    def clear(self, link: Link) -> None:
        """Clear the device: forget this link's messages in progress, but no settings and no errors."""

    def query_error(self, error: QueryError) -> None:
        """Take note of a breach of the message exchange; dialects without an error queue ignore it."""

    def overrun(self) -> None:
        """Take note of a message longer than `message_limit`, which was dropped; may be ignored."""

    def status_byte(self, link: Link) -> int | None:
        """Return the status byte as a serial poll sees it and clear RQS; None if the instrument has none."""
        return None

    def trigger(self) -> None:
        """Act on a trigger over the bus; an instrument without one ignores it."""

    def receive_trigger(self) -> None:
        """Take a group execute trigger from the interface; a refusal goes where the dialect reports errors."""
        self.trigger()

    def go_remote(self, lockout: bool = False) -> None:
        """Enter remote state (with local lockout if asked)."""

    def go_local(self) -> None:
        """Return to local state."""

    def report(self, code: int, text: str | None = None) -> None:
        """Put an error into the instrument's queue outside of a command; dialects without one ignore it."""

    def power_off(self) -> None:
        """Lose the mains: what is going on ends, outputs are dead."""
        for link in tuple(self._links):
            link.clear()

    def power_on(self) -> None:
        """Start anew, with the settings and the status of power-on."""

    # -- what the fronts and the world use ----------------------------------------------------------------------------

    def connect(self, exchange: Exchange) -> Link:
        """Open a session; its message exchange follows the transport.

        Raises:
            ConnectionLost: the instrument cannot be reached at the moment (a fault).
        """
        from instruments.link import Link  # the link knows the engine's type; importing here breaks the circle

        if self.interference is not None:
            self.interference.check(None)
        link = Link(self, exchange)
        self._links.append(link)
        return link

    def disconnect(self, link: Link) -> None:
        """Close a session; unread replies and unfinished input are gone."""
        if link in self._links:
            self._links.remove(link)
            self.clear(link)

    @property
    def links(self) -> tuple[Link, ...]:
        """Sessions that are open."""
        return tuple(self._links)

    def on_service_request(self, hook: Callable[[], None]) -> Callable[[], None]:
        """Have `hook()` called whenever the instrument begins to request service; returns a function that undoes it."""
        self._service_hooks.append(hook)

        def undo() -> None:
            if hook in self._service_hooks:
                self._service_hooks.remove(hook)

        return undo

    def request_service(self) -> None:
        """Call the hooks; for dialects."""
        for hook in tuple(self._service_hooks):
            hook()
