"""The `laboratory:` part of a station: who measures, with which certificates, and what device is on the bench."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from bench.errors import ConfigurationError
from scenarios.record import CertificateReference, Party, People
from scenarios.references import Reference
from scenarios.sheet import SheetError, decode
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenarios.sheet import Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """Say what a laboratory knows of the instrument that stands behind a role."""

    measuring_range: str
    """Range in which it may be used."""
    accuracy: str
    """Class, MPE or expanded uncertainty as its certificate states it."""
    serial: str | None = None
    """Serial number that must answer; None if any of the model will do."""
    certificate: CertificateReference | None = None
    """Its certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Describe one place for a device under test on a bench that has many."""

    role: str
    """Role under which the station gives its address."""
    channel: int
    """Input of the shared instruments for this position, from 1."""
    device: dict[str, Any]
    """Markings of the device, in the shape of the scenario's `Nameplate`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Laboratory:
    """Hold what a station file says about the laboratory."""

    name: Text
    """Name of the laboratory."""
    address: Text
    """Address."""
    place: Text
    """Where the measurement is made."""
    contact: str | None = None
    """Telephone or mail."""
    accreditation: str | None = None
    """Accreditation or authorisation number."""
    customer: Party | None = None
    """For whom."""
    people: People = field(default_factory=People)
    """Who measures, checks, approves."""
    equipment: dict[str, Standard] = field(default_factory=dict)
    """Role -> what is known of its instrument."""
    device: dict[str, Any] = field(default_factory=dict)
    """Markings of the device under test, in the shape of the scenario's `Nameplate`."""
    references: dict[str, Reference] = field(default_factory=dict)
    """References with certified values (gas mixtures, weights, nozzles), by the names that the procedure uses."""
    positions: dict[str, Position] = field(default_factory=dict)
    """Position -> device, on a bench with many; then `device` is not used."""

    @property
    def party(self) -> Party:
        """Return who measures, as the record keeps it."""
        return Party(name=self.name, address=self.address, contact=self.contact, accreditation=self.accreditation)


def read(data: Mapping[str, Any], source: str) -> Laboratory:
    """Decode the laboratory of a station.

    Raises:
        ConfigurationError: a key is missing, unknown or of the wrong type.
    """
    try:
        return decode(data, Laboratory, "laboratory")
    except SheetError as problem:
        raise ConfigurationError(source, problem.key, problem.why) from None


def check_certificates(laboratory: Laboratory, sheet: Sheet, today: date, source: str) -> None:
    """Refuse a standard or reference without a certificate, or with one whose due date has passed.

    Raises:
        ConfigurationError: names the role and the remedy.
    """
    for role, wanted in sheet.roles.items():
        if role == "device":
            continue
        standard = laboratory.equipment.get(role)
        key = f"laboratory.equipment.{role}"
        if standard is None:
            raise ConfigurationError(source, key, "missing; say what the laboratory knows of this instrument")
        if not wanted.needs_certificate:
            continue
        if standard.certificate is None:
            raise ConfigurationError(source, f"{key}.certificate", "missing; this role takes part in traceability")
        _check_due(standard.certificate, today, source, f"{key}.certificate.due")
    for name, reference in laboratory.references.items():
        _check_due(reference.certificate, today, source, f"laboratory.references.{name}.certificate.due")


def _check_due(certificate: CertificateReference, today: date, source: str, key: str) -> None:
    try:
        due = date.fromisoformat(certificate.due)
    except ValueError:
        raise ConfigurationError(source, key, f"{certificate.due!r} is not a date like 2027-06-30") from None
    if due < today:
        raise ConfigurationError(source, key, f"calibration was due on {due}; use another standard or recalibrate")
