"""Acts of people that the register keeps: approval of software, waivers of gates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bench.errors import ConfigurationError
from bench.lab.intake import by_code
from bench.lab.models import ROLES, Person, PersonRole, SoftwareApproval, Waiver
from scenarios.record import Override
from uncertainty.text import catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from bench.gates import Gate

APPROVER = "approver"
"""Role that approves software and opens gates: who answers for results answers for what they rest on."""


def person_in(session: Session, code: str, role: str) -> Person:
    """Return a person who holds a role now.

    Raises:
        ConfigurationError: nobody has this code, or the person does not hold the role.
    """
    person = by_code(session, Person, "code", code)
    if not person.holds(role):
        raise ConfigurationError("register", f"person {code}", f"does not hold the role {role}, or is not active")
    return person


def change_person(
    session: Session,
    code: str,
    *,
    roles: Sequence[str] | None = None,
    active: bool | None = None,
    public_key: str | None = None,
) -> None:
    """Change what is known of a person; None leaves it as it is. Nobody is dropped: records name them.

    Raises:
        ConfigurationError: nobody has this code, or a role is unknown.
    """
    person = by_code(session, Person, "code", code)
    if roles is not None:
        unknown = sorted(set(roles) - set(ROLES))
        if unknown:
            raise ConfigurationError("register", f"person {code}", f"no role {unknown[0]!r}; known: {', '.join(ROLES)}")
        held = {row.role: row for row in person.roles}
        person.roles = [held.get(role) or PersonRole(role=role) for role in sorted(set(roles))]
    if active is not None:
        person.active = active
    if public_key is not None:
        person.public_key = public_key


def approve(session: Session, code: str, digest: str, version: str, now: datetime) -> None:
    """Keep that an approver has approved a software version.

    Raises:
        ConfigurationError: the person is no approver, or the version is approved already.
    """
    approver = person_in(session, code, APPROVER)
    known = session.scalars(select(SoftwareApproval).where(SoftwareApproval.digest == digest)).first()
    if known is not None:
        raise ConfigurationError("register", "software", f"{version} ({digest[:16]}) is approved already")
    session.add(SoftwareApproval(digest=digest, version=version, person=approver, time=now))


def waive(session: Session, number: str, gate: Gate, code: str, reason: str, now: datetime) -> Override:
    """Open a closed gate: keep who did, and why; return what the record of the run carries.

    Args:
        session: a writing session; the waiver is durable once it is left.
        number: document number of the run.
        gate: the closed gate.
        code: code of an approver.
        reason: why the run may go on all the same.
        now: the moment, with zone.

    Raises:
        ConfigurationError: the gate is open, or nobody may open it; there is no reason; or the person is no approver.
    """
    key = f"{gate.name} ({gate.subject})"
    if gate.passed:
        raise ConfigurationError("gates", key, "is open already; nothing is to be overridden")
    if not gate.overridable:
        raise ConfigurationError("gates", key, "can be opened by nobody; " + gate.found.en)
    if len(reason.split()) == 0:
        raise ConfigurationError("gates", key, "an override needs its reason; write why the run may go on")
    approver = person_in(session, code, APPROVER)
    session.add(
        Waiver(
            number=number,
            gate=gate.name,
            subject=gate.subject,
            found=gate.found.en,
            required=gate.required.en,
            person=approver,
            person_role=APPROVER,
            reason=reason,
            time=now,
            signature=None,
        )
    )
    session.flush()
    return Override(
        gate=gate.name,
        name=catalogue("bench")[f"gate.name.{gate.name}"],
        subject=gate.subject,
        found=gate.found,
        required=gate.required,
        person=approver.name,
        role=APPROVER,
        reason=reason,
        time=now.isoformat(timespec="seconds"),
    )
