"""What `caltwin lab list` shows of each table: columns as plain strings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bench.lab.holding import newest
from bench.lab.models import (
    Certificate,
    CheckSeries,
    Customer,
    Device,
    Person,
    Record,
    SoftwareApproval,
    Standard,
    Waiver,
    WorkOrder,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from sqlalchemy.orm import Session

    from uncertainty.text import Language


def listing(session: Session, table: str, today: date, language: Language) -> tuple[tuple[str, ...], list[list[str]]]:
    """Return the columns (keys of `lab.column.*`) and the rows of a table.

    Args:
        session: a session of the register.
        table: one of `TABLES`.
        today: the laboratory's date, for the certificate that is valid now.
        language: language of names.

    Raises:
        KeyError: there is no such table; `TABLES` names them.
    """
    model, columns, write = TABLES[table]
    return columns, [write(row, today, language) for row in session.scalars(select(model).order_by(model.id))]


def _standard(row: Standard, today: date, language: Language) -> list[str]:
    certificate = newest(row, today)
    number = "" if certificate is None else certificate.number
    return [row.name.show(language), row.manufacturer, row.model, row.serial, row.level, number, _due(certificate)]


def _certificate(row: Certificate, today: date, language: Language) -> list[str]:
    U = "; ".join(dict.fromkeys(f"{line.U:g} {line.unit} (k = {line.k:g})" for line in row.lines))
    return [row.number, row.issuer, row.standard.serial, str(row.issued), _due(row), U, _number(row.parent)]


def _person(row: Person, today: date, language: Language) -> list[str]:
    roles = ", ".join(held.role for held in row.roles)
    return [row.code, row.name, roles if row.active else f"({roles})"]


def _customer(row: Customer, today: date, language: Language) -> list[str]:
    name = row.name_en if language == "en" or row.name_zh == row.name_en else row.name_zh
    return [row.code, name, row.contact or ""]


def _device(row: Device, today: date, language: Language) -> list[str]:
    return [
        row.manufacturer,
        row.model,
        row.serial,
        row.accuracy_class,
        "" if row.customer is None else row.customer.code,
    ]


def _order(row: WorkOrder, today: date, language: Language) -> list[str]:
    serials = ", ".join(placed.device.serial for placed in row.devices)
    return [row.number, row.system, str(row.received), "" if row.customer is None else row.customer.code, serials]


def _record(row: Record, today: date, language: Language) -> list[str]:
    return [row.number, row.system, row.device_serial, row.verdict, f"{row.started:%Y-%m-%d}", _number(row.order)]


def _waiver(row: Waiver, today: date, language: Language) -> list[str]:
    who = f"{row.person.name} ({row.person_role})"
    return [row.number, row.gate, row.subject, row.found, row.required, who, row.reason]


def _software(row: SoftwareApproval, today: date, language: Language) -> list[str]:
    return [row.version, row.digest[:16], row.person.name, f"{row.time:%Y-%m-%d}"]


def _check(row: CheckSeries, today: date, language: Language) -> list[str]:
    return [row.code, row.standard.serial, row.artifact, row.measurand, str(len(row.groups))]


def _due(certificate: Certificate | None) -> str:
    return "" if certificate is None or certificate.due is None else str(certificate.due)


def _number(row: Certificate | WorkOrder | None) -> str:
    return "" if row is None else row.number


TABLES: dict[str, tuple[Any, tuple[str, ...], Callable[[Any, date, Language], list[str]]]] = {
    "standard": (
        Standard,
        ("name", "manufacturer", "model", "serial", "level", "certificate", "due"),
        _standard,
    ),
    "certificate": (Certificate, ("number", "issuer", "serial", "issued", "due", "U", "parent"), _certificate),
    "person": (Person, ("code", "name", "roles"), _person),
    "customer": (Customer, ("code", "name", "contact"), _customer),
    "device": (Device, ("manufacturer", "model", "serial", "class", "customer"), _device),
    "order": (WorkOrder, ("number", "system", "received", "customer", "devices"), _order),
    "record": (Record, ("number", "system", "device", "verdict", "started", "order"), _record),
    "waiver": (Waiver, ("number", "gate", "subject", "found", "required", "person", "reason"), _waiver),
    "software": (SoftwareApproval, ("version", "digest", "person", "started"), _software),
    "check": (CheckSeries, ("code", "serial", "artifact", "measurand", "groups"), _check),
}
"""Table -> model, columns, and what is shown of a row."""
