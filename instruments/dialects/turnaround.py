"""Request and answer: each request is answered by itself, a turnaround time after it came.

The base of register maps and framed telegrams. Any number of requests may be on their way; nothing queues behind
another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from instruments.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.link import Link
    from instruments.twin import Surroundings

P = TypeVar("P")

MOST_WAITING = 1000
"""Requests of one session that may wait for their answer."""


class TurnaroundInstrument(Engine, Generic[P]):
    """Be an instrument with such a dialect; a subclass writes `split` and `submit`."""

    turnaround_s: ClassVar[float] = 0.01
    """Time from a request to its answer, s."""

    parameters: P

    def __init__(self, parameters: P, surroundings: Surroundings) -> None:
        super().__init__(parameters, surroundings)
        self.surroundings = surroundings
        self.rng = surroundings.rng
        self._expecting: dict[Link, int] = {}

    @property
    def now(self) -> float:
        """Bench time, s."""
        return self.clock.now

    # -- for the dialect ----------------------------------------------------------------------------------------------

    def full(self, link: Link) -> bool:
        """Tell whether a session has as many requests waiting as there may be: a full input buffer loses what comes."""
        return self._expecting.get(link, 0) >= MOST_WAITING

    def answer(self, link: Link, make: Callable[[], bytes], request: bytes = b"") -> None:
        """Answer after the turnaround time with what `make()` says then, if the session is still there.

        Args:
            link: who asked.
            make: makes the answer, with its framing.
            request: what is answered, where faults shall be able to tell.
        """
        self._expecting[link] = self._expecting.get(link, 0) + 1

        def send() -> None:
            self._expecting[link] = self._expecting.get(link, 1) - 1
            if link in self._links:
                link.respond(make(), request)

        self.clock.call_at(self.now + self.turnaround_s, send)

    # -- Engine -------------------------------------------------------------------------------------------------------

    def busy(self, link: Link) -> bool:
        """See `Engine.busy`."""
        return self._expecting.get(link, 0) > 0

    def disconnect(self, link: Link) -> None:
        """See `Engine.disconnect`."""
        super().disconnect(link)
        self._expecting.pop(link, None)
