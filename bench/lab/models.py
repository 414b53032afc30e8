"""The tables of the register.

    laboratory   one row: who we are, and in which time zone a due date ends
    customer ─< device
    person ─< person_role
    standard ─< standard_range
       └─< certificate ─< certificate_line ─< line_range      (a certificate names its parent certificate)
    work_order ─< order_device, order_equipment
    record ─< record_use (which standard and certificate served it)
    waiver (an overridden gate), approval (of a software version)
    check_series ─< check_group

Certificates, records and waivers are never changed: a revised certificate is a new row. Triggers hold that.
"""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003  SQLAlchemy reads the annotations
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bench.lab.columns import Base as Base
from uncertainty.text import Text

LEVELS = ("national", "reference", "working")
"""Places of a standard in the chain of traceability, from the top."""
ROLES = ("operator", "checker", "approver")
"""Roles of people: 检定/校准员, 核验员, 批准人."""


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Laboratory(Base):
    """Hold who the laboratory is; one row."""

    __tablename__ = "laboratory"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    address_zh: Mapped[str]
    address_en: Mapped[str]
    place_zh: Mapped[str]
    place_en: Mapped[str]
    contact: Mapped[str | None]
    accreditation: Mapped[str | None]
    zone: Mapped[str]


class Customer(Base):
    """Hold a customer."""

    __tablename__ = "customer"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    address_zh: Mapped[str]
    address_en: Mapped[str]
    contact: Mapped[str | None]


class Person(Base):
    """Hold a member of the staff; `public_key` verifies what they sign."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    active: Mapped[bool]
    public_key: Mapped[str | None]
    roles: Mapped[list[PersonRole]] = relationship(cascade="all, delete-orphan", order_by="PersonRole.role")

    def holds(self, role: str) -> bool:
        """Say whether the person holds a role now."""
        return self.active and any(held.role == role for held in self.roles)


class PersonRole(Base):
    """Hold one role of a person."""

    __tablename__ = "person_role"
    __table_args__ = (CheckConstraint(_one_of("role", ROLES), name="role"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)


class Standard(Base):
    """Hold a measurement standard or an auxiliary instrument, ours or one above ours in the chain."""

    __tablename__ = "standard"
    __table_args__ = (
        UniqueConstraint("manufacturer", "model", "serial", name="uq_standard_identity"),
        CheckConstraint(_one_of("level", LEVELS), name="level"),
        CheckConstraint("serial <> ''", name="serial"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    manufacturer: Mapped[str]
    model: Mapped[str]
    serial: Mapped[str] = mapped_column(index=True)
    accuracy: Mapped[str]
    level: Mapped[str]
    holder: Mapped[str | None]
    simulated: Mapped[bool]
    ranges: Mapped[list[StandardRange]] = relationship(cascade="all, delete-orphan", order_by="StandardRange.id")
    certificates: Mapped[list[Certificate]] = relationship(
        back_populates="standard", order_by="Certificate.issued, Certificate.id"
    )

    @property
    def name(self) -> Text:
        """Return the kind of instrument."""
        return Text(zh=self.name_zh, en=self.name_en)


class StandardRange(Base):
    """Hold the range of a standard for one setting, as its maker states it."""

    __tablename__ = "standard_range"
    __table_args__ = (
        UniqueConstraint("standard_id", "setting", name="uq_standard_range_setting"),
        CheckConstraint("low <= high", name="order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    standard_id: Mapped[int] = mapped_column(ForeignKey("standard.id"))
    setting: Mapped[str]
    low: Mapped[float]
    high: Mapped[float]
    unit: Mapped[str]


class Certificate(Base):
    """Hold a certificate of a standard; `parent` is the one of the standard it was calibrated against."""

    __tablename__ = "certificate"
    __table_args__ = (
        UniqueConstraint("issuer", "number", name="uq_certificate_identity"),
        CheckConstraint("due IS NULL OR issued <= due", name="dates"),
        CheckConstraint("parent_id IS NULL OR parent_id <> id", name="parent"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(index=True)
    issuer: Mapped[str]
    standard_id: Mapped[int] = mapped_column(ForeignKey("standard.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"))
    issued: Mapped[date]
    due: Mapped[date | None]
    sha256: Mapped[str | None]
    standard: Mapped[Standard] = relationship(back_populates="certificates")
    parent: Mapped[Certificate | None] = relationship(remote_side="Certificate.id")
    lines: Mapped[list[CertificateLine]] = relationship(order_by="CertificateLine.id")


class CertificateLine(Base):
    """Hold one result of a certificate: U, k and correction of a measurand within its ranges."""

    __tablename__ = "certificate_line"
    __table_args__ = (CheckConstraint('"U" > 0', name="U"), CheckConstraint("k > 0", name="k"))

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    measurand: Mapped[str]
    unit: Mapped[str]
    U: Mapped[float]
    k: Mapped[float]
    correction: Mapped[float]
    input: Mapped[str | None]
    ranges: Mapped[list[LineRange]] = relationship(order_by="LineRange.id")


class LineRange(Base):
    """Hold the range of one setting within which a line of a certificate holds."""

    __tablename__ = "line_range"
    __table_args__ = (
        UniqueConstraint("line_id", "setting", name="uq_line_range_setting"),
        CheckConstraint("low <= high", name="order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("certificate_line.id"))
    setting: Mapped[str]
    low: Mapped[float]
    high: Mapped[float]
    unit: Mapped[str]


class Device(Base):
    """Hold a device under test; `markings` is the rest of its nameplate, in the shape of its system's scenario."""

    __tablename__ = "device"
    __table_args__ = (UniqueConstraint("manufacturer", "model", "serial", name="uq_device_identity"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    manufacturer: Mapped[str]
    model: Mapped[str]
    serial: Mapped[str] = mapped_column(index=True)
    accuracy_class: Mapped[str]
    markings: Mapped[dict[str, Any]] = mapped_column(JSON)
    customer: Mapped[Customer | None] = relationship()


class WorkOrder(Base):
    """Hold a work order: devices of a customer to be measured by one system."""

    __tablename__ = "work_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    system: Mapped[str]
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    received: Mapped[date]
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    checker_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    customer: Mapped[Customer | None] = relationship()
    operator: Mapped[Person | None] = relationship(foreign_keys=[operator_id])
    checker: Mapped[Person | None] = relationship(foreign_keys=[checker_id])
    approver: Mapped[Person | None] = relationship(foreign_keys=[approver_id])
    devices: Mapped[list[OrderDevice]] = relationship(order_by="OrderDevice.position")
    equipment: Mapped[list[OrderEquipment]] = relationship(order_by="OrderEquipment.role")


class OrderDevice(Base):
    """Place a device on an order."""

    __tablename__ = "order_device"
    __table_args__ = (UniqueConstraint("order_id", "position", name="uq_order_device_position"),)

    order_id: Mapped[int] = mapped_column(ForeignKey("work_order.id"), primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), primary_key=True)
    position: Mapped[int]
    device: Mapped[Device] = relationship()


class OrderEquipment(Base):
    """Name the standard that serves a role of the order's system."""

    __tablename__ = "order_equipment"

    order_id: Mapped[int] = mapped_column(ForeignKey("work_order.id"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    standard_id: Mapped[int] = mapped_column(ForeignKey("standard.id"))
    standard: Mapped[Standard] = relationship()


class Record(Base):
    """Hold where a record lies and what it is; the record itself is a file, `digest` its SHA-256."""

    __tablename__ = "record"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    system: Mapped[str]
    order_id: Mapped[int | None] = mapped_column(ForeignKey("work_order.id"))
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"))
    device_serial: Mapped[str]
    verdict: Mapped[str]
    simulated: Mapped[bool]
    started: Mapped[datetime]
    digest: Mapped[str]
    path: Mapped[str]
    order: Mapped[WorkOrder | None] = relationship()
    uses: Mapped[list[RecordUse]] = relationship(order_by="RecordUse.role")


class RecordUse(Base):
    """Say which instrument and certificate served a role of a record; keys only where the register knows them."""

    __tablename__ = "record_use"

    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    serial: Mapped[str] = mapped_column(index=True)
    certificate_number: Mapped[str | None]
    standard_id: Mapped[int | None] = mapped_column(ForeignKey("standard.id"))
    certificate_id: Mapped[int | None] = mapped_column(ForeignKey("certificate.id"))
    standard: Mapped[Standard | None] = relationship()
    certificate: Mapped[Certificate | None] = relationship()


class Waiver(Base):
    """Hold an overridden gate: who, in which role, why and when; `signature` is over the rest.

    It is kept before anything is energised, so it names the document number and not the record, which comes later.
    """

    __tablename__ = "waiver"
    __table_args__ = (
        CheckConstraint(_one_of("person_role", ROLES), name="role"),
        CheckConstraint("reason <> ''", name="reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(index=True)
    gate: Mapped[str]
    subject: Mapped[str]
    found: Mapped[str]
    required: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person_role: Mapped[str]
    reason: Mapped[str]
    time: Mapped[datetime]
    signature: Mapped[str | None]
    person: Mapped[Person] = relationship()


class SoftwareApproval(Base):
    """Hold a software version that the laboratory has validated and approved for use."""

    __tablename__ = "software_approval"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    version: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    time: Mapped[datetime]
    person: Mapped[Person] = relationship()


class CheckSeries(Base):
    """Hold a series of intermediate checks (期间核查) of a standard with one check standard."""

    __tablename__ = "check_series"
    __table_args__ = (CheckConstraint('"limit" > 0', name="limit"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    standard_id: Mapped[int] = mapped_column(ForeignKey("standard.id"))
    artifact: Mapped[str]
    measurand: Mapped[str]
    unit: Mapped[str]
    limit: Mapped[float]
    corrected: Mapped[bool]
    repeatability: Mapped[float | None]
    standard: Mapped[Standard] = relationship()
    groups: Mapped[list[CheckGroup]] = relationship(back_populates="series", order_by="CheckGroup.time")


class CheckGroup(Base):
    """Hold the readings of one intermediate check, taken under repeatability conditions."""

    __tablename__ = "check_group"
    __table_args__ = (UniqueConstraint("series_id", "time", name="uq_check_group_time"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("check_series.id"))
    time: Mapped[datetime]
    readings: Mapped[list[float]] = mapped_column(JSON)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    series: Mapped[CheckSeries] = relationship(back_populates="groups")
    person: Mapped[Person | None] = relationship()
