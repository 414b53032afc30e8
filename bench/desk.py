"""The desk of one position: what a procedure asks of the bench, bound to its instruments, journal and operator.

A procedure consists of *states* (a load that is set and settled) and *attempts* (measurements whose result is
journalled whole). After an interruption the procedure is run again from its beginning; what the journal holds is not
measured again:

* With real hardware (`Past.continues`), finished states and attempts return what the journal says without touching an
  instrument. At the first one that is missing the desk goes live: sources to a safe state, the last state set up and
  settled again, then on. A half-finished attempt is repeated; its readings stay and the new ones are new entries.
* With twins alone, the twins died with the program; the same seed brings the same world back, so the run is repeated on
  the bench's clock and every entry is held against the journal until it ends: the results are the uninterrupted run's.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from bench.ledger import Ledger
from bench.positions import Meeting
from scenarios.procedure import Process, Progress

if TYPE_CHECKING:
    from drivers.reading import Reading
    from scenarios.procedure import Prompt

T = TypeVar("T")

SLICE_S = 0.5
"""Longest wait in real time without a look at the stop switch, wall seconds."""


class Operator(Protocol):
    """Whoever answers what no instrument can say."""

    @property
    def name(self) -> str:
        """Who it is, for the journal."""

    def answer(self, prompt: Prompt) -> str:
        """Return one of the prompt's choices."""


@dataclass(slots=True, kw_only=True)
class BenchDesk:
    """Serve one procedure; implements `scenarios.procedure.Desk`."""

    instruments: Mapping[str, Any]
    """Role -> driver."""
    environment: Any
    """SimPy environment that is the bench's clock."""
    operator: Operator
    """Who answers prompts."""
    show: Callable[[Progress], None]
    """Where progress goes."""
    seed: int
    """Seed of the Monte Carlo evaluation."""
    trials: int
    """Monte Carlo trials per point."""
    ledger: Ledger
    """The run's journal."""
    meeting: Meeting
    """The positions of the run."""
    position: str
    """This desk's position."""
    prefix: str = ""
    """What the steps of this position begin with in the journal; empty on a bench with one position."""
    channel: int | None = None
    """Input of the shared instruments for this position; None on a bench with one position."""
    checkpoint: Callable[[], None] = lambda: None
    """Called between attempts and during waits; raises to stop the run in order."""

    @property
    def now(self) -> float:
        """Bench time, s since the start of the run."""
        return float(self.environment.now)

    def instrument(self, role: str) -> Any:
        """Return the driver that stands behind a role."""
        return self.instruments[role]

    def keep(self, step: str, reading: Reading) -> Reading:
        """Commit a reading to the journal and return it."""
        self.ledger.commit("reading", self.prefix + step, reading.time_s, reading)
        return reading

    def ask(self, prompt: Prompt) -> str:
        """Return the operator's answer, committed to the journal; an answer given before an interruption stands."""
        key = self.prefix + prompt.key
        known = self.ledger.past.answers.get(key)
        answer = self.operator.answer(replace(prompt, key=key)) if known is None else known
        said = {"question": prompt.question, "answer": answer, "by": self.operator.name}
        if known is None:
            self.ledger.commit("answer", key, self.now, said)
        return answer

    def tell(self, progress: Progress) -> None:
        """Show progress."""
        self.show(progress)

    def wait(self, seconds: float) -> Process:
        """Let bench time pass; in real time the stop switch is looked at meanwhile."""
        environment = self.environment
        end = environment.now + seconds
        if environment.realtime:
            while environment.now + SLICE_S / environment.factor < end:
                self.checkpoint()
                yield environment.event_at(environment.now + SLICE_S / environment.factor)
        if not environment.advance(end):
            yield environment.event_at(end)
        self.checkpoint()

    def attempt(self, key: str, kind: type[T], steps: Callable[[], Generator[Any, Any, T]]) -> Generator[Any, Any, T]:
        """Measure something whole, or return what the journal holds of it; see the module's docstring."""
        self.checkpoint()
        key = self.prefix + key
        if self.meeting.alone(self.position):
            return (yield from self._attempt(key, kind, steps))
        with self.meeting.turn() as turn:
            yield turn
            return (yield from self._attempt(key, kind, steps))

    def _attempt(self, key: str, kind: type[T], steps: Callable[[], Generator[Any, Any, T]]) -> Generator[Any, Any, T]:
        if self.ledger.skipping:
            if key in self.ledger.past.results:
                return msgspec.json.decode(self.ledger.past.results[key], type=kind)
            yield from self._go_live(restore=True)
        if self.channel is not None:
            for driver in self.instruments.values():
                if hasattr(driver, "select_channel"):
                    yield from driver.select_channel(self.channel)
        result = yield from steps()
        self.ledger.commit("result", key, self.now, result)
        return result

    def state(self, key: str, steps: Callable[[], Process], warm_up_s: float = 0.0) -> Process:
        """Set up a state of the bench, and remember how, so that it can be set up again after an interruption.

        After an interruption the bench also waits for as long as it was off, at most `warm_up_s`.
        """
        self.checkpoint()
        ledger = self.ledger

        def set_up() -> Process:
            ledger.restore = steps, warm_up_s
            if ledger.skipping:
                if key in ledger.past.results:
                    return
                yield from self._go_live(restore=False)
            yield from steps()
            ledger.commit_once("result", key, self.now, None)

        yield from self.meeting.state(self.position, key, set_up)

    def at_end(self, steps: Callable[[], Process]) -> Process:
        """Leave the run; the last position to leave switches off."""
        if self.meeting.leave(self.position):
            yield from steps()

    def _go_live(self, *, restore: bool) -> Process:
        """Take the instruments into hand again: sources safe first, then the last state, settled."""
        ledger = self.ledger
        ledger.live = True
        for driver in self.instruments.values():
            if hasattr(driver, "make_safe"):
                yield from driver.make_safe()
        ledger.go_live(self.now)
        if ledger.restore is None or not restore:
            return
        steps, warm_up_s = ledger.restore
        yield from steps()
        yield from self.wait(min(ledger.past.outage_s, warm_up_s))
