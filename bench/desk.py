"""The desk of one run: what a procedure asks of the bench, bound to its instruments, journal and operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from bench.journal import Journal
from scenarios.procedure import Progress

if TYPE_CHECKING:
    from drivers.reading import Reading
    from scenarios.procedure import Process, Prompt


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
    open_journal: Callable[[], Journal | None] = lambda: None
    """Opens the journal at the first entry, so that a run refused before it leaves no file behind; gives None in a
    campaign, whose runs are worth nothing after a crash."""
    _journal: Journal | None = None
    _opened: bool = False

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
        """Return the operator's answer, committed to the journal."""
        answer = self.operator.answer(prompt)
        self.commit("answer", prompt.key, self.now, {"question": prompt.question, "answer": answer})
        return answer

    def commit(self, kind: str, step: str, time_s: float, payload: object) -> None:
        """Commit an entry to the journal, if there is one; it is durable when this returns."""
        if not self._opened:
            self._journal, self._opened = self.open_journal(), True
        if self._journal is not None:
            self._journal.append(kind, step, time_s, payload)

    def tell(self, progress: Progress) -> None:
        """Show progress."""
        self.show(progress)

    def wait(self, seconds: float) -> Process:
        """Let bench time pass."""
        yield self.environment.event_at(self.environment.now + seconds)
