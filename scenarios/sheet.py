"""The schema of a data sheet: every number of a regulation is data, with its source; code carries none.

A sheet has a common part, described here, and a `[procedure]` part whose shape the scenario declares as `Plan`.
Both are decoded strictly: an unknown key, a missing key and a wrong type are errors that name their path.
"""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from scenarios.record import DecisionRule, Measurand, Provision, Regulation, Rule
from uncertainty.quantity import Quantity, UnitMismatch, convert
from uncertainty.text import Text

SCHEMA = 1
"""Version of the sheets' structure."""

T = TypeVar("T")


class SheetError(ValueError):
    """A data sheet is wrong: `key` is the path inside the sheet, `why` the reason and the remedy."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key}: {why}")
        self.key = key
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Prescribed:
    """Hold one number that a document prescribes."""

    value: float
    """The number."""
    unit: str
    """Its unit; "1" for a plain number."""
    source: str
    """Document and edition, or "laboratory" for a rule of the house."""
    verified: bool
    """Whether the number was compared with the printed text."""
    clause: str | None = None
    """Clause, only where its text was seen."""
    note: str | None = None
    """Anything a checker should know, e.g. where it is recalled from."""

    def to(self, unit: str) -> float:
        """Return the number in another unit.

        Raises:
            UnitMismatch: the unit is not of the same kind.
        """
        return convert(self.value, self.unit, unit)

    @property
    def quantity(self) -> Quantity:
        """Return the number as a quantity."""
        return Quantity(value=self.value, unit=self.unit)


@dataclass(frozen=True, slots=True)
class In:
    """Declare, in an annotation, the unit to which a prescribed number must convert."""

    unit: str
    """The unit."""


Number = Annotated[Prescribed, In("1")]
Percent = Annotated[Prescribed, In("%")]
Duration = Annotated[Prescribed, In("s")]
Energy = Annotated[Prescribed, In("kWh")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualReading:
    """Say what a person reads where an instrument has no interface."""

    question: Text
    """What is asked."""
    unit: str
    """Unit of the number."""
    low: float
    """Least number that can be right."""
    high: float
    """Largest number that can be right."""
    decimals: int
    """Decimals of the display."""
    picture: str | None = None
    """File of a picture that shows where to look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Say what a role of the system needs."""

    name: Text
    """Kind of instrument."""
    driver: str
    """Module in `drivers/`."""
    models: tuple[str, ...] = ()
    """Models whose identity is accepted; empty for any (the device under test)."""
    needs_certificate: bool = False
    """Whether the role takes part in traceability."""
    manual: dict[str, ManualReading] = field(default_factory=dict)
    """The driver's query -> what a person is asked instead, where the station's address of the role is "OPERATOR"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceCondition:
    """Hold the permitted range of an influence quantity."""

    name: Text
    """What it is."""
    reading: str
    """Property of the environment's driver that reads it, e.g. "temperature"."""
    low: Prescribed
    """Lower limit."""
    high: Prescribed
    """Upper limit."""
    step: str
    """Step to which indications are printed, e.g. "0.1"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Hold one input of the uncertainty budget that does not come from the readings."""

    label: Text
    """What it is."""
    distribution: str
    """"rectangular", "triangular", "arcsine" (with `half_width`) or "normal" (with `U` and `k`, or `u`)."""
    unit: str
    """Unit of `half_width`, `U` or `u`."""
    source: str
    """Where the number is from."""
    half_width: float | None = None
    """Half-width."""
    U: float | None = None
    """Expanded uncertainty."""
    k: float | None = None
    """Coverage factor of `U`."""
    u: float | None = None
    """Standard uncertainty."""
    evaluation: Literal["A", "B"] = "B"
    """"A" or "B"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Name the decision rule of the sheet."""

    rule: Rule
    """Which rule."""
    statement: Text
    """The rule in words."""
    maximum_ratio: Prescribed | None = None
    """Largest permitted U/MPE."""

    def record(self) -> DecisionRule:
        """Return what the record keeps of it."""
        ratio = None if self.maximum_ratio is None else self.maximum_ratio.value
        return DecisionRule(rule=self.rule, statement=self.statement, maximum_ratio=ratio)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Say how results are evaluated."""

    p: float = 0.95
    """Coverage probability."""
    k: float | None = 2.0
    """Coverage factor; null to take it from the effective degrees of freedom."""
    trials: int = 100_000
    """Monte Carlo trials per point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Say what a campaign draws in place of the station's own parameters."""

    parameters: dict[str, dict[str, Any]]
    """Device or port name -> parameter -> number or distribution."""
    device: str
    """Name of the twin or port that knows the true error: `true_error(**about, **settings, at=..., since=...)`."""
    unit: str
    """Unit in which it answers, for items that measure the sheet's measurand; others are answered in their own unit."""
    devices: dict[str, str] = field(default_factory=dict)
    """Item -> name of the twin or port that knows its truth, where that is another one."""
    blind: dict[str, float] = field(default_factory=dict)
    """Role -> share of the reference value (1) by which its instrument can steadily be off without any other
    instrument of the bench being able to tell, beyond U: the limit of what a fault campaign can ask for."""
    trials: int = 10_000
    """Monte Carlo trials per point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Hold the data sheet of a system."""

    schema: int
    """Version of this structure."""
    system: str
    """Name of the system."""
    title: Text
    """Title."""
    measurand: Measurand
    """What is measured."""
    basis: tuple[Regulation, ...]
    """Documents followed."""
    roles: dict[str, Role]
    """Roles; "device" is the device under test, "environment" reads the influence quantities."""
    conditions: dict[str, ReferenceCondition]
    """Reference conditions."""
    decision: Decision
    """Decision rule."""
    procedure: dict[str, Any]
    """The part that the scenario's `Plan` describes."""
    station: dict[str, Any]
    """The sheet's own all-twin station."""
    scenario: str | None = None
    """Module in `scenarios/`; the system's own name if left out."""
    evaluation: Evaluation = Evaluation()
    """How results are evaluated."""
    measurands: dict[str, Measurand] = field(default_factory=dict)
    """Further measurands, by the names that the scenario gives them."""
    setting_names: dict[str, Text] = field(default_factory=dict)
    """Names of the settings' keys in print, where they are not common ones."""
    interval_months: Prescribed | None = None
    """Interval until the next verification."""
    campaign: Study | None = None
    """What a campaign draws."""


def decode(data: Mapping[str, Any], kind: type[T], path: str = "") -> T:
    """Decode a table strictly into a dataclass.

    Raises:
        SheetError: an unknown key (with the nearest known one), a missing key, a wrong type or a wrong unit, with
            its path.
    """
    _check(data, kind, path)
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as problem:
        why, _, where = str(problem).partition(" - at `$")
        raise SheetError((path + where.rstrip("`")).strip(".") or "(top)", why) from None


def load(data: Mapping[str, Any]) -> Sheet:
    """Decode a whole sheet.

    Raises:
        SheetError: as `decode`, or a schema that this program does not read, or a missing role.
    """
    sheet = decode(data, Sheet)
    if sheet.schema != SCHEMA:
        raise SheetError("schema", f"{sheet.schema} is not a version that this program reads ({SCHEMA})")
    for need in ("device", "environment"):
        if need not in sheet.roles:
            raise SheetError("roles", f"the role {need!r} is missing")
    return sheet


def provisions(*trees: tuple[str, object], accuracy_class: str) -> tuple[Provision, ...]:
    """Return what the record keeps of the prescribed numbers below some (path, tree) pairs.

    A table keyed by accuracy class contributes only the class given, when it has it.
    """
    return tuple(
        Provision(
            key=key,
            value=f"{item.value:.10g}",
            unit=item.unit,
            document=item.source,
            clause=item.clause,
            verified=item.verified,
        )
        for path, tree in trees
        for key, item in _prescribed(tree, accuracy_class, path)
    )


def _prescribed(tree: object, accuracy_class: str, path: str) -> Iterator[tuple[str, Prescribed]]:
    if tree is None or isinstance(tree, str | float | int):
        return
    if isinstance(tree, Prescribed):
        yield path, tree
    elif dataclasses.is_dataclass(tree):
        for name in _fields(typing.cast("type", type(tree))):
            yield from _prescribed(getattr(tree, name), accuracy_class, f"{path}.{name}".strip("."))
    elif isinstance(tree, Mapping):
        for key in [accuracy_class] if accuracy_class in tree else tree:
            yield from _prescribed(tree[key], accuracy_class, f"{path}.{key}".strip("."))
    elif isinstance(tree, list | tuple):
        for index, part in enumerate(tree):
            yield from _prescribed(part, accuracy_class, f"{path}[{index}]")


@lru_cache(maxsize=256)
def _hints(kind: type) -> dict[str, Any]:
    """Return the types of a dataclass's fields; working them out costs more than all that is checked by them."""
    return typing.get_type_hints(kind, include_extras=True)


@lru_cache(maxsize=256)
def _fields(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def _check(data: object, kind: Any, path: str) -> None:
    """Refuse what msgspec passes over in silence: unknown keys, and units that do not convert."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        for declared in arguments[1:]:
            if isinstance(declared, In) and isinstance(data, Mapping) and "unit" in data:
                _check_unit(str(data["unit"]), declared.unit, f"{path}.unit")
        _check(data, arguments[0], path)
    elif origin in (types.UnionType, typing.Union):
        for option in arguments:
            _check(data, option, path)
    elif isinstance(data, Mapping) and dataclasses.is_dataclass(kind):
        hints = _hints(typing.cast("type", kind))
        for key, value in data.items():
            if key not in hints:
                near = difflib.get_close_matches(str(key), hints, n=1)
                advice = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(hints)}"
                raise SheetError(f"{path}.{key}".strip("."), f"unknown key; {advice}")
            _check(value, hints[key], f"{path}.{key}".strip("."))
    elif isinstance(data, Mapping) and origin is dict:
        for key, value in data.items():
            _check(value, arguments[1], f"{path}.{key}".strip("."))
    elif isinstance(data, list) and origin is tuple:
        for index, value in enumerate(data):
            _check(value, arguments[0], f"{path}[{index}]")


def _check_unit(unit: str, declared: str, path: str) -> None:
    try:
        convert(1.0, unit, declared)
    except UnitMismatch as problem:
        raise SheetError(path, f"{problem}; give it in {declared!r} or a unit of the same kind") from None
