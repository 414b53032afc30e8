"""The journal of a run: an append-only, hash-chained SQLite file; a reading is in it before it is used.

Write-ahead log with synchronous=FULL: what `append` has returned from survives a kill and a power cut. Triggers refuse
UPDATE and DELETE; each entry carries the SHA-256 of itself and its predecessor, so that `verify` names the first entry
that was edited, dropped or reordered.
"""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

_SCHEMA = """
CREATE TABLE entry (
    sequence INTEGER PRIMARY KEY,
    time_s REAL NOT NULL,
    kind TEXT NOT NULL,
    step TEXT NOT NULL,
    payload TEXT NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (kind, step)
) STRICT;
CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER entry_is_never_dropped BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
PRAGMA user_version = 1;
"""


class JournalError(RuntimeError):
    """The journal cannot be opened, is not whole, or was asked to hold the same step twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Hold one entry."""

    sequence: int
    """Place in the journal, from 1."""
    time_s: float
    """Bench time."""
    kind: str
    """"begin", "reading", "answer", "point" or "end"."""
    step: str
    """Step of the procedure; unique within its kind."""
    payload: str
    """JSON."""
    digest: str
    """SHA-256 over the entry and the digest before it."""


class Journal:
    """Hold the journal of one run."""

    def __init__(self, path: Path) -> None:
        """Open a journal, making it if the file does not exist.

        Raises:
            JournalError: the file is no journal, or is not whole.
        """
        self.path = path
        try:
            self._base = sqlite3.connect(path, isolation_level=None)
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = FULL")
            if self._base.execute("PRAGMA user_version").fetchone()[0] == 0:
                self._base.executescript(f"BEGIN;{_SCHEMA}COMMIT;")
        except sqlite3.Error as problem:
            raise JournalError(f"{path}: {problem}") from None
        self._sequence, self._digest = self.verify()

    def append(self, kind: str, step: str, time_s: float, payload: object) -> None:
        """Commit an entry; it is durable when this returns.

        Raises:
            JournalError: this kind of entry exists for this step already, or the disk refuses.
        """
        text = msgspec.json.encode(payload).decode()
        sequence = self._sequence + 1
        digest = _digest(self._digest, sequence, time_s, kind, step, text)
        try:
            self._base.execute(
                "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)", (sequence, time_s, kind, step, text, digest)
            )
        except sqlite3.Error as problem:
            raise JournalError(f"{self.path}: {kind} {step!r}: {problem}") from None
        self._sequence, self._digest = sequence, digest

    def entries(self) -> Iterator[Entry]:
        """Yield the entries in order."""
        for row in self._base.execute(
            "SELECT sequence, time_s, kind, step, payload, digest FROM entry ORDER BY sequence"
        ):
            yield Entry(sequence=row[0], time_s=row[1], kind=row[2], step=row[3], payload=row[4], digest=row[5])

    def verify(self) -> tuple[int, str]:
        """Check the chain; return the number of entries and the head digest.

        Raises:
            JournalError: an entry was edited, dropped or reordered; names the first one.
        """
        sequence, digest = 0, ""
        try:
            for entry in self.entries():
                sequence += 1
                digest = _digest(digest, sequence, entry.time_s, entry.kind, entry.step, entry.payload)
                if entry.sequence != sequence or entry.digest != digest:
                    raise JournalError(
                        f"{self.path}: entry {entry.sequence} ({entry.kind} {entry.step!r}) is not whole"
                    )
        except sqlite3.Error as problem:
            raise JournalError(f"{self.path}: {problem}") from None
        return sequence, digest

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _digest(before: str, sequence: int, time_s: float, kind: str, step: str, payload: str) -> str:
    fields = msgspec.json.encode([before, sequence, time_s, kind, step, payload])
    return hashlib.sha256(fields).hexdigest()
