"""Gates: what must hold before anything is energised.

Pure functions over plain data: the sheet, the forecast, what the instruments answered, what the laboratory holds, and
the moment. Each gate says what was found and what is required, and whether a person may open it with a reason. Who an
instrument is, whether it is a twin, and that it has a certificate at all, nobody can open.

    judge(situation)              -> every gate
    closed(gates, overrides)      -> those that stay closed
    require(gates, overrides)     raises GateClosed unless all are open
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bench.errors import ConfigurationError
from bench.lab.coverage import Uncovered, comparable, covering, uncovered
from bench.lab.holding import Holding
from scenarios.evaluation import within
from scenarios.procedure import Forecast
from scenarios.sheet import Sheet
from uncertainty.quantity import Quantity, UnitMismatch, convert
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from bench.lab.entries import Line, Range
    from scenarios.record import Override

FIXED = frozenset({"identity", "simulated", "certificate"})
"""Gates that nobody can open."""
TWIN_MARK = "TWIN"
"""Mark in the serial number of every twin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Hold the finding of one gate."""

    name: str
    """Which gate: identity, simulated, certificate, due, range, uncertainty, environment or software."""
    subject: str
    """What was judged: a role, a condition, "plan" or "software"."""
    passed: bool
    """Whether it is open."""
    found: Text
    """What was found."""
    required: Text
    """What is required."""
    overridable: bool
    """Whether a person may open it with a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Hold what an instrument answered."""

    manufacturer: str
    """Manufacturer."""
    model: str
    """Model."""
    serial: str
    """Serial number."""
    simulated: bool
    """Whether the run treats it as a twin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Hold everything that the gates judge."""

    sheet: Sheet
    """Data sheet of the system."""
    forecasts: Sequence[Forecast]
    """Planned points with their expected U."""
    identities: Mapping[str, Identity]
    """Role -> what answered; the device under test in the role "device"."""
    device: Identity
    """Device under test as the order names it."""
    holdings: Mapping[str, Holding]
    """Role -> what the laboratory holds."""
    now: datetime
    """The moment, with zone."""
    zone: ZoneInfo
    """Time zone of the laboratory: a due date ends at its midnight."""
    digest: str
    """Digest of this software."""
    approved: frozenset[str]
    """Digests that the laboratory has approved."""
    readings: Mapping[str, Quantity]
    """Condition of the sheet -> its present indication."""


class GateClosed(ConfigurationError):
    """Refuse a run: a gate is closed and nobody has opened it, or nobody can."""


def judge(situation: Situation) -> tuple[Gate, ...]:
    """Return every gate, in the order in which they should be looked at."""
    gates: list[Gate] = []
    for role in situation.sheet.roles:
        gates += _identity(situation, role)
    for role in situation.holdings:
        gates += _due(situation, role)
        gates += _range(situation, role)
        gates += _uncertainty(situation, role)
    gates += _forecast(situation)
    gates += _environment(situation)
    gates.append(_software(situation))
    return tuple(gates)


def closed(gates: Iterable[Gate], overrides: Iterable[Override] = ()) -> tuple[Gate, ...]:
    """Return the gates that stay closed: neither passed, nor opened by a person where that is permitted."""
    opened = {(o.gate, o.subject, o.found, o.required) for o in overrides}
    return tuple(
        gate
        for gate in gates
        # What was found is part of it: an override of yesterday does not open what has become worse since.
        if not gate.passed and not (gate.overridable and (gate.name, gate.subject, gate.found, gate.required) in opened)
    )


def require(gates: Iterable[Gate], overrides: Iterable[Override] = (), source: str = "gates") -> None:
    """Refuse to go on unless every gate is open.

    Raises:
        GateClosed: names the first closed gate, what was found and what is required.
    """
    shut = closed(gates, overrides)
    if not shut:
        return
    first = shut[0]
    why = f"found {first.found.en}; required: {first.required.en}"
    if first.overridable:
        why += "; an approver may open it with a reason"
    if len(shut) > 1:
        why += f"; closed too: {', '.join(f'{g.name} ({g.subject})' for g in shut[1:])}"
    raise GateClosed(source, f"{first.name} ({first.subject})", why)


def _say(key: str, **values: object) -> Text:
    return catalogue("bench")[f"gate.{key}"].format(**values)


def _gate(name: str, subject: str, passed: bool, found: Text, required: Text) -> Gate:
    return Gate(
        name=name, subject=subject, passed=passed, found=found, required=required, overridable=name not in FIXED
    )


def _identity(of: Situation, role: str) -> Iterator[Gate]:
    """Judge who answers in a role, and whether a twin is called one."""
    answered = of.identities.get(role)
    held = of.device if role == "device" else of.holdings.get(role)
    if answered is None or held is None:
        models = " / ".join(of.sheet.roles[role].models) or of.sheet.roles[role].name.en
        yield _gate("identity", role, False, _say("found.unknown"), _say("required.model", models=models))
        return
    # The maker's name is spelt in many ways by one maker's firmwares: model and serial number decide.
    same = answered.model == held.model and answered.serial == held.serial
    yield _gate("identity", role, same, _named("found.instrument", answered), _named("required.identity", held))
    accepted = of.sheet.roles[role].models
    if accepted and answered.model not in accepted:
        wanted = _say("required.model", models=" / ".join(accepted))
        yield _gate("identity", role, False, _named("found.instrument", answered), wanted)
    honest = answered.simulated or not (held.simulated or TWIN_MARK in answered.serial.upper())
    found = _say("found.declared" if honest else "found.twin", serial=answered.serial)
    yield _gate("simulated", role, honest, found, _say("required.simulated"))


def _named(key: str, of: Identity | Holding) -> Text:
    return _say(key, manufacturer=of.manufacturer, model=of.model, serial=of.serial)


def _due(of: Situation, role: str) -> Iterator[Gate]:
    """Judge the certificate of a role: that there is one, and that it is valid throughout the run."""
    if not of.sheet.roles[role].needs_certificate:
        return
    held = of.holdings[role].certificate
    found = _say("none") if held is None else _say("found.certificate", number=held.number, issuer=held.issuer)
    yield _gate("certificate", role, held is not None, found, _say("required.certificate"))
    if held is None:
        return
    first = of.now.astimezone(of.zone).date()
    # Seconds are added in UTC: on a wall clock with summer time they would be an hour off.
    last = (of.now + timedelta(seconds=sum(f.duration_s for f in of.forecasts))).astimezone(of.zone).date()
    valid = held.due is not None and held.issued <= first and last <= held.due
    found = (
        _say("found.undated", number=held.number)
        if held.due is None
        else _say("found.due", number=held.number, issued=held.issued, due=held.due)
    )
    yield _gate("due", role, valid, found, _say("required.due", first=first, last=last, zone=of.zone.key))


def _planned(of: Situation, role: str) -> list[tuple[str, Mapping[str, Quantity]]]:
    """Return what a role must be able to measure: the points, or for the environment its reference conditions."""
    if role != "environment":
        return [(f.point.key, f.point.settings) for f in of.forecasts]
    return [
        (f"conditions.{key}.{bound}", {condition.reading: getattr(condition, bound).quantity})
        for key, condition in of.sheet.conditions.items()
        for bound in ("low", "high")
    ]


def _spans(of: Situation, role: str) -> list[Sequence[Range]]:
    """Return the alternatives that may cover a planned value: the certificate's lines, or the maker's ranges."""
    holding = of.holdings[role]
    if not of.sheet.roles[role].needs_certificate:
        return [holding.ranges] if holding.ranges else []
    lines = () if holding.certificate is None else holding.certificate.lines
    if role != "environment":
        lines = comparable(lines, of.sheet.measurand.unit) or lines
    return [line.ranges for line in lines]


def _range(of: Situation, role: str) -> Iterator[Gate]:
    """Judge whether every planned point lies within the range of a role."""
    if of.sheet.roles[role].needs_certificate and of.holdings[role].certificate is None:
        return
    spans = _spans(of, role)
    if not spans:
        # An auxiliary instrument of which the register states no range: nothing to hold the plan against.
        return
    planned = _planned(of, role)
    faults = [(key, fault) for key, settings in planned if (fault := uncovered(settings, spans)) is not None]
    required = _say("required.conditions" if role == "environment" else "required.range")
    found = _fault(*faults[0], more=len(faults) - 1) if faults else _say("found.covered", n=len(planned))
    yield _gate("range", role, not faults, found, required)


def _fault(point: str, fault: Uncovered, more: int) -> Text:
    if fault.range is None:
        return _say("found.unnamed", point=point, settings=", ".join(fault.settings))
    r = fault.range
    if fault.incomparable:
        return _say("found.unit", point=point, setting=r.setting, unit=r.unit, value=fault.value)
    span = f"{r.low:g} {r.unit} … {r.high:g} {r.unit}"
    return _say("found.outside", point=point, setting=r.setting, value=fault.value, range=span, more=more)


def _ratio(of: Situation) -> float | None:
    return None if of.sheet.decision.maximum_ratio is None else of.sheet.decision.maximum_ratio.value


def _uncertainty(of: Situation, role: str) -> Iterator[Gate]:
    """Judge U of the standard that measures against its share of the MPE, point by point."""
    held = of.holdings[role].certificate
    if role == "environment" or held is None or not of.sheet.roles[role].needs_certificate:
        return
    unit, k = of.sheet.measurand.unit, of.sheet.evaluation.k or 2.0
    lines = comparable(held.lines, unit)
    if not lines:
        units = ", ".join(sorted({line.unit for line in held.lines}))
        yield _gate("uncertainty", role, True, _say("found.indirect", units=units), _required_ratio(of))
        return

    def largest(forecast: Forecast) -> float:
        # Where no line covers the point the range gate is closed; the least favourable line stands in.
        fitting: Sequence[Line] = covering(forecast.point.settings, lines) or lines
        return max(convert(line.U * k / line.k, line.unit, unit) for line in fitting)

    # A line is of the sheet's measurand; items that measure something else are judged by their forecast alone.
    yield _judged_ratio(of, role, [(f, largest(f)) for f in of.forecasts if f.measurand is None])


def _forecast(of: Situation) -> Iterator[Gate]:
    """Judge the expected U of every planned point against its share of the MPE."""
    yield _judged_ratio(of, "plan", [(f, f.U) for f in of.forecasts])


def _judged_ratio(of: Situation, subject: str, planned: Sequence[tuple[Forecast, float]]) -> Gate:
    """Judge the point with the largest U/MPE."""
    ratio = _ratio(of)
    judged = [(U / f.point.mpe.to(_unit(of, f)).value, U, f) for f, U in planned if f.point.mpe is not None]
    if not judged:
        return _gate("uncertainty", subject, True, _say("found.no_mpe"), _required_ratio(of))
    share, U, worst = max(judged, key=lambda entry: entry[0])
    found = _say("found.ratio", point=worst.point.key, U=f"{U:.3g}", unit=_unit(of, worst), ratio=f"{share:.3f}")
    return _gate("uncertainty", subject, within(ratio, share, 1.0), found, _required_ratio(of))


def _unit(of: Situation, forecast: Forecast) -> str:
    return (forecast.measurand or of.sheet.measurand).unit


def _required_ratio(of: Situation) -> Text:
    ratio = _ratio(of)
    if ratio is None:
        return _say("required.no_ratio")
    return _say("required.ratio", k=f"{of.sheet.evaluation.k or 2:g}", ratio=f"{ratio:.3f}")


def _environment(of: Situation) -> Iterator[Gate]:
    """Judge every influence quantity against the reference conditions."""
    for key, condition in of.sheet.conditions.items():
        indication = of.readings.get(key)
        required = _say("required.between", low=condition.low.quantity, high=condition.high.quantity)
        if indication is None:
            yield _gate("environment", key, False, _say("found.missing", name=condition.name), required)
            continue
        try:
            value = indication.to(condition.low.unit).value
            inside = condition.low.value <= value <= condition.high.to(condition.low.unit)
        except UnitMismatch:
            inside = False
        found = _say("found.value", name=condition.name, value=indication)
        yield _gate("environment", key, inside, found, required)


def _software(of: Situation) -> Gate:
    """Judge whether this version of the software is approved for use."""
    found = _say("found.digest", digest=of.digest[:16])
    return _gate("software", "software", of.digest in of.approved, found, _say("required.software"))
