"""The laboratory's register as the authority on who holds which role today, beyond what a certificate says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from bench.lab.models import Person
from bench.lab.register import Register
from bench.signing.keys import public_key_of

if TYPE_CHECKING:
    from cryptography import x509


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Look people up in the laboratory's register; implements `bench.signing.statements.People`."""

    register: Register
    """The open register."""

    def roles(self, name: str, certificate: x509.Certificate) -> frozenset[str]:
        """Return the roles that a person holds today.

        Empty for nobody known, for somebody who has left, for two people of one name, and for a certificate whose key
        is not the one that the register holds for the person.
        """
        with self.register.reading() as session:
            found = session.scalars(select(Person).where(Person.name == name)).all()
            if len(found) != 1 or not found[0].active:
                return frozenset()
            person = found[0]
            if person.public_key and person.public_key != public_key_of(certificate):
                return frozenset()
            return frozenset(held.role for held in person.roles)
