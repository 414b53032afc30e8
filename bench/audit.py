"""Audit of a journal: which entry was edited, dropped, reordered or cut, held against signed heads.

The hash chain finds what was changed without recomputing it. Whoever can rewrite the whole file can recompute the
chain; only a head that was signed when the run ended, and is kept beside the journal, finds that. A head also carries
the first figures of every entry's digest, so that the changed entry can be named.

The audit computes the digests by its own code, on a copy of the files: evidence is not touched, not even by SQLite.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from bench.journal import Entry, JournalError
from bench.signing.simulation import beginning_of
from bench.signing.statements import Statement, append, read
from reports.errors import ReportError, SealBroken
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.seal import Signer, Trust

JOURNAL = "journal.sqlite"
"""File name of a run's journal."""
HEADS = "journal.heads.jsonl"
"""File name of the signed heads beside it."""
BENCH_ROLE = "bench"
"""Role of a key that signs heads."""
_FIGURES = 8
_SEARCHED = 60


class Change(StrEnum):
    """What happened to an entry."""

    EDITED = "edited"
    """Its content or digest is not what was written."""
    DROPPED = "dropped"
    """It is missing from the middle."""
    REORDERED = "reordered"
    """It stands at another entry's place."""
    CUT = "cut"
    """It is missing from the end, though a signed head counts it."""
    REHASHED = "rehashed"
    """It was edited and the chain computed anew."""
    UNREADABLE = "unreadable"
    """The file or the head cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Hold one fault of a journal."""

    change: Change
    """What happened."""
    entry: int
    """Sequence number of the entry; 0 where the fault is the file's or a head's."""
    where: str
    """Kind and step of the entry, or what cannot be read."""

    @property
    def text(self) -> Text:
        """Return the fault as a sentence."""
        return catalogue("bench")[f"audit.{self.change.value}"].format(entry=self.entry, where=self.where)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Hold the finding of an audit."""

    entries: tuple[Entry, ...]
    """The entries that could be read."""
    faults: tuple[Fault, ...]
    """What is wrong, in order of the entries; empty for a whole journal."""
    heads: tuple[Statement, ...]
    """The signed heads that were held against it."""
    covered: int
    """Number of entries that a signed head covers; the rest is chained but not signed."""

    @property
    def whole(self) -> bool:
        """Return whether no fault was found."""
        return not self.faults

    @property
    def digest(self) -> str:
        """Return the digest of the last entry."""
        return self.entries[-1].digest if self.entries else ""


def audit(journal: Path, trust: Trust | None) -> Audit:
    """Audit a journal and the signed heads beside it; without a trust, heads cannot be verified and are left out.

    Raises:
        OSError: the journal cannot be read.
    """
    if not journal.is_file():
        raise FileNotFoundError(2, "No such file", str(journal))
    faults: list[Fault] = []
    heads: tuple[Statement, ...] = ()
    beside = journal.with_name(HEADS)
    if trust is not None and beside.exists():
        try:
            heads = _heads(beside, trust)
        except ReportError as problem:
            faults.append(Fault(change=Change.UNREADABLE, entry=0, where=str(problem)))
    try:
        entries = entries_of(journal)
    except JournalError as problem:
        faults.append(Fault(change=Change.UNREADABLE, entry=0, where=str(problem)))
        return Audit(entries=(), faults=tuple(faults), heads=heads, covered=0)
    faults += _chain(entries)
    for head in heads:
        faults += _against(entries, head)
    unique = {(f.change, f.entry): f for f in sorted(faults, key=lambda f: f.entry)}
    rehashed = {f.entry for f in unique.values() if f.change is not Change.REHASHED}
    kept = tuple(f for f in unique.values() if f.change is not Change.REHASHED or f.entry not in rehashed)
    covered = min(len(entries), max((int(h.body["sequence"]) for h in heads), default=0))
    return Audit(entries=entries, faults=kept, heads=heads, covered=covered)


def sign_head(journal: Path, signer: Signer, trust: Trust, reason: str) -> Statement:
    """Sign the head of a whole journal and add it to the file of heads beside it.

    A head is a statement about the journal, never about a record; it says whether the run was simulated.

    Raises:
        JournalError: the journal is not whole; names the first fault.
        Untrusted: the signer is no bench of this laboratory.
    """
    found = audit(journal, trust)
    if not found.whole or not found.entries:
        first = found.faults[0].text.en if found.faults else "holds no entry"
        raise JournalError(f"{journal}: {first}; the head of such a journal is not signed")
    number, simulated = _run(found.entries)
    body = {
        "digest": found.digest,
        "marks": "".join(e.digest[:_FIGURES] for e in found.entries),
        "number": number,
        "reason": reason,
        "sequence": len(found.entries),
        "simulated": simulated,
    }
    return append(journal.with_name(HEADS), "head", body, signer, trust, BENCH_ROLE)


def entries_of(journal: Path) -> tuple[Entry, ...]:
    """Read the entries of a journal from a copy, unverified.

    Raises:
        JournalError: the file is no journal.
    """
    with tempfile.TemporaryDirectory(prefix="caltwin-audit-") as name:
        copy = Path(name) / journal.name
        shutil.copyfile(journal, copy)
        log = journal.with_name(journal.name + "-wal")
        if log.exists():
            shutil.copyfile(log, copy.with_name(log.name))
        base = None
        try:
            base = sqlite3.connect(copy)
            rows = base.execute("SELECT sequence, time_s, kind, step, payload, digest FROM entry ORDER BY sequence")
            return tuple(_entry(row) for row in rows)
        except (sqlite3.Error, UnicodeDecodeError, TypeError) as problem:
            raise JournalError(f"{journal}: {problem}") from None
        finally:
            if base is not None:
                base.close()


def _entry(row: tuple[Any, ...]) -> Entry:
    """Hold a row of a file that may be damaged to the types that the table promises."""
    if tuple(type(value) for value in row) != (int, float, str, str, str, str):
        raise TypeError(f"entry {row[0]!r} does not hold what a journal holds")
    return Entry(sequence=row[0], time_s=row[1], kind=row[2], step=row[3], payload=row[4], digest=row[5])


def _heads(path: Path, trust: Trust) -> tuple[Statement, ...]:
    heads = read(path, trust)
    for head in heads:
        trust.require(head.certificate, head.time, BENCH_ROLE)
        wanted = {"digest": str, "marks": str, "number": str, "reason": str, "sequence": int, "simulated": bool}
        if head.act != "head" or {k: type(v) for k, v in head.body.items()} != wanted:
            raise SealBroken(f"{path.name}: line {head.sequence} is no head of a journal")
    return heads


def _run(entries: tuple[Entry, ...]) -> tuple[str, bool]:
    """Return the number of a run and whether it was simulated, from the journal's first entry."""
    said = beginning_of(entries)
    return ("", True) if said is None else (said.number, said.simulated)


def _digest(before: str, sequence: int, entry: Entry) -> str:
    fields = msgspec.json.encode([before, sequence, entry.time_s, entry.kind, entry.step, entry.payload])
    return hashlib.sha256(fields).hexdigest()


def _fault(change: Change, entry: Entry) -> Fault:
    return Fault(change=change, entry=entry.sequence, where=f"{entry.kind} {entry.step!r}")


def _chain(entries: tuple[Entry, ...]) -> Iterator[Fault]:
    """Hold each entry against the one before it, going on after a fault so that each is named."""
    before, expected = "", 1
    broken: set[int] = set()
    for entry in entries:
        for missing in range(expected, entry.sequence):
            yield Fault(change=Change.DROPPED, entry=missing, where="?")
        # The digest before a gap is lost: the entry behind the gap can be held against a signed head only.
        if entry.sequence == expected and _digest(before, entry.sequence, entry) != entry.digest:
            broken.add(entry.sequence)
        before, expected = entry.digest, entry.sequence + 1
    moved, intact = _placed(entries, broken) if len(broken) <= _SEARCHED else (set(), set())
    for entry in entries:
        if entry.sequence in broken - intact:
            yield _fault(Change.REORDERED if entry.sequence in moved else Change.EDITED, entry)


def _placed(entries: tuple[Entry, ...], broken: set[int]) -> tuple[set[int], set[int]]:
    """Tell among entries that do not fit those that were moved, and those whose predecessor only was moved away."""
    held = {entry.sequence: entry for entry in entries}
    strays = {held[place].digest for place in broken}

    def fits(entry: Entry, place: int) -> bool:
        usual = held[place - 1].digest if place - 1 in held else ""
        return any(_digest(before, place, entry) == entry.digest for before in {usual, *strays})

    intact = {place for place in broken if fits(held[place], place)}
    moved = {s for s in broken - intact if any(fits(held[s], place) for place in broken - {s})}
    return moved, intact


def _against(entries: tuple[Entry, ...], head: Statement) -> Iterator[Fault]:
    """Hold the entries against a signed head: those it counts must be there, with the digests it saw."""
    count, marks = int(head.body["sequence"]), str(head.body["marks"])
    places = {entry.sequence: entry for entry in entries}
    last = max(places, default=0)
    for missing in range(last + 1, count + 1):
        yield Fault(change=Change.CUT, entry=missing, where=f"signed {head.time:%Y-%m-%d %H:%M:%S} UTC")
    number, simulated = _run(entries) if entries else ("", False)
    if entries and (number, simulated) != (head.body["number"], head.body["simulated"]):
        yield _fault(Change.REHASHED, entries[0])
    for entry in entries:
        mark = marks[(entry.sequence - 1) * _FIGURES : entry.sequence * _FIGURES]
        if entry.sequence <= count and entry.digest[:_FIGURES] != mark:
            yield _fault(Change.REHASHED, entry)
            return
    end = places.get(count)
    if end is not None and end.digest != head.body["digest"]:
        yield _fault(Change.REHASHED, end)
