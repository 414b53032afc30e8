"""What a run leaves in the register: the record's place and digest, and which certificates served it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from bench.errors import ConfigurationError
from bench.lab import models
from bench.lab.intake import by_code
from bench.lab.models import Certificate, Record, RecordUse, Standard, WorkOrder
from bench.station_check import TWIN_SERIAL
from scenarios.record import RecordError, from_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from scenarios.record import Device, Equipment, RunRecord


def read_record(path: Path) -> tuple[RunRecord, str]:
    """Return the record of a file or folder, and the SHA-256 of the file.

    Raises:
        ConfigurationError: the file cannot be read, or is no record.
    """
    file = path / "record.json" if path.is_dir() else path
    try:
        data = file.read_bytes()
        return from_json(data), hashlib.sha256(data).hexdigest()
    except OSError as problem:
        raise ConfigurationError(str(file), "(file)", problem.strerror or str(problem)) from None
    except RecordError as problem:
        raise ConfigurationError(str(file), "record", str(problem)) from None


def keep_record(session: Session, path: Path, order: str | None = None) -> Record:
    """Enter the record of a file into the register.

    Args:
        session: a writing session.
        path: record.json, or its folder.
        order: number of its work order.

    Raises:
        ConfigurationError: no record; a record of this number is there already; or it bears twins and says that it
            was not simulated.
    """
    record, digest = read_record(path)
    file = (path / "record.json" if path.is_dir() else path).resolve()
    _honest(record, str(file))
    known = session.scalars(select(Record).where(Record.number == record.number)).first()
    if known is not None:
        same = "the same record" if known.digest == digest else f"another record ({known.path})"
        raise ConfigurationError(str(file), "number", f"{record.number} is in the register already: {same}")
    row = Record(
        number=record.number,
        system=record.system,
        order=None if order is None else by_code(session, WorkOrder, "number", order),
        device_id=session.scalars(
            select(models.Device.id).where(
                models.Device.manufacturer == record.device.manufacturer,
                models.Device.model == record.device.model,
                models.Device.serial == record.device.serial,
            )
        ).first(),
        device_serial=record.device.serial,
        verdict=record.verdict.value,
        simulated=record.simulated,
        started=_moment(record.started, str(file)),
        digest=digest,
        path=str(file),
        uses=[_use(session, equipment) for equipment in record.equipment],
    )
    session.add(row)
    session.flush()
    return row


def records_of(session: Session, standard: Standard) -> Sequence[Record]:
    """Return every record that used a standard, oldest first."""
    query = (
        select(Record)
        .join(RecordUse)
        .where(
            (RecordUse.standard_id == standard.id)
            # A record may have been entered before its standard was.
            | (RecordUse.standard_id.is_(None) & (RecordUse.serial == standard.serial))
        )
        .order_by(Record.started, Record.id)
    )
    return session.scalars(query).unique().all()


def reread(row: Record) -> RunRecord:
    """Return the record behind a row.

    Raises:
        ConfigurationError: its file is gone, or is not the one that was entered.
    """
    record, digest = read_record(Path(row.path))
    if digest != row.digest:
        raise ConfigurationError(row.path, "record", f"is not the file that was entered as {row.number}; restore it")
    return record


def _use(session: Session, equipment: Equipment) -> RecordUse:
    standard = session.scalars(
        select(Standard).where(
            Standard.manufacturer == equipment.manufacturer,
            Standard.model == equipment.model,
            Standard.serial == equipment.serial,
        )
    ).first()
    reference = equipment.certificate
    certificate: Certificate | None = None
    if standard is not None and reference is not None:
        certificate = session.scalars(
            select(Certificate).where(
                Certificate.standard_id == standard.id,
                Certificate.number == reference.number,
                Certificate.issuer == reference.issuer,
            )
        ).first()
    return RecordUse(
        role=equipment.role,
        serial=equipment.serial,
        certificate_number=None if reference is None else reference.number,
        standard=standard,
        certificate=certificate,
    )


def _honest(record: RunRecord, file: str) -> None:
    """Refuse a record that bears twins and says that it was not simulated."""
    instruments: tuple[Device | Equipment, ...] = (record.device, *record.equipment)
    twins = [i.serial for i in instruments if i.simulated or TWIN_SERIAL in i.serial.upper()]
    if not record.simulated and (twins or record.number.startswith("SIM-")):
        mark = f"instrument {twins[0]} is a twin" if twins else f"{record.number} is of the simulated series"
        raise ConfigurationError(file, "simulated", f"is false, but {mark}; a simulated record stays one")
    if record.simulated and not record.number.startswith("SIM-"):
        raise ConfigurationError(
            file, "number", f"{record.number} is not of the series SIM-, but the record is simulated"
        )


def _moment(written: str, file: str) -> datetime:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise ConfigurationError(file, "started", f"{written!r} is no date and time") from None
    if moment.tzinfo is None:
        raise ConfigurationError(file, "started", f"{written} has no time zone")
    return moment
