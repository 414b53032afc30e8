"""Write entries into the register; what refers to something unknown is refused by name."""

from __future__ import annotations

import difflib
from functools import singledispatch
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.errors import ConfigurationError
from bench.lab.entries import (
    CertificateEntry,
    CheckEntry,
    CustomerEntry,
    DeviceEntry,
    GroupEntry,
    LaboratoryEntry,
    OrderEntry,
    PersonEntry,
    Range,
    StandardEntry,
)
from bench.lab.models import (
    Base,
    Certificate,
    CertificateLine,
    CheckGroup,
    CheckSeries,
    Customer,
    Device,
    Laboratory,
    LineRange,
    OrderDevice,
    OrderEquipment,
    Person,
    PersonRole,
    Standard,
    StandardRange,
    WorkOrder,
)

Row = TypeVar("Row", bound=Base)


def add(session: Session, table: str, entry: Any, source: str) -> None:
    """Write one entry.

    Raises:
        ConfigurationError: it is there already, or names something that the register does not know; the message names
            table, key and remedy.
    """
    try:
        row = _row(entry, session)
        session.add(row)
        session.flush()
    except _Refused as problem:
        raise ConfigurationError(source, f"{table}.{problem.key}", problem.why) from None


def by_code(session: Session, kind: type[Row], key: str, code: str) -> Row:
    """Return the row of a kind with a unique code.

    Raises:
        ConfigurationError: there is none; the nearest one is proposed.
    """
    try:
        return _named(session, kind, key, code, key)
    except _Refused as problem:
        raise ConfigurationError("register", kind.__tablename__, problem.why) from None


def by_serial(session: Session, kind: type[Row], serial: str) -> Row:
    """Return the standard or device with a serial number, or with "model/serial" where two share one.

    Raises:
        ConfigurationError: there is none, or more than one.
    """
    try:
        return _of_serial(session, kind, serial, "serial")
    except _Refused as problem:
        raise ConfigurationError("register", kind.__tablename__, problem.why) from None


class _Refused(Exception):
    """Say which key of an entry cannot be accepted, and why."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(key, why)
        self.key, self.why = key, why


def _named(session: Session, kind: type[Row], column: str, value: str, key: str) -> Row:
    """Return the only row whose column has a value."""
    attribute = getattr(kind, column)
    rows = session.scalars(select(kind).where(attribute == value)).all()
    name = kind.__tablename__.replace("_", " ")
    if not rows:
        near = difflib.get_close_matches(value, session.scalars(select(attribute)).all(), n=1)
        advice = f"did you mean {near[0]!r}?" if near else f"add the {name} first"
        raise _Refused(key, f"no {name} {value!r} in the register; {advice}")
    if len(rows) > 1:
        raise _Refused(key, f"{len(rows)} entries of {name} have {column} {value!r}; name one of them more closely")
    return rows[0]


def _of_serial(session: Session, kind: type[Row], serial: str, key: str) -> Row:
    model, slash, rest = serial.partition("/")
    found: Any = kind
    rows = session.scalars(select(kind).where(found.serial == serial)).all()
    if not rows and slash:
        rows = session.scalars(select(kind).where(found.serial == rest, found.model == model)).all()
    if len(rows) > 1:
        models: list[Any] = list(rows)
        choice = " or ".join(f"{row.model}/{row.serial}" for row in models)
        raise _Refused(key, f"serial number {serial!r} is there {len(rows)} times; write {choice}")
    return rows[0] if rows else _named(session, kind, "serial", serial, key)


def _new(session: Session, kind: type[Base], key: str, advice: str, **columns: Any) -> None:
    """Refuse what is there already."""
    if session.scalars(select(kind).filter_by(**columns)).first() is not None:
        name = kind.__tablename__.replace("_", " ")
        shown = " ".join(str(value) for value in columns.values())
        raise _Refused(key, f"{name} {shown!r} is in the register already; {advice}")


@singledispatch
def _row(entry: Any, session: Session) -> Base:
    raise TypeError(f"{type(entry).__name__} is no entry")


@_row.register
def _(entry: LaboratoryEntry, session: Session) -> Base:
    try:
        ZoneInfo(entry.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _Refused("zone", f"{entry.zone!r} is no IANA time zone; write it like Asia/Shanghai") from None
    values = {
        "name_zh": entry.name.zh,
        "name_en": entry.name.en,
        "address_zh": entry.address.zh,
        "address_en": entry.address.en,
        "place_zh": entry.place.zh,
        "place_en": entry.place.en,
        "contact": entry.contact,
        "accreditation": entry.accreditation,
        "zone": entry.zone,
    }
    row = session.get(Laboratory, 1)
    if row is None:
        return Laboratory(id=1, **values)
    for key, value in values.items():
        setattr(row, key, value)
    return row


@_row.register
def _(entry: CustomerEntry, session: Session) -> Base:
    _new(session, Customer, "code", "give another code", code=entry.code)
    return Customer(
        code=entry.code,
        name_zh=entry.name.zh,
        name_en=entry.name.en,
        address_zh=entry.address.zh,
        address_en=entry.address.en,
        contact=entry.contact,
    )


@_row.register
def _(entry: PersonEntry, session: Session) -> Base:
    _new(session, Person, "code", "give another code", code=entry.code)
    return Person(
        code=entry.code,
        name=entry.name,
        active=entry.active,
        public_key=entry.public_key,
        roles=[PersonRole(role=role) for role in sorted(set(entry.roles))],
    )


@_row.register
def _(entry: StandardEntry, session: Session) -> Base:
    identity = {"manufacturer": entry.manufacturer, "model": entry.model, "serial": entry.serial}
    _new(session, Standard, "serial", "add a certificate to it instead", **identity)
    _no_setting_twice("ranges", entry.ranges)
    return Standard(
        name_zh=entry.name.zh,
        name_en=entry.name.en,
        accuracy=entry.accuracy,
        level=entry.level,
        holder=entry.holder,
        simulated=entry.simulated,
        ranges=[StandardRange(setting=r.setting, low=r.low, high=r.high, unit=r.unit) for r in entry.ranges],
        **identity,
    )


@_row.register
def _(entry: CertificateEntry, session: Session) -> Base:
    advice = "a revised certificate has a number of its own"
    _new(session, Certificate, "number", advice, number=entry.number, issuer=entry.issuer)
    standard = _of_serial(session, Standard, entry.standard, "standard")
    if entry.due is None and standard.level == "working":
        raise _Refused("due", f"is missing; {entry.standard} is a working standard, give the last day of its use")
    if not entry.lines:
        raise _Refused("lines", "is empty; give at least one result with U and k")
    for n, line in enumerate(entry.lines):
        _no_setting_twice(f"lines[{n}].ranges", line.ranges)
    return Certificate(
        number=entry.number,
        issuer=entry.issuer,
        standard=standard,
        parent=None if entry.parent is None else _named(session, Certificate, "number", entry.parent, "parent"),
        issued=entry.issued,
        due=entry.due,
        sha256=entry.sha256,
        lines=[
            CertificateLine(
                measurand=line.measurand,
                unit=line.unit,
                U=line.U,
                k=line.k,
                correction=line.correction,
                input=line.input,
                ranges=[LineRange(setting=r.setting, low=r.low, high=r.high, unit=r.unit) for r in line.ranges],
            )
            for line in entry.lines
        ],
    )


@_row.register
def _(entry: DeviceEntry, session: Session) -> Base:
    identity = {"manufacturer": entry.manufacturer, "model": entry.model, "serial": entry.serial}
    _new(session, Device, "serial", "name it in an order by its serial number", **identity)
    return Device(
        accuracy_class=entry.accuracy_class,
        customer=None if entry.customer is None else _named(session, Customer, "code", entry.customer, "customer"),
        markings=entry.markings,
        **identity,
    )


@_row.register
def _(entry: OrderEntry, session: Session) -> Base:
    from bench.catalogue import names

    _new(session, WorkOrder, "number", "give another number", number=entry.number)
    if entry.system not in names():
        near = difflib.get_close_matches(entry.system, names(), n=1)
        advice = f"did you mean {near[0]!r}?" if near else f"known systems: {', '.join(names())}"
        raise _Refused("system", f"no system {entry.system!r}; {advice}")
    people = {}
    for role in ("operator", "checker", "approver"):
        code = getattr(entry, role)
        people[role] = None if code is None else _named(session, Person, "code", code, role)
        if code is not None and not people[role].holds(role):  # type: ignore[union-attr]
            raise _Refused(role, f"{code} does not hold the role {role}, or is not active")
    return WorkOrder(
        number=entry.number,
        system=entry.system,
        received=entry.received,
        customer=None if entry.customer is None else _named(session, Customer, "code", entry.customer, "customer"),
        devices=[
            OrderDevice(position=n, device=_of_serial(session, Device, serial, f"devices[{n - 1}]"))
            for n, serial in enumerate(entry.devices, 1)
        ],
        equipment=[
            OrderEquipment(role=role, standard=_of_serial(session, Standard, serial, f"equipment.{role}"))
            for role, serial in entry.equipment.items()
        ],
        **people,
    )


@_row.register
def _(entry: CheckEntry, session: Session) -> Base:
    _new(session, CheckSeries, "code", "give another code", code=entry.code)
    return CheckSeries(
        code=entry.code,
        standard=_of_serial(session, Standard, entry.standard, "standard"),
        artifact=entry.artifact,
        measurand=entry.measurand,
        unit=entry.unit,
        limit=entry.limit,
        corrected=entry.corrected,
        repeatability=entry.repeatability,
    )


@_row.register
def _(entry: GroupEntry, session: Session) -> Base:
    series = _named(session, CheckSeries, "code", entry.series, "series")
    if any(group.time == entry.time for group in series.groups):
        raise _Refused("time", f"{entry.series} has a check at {entry.time.isoformat()} already")
    return CheckGroup(
        series=series,
        time=entry.time,
        readings=list(entry.readings),
        person=None if entry.person is None else _named(session, Person, "code", entry.person, "person"),
    )


def _no_setting_twice(key: str, ranges: tuple[Range, ...]) -> None:
    settings = [r.setting for r in ranges]
    for setting in settings:
        if settings.count(setting) > 1:
            raise _Refused(key, f"{setting} is there twice; give one range for each setting")
