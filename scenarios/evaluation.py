"""From readings to a finding: budget, interval, verdict and printed numbers of one point, for every system alike."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from drivers.reading import Reading
from scenarios.record import BudgetLine, DecisionRule, PointResult, Reported, Rule, TestPoint, Validation
from scenarios.sheet import Effect, SheetError
from uncertainty.budget import Budget
from uncertainty.conformity import Verdict, decide
from uncertainty.inputs import Arcsine, InputQuantity, Normal, Rectangular, Triangular
from uncertainty.quantity import Quantity, convert
from uncertainty.rounding import report, round_to_step
from uncertainty.validation import validate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenarios.sheet import Decision, Evaluation
    from uncertainty.budget import GumResult
    from uncertainty.conformity import Rule as DecideBy
    from uncertainty.distributions import Distribution

_BY_HALF_WIDTH = {"rectangular": Rectangular, "triangular": Triangular, "arcsine": Arcsine}


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Hold what was observed at one point."""

    point: TestPoint
    """The plan."""
    readings: tuple[Reading, ...]
    """Every reading."""
    errors: tuple[float, ...]
    """Error of each repeat, in the measurand's unit."""
    reference_value: Quantity
    """Mean reference value."""
    indication: Quantity
    """Mean indication."""
    budget: Budget
    """Measurement model with its inputs; its value is the error."""
    step: str
    """Rounding step of the error that is judged, e.g. "0.05"."""
    signed: bool = True
    """Whether the result is an error, printed with its sign, or the value of a quantity (`Measurand.kind`)."""


@lru_cache(maxsize=1024)
def input_quantity(name: str, effect: Effect, *, unit: str | None = None, factor: float = 1.0) -> InputQuantity:
    """Turn an effect of the sheet into an input quantity with estimate 0.

    `unit` converts the effect; `factor` scales it (1/√n for a mean, a temperature span for a coefficient).

    Raises:
        SheetError: the distribution is unknown, or its numbers are missing.
        UnitMismatch: the effect cannot be given in `unit`.
    """
    target = unit or effect.unit

    def scaled(value: float) -> float:
        return convert(value, effect.unit, target) * factor

    distribution: Distribution
    if effect.distribution in _BY_HALF_WIDTH and effect.half_width is not None:
        distribution = _BY_HALF_WIDTH[effect.distribution].of(half_width=scaled(effect.half_width))
    elif effect.distribution == "normal" and effect.u is not None:
        distribution = Normal(mean=0.0, u=scaled(effect.u))
    elif effect.distribution == "normal" and effect.U is not None and effect.k is not None:
        distribution = Normal.of_expanded(mean=0.0, U=scaled(effect.U), k=effect.k)
    else:
        known = "rectangular, triangular, arcsine (half_width) or normal (u, or U and k)"
        raise SheetError(f"budget.{name}", f"distribution {effect.distribution!r} with these numbers; known: {known}")
    return InputQuantity(
        name=name, distribution=distribution, unit=target, label=effect.label, evaluation=effect.evaluation
    )


def expected(budget: Budget, evaluation: Evaluation) -> GumResult:
    """Return the expected result of a planned point by the law of propagation."""
    return budget.gum(p=evaluation.p, k=evaluation.k)


def evaluate(observed: Observed, *, evaluation: Evaluation, decision: Decision, trials: int, seed: int) -> PointResult:
    """Evaluate one point by GUM and by Monte Carlo on the same model, decide, and round once.

    The Monte Carlo stream depends on `seed` and the point's key alone, so points can be evaluated in any order.
    """
    point = observed.point
    gum = expected(observed.budget, evaluation)
    stream = (seed << 32) + zlib.crc32(point.key.encode())
    mc = observed.budget.monte_carlo(trials=trials, seed=stream, p=evaluation.p)
    check = validate(gum, mc, digits=2)
    error = Quantity(value=gum.value, unit=observed.budget.unit)
    printed = _reported(observed, gum)
    return PointResult(
        point=point,
        readings=observed.readings,
        errors=observed.errors,
        reference_value=observed.reference_value,
        indication=observed.indication,
        error=error,
        standard_uncertainty=gum.u,
        degrees_of_freedom=gum.degrees_of_freedom,
        U=gum.U,
        k=gum.k,
        p=evaluation.p,
        interval=mc.symmetric,
        trials=mc.trials,
        validation=Validation(delta=check.delta, d_low=check.d_low, d_high=check.d_high, validated=check.validated),
        budget=tuple(
            BudgetLine(
                name=line.name,
                label=line.label,
                evaluation=line.evaluation,
                distribution=line.distribution,
                value=line.value,
                standard_uncertainty=line.u,
                unit=line.unit,
                degrees_of_freedom=line.dof,
                sensitivity=line.sensitivity,
                contribution=line.contribution,
                share=line.share,
            )
            for line in gum.lines
        ),
        verdict=judge(printed.rounded_error, gum.U, None if point.mpe is None else point.mpe.value, decision.record()),
        reported=printed,
    )


def within(ratio: float | None, U: float, mpe: float) -> bool:
    """Say whether U is small enough against the MPE for a decision; a relative 1e-9 forgives binary fractions."""
    return ratio is None or U <= ratio * mpe * (1 + 1e-9)


def judge(error: float | str, U: float, mpe: float | None, decision: DecisionRule) -> Verdict:
    """Decide on one error by the declared rule; the only place where a measured point is judged.

    Args:
        error: the error that is judged, rounded where the regulation prescribes a step.
        U: its expanded uncertainty, in the same unit.
        mpe: maximum permissible error; None where there is none.
        decision: the declared rule.
    """
    if mpe is None or decision.rule is Rule.NONE:
        return Verdict.PASS
    if not within(decision.maximum_ratio, U, mpe):
        return Verdict.INCONCLUSIVE
    return decide(float(error), U, mpe, rule=cast("DecideBy", decision.rule.value))


def _reported(observed: Observed, gum: GumResult) -> Reported:
    value, expanded = report(gum.value, gum.U)
    return Reported(
        error=_signed(value) if observed.signed else value,
        rounded_error=round_to_step(repr(gum.value), observed.step, sign=observed.signed),
        U=expanded,
        k=f"{gum.k:.2f}",
        mpe=None if observed.point.mpe is None else str(Decimal(repr(observed.point.mpe.value))),
        reference_value=_to_place(observed.reference_value, gum.U, observed.budget.unit),
        indication=_to_place(observed.indication, gum.U, observed.budget.unit),
        step=observed.step,
    )


def _signed(value: str) -> str:
    return value if value.startswith("-") or not Decimal(value) else f"+{value}"


def _to_place(quantity: Quantity, U: float, unit: str) -> str:
    """Print a value to the place of its U: of one in its own unit, or of a relative one; else to seven digits."""
    value = quantity.value
    expanded = U if unit == quantity.unit else abs(value) * U / 100 if unit == "%" else 0.0
    return report(value, expanded)[0] if expanded else f"{value:.7g}"


def spread(errors: Sequence[float]) -> float:
    """Return the experimental standard deviation of some errors; 0 for a single one."""
    n = len(errors)
    if n < 2:
        return 0.0
    mean = sum(errors) / n
    return float((sum((e - mean) ** 2 for e in errors) / (n - 1)) ** 0.5)
