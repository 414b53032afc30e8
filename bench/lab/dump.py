"""Rows of the register as the entries that would make them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bench.errors import ConfigurationError
from bench.lab.intake import by_code, by_serial
from bench.lab.models import (
    Certificate,
    CheckGroup,
    CheckSeries,
    Customer,
    Device,
    Laboratory,
    LineRange,
    Person,
    Standard,
    StandardRange,
    WorkOrder,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.orm import Session


def rows_of(session: Session, kind: str) -> list[dict[str, Any]]:
    """Return every row of a table as an entry, keys without value left out."""
    model, write = _TABLES[kind]
    return [_without_none(write(row)) for row in session.scalars(select(model).order_by(model.id))]


def dump(kind: str, row: Any) -> dict[str, Any]:
    """Return one row as an entry."""
    return _without_none(_TABLES[kind][1](row))


def model_of(kind: str) -> Any:
    """Return the model behind a table of entries."""
    return _TABLES[kind][0]


def _without_none(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value is not None}


def _both(row: Any, name: str) -> dict[str, str]:
    return {"zh": getattr(row, f"{name}_zh"), "en": getattr(row, f"{name}_en")}


def _of(row: Any, *keys: str) -> dict[str, Any]:
    return {key: getattr(row, key) for key in keys}


def _code(row: Any, key: str = "code") -> str | None:
    return None if row is None else getattr(row, key)


def _serial(row: Any) -> str:
    # Model and serial number: two makers may have given the same number.
    return f"{row.model}/{row.serial}"


def _ranges(rows: Sequence[StandardRange | LineRange]) -> list[dict[str, Any]]:
    return [_of(row, "setting", "low", "high", "unit") for row in rows]


def _laboratory(row: Laboratory) -> dict[str, Any]:
    texts = {name: _both(row, name) for name in ("name", "address", "place")}
    return texts | _of(row, "zone", "contact", "accreditation")


def _customer(row: Customer) -> dict[str, Any]:
    return {"code": row.code, "name": _both(row, "name"), "address": _both(row, "address"), "contact": row.contact}


def _person(row: Person) -> dict[str, Any]:
    return _of(row, "code", "name", "active", "public_key") | {"roles": [held.role for held in row.roles]}


def _standard(row: Standard) -> dict[str, Any]:
    keys = ("manufacturer", "model", "serial", "accuracy", "level", "holder", "simulated")
    return {"name": _both(row, "name")} | _of(row, *keys) | {"ranges": _ranges(row.ranges)}


def _certificate(row: Certificate) -> dict[str, Any]:
    lines = [
        _without_none(
            _of(line, "measurand", "unit", "U", "k", "correction", "input") | {"ranges": _ranges(line.ranges)}
        )
        for line in row.lines
    ]
    return (
        _of(row, "number", "issuer", "issued", "due", "sha256")
        | {"standard": _serial(row.standard), "parent": _code(row.parent, "number")}
        | {"lines": lines}
    )


def _device(row: Device) -> dict[str, Any]:
    keys = ("manufacturer", "model", "serial", "accuracy_class", "markings")
    return _of(row, *keys) | {"customer": _code(row.customer)}


def _order(row: WorkOrder) -> dict[str, Any]:
    return _of(row, "number", "system", "received") | {
        "customer": _code(row.customer),
        "operator": _code(row.operator),
        "checker": _code(row.checker),
        "approver": _code(row.approver),
        "devices": [_serial(placed.device) for placed in row.devices],
        "equipment": {named.role: _serial(named.standard) for named in row.equipment},
    }


def _check(row: CheckSeries) -> dict[str, Any]:
    keys = ("code", "artifact", "measurand", "unit", "limit", "corrected", "repeatability")
    return _of(row, *keys) | {"standard": _serial(row.standard)}


def _group(row: CheckGroup) -> dict[str, Any]:
    return {"series": row.series.code, "time": row.time, "readings": row.readings, "person": _code(row.person)}


_TABLES: dict[str, tuple[Any, Callable[[Any], dict[str, Any]]]] = {
    "laboratory": (Laboratory, _laboratory),
    "customer": (Customer, _customer),
    "person": (Person, _person),
    "standard": (Standard, _standard),
    "certificate": (Certificate, _certificate),
    "device": (Device, _device),
    "order": (WorkOrder, _order),
    "check": (CheckSeries, _check),
    "group": (CheckGroup, _group),
}


def find(session: Session, kind: str, key: str) -> Any:
    """Return one row by what people call it: its code or number, or a serial number.

    Raises:
        ConfigurationError: there is no such table or row.
    """
    if kind not in _KEYS:
        raise ConfigurationError("caltwin lab show", kind, f"unknown table; known: {', '.join(_KEYS)}")
    column = _KEYS[kind]
    if column == "serial":
        return by_serial(session, model_of(kind), key)
    return by_code(session, model_of(kind), column, key)


_KEYS = {
    "customer": "code",
    "person": "code",
    "standard": "serial",
    "certificate": "number",
    "device": "serial",
    "order": "number",
    "check": "code",
}
