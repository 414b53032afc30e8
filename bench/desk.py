"""The desk of one run: what a procedure asks of the bench, bound to its instruments, journal and operator.

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
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from bench.journal import Journal, JournalError
from bench.past import Past
from scenarios.procedure import Process, Progress

if TYPE_CHECKING:
    from drivers.reading import Reading
    from scenarios.procedure import Prompt

T = TypeVar("T")

SLICE_S = 0.5
"""Longest wait in real time without a look at the stop switch, s of bench time at speed 1."""


class Operator(Protocol):
    """Whoever answers what no instrument can say."""

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
    checkpoint: Callable[[], None] = lambda: None
    """Called between attempts and during waits; raises to stop the run in order."""
    open_journal: Callable[[], Journal | None] = lambda: None
    """Opens the journal at the first entry, so that a run refused before it leaves no file behind; gives None in a
    campaign, whose runs are worth nothing after a crash."""
    past: Past = field(default_factory=Past)
    """What the journal held when the run was taken up again; empty for a new run."""
    on_live: Callable[[], None] = lambda: None
    """Called once when a resumed run has caught up with its journal."""
    _journal: Journal | None = None
    _opened: bool = False
    _live: bool = False
    _restore: tuple[Callable[[], Process], float] | None = None

    @property
    def now(self) -> float:
        """Bench time, s since the start of the run."""
        return float(self.environment.now)

    def instrument(self, role: str) -> Any:
        """Return the driver that stands behind a role."""
        return self.instruments[role]

    def keep(self, step: str, reading: Reading) -> Reading:
        """Commit a reading to the journal and return it."""
        self.commit("reading", step, reading.time_s, reading)
        return reading

    def ask(self, prompt: Prompt) -> str:
        """Return the operator's answer, committed to the journal; an answer given before an interruption stands."""
        known = self.past.answers.get(prompt.key)
        answer = self.operator.answer(prompt) if known is None else known
        self.commit("answer", prompt.key, self.now, {"question": prompt.question, "answer": answer})
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
        yield environment.event_at(end)
        self.checkpoint()

    def attempt(self, key: str, kind: type[T], steps: Callable[[], Generator[Any, Any, T]]) -> Generator[Any, Any, T]:
        """Measure something whole, or return what the journal holds of it; see the module's docstring."""
        self.checkpoint()
        if self.past.continues and not self._live:
            if key in self.past.results:
                return msgspec.json.decode(self.past.results[key], type=kind)
            yield from self._go_live(restore=True)
        result = yield from steps()
        self.commit("result", key, self.now, result)
        return result

    def state(self, key: str, steps: Callable[[], Process], warm_up_s: float = 0.0) -> Process:
        """Set up a state of the bench, and remember how, so that it can be set up again after an interruption.

        After an interruption the bench also waits for as long as it was off, at most `warm_up_s`.
        """
        self.checkpoint()
        self._restore = steps, warm_up_s
        if self.past.continues and not self._live:
            if key in self.past.results:
                return
            yield from self._go_live(restore=False)
        yield from steps()
        self.commit("result", key, self.now, None)

    def commit(self, kind: str, step: str, time_s: float, payload: object) -> None:
        """Commit an entry to the journal, if there is one; it is durable when this returns.

        Raises:
            JournalError: the run is repeated on twins and does not give what the journal holds.
        """
        if not self._opened:
            self._journal, self._opened = self.open_journal(), True
        if self._journal is None:
            return
        known = self.past.entries.get((kind, step))
        if known is None:
            if self.past.entries and not self.past.continues:
                self._caught_up()
            self._journal.append(kind, step, time_s, payload)
        elif self.past.continues:
            if kind == "reading" or (kind == "result" and self._live):
                self._journal.append(kind, self.past.next_name(kind, step), time_s, payload)
        elif known != msgspec.json.encode(payload).decode():
            raise JournalError(
                f"{self._journal.path}: {kind} {step!r} comes out differently when the run is repeated; "
                "the sheet, the station or the program has changed since it began"
            )

    def note_stop(self, reason: str) -> None:
        """Write into the journal why the run stopped, if it has begun."""
        if self._journal is not None:
            self._journal.append("stop", f"{self.now!r} {len(self.past.entries)}", self.now, reason)

    def _caught_up(self) -> None:
        if not self._live:
            self._live = True
            self._note_interruption()
            self.on_live()

    def _note_interruption(self) -> None:
        if self._journal is not None and self.past.interruption is not None:
            self._journal.append("interruption", str(self.past.interruptions + 1), self.now, self.past.interruption)

    def _go_live(self, *, restore: bool) -> Process:
        """Take the instruments into hand again: sources safe first, then the last state, settled."""
        self._live = True
        if not self._opened:
            self._journal, self._opened = self.open_journal(), True
        for driver in self.instruments.values():
            if hasattr(driver, "make_safe"):
                yield from driver.make_safe()
        self._note_interruption()
        self.on_live()
        if self._restore is None or not restore:
            return
        steps, warm_up_s = self._restore
        yield from steps()
        yield from self.wait(min(self.past.outage_s, warm_up_s))
