"""The message exchange of one session with one engine (IEEE 488.2 chapter 6, or a plain stream)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from instruments.engine import Engine, Exchange


class Link:
    """Connect one session of a controller to one engine."""

    def __init__(self, engine: Engine, exchange: Exchange) -> None:
        self.engine = engine
        self.exchange = exchange

    def deliver(self, data: bytes, end: bool) -> None:
        """Hand bytes to the instrument at the current bench time; `end` is the transport's END flag."""
        raise NotImplementedError

    def respond(self, data: bytes) -> None:
        """Put a complete reply (with its terminator) into the output; for engines, at the time it is ready."""
        raise NotImplementedError
