"""What may be entered into the register: the shape of its TOML tables, decoded strictly.

Each name of a field is the key in TOML and the column in CSV (nested ones joined by dots, e.g. `name.zh`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from bench.errors import ConfigurationError
from scenarios.sheet import SheetError, decode
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

Level = Literal["national", "reference", "working"]
Role = Literal["operator", "checker", "approver"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Hold the range of one setting; a negative bound is meant: a range from 0 does not cover the other direction."""

    setting: str
    """Setting of a test point, e.g. "current", or reading of the environment, e.g. "temperature"."""
    low: float
    """Smallest value covered, in `unit`."""
    high: float
    """Largest value covered, in `unit`."""
    unit: str
    """Unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Hold one result of a certificate."""

    measurand: str
    """What U and correction belong to, e.g. "energy"."""
    unit: str
    """Unit of U and correction, e.g. "%"."""
    U: float
    """Expanded uncertainty, in `unit`."""
    k: float
    """Coverage factor of U."""
    correction: float = 0.0
    """Correction (VIM 2.53): what is added to the standard's indication, in `unit`."""
    input: str | None = None
    """Symbol of the input quantity of the budget through which this line enters a result, e.g. "d_cal"."""
    ranges: tuple[Range, ...] = ()
    """Where the line holds; a setting that is not named does not matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratoryEntry:
    """Describe the laboratory."""

    name: Text
    """Name."""
    address: Text
    """Address."""
    place: Text
    """Where measurements are made."""
    zone: str
    """IANA time zone in which a due date ends, e.g. "Asia/Shanghai"."""
    contact: str | None = None
    """Telephone or mail."""
    accreditation: str | None = None
    """Accreditation or authorisation number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerEntry:
    """Describe a customer."""

    code: str
    """Short name, unique."""
    name: Text
    """Name."""
    address: Text
    """Address."""
    contact: str | None = None
    """Telephone or mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonEntry:
    """Describe a member of the staff."""

    code: str
    """Short name, unique, e.g. a staff number."""
    name: str
    """Name as printed."""
    roles: tuple[Role, ...]
    """Roles; a person may hold several."""
    active: bool = True
    """Whether the person may act now."""
    public_key: str | None = None
    """Key that verifies what the person signs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardEntry:
    """Describe a measurement standard or an auxiliary instrument."""

    name: Text
    """Kind of instrument."""
    manufacturer: str
    """Manufacturer, as its identity reads."""
    model: str
    """Model, as its identity reads."""
    serial: str
    """Serial number, as its identity reads."""
    accuracy: str = ""
    """Class or MPE as its maker states it, e.g. "class 0.05"; empty where only its certificate says."""
    level: Level = "working"
    """Place in the chain of traceability."""
    holder: str | None = None
    """Who holds it, where it is not ours."""
    simulated: bool = False
    """Whether it is a twin."""
    ranges: tuple[Range, ...] = ()
    """Ranges as its maker states them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateEntry:
    """Describe a certificate of a standard."""

    number: str
    """Number."""
    issuer: str
    """Issuing laboratory."""
    standard: str
    """Serial number of its standard; "model/serial" where two share a serial number."""
    issued: date
    """Date of issue."""
    due: date | None = None
    """Calibration due date: the last day on which it may be used; left out only for a standard that is not ours."""
    parent: str | None = None
    """Number of the certificate of the standard against which it was calibrated."""
    sha256: str | None = None
    """SHA-256 of the certificate's file."""
    lines: tuple[Line, ...] = ()
    """Results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEntry:
    """Describe a device under test."""

    manufacturer: str
    """Manufacturer."""
    model: str
    """Model."""
    serial: str
    """Serial number."""
    accuracy_class: str
    """Accuracy class as marked."""
    customer: str | None = None
    """Code of its owner."""
    markings: dict[str, Any] = field(default_factory=dict)
    """The rest of its nameplate, in the shape of its system's `Nameplate`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEntry:
    """Describe a work order."""

    number: str
    """Number, unique."""
    system: str
    """System that measures, e.g. "dc_energy"."""
    received: date
    """Date of receipt."""
    devices: tuple[str, ...]
    """Serial numbers of its devices, in the order of their positions."""
    customer: str | None = None
    """Code of the customer."""
    equipment: dict[str, str] = field(default_factory=dict)
    """Role of the system -> serial number of the standard that serves it; by model where a role is left out."""
    operator: str | None = None
    """Code of the operator."""
    checker: str | None = None
    """Code of the checker."""
    approver: str | None = None
    """Code of the approver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckEntry:
    """Describe a series of intermediate checks."""

    code: str
    """Short name, unique."""
    standard: str
    """Serial number of the standard that is checked."""
    artifact: str
    """Check standard (核查标准): what is measured each time."""
    measurand: str
    """What is measured."""
    unit: str
    """Unit of the readings and limits."""
    limit: float
    """|MPE| of a standard used by nominal value or class; U (k = 2) of its correction where `corrected`, in `unit`."""
    corrected: bool = False
    """Whether the standard is used with corrections."""
    repeatability: float | None = None
    """Experimental standard deviation that the budget uses, in `unit`; None before there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupEntry:
    """Describe one intermediate check."""

    series: str
    """Code of its series."""
    time: datetime
    """When, with zone."""
    readings: tuple[float, ...]
    """Readings under repeatability conditions, in the unit of the series."""
    person: str | None = None
    """Code of who made it."""


_LARGEST = 1e300
"""Numbers from here on are slips of the keyboard; some databases cannot keep them."""

Entry: TypeAlias = (
    LaboratoryEntry
    | CustomerEntry
    | PersonEntry
    | StandardEntry
    | CertificateEntry
    | DeviceEntry
    | OrderEntry
    | CheckEntry
    | GroupEntry
)

KINDS: dict[str, type[Any]] = {
    "laboratory": LaboratoryEntry,
    "customer": CustomerEntry,
    "person": PersonEntry,
    "standard": StandardEntry,
    "certificate": CertificateEntry,
    "device": DeviceEntry,
    "order": OrderEntry,
    "check": CheckEntry,
    "group": GroupEntry,
}
"""Table -> shape of its entries, in an order in which every name is known before it is used."""


def entry_of(table: str, data: Mapping[str, Any], source: str) -> Any:
    """Decode one entry.

    Raises:
        ConfigurationError: the table is unknown, or a key is missing, unknown, empty or out of range.
    """
    if table not in KINDS:
        raise ConfigurationError(source, table, f"unknown table; known: {', '.join(KINDS)}")
    try:
        entry = decode(data, KINDS[table], table)
    except SheetError as problem:
        why = problem.why + ("; write it like 2026-01-10" if problem.why == "Invalid RFC3339 encoded date" else "")
        raise ConfigurationError(source, problem.key, why) from None
    for key, why in _faults(entry):
        raise ConfigurationError(source, f"{table}.{key}", why)
    return entry


def _faults(entry: Any) -> list[tuple[str, str]]:
    """Return what the types let through: empty names, NaN, ranges upside down, moments without zone."""
    found = [
        (name, "is empty; give its value")
        for name in ("number", "code", "serial", "model", "manufacturer", "issuer", "system", "artifact", "unit")
        if getattr(entry, name, "-").strip() == ""
    ]
    found += _unwritable(entry)
    for key, value in _numbers(entry):
        if not (math.isfinite(value) and abs(value) < _LARGEST):
            found.append((key, f"{value} is no number that can be used; give a finite one"))
        elif key.rpartition(".")[2] in ("U", "k", "limit", "repeatability") and value <= 0:
            found.append((key, f"{value:g} must be positive"))
    found += [
        (key, f"low = {r.low:g} exceeds high = {r.high:g} {r.unit}; exchange them")
        for key, r in _ranges(entry)
        if r.low > r.high
    ]
    if isinstance(entry, CertificateEntry) and entry.due is not None and entry.due < entry.issued:
        found.append(("due", f"{entry.due} is before the date of issue {entry.issued}"))
    if isinstance(entry, GroupEntry):
        if entry.time.tzinfo is None:
            found.append(
                ("time", f"{entry.time.isoformat()} has no time zone; write it like 2026-05-04T09:00:00+08:00")
            )
        if len(entry.readings) < 2:
            found.append(("readings", f"{len(entry.readings)} reading(s); a check needs at least 2"))
    if isinstance(entry, OrderEntry):
        twice = sorted({serial for serial in entry.devices if entry.devices.count(serial) > 1})
        if twice or not entry.devices:
            found.append(("devices", f"{twice[0]} is there twice" if twice else "is empty; name at least one device"))
    if isinstance(entry, PersonEntry) and not entry.roles:
        found.append(("roles", "is empty; give operator, checker or approver"))
    return found


def _unwritable(entry: Any) -> list[tuple[str, str]]:
    """Return the texts that no database keeps, and the markings that no nameplate has."""
    found = [
        (name, "holds the character NUL; delete it")
        for name in entry.__dataclass_fields__
        if "\\x00" in repr(getattr(entry, name))
    ]
    for key, value in getattr(entry, "markings", {}).items():
        parts = list(value.values()) if isinstance(value, dict) else [value]
        fitting = all(isinstance(part, str) or (_is_number(part) and math.isfinite(part)) for part in parts)
        if not fitting or (isinstance(value, dict) and set(value) != {"value", "unit"}):
            found.append((f"markings.{key}", "is neither a text, a number nor { value = ..., unit = ... }"))
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST


def _ranges(entry: Any) -> list[tuple[str, Range]]:
    found = [(f"ranges[{i}]", r) for i, r in enumerate(getattr(entry, "ranges", ()))]
    for n, line in enumerate(getattr(entry, "lines", ())):
        found += [(f"lines[{n}].ranges[{i}]", r) for i, r in enumerate(line.ranges)]
    return found


def _numbers(entry: Any) -> list[tuple[str, float]]:
    found = [(f"{key}.{bound}", getattr(r, bound)) for key, r in _ranges(entry) for bound in ("low", "high")]
    for n, line in enumerate(getattr(entry, "lines", ())):
        found += [(f"lines[{n}].{name}", getattr(line, name)) for name in ("U", "k", "correction")]
    for name in ("limit", "repeatability"):
        if getattr(entry, name, None) is not None:
            found.append((name, getattr(entry, name)))
    found += [(f"readings[{i}]", value) for i, value in enumerate(getattr(entry, "readings", ()))]
    return found
