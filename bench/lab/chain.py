"""The chain of traceability (量传溯源) of a result: from the national standard down to the device under test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import select

from bench.lab.models import Certificate, Standard
from uncertainty.text import Text

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from scenarios.record import Equipment, RunRecord


class State(StrEnum):
    """Whether a certificate was valid on the day it was relied on."""

    VALID = "valid"
    """It was."""
    EXPIRED = "expired"
    """Its due date had passed."""
    EARLY = "early"
    """It had not been issued yet."""
    UNKNOWN = "unknown"
    """The register does not know it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Hold one step up the chain: an instrument, and the certificate by which it hangs on the one above it."""

    level: str
    """"national", "reference" or "working"."""
    name: Text
    """Kind of instrument."""
    identity: str
    """Manufacturer, model and serial number."""
    holder: str | None
    """Who holds it; None for the laboratory itself."""
    number: str | None
    """Number of its certificate."""
    issuer: str | None
    """Who issued it."""
    issued: date | None
    """When; None where the register does not know the certificate."""
    due: date | None
    """Last day of its use; None where it has none."""
    U: tuple[str, ...]
    """Expanded uncertainties that it states, e.g. "energy: U = 0.02 % (k = 2)"."""
    state: State
    """Whether it was valid on the day it was relied on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """Hold the chain above one role of the record."""

    role: str
    """Role in the system, e.g. "standard"."""
    steps: tuple[Step, ...]
    """From the bench upwards."""

    @property
    def complete(self) -> bool:
        """Return whether it reaches a national standard through valid certificates."""
        return self.steps[-1].level == "national" and all(step.state is State.VALID for step in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Hold the chain of traceability of a record."""

    number: str
    """Document number."""
    simulated: bool
    """Whether the record is of a simulation."""
    device: str
    """Device under test: manufacturer, model and serial number."""
    device_name: Text
    """Kind of device."""
    laboratory: Text
    """Who measured."""
    measured: date
    """When."""
    U: str
    """Expanded uncertainty of its results, e.g. "U = 0.027 % … 0.081 % (k = 2.00)"."""
    branches: tuple[Branch, ...]
    """One for each role that takes part in traceability."""

    @property
    def complete(self) -> bool:
        """Return whether every branch reaches a national standard."""
        return bool(self.branches) and all(branch.complete for branch in self.branches)


def chain_of(session: Session, record: RunRecord) -> Chain:
    """Return the chain of traceability of a record, as far as the register knows it."""
    measured = datetime.fromisoformat(record.started).date()
    device = record.device
    return Chain(
        number=record.number,
        simulated=record.simulated,
        device=f"{device.manufacturer} {device.model} no. {device.serial}",
        device_name=device.name,
        laboratory=record.laboratory.name,
        measured=measured,
        U=_uncertainty(record),
        branches=tuple(
            Branch(role=equipment.role, steps=_steps(session, equipment, measured))
            for equipment in record.equipment
            if equipment.certificate is not None
        ),
    )


def _uncertainty(record: RunRecord) -> str:
    points = [point for item in record.items for point in item.points]
    if not points:
        return ""
    smallest, largest = (pick(points, key=lambda p: p.U).reported.U for pick in (min, max))
    k = ", ".join(sorted({point.reported.k for point in points}))
    span = smallest if smallest == largest else f"{smallest} … {largest}"
    return f"U = {span} {record.measurand.unit} (k = {k})"


def _steps(session: Session, equipment: Equipment, measured: date) -> tuple[Step, ...]:
    reference = equipment.certificate
    if reference is None:
        raise ValueError(f"{equipment.role} takes no part in traceability")
    certificate = session.scalars(
        select(Certificate)
        .join(Standard)
        .where(
            Certificate.number == reference.number,
            Certificate.issuer == reference.issuer,
            Standard.model == equipment.model,
            Standard.serial == equipment.serial,
        )
    ).first()
    if certificate is None:
        # All that is known stands in the record itself.
        unknown = Step(
            level="working",
            name=equipment.name,
            identity=f"{equipment.manufacturer} {equipment.model} no. {equipment.serial}",
            holder=None,
            number=reference.number,
            issuer=reference.issuer,
            issued=None,
            due=date.fromisoformat(reference.due),
            U=(equipment.accuracy,),
            state=State.UNKNOWN,
        )
        return (unknown,)
    steps = []
    relied, above = measured, certificate
    while True:
        steps.append(_step(above, relied))
        # A certificate cannot name itself through others: its parent was there before it, and none is ever changed.
        if above.parent is None:
            return tuple(steps)
        relied, above = above.issued, above.parent


def _step(certificate: Certificate, relied: date) -> Step:
    standard = certificate.standard
    state = State.VALID
    if certificate.issued > relied:
        state = State.EARLY
    elif certificate.due is not None and certificate.due < relied:
        state = State.EXPIRED
    return Step(
        level=standard.level,
        name=standard.name,
        identity=f"{standard.manufacturer} {standard.model} no. {standard.serial}",
        holder=standard.holder,
        number=certificate.number,
        issuer=certificate.issuer,
        issued=certificate.issued,
        due=certificate.due,
        U=tuple(dict.fromkeys(f"{n.measurand}: U = {n.U:g} {n.unit} (k = {n.k:g})" for n in certificate.lines)),
        state=state,
    )
