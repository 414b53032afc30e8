"""Results again under a revised certificate of a standard, from the record alone.

The certificate enters a result through one input quantity of its budget, a correction of the standard. The record keeps
that input's estimate x, standard uncertainty u(x) and sensitivity c = ∂f/∂x, so a new correction x' and u(x') give

    error' = error + c (x' - x)
    u'²    = u² - (c u(x))² + (c u(x'))²        (independent inputs)

and the record's own decision rule is applied to them again. Before that, the same steps with the record's own numbers
must give the record's own verdict; where they do not, the point is refused by name instead of judged.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.lab.coverage import covering
from scenarios.evaluation import judge
from uncertainty.conformity import Verdict, worst
from uncertainty.gum import coverage_factor
from uncertainty.quantity import UnitMismatch, convert
from uncertainty.rounding import report, round_to_step
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.lab.entries import Line
    from bench.lab.holding import Held
    from scenarios.record import BudgetLine, DecisionRule, PointResult, RunRecord

_SAME = 1e-6
"""Relative difference up to which a number recomputed from a record counts as the record's."""


class RevisionRefused(ValueError):
    """A point cannot be recomputed from its record; the message names it and says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisedPoint:
    """Hold one point before and after."""

    key: str
    """Key of the point."""
    label: Text
    """What people call it."""
    input: str
    """Input quantity through which the certificate enters."""
    covered: bool
    """Whether the revised certificate covers the point; if not, nothing can be stated about it any more."""
    error: tuple[float, float]
    """Error before and after, in the measurand's unit."""
    U: tuple[float, float]
    """Expanded uncertainty before and after."""
    printed: tuple[str, str]
    """"error ± U" before and after, rounded as a certificate does."""
    verdict: tuple[Verdict, Verdict]
    """Verdict before and after."""

    @property
    def changed(self) -> bool:
        """Return whether the verdict changes."""
        return self.verdict[0] is not self.verdict[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """Hold a record before and after."""

    number: str
    """Document number."""
    points: tuple[RevisedPoint, ...]
    """Points that the certificate enters."""
    untouched: int
    """Points that it does not enter."""
    verdict: tuple[Verdict, Verdict]
    """Verdict of the record before and after."""

    @property
    def changed(self) -> bool:
        """Return whether any verdict changes."""
        return self.verdict[0] is not self.verdict[1] or any(point.changed for point in self.points)


def revise(record: RunRecord, revised: Held, previous: Held | None = None, named: str | None = None) -> Revision:
    """Recompute a record under a revised certificate.

    Args:
        record: the record.
        revised: the certificate as it reads now.
        previous: the certificate under which the record was made, to find its input where nobody names it.
        named: symbol of the input quantity, e.g. "d_cal"; None for what the certificates' lines say.

    Raises:
        RevisionRefused: a point cannot be recomputed, or the input is not to be found.
    """
    points: dict[str, RevisedPoint] = {}
    untouched = 0
    for item in record.items:
        for result in item.points:
            name = _input(result, revised, previous, named)
            if name is None:
                untouched += 1
            else:
                points[result.point.key] = _revised(result, record.decision, name, revised)
    if not points:
        why = f"no point has the input quantity {named!r}" if named else "none of its points has an input of it"
        raise RevisionRefused(f"{record.number}: {why}; name the input with --input")
    return Revision(
        number=record.number,
        points=tuple(points.values()),
        untouched=untouched,
        verdict=(record.verdict, _whole(record, points)),
    )


def _whole(record: RunRecord, points: Mapping[str, RevisedPoint]) -> Verdict:
    """Return the verdict of the record with the revised points in it."""
    verdicts = []
    for item in record.items:
        if not any(p.point.key in points and points[p.point.key].changed for p in item.points):
            verdicts.append(item.verdict)
            continue
        verdicts += [finding.verdict for finding in item.findings]
        verdicts += [points[p.point.key].verdict[1] if p.point.key in points else p.verdict for p in item.points]
    return worst(verdicts)


def _input(result: PointResult, revised: Held, previous: Held | None, named: str | None) -> str | None:
    """Return the input quantity of a point through which the certificate enters; None if it does not.

    Raises:
        RevisionRefused: several inputs might be it.
    """
    names = {line.name for line in result.budget}
    lines = (*revised.lines, *(() if previous is None else previous.lines))
    said = {named} if named else {line.input for line in lines if line.input is not None}
    if said:
        found = sorted(name for name in said & names if name is not None)
        if len(found) > 1:
            raise RevisionRefused(f"{result.point.key}: the certificate names {', '.join(found)}; choose with --input")
        return found[0] if found else None
    fitting = [line.name for line in result.budget if previous is not None and _is_of(line, previous)]
    if len(fitting) > 1:
        raise RevisionRefused(
            f"{result.point.key}: {', '.join(fitting)} have the U of {previous and previous.number}; "
            "name one with --input"
        )
    return fitting[0] if fitting else None


def _is_of(line: BudgetLine, certificate: Held) -> bool:
    """Say whether a line of a budget has the standard uncertainty that a certificate states."""
    for stated in certificate.lines:
        try:
            u = convert(stated.U / stated.k, stated.unit, line.unit)
        except UnitMismatch:
            continue
        if line.evaluation == "B" and math.isclose(u, line.standard_uncertainty, rel_tol=_SAME):
            return True
    return False


def _revised(result: PointResult, decision: DecisionRule, name: str, revised: Held) -> RevisedPoint:
    key, before = result.point.key, result.error.value
    entered = next(line for line in result.budget if line.name == name)
    _require_reproducible(result, decision)
    fitting = covering(result.point.settings, revised.lines)
    stated = _stated(key, entered, fitting)
    if stated is None:
        error, U, verdict = before, result.U, Verdict.INCONCLUSIVE
    else:
        x, u_x = stated
        error = before + entered.sensitivity * (x - entered.value)
        others = sum(line.contribution**2 for line in result.budget if line is not entered)
        contribution = abs(entered.sensitivity) * u_x
        u = math.sqrt(others + contribution**2)
        U = _k(result, entered, contribution, u) * u
        verdict = _judge(result, error, U, decision)
    return RevisedPoint(
        key=key,
        label=result.point.label,
        input=name,
        covered=stated is not None,
        error=(before, error),
        U=(result.U, U),
        printed=(_print(before, result.U), _print(error, U) if stated is not None else "–"),
        verdict=(result.verdict, verdict),
    )


def _stated(key: str, entered: BudgetLine, fitting: tuple[Line, ...]) -> tuple[float, float] | None:
    """Return correction and standard uncertainty that a certificate states at a point, in the input's unit.

    Raises:
        RevisionRefused: two lines cover the point and say different things, or none is of the input's kind.
    """
    values = set()
    for line in fitting:
        if line.input not in (None, entered.name):
            continue
        try:
            correction, upper = (convert(value, line.unit, entered.unit) for value in (line.correction, line.U))
        except UnitMismatch:
            continue
        values.add((correction, upper / line.k))
    if len(values) > 1:
        raise RevisionRefused(f"{key}: {len(values)} lines of the certificate cover it and differ; narrow their ranges")
    if not values and fitting:
        units = ", ".join(sorted({line.unit for line in fitting}))
        raise RevisionRefused(f"{key}: the certificate is in {units}, the input {entered.name} in {entered.unit}")
    return values.pop() if values else None


def _require_reproducible(result: PointResult, decision: DecisionRule) -> None:
    """Refuse a point whose record does not follow from its own budget and rule."""
    key = result.point.key
    u = math.sqrt(sum(line.contribution**2 for line in result.budget))
    if not math.isclose(u, result.standard_uncertainty, rel_tol=_SAME):
        raise RevisionRefused(
            f"{key}: u = {result.standard_uncertainty:.6g} is not the root of its {len(result.budget)} contributions "
            f"({u:.6g}): inputs are correlated or the model is not linear; evaluate it again from its readings"
        )
    if not math.isclose(result.k * u, result.U, rel_tol=_SAME):
        raise RevisionRefused(f"{key}: U = {result.U:.6g} is not k u = {result.k * u:.6g}")
    again = _judge(result, result.error.value, result.U, decision)
    if again is not result.verdict:
        raise RevisionRefused(f"{key}: its own numbers give {again}, its record says {result.verdict}")


def _k(result: PointResult, entered: BudgetLine, contribution: float, u: float) -> float:
    """Return the coverage factor: the record's where it was agreed, a new one where it came from ν_eff (G.4)."""
    old = result.degrees_of_freedom
    if not math.isclose(coverage_factor(result.p, old), result.k, rel_tol=_SAME):
        return result.k
    shares = [
        ((contribution if line is entered else line.contribution), line.degrees_of_freedom) for line in result.budget
    ]
    inverse = sum((c / u) ** 4 / dof for c, dof in shares if dof is not None)
    new = 1 / inverse if inverse else None
    if new is not None and old is not None and old == math.floor(old):  # the record's was truncated (G.4.1)
        new = float(math.floor(new))
    return coverage_factor(result.p, new)


def _judge(result: PointResult, error: float, U: float, decision: DecisionRule) -> Verdict:
    mpe, step = result.point.mpe, result.reported.step
    judged = repr(error) if step is None else round_to_step(repr(error), step)
    return judge(judged, U, None if mpe is None else mpe.value, decision)


def _print(error: float, U: float) -> str:
    value, expanded = report(error, U)
    return f"{value} ± {expanded}"
