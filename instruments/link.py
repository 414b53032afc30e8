"""The message exchange of one session with one engine: IEEE 488.2, or a plain stream.

`INSTR`: a reply waits until the controller reads; a new message discards it (-410); reading without a query is -420.
`STREAM`: replies are pushed in order; an unread one stays and comes first at the next read, which is the most common
fault in real set-ups after a timeout.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import TYPE_CHECKING

from instruments.engine import Exchange, QueryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.clock import Call
    from instruments.engine import Engine


class ConnectionLost(ConnectionError):
    """The session is gone, or the instrument cannot be reached: a cable, or the mains."""


class Ending(Enum):
    """Why a read stopped."""

    END = "end of message"
    TERMINATOR = "termination character"
    COUNT = "count reached"
    NOTHING_MORE = "no more bytes yet"


class Link:
    """Connect one session of a controller to one engine."""

    __slots__ = ("_hooks", "_input", "_start", "asked", "engine", "exchange", "instr", "lost", "output", "promised")

    def __init__(self, engine: Engine, exchange: Exchange) -> None:
        self.engine = engine
        self.exchange = exchange
        self.instr = exchange is Exchange.INSTR
        """Whether the IEEE 488.2 message exchange applies."""
        self.asked = False
        """Whether -420 was already reported for the read that is going on."""
        self._input = bytearray()
        self.output: deque[bytes] = deque()
        """Replies that wait to be read, oldest first; only for looking at."""
        self.promised: list[tuple[float, Call]] = []
        """Bench times (s) of replies that are late, and the calls that bring them."""
        self.lost = False
        """Whether the session is gone for good."""
        self._start = 0  # bytes of output[0] that were read already
        self._hooks: list[Callable[[], None]] = []

    # -- controller to instrument -------------------------------------------------------------------------------------

    def deliver(self, data: bytes, end: bool) -> None:
        """Hand bytes to the instrument at the current bench time; `end` is the transport's END flag.

        What was on its way when the session was lost goes nowhere; the front tells whoever sends more.
        """
        engine = self.engine
        self.asked = False
        if self.lost:
            return
        if self.instr:
            if self.output or self.promised:
                self._drop_output()
                engine.abandon(self)
                engine.query_error(QueryError.INTERRUPTED)
            elif engine.busy(self) and engine.abandon(self):
                engine.query_error(QueryError.INTERRUPTED)
        else:
            end = False
        if not self._input and engine.whole(data, end):
            if engine.interference is None:
                engine.submit(data, self)
            else:
                self._submit(data)
            return
        self._input += data
        for message in engine.split(self._input, end):
            self._submit(message)
        if len(self._input) > engine.message_limit:
            self._input.clear()
            engine.overrun()

    def _submit(self, message: bytes) -> None:
        interference = self.engine.interference
        for arriving in (message,) if interference is None else interference.incoming(message):
            self.engine.submit(arriving, self)

    def lose(self) -> None:
        """Lose the session for good: the cable was pulled, the mains are gone."""
        self.clear()
        self.lost = True
        self._tell()

    def clear(self) -> None:
        """Clear the device as seen from this session: input, output and message in progress are gone."""
        self._input.clear()
        self._drop_output()
        self.engine.clear(self)

    # -- instrument to controller -------------------------------------------------------------------------------------

    def respond(self, data: bytes, message: bytes = b"") -> None:
        """Put a reply into the output; for engines, at the bench time at which it is ready.

        Args:
            data: the reply with its terminator.
            message: what it answers, where the engine knows.
        """
        interference = self.engine.interference
        if interference is None:
            self.output.append(data)
            if self._hooks:
                self._tell()
        else:
            interference.outgoing(self, data, message)

    def push(self, data: bytes) -> None:
        """Put a reply into the output as it is."""
        self.output.append(data)
        self._tell()

    def promise(self, time: float, data: bytes) -> None:
        """Have a reply come at a later bench time (s)."""

        def keep() -> None:
            self.promised.remove(entry)
            self.push(data)

        entry = (time, self.engine.clock.call_at(time, keep))
        self.promised.append(entry)

    def _tell(self) -> None:
        for hook in tuple(self._hooks):
            hook()

    @property
    def unread(self) -> bool:
        """Whether output waits to be read."""
        return bool(self.output)

    @property
    def unread_size(self) -> int:
        """Number of bytes that wait to be read."""
        return sum(map(len, self.output)) - self._start

    @property
    def expecting(self) -> bool:
        """Whether a message is being executed or waits for its turn, so that a reply may follow."""
        return bool(self.promised) or self.engine.busy(self)

    @property
    def due(self) -> float | None:
        """Bench time (s) before which nothing changes; None if unknown or idle."""
        if self.promised and not self.engine.busy(self):
            return min(time for time, _ in self.promised)
        return self.engine.due(self)

    def complain(self) -> None:
        """Report a read without a query (-420), once per attempt; a stream has no way to notice one."""
        if self.instr and not self.asked:
            self.asked = True
            self.engine.query_error(QueryError.UNTERMINATED)

    def read(self, count: int, terminator: int | None = None) -> tuple[bytes, Ending]:
        """Take up to `count` bytes of output, stopping after END or after the byte `terminator`.

        Returns:
            The bytes, and why the read stopped. On a stream, replies follow each other without a seam.
        """
        output = self.output
        if self.instr and len(output) == 1 and not self._start:
            message = output[0]
            whole = len(message) <= count
            if whole and (terminator is None or message.find(terminator) in (-1, len(message) - 1)):
                output.clear()
                self.engine.drained(self)
                return message, Ending.END
        data = b""
        while output:
            message, start = output[0], self._start
            stop = min(len(message), start + count - len(data))
            ending = Ending.COUNT
            if terminator is not None:
                place = message.find(terminator, start, stop)
                if place >= 0:
                    stop, ending = place + 1, Ending.TERMINATOR
            if stop < len(message):
                self._start = stop
                return data + message[start:stop], ending
            output.popleft()
            self._start = 0
            data = message if start == 0 and not data else data + message[start:]
            if not output:
                self.engine.drained(self)
            if self.instr:
                return data, Ending.END
            if ending is Ending.TERMINATOR or len(data) == count:
                return data, ending
        return data, Ending.NOTHING_MORE

    def discard_output(self) -> None:
        """Forget the unread output (the controller flushed its buffer)."""
        self._drop_output()

    def watch(self, hook: Callable[[], None]) -> Callable[[], None]:
        """Have `hook()` called at each new reply; returns a function that undoes it."""
        self._hooks.append(hook)

        def undo() -> None:
            if hook in self._hooks:
                self._hooks.remove(hook)

        return undo

    def _drop_output(self) -> None:
        for _, call in self.promised:
            call.cancel()
        self.promised.clear()
        if self.output:
            self.output.clear()
            self._start = 0
            self.engine.drained(self)
