"""What a run takes from the register in place of the station file: who measures, with what, and which device."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import select

from bench import laboratory as station_laboratory
from bench.errors import ConfigurationError
from bench.lab.holding import Holding, holding
from bench.lab.intake import by_code
from bench.lab.models import Customer, Device, Laboratory, OrderDevice, SoftwareApproval, Standard, WorkOrder
from scenarios.record import CertificateReference, Party, People
from uncertainty.text import Text

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from scenarios.sheet import Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Provided:
    """Hold what the register gives to a run."""

    order: str
    """Number of the work order."""
    laboratory: station_laboratory.Laboratory
    """What a station file would say."""
    holdings: dict[str, Holding]
    """Role -> instrument with its certificate, for the gates."""
    zone: ZoneInfo
    """Time zone of the laboratory: a due date ends at its midnight."""
    approved: frozenset[str]
    """Digests of the software versions that the laboratory has approved."""


def serials_of(session: Session, order: str) -> tuple[str, ...]:
    """Return the serial numbers of an order's devices, by position.

    Raises:
        ConfigurationError: there is no such order.
    """
    row = by_code(session, WorkOrder, "number", order)
    return tuple(placed.device.serial for placed in row.devices)


def laboratory_row(session: Session) -> Laboratory:
    """Return who the laboratory is.

    Raises:
        ConfigurationError: nobody has entered it yet.
    """
    row = session.get(Laboratory, 1)
    if row is None:
        raise ConfigurationError(
            "register", "laboratory", "is missing; import a file with [laboratory] name, address, place and zone"
        )
    return row


def laboratory_of(
    session: Session, sheet: Sheet, order: str, serial: str | None = None, now: datetime | None = None
) -> station_laboratory.Laboratory:
    """Return what a station file would say, from the register (see `provide`)."""
    return provide(session, sheet, order, serial, now).laboratory


def provide(
    session: Session, sheet: Sheet, order: str, serial: str | None = None, now: datetime | None = None
) -> Provided:
    """Return all that a run takes from the register.

    Args:
        session: a session of the register.
        sheet: data sheet of the system.
        order: number of the work order.
        serial: serial number of its device; None where the order has one device only.
        now: the moment, with zone, for which certificates are chosen; None for the present.

    Raises:
        ConfigurationError: order, device or standard is missing or ambiguous, or the order is for another system.
    """
    row = by_code(session, WorkOrder, "number", order)
    if row.system != sheet.system:
        raise ConfigurationError("register", f"order {order}", f"is for {row.system}, not for {sheet.system}")
    lab = laboratory_row(session)
    zone = ZoneInfo(lab.zone)
    today = (now or datetime.now(zone)).astimezone(zone).date()
    placed = _placed(row, serial)
    holdings = {role: holding(_standard(session, sheet, row, role), today) for role in sheet.roles if role != "device"}
    customer = row.customer or placed.device.customer
    return Provided(
        order=order,
        laboratory=station_laboratory.Laboratory(
            name=Text(zh=lab.name_zh, en=lab.name_en),
            address=Text(zh=lab.address_zh, en=lab.address_en),
            place=Text(zh=lab.place_zh, en=lab.place_en),
            contact=lab.contact,
            accreditation=lab.accreditation,
            customer=None if customer is None else _party(customer),
            people=People(
                operator=None if row.operator is None else row.operator.name,
                checker=None if row.checker is None else row.checker.name,
                approver=None if row.approver is None else row.approver.name,
            ),
            equipment={role: _known(of) for role, of in holdings.items()},
            device=_nameplate(placed.device),
        ),
        holdings=holdings,
        zone=zone,
        approved=frozenset(session.scalars(select(SoftwareApproval.digest))),
    )


def _placed(order: WorkOrder, serial: str | None) -> OrderDevice:
    of = {placed.device.serial: placed for placed in order.devices}
    if serial is None and len(of) == 1:
        return order.devices[0]
    if serial in of:
        return of[serial]
    named = "has several devices" if serial is None else f"has no device {serial}"
    raise ConfigurationError("register", f"order {order.number}", f"{named}; name one of {', '.join(of)}")


def _standard(session: Session, sheet: Sheet, order: WorkOrder, role: str) -> Standard:
    """Return the standard that serves a role: the order's choice, or the only one of a fitting model."""
    for named in order.equipment:
        if named.role == role:
            return named.standard
    models = sheet.roles[role].models
    query = select(Standard).where(Standard.level == "working", Standard.model.in_(models)).order_by(Standard.id)
    fitting = session.scalars(query).all()
    if len(fitting) == 1:
        return fitting[0]
    key = f"order {order.number}: equipment.{role}"
    if fitting:
        choice = ", ".join(f"{standard.model}/{standard.serial}" for standard in fitting)
        raise ConfigurationError("register", key, f"several standards fit; name one in the order: {choice}")
    wanted = " or ".join(models) or sheet.roles[role].name.en
    raise ConfigurationError("register", key, f"no standard of model {wanted}; add it, or name one in the order")


def _known(of: Holding) -> station_laboratory.Standard:
    certificate: CertificateReference | None = None
    if of.certificate is not None and of.certificate.due is not None:
        certificate = CertificateReference(
            number=of.certificate.number, issuer=of.certificate.issuer, due=of.certificate.due.isoformat()
        )
    return station_laboratory.Standard(
        measuring_range=of.measuring_range, accuracy=of.stated, serial=of.serial, certificate=certificate
    )


def _party(customer: Customer) -> Party:
    return Party(
        name=Text(zh=customer.name_zh, en=customer.name_en),
        address=Text(zh=customer.address_zh, en=customer.address_en),
        contact=customer.contact,
    )


def _nameplate(device: Device) -> dict[str, Any]:
    return {
        "manufacturer": device.manufacturer,
        "model": device.model,
        "serial": device.serial,
        "accuracy_class": device.accuracy_class,
        **device.markings,
    }


def today_of(session: Session, now: datetime) -> date:
    """Return the laboratory's date at a moment."""
    return now.astimezone(ZoneInfo(laboratory_row(session).zone)).date()


def station_section(provided: Provided) -> dict[str, Any]:
    """Return what the register gives as the `[laboratory]` table of a station file."""
    section = msgspec.to_builtins(provided.laboratory)
    if not isinstance(section, dict):
        raise TypeError("a laboratory is a table")
    return section
