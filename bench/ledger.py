"""The ledger of one run: its journal, and what the journal already held when the run was taken up again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from bench.journal import Journal, JournalError
from bench.past import Past
from scenarios.procedure import Process


@dataclass(slots=True, kw_only=True)
class Ledger:
    """Commit what happens, and know what happened before an interruption; shared by the positions of a run."""

    open_journal: Callable[[], Journal | None] = lambda: None
    """Opens the journal at the first entry, so that a run refused before it leaves no file behind; gives None in a
    campaign, whose runs are worth nothing after a crash."""
    past: Past = field(default_factory=Past)
    """What the journal held when the run was taken up again; empty for a new run."""
    on_live: Callable[[], None] = lambda: None
    """Called once when a resumed run has caught up with its journal."""
    live: bool = False
    """Whether a resumed run has caught up with its journal."""
    restore: tuple[Callable[[], Process], float] | None = None
    """How to set up the last state again, and how long to warm up afterwards at most, s."""
    _journal: Journal | None = None
    _opened: bool = False
    _committed: set[tuple[str, str]] = field(default_factory=set)

    @property
    def skipping(self) -> bool:
        """Whether finished states and attempts are taken from the journal: the instruments lived on."""
        return self.past.continues and not self.live

    def commit(self, kind: str, step: str, time_s: float, payload: object) -> None:
        """Commit an entry to the journal, if there is one; it is durable when this returns.

        Raises:
            JournalError: the run is repeated on twins and does not give what the journal holds.
        """
        journal = self._open()
        if journal is None:
            return
        known = self.past.entries.get((kind, step))
        if known is None:
            if self.past.entries and not self.past.continues and not self.live:
                self.go_live(time_s)
            journal.append(kind, step, time_s, payload)
        elif self.past.continues:
            if kind == "reading" or (kind == "result" and self.live):
                journal.append(kind, self.past.next_name(kind, step), time_s, payload)
        elif known != msgspec.json.encode(payload).decode():
            raise JournalError(
                f"{journal.path}: {kind} {step!r} comes out differently when the run is repeated; "
                "the sheet, the station or the program has changed since it began"
            )

    def commit_once(self, kind: str, step: str, time_s: float, payload: object) -> None:
        """Commit an entry unless this program has committed it already: a state that is set up a second time."""
        if (kind, step) not in self._committed:
            self._committed.add((kind, step))
            self.commit(kind, step, time_s, payload)

    def commit_next(self, kind: str, stem: str, time_s: float, payload: object) -> None:
        """Commit the next of some entries that differ by their number alone: "stem/1", "stem/2", ..."""
        number = 1
        while (kind, f"{stem}/{number}") in self._committed or (kind, f"{stem}/{number}") in self.past.entries:
            number += 1
        self.commit_once(kind, f"{stem}/{number}", time_s, payload)

    def go_live(self, time_s: float) -> None:
        """Note the end of the interruption: from here on the run is new."""
        self.live = True
        journal = self._open()
        if journal is not None and self.past.interruption is not None:
            journal.append("interruption", str(self.past.interruptions + 1), time_s, self.past.interruption)
        self.on_live()

    def note_stop(self, time_s: float, reason: str) -> None:
        """Write into the journal why the run stopped, if it has begun."""
        if self._journal is not None:
            self._journal.append("stop", f"{time_s!r} {len(self.past.entries)}", time_s, reason)

    def _open(self) -> Journal | None:
        if not self._opened:
            self._journal, self._opened = self.open_journal(), True
        return self._journal
