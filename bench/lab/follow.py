"""Follow a standard to every result that rests on it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from bench.errors import ConfigurationError
from bench.lab.entries import entry_of
from bench.lab.holding import Held, held
from bench.lab.models import Record, RecordUse, Standard
from bench.lab.records import read_record, records_of, reread
from bench.lab.revision import Revision, RevisionRefused, revise
from uncertainty.conformity import Verdict

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from scenarios.record import RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """Hold one record that used a standard."""

    number: str
    """Document number."""
    measured: str
    """Date of the measurement."""
    device: str
    """Serial number of the device under test."""
    certificate: str | None
    """Certificate of the standard that served it."""
    verdict: Verdict
    """Its verdict."""
    revision: Revision | None = None
    """The record under the revised certificate; None where none was given or it cannot be recomputed."""
    refused: str | None = None
    """Why it cannot be recomputed."""

    @property
    def changed(self) -> bool:
        """Return whether a verdict changes."""
        return self.revision is not None and self.revision.changed

    @property
    def now(self) -> Verdict:
        """Return the verdict under the revised certificate."""
        return self.verdict if self.revision is None else self.revision.verdict[1]


def read_revised(path: Path) -> Held:
    """Read a revised certificate: a TOML file with the keys of a certificate, bare or under [certificate].

    Raises:
        ConfigurationError: the file cannot be read, or a key is wrong.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise ConfigurationError(str(path), "(file)", problem.strerror or str(problem)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ConfigurationError(str(path), "(file)", f"not a TOML file: {problem}") from None
    inner = data.get("certificate", data)
    if isinstance(inner, list) and len(inner) == 1:
        inner = inner[0]
    if not isinstance(inner, dict):
        raise ConfigurationError(str(path), "certificate", "is not one certificate; give its keys under [certificate]")
    entry = entry_of("certificate", inner, str(path))
    if not entry.lines:
        raise ConfigurationError(str(path), "certificate.lines", "is empty; give at least one result with U and k")
    return Held(number=entry.number, issuer=entry.issuer, issued=entry.issued, due=entry.due, lines=tuple(entry.lines))


def follow(
    session: Session,
    standard: Standard,
    revised: Held | None = None,
    replaces: str | None = None,
    named: str | None = None,
) -> tuple[Followed, ...]:
    """Return every record that used a standard, oldest first, recomputed where a revised certificate is given.

    Args:
        session: a session of the register.
        standard: the standard.
        revised: its certificate as it reads now; None only to list.
        replaces: number of the certificate that it replaces; only records made under that one. None for all.
        named: symbol of the input quantity through which the certificate enters.
    """
    return tuple(
        _followed(row, use, revised, named)
        for row in records_of(session, standard)
        for use in row.uses
        if _is_of(use, standard) and (replaces is None or use.certificate_number == replaces)
    )


def _is_of(use: RecordUse, standard: Standard) -> bool:
    # A record may have been entered before its standard was: then only the serial number tells.
    return use.standard_id == standard.id or (use.standard_id is None and use.serial == standard.serial)


def _followed(row: Record, use: RecordUse, revised: Held | None, named: str | None) -> Followed:
    revision: Revision | None = None
    refused: str | None = None
    if revised is not None:
        previous = None if use.certificate is None else held(use.certificate)
        try:
            revision = revise(reread(row), revised, previous, named)
        except (RevisionRefused, ConfigurationError) as problem:
            # One record that is gone must not hide what becomes of the others.
            refused = str(problem)
    return Followed(
        number=row.number,
        measured=f"{row.started:%Y-%m-%d}",
        device=row.device_serial,
        certificate=use.certificate_number,
        verdict=Verdict(row.verdict),
        revision=revision,
        refused=refused,
    )


def record_named(session: Session, named: str) -> RunRecord:
    """Return a record by its document number, or by its file or folder.

    Raises:
        ConfigurationError: neither the register nor the file system has it, or it is not what was entered.
    """
    row = session.scalars(select(Record).where(Record.number == named)).first()
    if row is not None:
        return reread(row)
    path = Path(named)
    if path.exists():
        return read_record(path)[0]
    raise ConfigurationError(
        "register", f"record {named}", "is neither in the register nor a file; see: caltwin lab list record"
    )
