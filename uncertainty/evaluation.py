"""Evaluate a budget by both methods, and put the findings into words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uncertainty.budget import Budget
from uncertainty.conformity import Rule, Verdict, decide
from uncertainty.gum import GumResult
from uncertainty.monte_carlo import MonteCarloResult
from uncertainty.rounding import report, significant
from uncertainty.sensitivity import DIFFERENCES
from uncertainty.text import Text, catalogue
from uncertainty.validation import Validation, validate

if TYPE_CHECKING:
    from uncertainty.file import BudgetFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Hold a budget with the results of both methods."""

    budget: Budget
    """Model and inputs."""
    expression: str | None
    """The model as text, where it is one."""
    gum: GumResult
    """Law of propagation."""
    mc: MonteCarloResult
    """Monte Carlo method."""
    validation: Validation | None
    """Comparison of the two (JCGM 101 clause 8); None where u(GUM) is 0."""
    indices: tuple[float, ...]
    """First-order index of each input."""
    digits: int
    """Significant digits of U."""
    mpe: float | None
    """Maximum permissible error; None for no decision."""
    rule: Rule
    """Decision rule."""

    @property
    def verdict(self) -> Verdict | None:
        """Return the decision; None where there is no MPE."""
        return None if self.mpe is None else decide(self.gum.value, self.gum.U, self.mpe, self.rule)


def evaluate(
    budget: Budget,
    *,
    expression: str | None = None,
    p: float = 0.95,
    k: float | None = None,
    trials: int | None = 1_000_000,
    seed: int = 1,
    digits: int = 2,
    mpe: float | None = None,
    rule: Rule = "simple",
) -> Evaluation:
    """Evaluate a budget by the law of propagation and by a Monte Carlo method.

    Args:
        budget: model and inputs.
        expression: the model as text, for the report.
        p: coverage probability.
        k: coverage factor of U; None to take it from p and the degrees of freedom.
        trials: Monte Carlo trials; None for the adaptive procedure.
        seed: seed of the random numbers.
        digits: significant digits of U and of the validation.
        mpe: maximum permissible error; None for no decision.
        rule: decision rule.

    Raises:
        InputError: a setting or an input cannot be used.
        ModelError: the model raises, or returns a wrong shape, NaN or infinity.
    """
    gum = budget.gum(p=p, k=k)
    if trials is None:
        mc = budget.adaptive(digits=digits, seed=seed, p=p)
    else:
        mc = budget.monte_carlo(trials=trials, seed=seed, p=p)
    return Evaluation(
        budget=budget,
        expression=expression,
        gum=gum,
        mc=mc,
        validation=validate(gum, mc, digits) if gum.u > 0 else None,
        indices=budget.indices(seed=seed) if mc.u > 0 else (0.0,) * len(budget.inputs),
        digits=digits,
        mpe=mpe,
        rule=rule,
    )


def evaluate_file(file: BudgetFile) -> Evaluation:
    """Evaluate a budget file as its settings say.

    Raises:
        InputError: a setting or an input cannot be used.
        ModelError: the model returns NaN or infinity.
    """
    return evaluate(
        file.budget,
        expression=file.expression,
        p=file.p,
        k=file.k,
        trials=file.trials,
        seed=file.seed,
        digits=file.digits,
        mpe=file.mpe,
        rule=file.rule,
    )


def say(key: str, **values: object) -> Text:
    """Return a text of the room, its placeholders filled."""
    return catalogue("uncertainty")[key].format(**values)


def compact(value: float, digits: int) -> str:
    """Write a number with some significant digits; very large and very small ones with an exponent."""
    if value == 0:
        return "0"
    if 1e-5 <= abs(value) < 1e7:
        return significant(value, digits)
    return f"{value:.{digits - 1}e}"


def beside(value: float, u: float, digits: int = 2) -> str:
    """Write an estimate to the last place of its uncertainty."""
    if u == 0 or not 1e-5 <= abs(u) < 1e7:
        return f"{value:.10g}"
    return report(value, u, digits)[0]


def sentences(e: Evaluation) -> tuple[Text, ...]:
    """Return the findings in words: result, both methods, validation, decision."""
    gum, mc, unit = e.gum, e.mc, "" if e.gum.unit == "1" else e.gum.unit
    p = f"{100 * gum.p:g}"
    found = []
    if e.expression is not None:
        found.append(say("line.model", model=f"{gum.name} = {e.expression}"))
    value, U = report(gum.value, gum.U, e.digits) if gum.U > 0 else (f"{gum.value:.10g}", "0")
    found.append(say("line.result", name=gum.name, value=value, U=U, unit=unit, k=significant(gum.k, 3), p=p))
    dof = gum.degrees_of_freedom
    found.append(
        say(
            "line.gum",
            value=beside(gum.value, gum.u, 2),
            u=compact(gum.u, 3),
            unit=unit,
            dof=say("line.infinite") if dof is None or dof > 1e6 else str(math.floor(dof)),
            p=p,
            low=beside(gum.interval[0], gum.u),
            high=beside(gum.interval[1], gum.u),
        )
    )
    found.append(
        say("line.mc", trials=mc.trials, seed=mc.seed, value=beside(mc.mean, mc.u), u=compact(mc.u, 3), unit=unit)
    )
    for key, interval in (("symmetric", mc.symmetric), ("shortest", mc.shortest)):
        low, high = (beside(end, mc.u) for end in interval)
        found.append(say(f"line.{key}", p=p, low=low, high=high, unit=unit))
    if e.validation is not None:
        key = "line.validated" if e.validation.validated else "line.not_validated"
        v = e.validation
        ends = {"d_low": compact(v.d_low, 2), "d_high": compact(v.d_high, 2), "delta": compact(v.delta, 1)}
        found.append(say(key, unit=unit, **ends))
    if mc.stabilised is False:
        found.append(say("line.not_stabilised"))
    if gum.method == DIFFERENCES:
        found.append(say("line.differences"))
    if e.budget.correlations:
        pairs = ", ".join(f"r({a}, {b}) = {r:g}" for (a, b), r in e.budget.correlations.items())
        found.append(say("line.correlation", pairs=pairs))
    if e.verdict is not None:
        rule, verdict = say(f"rule.{e.rule}"), say(f"verdict.{e.verdict}")
        found.append(say("line.decision", mpe=f"{e.mpe:g}", unit=unit, rule=rule, verdict=verdict))
    return tuple(found)
