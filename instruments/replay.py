"""Twin that says again what an instrument once said: a recorded session as a fixture.

```yaml
meter: {twin: replay, parameters: {transcript: meter.jsonl, address: "GPIB0::5::INSTR"}}
```
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from instruments.engine import Engine
from instruments.scpi.message import split_messages
from instruments.transcript import Exchange, TranscriptError, read_transcript
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.link import Link
    from instruments.twin import Surroundings


class ReplayMismatch(AssertionError):
    """The controller says something else than was recorded: names the place, what was recorded and what was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Say what is replayed."""

    transcript: str = ""
    """File."""
    address: str = ""
    """Address whose part is replayed; empty if the transcript has only one."""
    order: Literal["strict", "any"] = "strict"
    """"strict": messages must come as they were recorded; "any": in any order, the last reply to a message repeats."""
    timing: bool = True
    """Whether replies take as long as they took; else they come at once."""

    def __post_init__(self) -> None:
        if not self.transcript:
            raise ValueError("transcript must name a file")


class Replay(Engine):
    """Answer from a transcript."""

    parameters: Parameters

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Read the transcript.

        Raises:
            TranscriptError: it cannot be read, or the address is not in it.
        """
        super().__init__(parameters, surroundings)
        path = Path(parameters.transcript)
        transcript = read_transcript(path)
        address = parameters.address or (transcript.addresses[0] if len(transcript.addresses) == 1 else "")
        if address not in transcript.addresses:
            known = ", ".join(transcript.addresses)
            raise TranscriptError(f"{path}: address {parameters.address!r} is not in it; there are: {known}")
        self._exchanges = transcript.exchanges(address)
        self._next = 0
        self._replies: dict[bytes, list[Exchange]] = defaultdict(list)
        for exchange in self._exchanges:
            self._replies[exchange.sent.rstrip(b"\r\n")].append(exchange)
        self._pending: list[tuple[Link, float]] = []

    @property
    def remaining(self) -> int:
        """Number of recorded messages that did not come yet (strict order)."""
        return len(self._exchanges) - self._next

    def split(self, buffer: bytearray, end: bool) -> list[bytes]:
        """See `Engine.split`."""
        return split_messages(buffer, end)

    def submit(self, message: bytes, link: Link) -> None:
        """Answer as recorded.

        Raises:
            ReplayMismatch: the message is not the one that was recorded.
        """
        exchange = self._matching(message.rstrip(b"\r\n"))
        if not exchange.reply:
            return
        at = self.clock.now + (exchange.delay_s if self.parameters.timing else 0.0)
        entry = (link, at)
        self._pending.append(entry)

        def answer() -> None:
            if entry in self._pending:
                self._pending.remove(entry)
                link.respond(exchange.reply, message)

        self.clock.call_at(at, answer)

    def _matching(self, message: bytes) -> Exchange:
        if self.parameters.order == "any":
            known = self._replies.get(message)
            if not known:
                raise ReplayMismatch(f"{self.name}: {message!r} was never sent when the transcript was recorded")
            return known.pop(0) if len(known) > 1 else known[0]
        if self._next >= len(self._exchanges):
            raise ReplayMismatch(f"{self.name}: {message!r} comes after the end of the transcript")
        exchange = self._exchanges[self._next]
        recorded = exchange.sent.rstrip(b"\r\n")
        if message != recorded:
            raise ReplayMismatch(f"{self.name}: message {self._next + 1} was {recorded!r}, but {message!r} was sent")
        self._next += 1
        return exchange

    def busy(self, link: Link) -> bool:
        """See `Engine.busy`."""
        return any(waiting is link for waiting, _ in self._pending)

    def due(self, link: Link) -> float | None:
        """See `Engine.due`."""
        return min((at for waiting, at in self._pending if waiting is link), default=None)

    def abandon(self, link: Link) -> bool:
        """See `Engine.abandon`."""
        found = self.busy(link)
        self.clear(link)
        return found

    def clear(self, link: Link) -> None:
        """See `Engine.clear`."""
        self._pending = [entry for entry in self._pending if entry[0] is not link]


twin = Kind(parameters=Parameters, build=Replay)
"""What a station builds by `twin: replay`."""
