"""The register of issued documents: numbers without gaps, digests, and what replaced what, in one SQLite file.

A number, the row of the document and the sealed files come into being together: the files are complete in a folder
beside their place before the row is committed, and moved into place after; a crash in between is mended when the
register is opened next. Rows are never changed or deleted.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from bench.signing.statements import SigningError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

_VERSION = 1
_SCHEMA = f"""
CREATE TABLE issued (
    number TEXT PRIMARY KEY CHECK (number NOT LIKE 'SIM%'),
    series TEXT NOT NULL,
    place INTEGER NOT NULL CHECK (place > 0),
    run TEXT NOT NULL,
    record TEXT NOT NULL,
    dcc TEXT NOT NULL,
    pdf TEXT NOT NULL,
    html TEXT NOT NULL,
    manifest TEXT NOT NULL,
    issued TEXT NOT NULL,
    folder TEXT NOT NULL,
    replaces TEXT REFERENCES issued (number),
    UNIQUE (series, place),
    UNIQUE (replaces)
) STRICT;
CREATE UNIQUE INDEX one_document_for_a_run ON issued (run);
CREATE TRIGGER issued_is_never_changed BEFORE UPDATE ON issued
BEGIN SELECT RAISE(ABORT, 'the register of issued documents is append-only'); END;
CREATE TRIGGER issued_is_never_dropped BEFORE DELETE ON issued
BEGIN SELECT RAISE(ABORT, 'the register of issued documents is append-only'); END;
PRAGMA user_version = {_VERSION};
"""
_COLUMNS = "number, series, place, run, record, dcc, pdf, html, manifest, issued, folder, replaces"


class RegisterError(SigningError):
    """The register cannot be opened or refuses an entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Hold one issued document."""

    number: str
    """Its number."""
    series: str
    """Series of the number, e.g. "C-2026"."""
    place: int
    """Place in the series, from 1."""
    run: str
    """SHA-256 of the run's record, as it was approved."""
    record: str
    """SHA-256 of the issued record."""
    dcc: str
    """SHA-256 of the DCC."""
    pdf: str
    """SHA-256 of the PDF."""
    html: str
    """SHA-256 of the HTML view."""
    manifest: str
    """SHA-256 of the signed manifest."""
    issued: str
    """ISO 8601 date and time of issue."""
    folder: str
    """Where the files were written."""
    replaces: str | None
    """Number of the document that it replaces."""


class Register:
    """Hold the register of issued documents."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open a register.

        For writing, a register is made if there is none, and what a crash left half done is finished; for reading,
        nothing is touched.

        Raises:
            RegisterError: the file is no register, is missing or not readable, or is of a newer caltwin.
        """
        self.path = path
        try:
            if not read_only:
                path.parent.mkdir(parents=True, exist_ok=True)
            where = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
            self._base = sqlite3.connect(where, uri=True, isolation_level=None, timeout=30.0)
        except (sqlite3.Error, OSError) as problem:
            raise RegisterError(f"{path}: {problem}") from None
        try:
            version = self._version() if read_only else self._make()
        except sqlite3.Error as problem:
            self._base.close()
            raise RegisterError(f"{path}: {problem}") from None
        if version != _VERSION:
            self._base.close()
            raise RegisterError(f"{path}: is of version {version}, this program knows {_VERSION}; update caltwin")
        if not read_only:
            for document in self.all():
                _finish(Path(document.folder))

    def _version(self) -> int:
        return int(self._base.execute("PRAGMA user_version").fetchone()[0])

    def _make(self) -> int:
        """Make the tables where there are none; return their version."""
        self._base.execute("PRAGMA synchronous = FULL")
        self._base.execute("PRAGMA foreign_keys = ON")
        self._base.execute("BEGIN IMMEDIATE")
        if self._version() == 0:
            for statement in _SCHEMA.split(";\n"):
                if statement.strip():
                    self._base.execute(statement)
        self._base.execute("COMMIT")
        return self._version()

    @contextmanager
    def next_number(self, series: str) -> Iterator[Ticket]:
        """Give the next number of a series; it counts only if the body of `with` ends with `commit`.

        Nobody else gets a number meanwhile, and a body that fails leaves no gap.
        """
        try:
            self._base.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as problem:
            raise RegisterError(f"{self.path}: {problem}") from None
        try:
            row = self._base.execute("SELECT max(place) FROM issued WHERE series = ?", (series,)).fetchone()
            place = int(row[0] or 0) + 1
            yield Ticket(number=f"{series}-{place:05d}", series=series, place=place, _base=self._base)
        finally:
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")

    def find(self, number: str) -> Document | None:
        """Return the document of a number; None for an unknown one."""
        return self._one("number", number)

    def of_run(self, digest: str) -> Document | None:
        """Return the document that was issued for a run's record."""
        return self._one("run", digest)

    def replacement_of(self, number: str) -> Document | None:
        """Return the document that replaces another."""
        return self._one("replaces", number)

    def all(self) -> tuple[Document, ...]:
        """Return all documents in order of issue.

        Raises:
            RegisterError: the file is damaged.
        """
        return self._many("ORDER BY issued, series, place", ())

    def gaps(self) -> tuple[str, ...]:
        """Return the numbers that are missing from a series: rows that somebody removed."""
        held: dict[str, set[int]] = {}
        for document in self.all():
            held.setdefault(document.series, set()).add(document.place)
        return tuple(
            f"{series}-{place:05d}"
            for series, places in sorted(held.items())
            for place in range(1, max(places) + 1)
            if place not in places
        )

    def _one(self, column: str, value: str) -> Document | None:
        found = self._many(f"WHERE {column} = ?", (value,))
        return found[0] if found else None

    def _many(self, clause: str, values: tuple[str, ...]) -> tuple[Document, ...]:
        try:
            rows = self._base.execute(f"SELECT {_COLUMNS} FROM issued {clause}", values).fetchall()
        except sqlite3.Error as problem:
            raise RegisterError(f"{self.path}: {problem}") from None
        names = _COLUMNS.split(", ")
        return tuple(Document(**dict(zip(names, row, strict=True))) for row in rows)

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Hold a number that is being issued."""

    number: str
    """The number."""
    series: str
    """Its series."""
    place: int
    """Its place in the series."""
    _base: sqlite3.Connection

    def commit(self, document: Document) -> None:
        """Commit the document whose files are complete in `staged(folder)`, and move them into place.

        Raises:
            RegisterError: the run was issued already, or the document that it replaces is unknown or replaced already.
        """
        values = tuple(getattr(document, name) for name in _COLUMNS.split(", "))
        try:
            self._base.execute(f"INSERT INTO issued ({_COLUMNS}) VALUES ({', '.join('?' * len(values))})", values)
            self._base.execute("COMMIT")
        except sqlite3.Error as problem:
            raise RegisterError(f"{document.number}: {problem}; nothing was issued") from None
        _finish(Path(document.folder))


def staged(folder: Path) -> Path:
    """Return where the files of a document are made complete before its number counts."""
    return folder.with_name(f".{folder.name}.issuing")


def discard(folder: Path) -> None:
    """Remove files of a document whose number never counted."""
    shutil.rmtree(staged(folder), ignore_errors=True)


def _finish(folder: Path) -> None:
    """Move a committed document into place; does nothing where that was done."""
    if not folder.exists() and staged(folder).is_dir():
        staged(folder).rename(folder)
