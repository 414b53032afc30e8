"""Many positions on one bench: one run, N devices under test, one source and one standard.

Each position runs the same procedure, written for a single device, as a process of its own. What they share is shared
here: a *state* (a load) is set up once, when every position has come to it; an *attempt* (a measurement) has the shared
instruments for itself. A position that fails leaves, and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import simpy

from scenarios.procedure import Process


@dataclass(slots=True)
class _Waiting:
    """Hold one position that has come to a state."""

    key: str
    steps: Callable[[], Process]
    woken: simpy.Event


@dataclass(slots=True)
class Meeting:
    """Let the positions of a run meet at states, take turns at measurements, and leave."""

    environment: Any
    """The bench's clock."""
    present: list[str]
    """Positions that take part, in order."""
    _waiting: dict[str, _Waiting] = field(default_factory=dict)
    _passed: dict[str, int] = field(default_factory=dict)
    _turn: Any = None
    _busy: bool = False

    def __post_init__(self) -> None:
        self._turn = simpy.Resource(self.environment, capacity=1)

    def alone(self, position: str) -> bool:
        """Tell whether nobody else is left to take turns with."""
        return self.present == [position] and not self._turn.count

    def turn(self) -> Any:
        """Return the request for the shared instruments; a context manager to yield within."""
        return self._turn.request()

    def state(self, position: str, key: str, steps: Callable[[], Process]) -> Process:
        """Wait until every position present has come to a state, then have one of them set it up for all.

        If the states differ (devices of different classes), the position that has come through the fewest states goes
        first, so that the others wait for it at the next state they share.
        """
        if self.present == [position]:
            yield from steps()
            return
        self._waiting[position] = _Waiting(key, steps, self.environment.event())
        while position in self._waiting:
            if self._all_here():
                yield from self._set_up(position)
            else:
                yield self._waiting[position].woken
                if position in self._waiting:  # woken to lead
                    self._waiting[position].woken = self.environment.event()

    def leave(self, position: str) -> bool:
        """Take a position out; returns whether it was the last one, which then switches off."""
        self.present.remove(position)
        self._waiting.pop(position, None)
        if self.present and self._all_here():
            next(iter(self._waiting.values())).woken.succeed()
        return not self.present

    def _all_here(self) -> bool:
        return not self._busy and set(self._waiting) == set(self.present)

    def _set_up(self, leader: str) -> Process:
        """Set up the state of the position that is furthest behind, and let all go on who came for it.

        A state that cannot be set up (the source fails) ends the procedure of all of them.
        """
        first = self._waiting[min(self._waiting, key=lambda p: (self._passed.get(p, 0), self.present.index(p)))]
        problem: Exception | None = None
        self._busy = True
        try:
            with self.turn() as turn:
                yield turn
                yield from first.steps()
        except Exception as failure:
            problem = failure
            raise
        finally:
            self._busy = False
            for position in [p for p, waiting in self._waiting.items() if waiting.key == first.key]:
                waiting = self._waiting.pop(position)
                self._passed[position] = self._passed.get(position, 0) + 1
                if position == leader:
                    continue
                if problem is None:
                    waiting.woken.succeed()
                else:
                    waiting.woken.fail(problem)
