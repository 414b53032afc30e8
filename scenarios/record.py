"""The record of a run: everything a certificate needs, complete by itself.

A certificate can be made again, years later, from the JSON of a record alone. Numbers that a certificate prints are
rounded once, when the record is made, and stay strings from there on (`Reported`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import msgspec

from drivers.reading import Reading
from uncertainty.conformity import Verdict, worst
from uncertainty.quantity import Quantity
from uncertainty.text import Text

SCHEMA = 1
"""Version of the record's structure; a reader refuses a newer one."""
REFERENCE = "reference/"
"""How the role of a reference without an interface begins in the list of equipment, e.g. "reference/span"."""


class RecordError(ValueError):
    """A record cannot be read: not JSON, a field missing, of the wrong type, or of a newer schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision:
    """Name one number or rule that a regulation or a laboratory prescribes, and where it was seen."""

    key: str
    """Path in the data sheet, e.g. "items.basic_error.mpe.0.5"."""
    value: str
    """The number as the sheet gives it."""
    unit: str
    """Unit of the number; "1" for a plain number."""
    document: str
    """Document and edition, e.g. "JJG 842-2017"; "laboratory" for a rule of the house."""
    clause: str | None
    """Clause, only where its text was seen."""
    verified: bool
    """Whether the number was compared with the printed text. False blocks a regulation-based document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regulation:
    """Name a document that the procedure follows."""

    id: str
    """Number with edition, e.g. "JJG 842-2017"."""
    title: Text
    """Title."""
    use: str
    """"verification" (JJG), "calibration" (JJF), "product" (GB, IEC) or "uncertainty"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Describe a laboratory or a customer."""

    name: Text
    """Name."""
    address: Text
    """Postal address."""
    contact: str | None = None
    """Telephone or mail."""
    accreditation: str | None = None
    """Accreditation or authorisation number, if any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """Hold one rated property of the device under test."""

    name: Text
    """What it is, e.g. rated voltage."""
    quantity: Quantity
    """Its value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Identify the device under test."""

    name: Text
    """Kind of device, e.g. 直流电能表 / DC energy meter."""
    manufacturer: str
    """Manufacturer."""
    model: str
    """Model."""
    serial: str
    """Serial number."""
    accuracy_class: str
    """Accuracy class as marked, e.g. "0.5"."""
    firmware: str | None
    """Firmware version, where the device reports one."""
    ratings: tuple[Rating, ...]
    """Rated properties."""
    address: str | None
    """VISA address; None where the device has no interface."""
    simulated: bool
    """Whether a twin stood in for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateReference:
    """Name the certificate through which a standard is traceable."""

    number: str
    """Certificate number."""
    issuer: str
    """Issuing laboratory."""
    due: str
    """Calibration due date, ISO 8601 date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """Describe a measurement standard or an auxiliary instrument that was used."""

    role: str
    """Role in the system, e.g. "standard"."""
    name: Text
    """Kind of instrument."""
    manufacturer: str
    """Manufacturer, from its identity."""
    model: str
    """Model, from its identity."""
    serial: str
    """Serial number, from its identity."""
    firmware: str
    """Firmware version, from its identity."""
    measuring_range: str
    """Range in which it was used, e.g. "0 V to 1500 V"."""
    accuracy: str
    """Class, MPE or expanded uncertainty as its certificate states it."""
    certificate: CertificateReference | None
    """Its certificate; None for an auxiliary instrument that needs none (a source)."""
    address: str
    """VISA address."""
    simulated: bool
    """Whether a twin stood in for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Hold one influence quantity over the run."""

    name: Text
    """What it is, e.g. ambient temperature."""
    unit: str
    """Unit of the numbers."""
    minimum: str
    """Smallest indication during the run, as printed."""
    maximum: str
    """Largest indication during the run, as printed."""
    permitted: str
    """Permitted range, as printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurand:
    """Name the quantity intended to be measured (VIM 2.3)."""

    name: Text
    """Name, e.g. relative error of indication of DC energy."""
    symbol: str
    """Symbol as printed, e.g. "γ"."""
    unit: str
    """Unit of error, U and MPE."""
    kind: Literal["error", "value"] = "error"
    """"error": of indication, with sign, beside reference value and indication, within ± MPE. "value": of a quantity
    itself (a certified value, a response time), without them; its limit is an upper one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestPoint:
    """Hold the plan of one measurement."""

    key: str
    """Unique within the run, e.g. "basic_error/import/0.5In"."""
    label: Text
    """What people call it."""
    settings: dict[str, Quantity]
    """What is set, e.g. {"voltage": ..., "current": ...}; columns of the result table, in this order."""
    repeats: int
    """Number of readings that the plan asks for."""
    mpe: Quantity | None
    """Maximum permissible error (VIM 4.26) as a positive half-width; None for a calibration without limits."""
    about: dict[str, str] = field(default_factory=dict)
    """What the point is about beside its settings, e.g. {"component": "NO"}."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLine:
    """Hold one line of an uncertainty budget."""

    name: str
    """Symbol of the input quantity in the measurement model."""
    label: Text
    """What it is."""
    evaluation: str
    """"A" or "B" (JCGM 100 4.2, 4.3)."""
    distribution: str
    """Distribution, e.g. "rectangular"."""
    value: float
    """Estimate of the input quantity, in `unit`."""
    standard_uncertainty: float
    """u(x), in `unit`."""
    unit: str
    """Unit of the input quantity."""
    degrees_of_freedom: float | None
    """ν; None for infinite."""
    sensitivity: float
    """c = ∂f/∂x, output unit per input unit."""
    contribution: float
    """|c| u(x), in the unit of the error."""
    share: float
    """(c u)² / u_c², 0 to 1 (independent inputs)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """Hold the comparison of GUM and Monte Carlo intervals (JCGM 101:2008 clause 8)."""

    delta: float
    """Numerical tolerance δ, in the unit of the error."""
    d_low: float
    """|y_low(GUM) - y_low(MC)|."""
    d_high: float
    """|y_high(GUM) - y_high(MC)|."""
    validated: bool
    """Whether both differences are at most δ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """Hold the numbers of a point as they are printed: rounded once, strings from here on."""

    error: str
    """Error, rounded to the same place as U (calibration)."""
    rounded_error: str
    """Error, rounded to the regulation's step (verification): the number that is judged."""
    U: str
    """Expanded uncertainty, at most two significant digits, rounded up where rounding down would lose 5 %."""
    k: str
    """Coverage factor."""
    mpe: str | None
    """MPE without sign; None where there is none."""
    reference_value: str
    """Reference value with unit-consistent digits."""
    indication: str
    """Indication of the device under test."""
    step: str | None = None
    """Step to which `rounded_error` was rounded; None where the error is judged as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointResult:
    """Hold the finding at one test point."""

    point: TestPoint
    """The plan."""
    readings: tuple[Reading, ...]
    """Every reading that was taken, in order; none is ever overwritten."""
    errors: tuple[float, ...]
    """Error of each repeat, in the measurand's unit."""
    reference_value: Quantity
    """Mean reference value (VIM 5.18) of the repeats."""
    indication: Quantity
    """Mean indication of the device under test."""
    error: Quantity
    """Estimate of the error of indication."""
    standard_uncertainty: float
    """u(error), by the law of propagation."""
    degrees_of_freedom: float | None
    """Effective degrees of freedom; None for infinite."""
    U: float
    """Expanded uncertainty k u."""
    k: float
    """Coverage factor."""
    p: float
    """Coverage probability of the Monte Carlo interval, and the one that k aims at."""
    interval: tuple[float, float]
    """Monte Carlo coverage interval for `p` (probabilistically symmetric)."""
    trials: int
    """Monte Carlo trials."""
    validation: Validation
    """GUM against Monte Carlo."""
    budget: tuple[BudgetLine, ...]
    """The budget."""
    verdict: Verdict
    """Finding by the record's decision rule."""
    reported: Reported
    """The printed numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Hold a result that is not an error with an uncertainty: a prompt's answer, a yes or no, a time."""

    label: Text
    """What was looked at."""
    value: Text
    """What was found, with unit."""
    limit: Text | None
    """What was required, with unit."""
    verdict: Verdict
    """Whether it conforms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Name the points that are joined by a line in a figure."""

    name: Text
    """Name in the legend, e.g. import / 正向."""
    points: tuple[str, ...]
    """Keys of the test points, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Say how the points of an item are drawn: error and MPE band over one setting."""

    x: str
    """Key of the setting on the abscissa."""
    x_label: Text
    """Label of the abscissa, without unit."""
    logarithmic: bool
    """Whether the abscissa is logarithmic."""
    series: tuple[Series, ...]
    """Lines of the figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Hold one curve of a chart."""

    name: Text
    """Name in the legend."""
    x: tuple[float, ...]
    """Abscissas, in the unit of the chart's axis."""
    y: tuple[float, ...]
    """Ordinates, as many."""
    style: Literal["line", "points", "step"] = "line"
    """How it is drawn."""
    U: tuple[float, ...] = ()
    """Expanded uncertainties of the ordinates, drawn as bars; empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Hold one straight line across a chart: a limit, a goal, a moment."""

    name: Text
    """What it is."""
    value: float
    """Where it lies, in the unit of its axis."""
    axis: Literal["x", "y"] = "y"
    """Axis on which the value lies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Hold a picture that is not errors over a setting: a response, a drift, an Allan deviation, residuals."""

    key: str
    """Unique within the item."""
    title: Text
    """What it shows."""
    x_label: Text
    """Label of the abscissa, without unit."""
    x_unit: str
    """Unit of the abscissa; "1" for a plain number."""
    y_label: Text
    """Label of the ordinate, without unit."""
    y_unit: str
    """Unit of the ordinate."""
    curves: tuple[Curve, ...]
    """Curves; their numbers are already thinned out for drawing."""
    levels: tuple[Level, ...] = ()
    """Straight lines across it."""
    log_x: bool = False
    """Whether the abscissa is logarithmic."""
    log_y: bool = False
    """Whether the ordinate is logarithmic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """Hold the result of one item of the procedure."""

    key: str
    """Key of the item in the data sheet, e.g. "basic_error"."""
    title: Text
    """Title."""
    clause: str | None
    """Document and clause, only where its text was seen."""
    method: Text | None
    """How it was measured, in a sentence."""
    findings: tuple[Finding, ...]
    """Findings without uncertainty."""
    points: tuple[PointResult, ...]
    """Measured points."""
    figure: Figure | None
    """How to draw the points; None for no figure."""
    verdict: Verdict
    """The worst verdict of findings and points."""
    measurand: Measurand | None = None
    """What its points measure; None for the record's measurand."""
    charts: tuple[Chart, ...] = ()
    """Further pictures."""


class Rule(StrEnum):
    """A decision rule (JCGM 106 clause 8, ILAC G8)."""

    NONE = "none"
    """No statement of conformity."""
    SIMPLE = "simple"
    """Simple acceptance |e| ≤ MPE on the rounded error, with U ≤ MPE/3 as entry condition."""
    GUARDED = "guarded"
    """Guard band w = U: |e| ≤ MPE - U."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRule:
    """Name the decision rule that was agreed before the measurement."""

    rule: Rule
    """Which rule."""
    statement: Text
    """The rule in words, with its risk."""
    maximum_ratio: float | None
    """Largest permitted U/MPE, e.g. 1/3; None for no entry condition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """Hold one interruption of the run."""

    time_s: float
    """Bench time at which the run stopped."""
    reason: str
    """Why."""
    resumed: str | None
    """ISO 8601 date and time of the resumption; None if it never resumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Hold one gate that was closed and that a person opened, with the reason."""

    gate: str
    """Which gate, e.g. "due"."""
    name: Text
    """What the gate is called."""
    subject: str
    """What it judged: a role, e.g. "standard", or a part of the plan."""
    found: Text
    """What was found."""
    required: Text
    """What was required."""
    person: str
    """Who opened it."""
    role: str
    """In which role, e.g. "approver"."""
    reason: str
    """Why."""
    time: str
    """ISO 8601 date and time, with zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Software:
    """Identify the software and data that made the record."""

    name: str
    """Program."""
    version: str
    """Version."""
    digest: str
    """SHA-256 of the six rooms' source files."""
    sheet: str
    """SHA-256 of the data sheet."""
    station: str
    """SHA-256 of the station description."""
    platform: str
    """Python, numpy and operating system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Name the people of a record; None where nobody has been entered yet."""

    operator: str | None = None
    """Who measured (检定员 / 校准员)."""
    checker: str | None = None
    """Who checked (核验员)."""
    approver: str | None = None
    """Who approves (批准人)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """Name the document that an amendment replaces (ISO/IEC 17025:2017 7.8.8)."""

    number: str
    """Number of the document that is replaced."""
    digest: str
    """SHA-256 of its DCC."""
    reason: Text
    """Why it is replaced."""
    changed: Text
    """Which parts are changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """Hold a whole run."""

    schema: int
    """Version of this structure (`SCHEMA`)."""
    number: str
    """Document number; the series of simulated runs begins with "SIM-"."""
    simulated: bool
    """Whether any instrument was a twin. True for good: such a record can never be signed."""
    system: str
    """Name of the system, e.g. "dc_energy"."""
    title: Text
    """Title of the system."""
    basis: tuple[Regulation, ...]
    """Documents followed."""
    provisions: tuple[Provision, ...]
    """Every prescribed number that the run used."""
    laboratory: Party
    """Who measured."""
    customer: Party | None
    """For whom."""
    place: Text
    """Where."""
    device: Device
    """The device under test."""
    equipment: tuple[Equipment, ...]
    """Standards and auxiliary instruments."""
    conditions: tuple[Condition, ...]
    """Influence quantities."""
    measurand: Measurand
    """What is measured."""
    decision: DecisionRule
    """The decision rule."""
    interval_months: int | None
    """Interval until the next verification, where the regulation prescribes one."""
    started: str
    """ISO 8601 date and time, with zone, at which the run began."""
    ended: str
    """`started` plus the duration on the bench clock."""
    duration_s: float
    """Duration on the bench clock, s."""
    clock: str
    """"virtual" or "realtime"."""
    seed: int | None
    """Seed of the twins and of the Monte Carlo evaluation; None with real hardware only."""
    items: tuple[ItemResult, ...]
    """Results, in the order of the procedure."""
    conditions_readings: tuple[Reading, ...]
    """Readings of the influence quantities."""
    interruptions: tuple[Interruption, ...]
    """Interruptions; empty for an undisturbed run."""
    remarks: tuple[Text, ...]
    """Remarks, e.g. deviations from the procedure."""
    people: People
    """People."""
    software: Software
    """Software and data."""
    setting_names: dict[str, Text] = field(default_factory=dict)
    """Names of the settings' keys in print, e.g. {"voltage": ...}; common ones need no entry here."""
    overrides: tuple[Override, ...] = ()
    """Gates that were closed and opened by a person; printed on the certificate."""
    issued: str | None = None
    """ISO 8601 date of issue; None until someone approves."""
    run: str | None = None
    """SHA-256 of the run's own record, as it was approved; None in that record itself."""
    replaces: Replaced | None = None
    """The document that this one replaces; None for a first issue."""

    @property
    def verdict(self) -> Verdict:
        """Return the verdict of the run: the worst of its items."""
        return worst(item.verdict for item in self.items)

    def measurand_of(self, item: ItemResult) -> Measurand:
        """Return what the points of an item measure."""
        return item.measurand or self.measurand

    @property
    def unverified(self) -> tuple[Provision, ...]:
        """Return the prescribed numbers that were not compared with the printed text."""
        return tuple(p for p in self.provisions if not p.verified)


def to_json(record: RunRecord) -> bytes:
    """Encode a record as indented UTF-8 JSON."""
    return msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n"


def from_json(data: bytes) -> RunRecord:
    """Decode a record.

    Raises:
        RecordError: not JSON, a field missing or of the wrong type (the message names its path), or a newer schema.
    """
    try:
        head = msgspec.json.decode(data, type=dict[str, object]).get("schema")
        if isinstance(head, int) and head > SCHEMA:
            raise RecordError(f"schema: {head} is newer than this program reads ({SCHEMA}); update caltwin")
        return msgspec.json.decode(data, type=RunRecord)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise RecordError(str(problem)) from None
