"""A finished run as reviewers and issuers see it: record, journal and signed head, held against each other."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.audit import HEADS, JOURNAL, Audit, audit
from bench.errors import ConfigurationError
from bench.signing.simulation import require_real
from bench.signing.statements import SigningError
from scenarios.record import RecordError, RunRecord, from_json

if TYPE_CHECKING:
    from reports.seal import Trust

RECORD = "record.json"
"""File name of a run's record."""
APPROVALS = "approvals.jsonl"
"""File name of the acts of review and approval beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Hold a run that may be signed."""

    folder: Path
    """Where it lies."""
    data: bytes
    """The record's file, byte for byte."""
    record: RunRecord
    """The record."""
    journal: Path
    """The journal of the run; a bench with many positions has one for all."""
    audit: Audit
    """What the audit of the journal found: whole, and under a signed head."""

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the record's file."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def approvals(self) -> Path:
        """Return the file of approvals."""
        return self.folder / APPROVALS


def read_record(path: Path) -> tuple[Path, bytes, RunRecord]:
    """Read a record from its file or folder.

    Raises:
        ConfigurationError: it cannot be read.
    """
    file = path / RECORD if path.is_dir() else path
    try:
        data = file.read_bytes()
        return file, data, from_json(data)
    except OSError as problem:
        raise ConfigurationError(str(file), "(file)", problem.strerror or str(problem)) from None
    except RecordError as problem:
        raise ConfigurationError(str(file), "record", str(problem)) from None


def journal_of(record: Path) -> Path:
    """Return the journal of a record: beside it, or above the folder of its position."""
    beside = record.with_name(JOURNAL)
    above = record.parent.with_name(JOURNAL)
    return above if not beside.exists() and above.exists() else beside


def open_run(path: Path, trust: Trust) -> Run:
    """Open a run that is to be reviewed, approved or issued.

    Raises:
        ConfigurationError: record or journal cannot be read.
        SigningError: the run is simulated by any sign, its journal is not whole or not signed, or it is issued already.
    """
    file, data, record = read_record(path)
    require_real(record)
    if record.run is not None or record.issued is not None:
        raise SigningError(f"{record.number}: is an issued document already; act on the record of its run")
    journal = journal_of(file)
    try:
        found = audit(journal, trust)
    except OSError as problem:
        raise ConfigurationError(str(journal), "(file)", problem.strerror or str(problem)) from None
    if not found.whole:
        raise SigningError(f"{record.number}: the journal is not whole: {found.faults[0].text.en}")
    require_real(record, found.entries)
    last = found.heads[-1].body if found.heads else None
    if last is None or found.covered != len(found.entries):
        why = f"{HEADS}: no signed head covers the whole journal; sign it on the bench that measured"
        raise SigningError(f"{record.number}: {why} (caltwin audit --sign)")
    if last["simulated"] is not False or not record.number.startswith(str(last["number"])):
        raise SigningError(
            f"{record.number}: the signed head is of run {last['number']}, simulated={last['simulated']}"
        )
    return Run(folder=file.parent, data=data, record=record, journal=journal, audit=found)
