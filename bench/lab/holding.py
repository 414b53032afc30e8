"""What the laboratory knows of an instrument, as plain data: gates and traces judge it without a database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from bench.lab.entries import Line, Range

if TYPE_CHECKING:
    from bench.lab.models import Certificate, CertificateLine, LineRange, Standard, StandardRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Hold one certificate."""

    number: str
    """Number."""
    issuer: str
    """Issuing laboratory."""
    issued: date
    """Date of issue."""
    due: date | None
    """Last day on which the standard may be used."""
    lines: tuple[Line, ...]
    """Results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Hold one instrument with the certificate that is valid for it."""

    manufacturer: str
    """Manufacturer."""
    model: str
    """Model."""
    serial: str
    """Serial number."""
    accuracy: str
    """Class or MPE as its maker states it."""
    simulated: bool
    """Whether it is a twin."""
    ranges: tuple[Range, ...]
    """Ranges as its maker states them."""
    certificate: Held | None
    """The newest certificate; None where there is none."""

    @property
    def measuring_range(self) -> str:
        """Return the ranges as a record prints them, e.g. "0 V to 1500 V; 0 A to 600 A"."""
        return "; ".join(f"{r.low:g} {r.unit} to {r.high:g} {r.unit}" for r in self.ranges)

    @property
    def stated(self) -> str:
        """Return accuracy and U as a record prints them, e.g. "class 0.05; U = 0.02 % (k = 2)"."""
        lines = () if self.certificate is None else self.certificate.lines
        # Lines of one certificate often differ by their range alone.
        U = dict.fromkeys(f"U = {line.U:g} {line.unit} (k = {line.k:g})" for line in lines)
        return "; ".join([*([self.accuracy] if self.accuracy else []), *U])


def held(certificate: Certificate) -> Held:
    """Return a certificate as plain data."""
    return Held(
        number=certificate.number,
        issuer=certificate.issuer,
        issued=certificate.issued,
        due=certificate.due,
        lines=tuple(line(row) for row in certificate.lines),
    )


def line(row: CertificateLine) -> Line:
    """Return a line of a certificate as plain data."""
    return Line(
        measurand=row.measurand,
        unit=row.unit,
        U=row.U,
        k=row.k,
        correction=row.correction,
        input=row.input,
        ranges=tuple(_range(r) for r in row.ranges),
    )


def newest(standard: Standard, today: date) -> Certificate | None:
    """Return the newest certificate of a standard that was issued by a day; None if there is none yet."""
    issued = [certificate for certificate in standard.certificates if certificate.issued <= today]
    return issued[-1] if issued else None


def holding(standard: Standard, today: date) -> Holding:
    """Return a standard as plain data, with its newest certificate on a day."""
    certificate = newest(standard, today)
    return Holding(
        manufacturer=standard.manufacturer,
        model=standard.model,
        serial=standard.serial,
        accuracy=standard.accuracy,
        simulated=standard.simulated,
        ranges=tuple(_range(r) for r in standard.ranges),
        certificate=None if certificate is None else held(certificate),
    )


def _range(row: StandardRange | LineRange) -> Range:
    return Range(setting=row.setting, low=row.low, high=row.high, unit=row.unit)
