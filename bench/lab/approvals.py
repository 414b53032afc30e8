"""Acts of people that the register keeps: approval of software, waivers of gates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bench.errors import ConfigurationError
from bench.lab.intake import by_code
from bench.lab.models import Person, SoftwareApproval

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


def person_in(session: Session, code: str, role: str) -> Person:
    """Return a person who holds a role now.

    Raises:
        ConfigurationError: nobody has this code, or the person does not hold the role.
    """
    person = by_code(session, Person, "code", code)
    if not person.holds(role):
        raise ConfigurationError("register", f"person {code}", f"does not hold the role {role}, or is not active")
    return person


def approve(session: Session, code: str, digest: str, version: str, now: datetime) -> None:
    """Keep that an approver has approved a software version.

    Raises:
        ConfigurationError: the person is no approver, or the version is approved already.
    """
    approver = person_in(session, code, "approver")
    known = session.scalars(select(SoftwareApproval).where(SoftwareApproval.digest == digest)).first()
    if known is not None:
        raise ConfigurationError("register", "software", f"{version} ({digest[:16]}) is approved already")
    session.add(SoftwareApproval(digest=digest, version=version, person=approver, time=now))
