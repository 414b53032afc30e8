"""Validation of the law of propagation by a Monte Carlo method (JCGM 101:2008 clause 8, JJF 1059.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from uncertainty.errors import InputError
from uncertainty.rounding import numerical_tolerance

if TYPE_CHECKING:
    from uncertainty.budget import Budget
    from uncertainty.gum import GumResult
    from uncertainty.monte_carlo import MonteCarloResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """Hold the comparison of the coverage intervals of GUM and Monte Carlo."""

    delta: float
    """Numerical tolerance δ of u, in the output's unit."""
    d_low: float
    """|y_low(GUM) - y_low(MC)|."""
    d_high: float
    """|y_high(GUM) - y_high(MC)|."""
    validated: bool
    """Whether both differences are at most δ."""


def validate(gum: GumResult, mc: MonteCarloResult, digits: int = 2, *, shortest: bool = False) -> Validation:
    """Compare the interval y ± k_p u of the GUM with that of a Monte Carlo run (JCGM 101:2008 8.1).

    Args:
        gum: result of the law of propagation.
        mc: result of the Monte Carlo method, for the same p; clause 8.2 wants it good to δ/5.
        digits: significant digits of u that are regarded as meaningful (1 or 2).
        shortest: whether the shortest Monte Carlo interval is compared, not the probabilistically symmetric one.

    Raises:
        InputError: the coverage probabilities differ, or u(GUM) is zero, so that no digit is meaningful.
    """
    if gum.p != mc.p:
        raise InputError(f"p: the GUM interval is for {gum.p}, the Monte Carlo interval for {mc.p}; take the same p")
    low, high = mc.shortest if shortest else mc.symmetric
    delta = numerical_tolerance(gum.u, digits)
    d_low, d_high = abs(gum.interval[0] - low), abs(gum.interval[1] - high)
    return Validation(delta=delta, d_low=d_low, d_high=d_high, validated=d_low <= delta and d_high <= delta)


def validate_budget(
    budget: Budget, *, p: float = 0.95, digits: int = 2, seed: int = 1, most_trials: int = 5_000_000
) -> tuple[Validation, GumResult, MonteCarloResult]:
    """Validate the law of propagation with a Monte Carlo run that has settled to δ/5 (JCGM 101:2008 8.2).

    Args:
        budget: model and inputs.
        p: coverage probability.
        digits: significant digits of u that are regarded as meaningful.
        seed: seed of the random numbers.
        most_trials: where the Monte Carlo run gives up; its result then says so (`stabilised` is False).

    Raises:
        InputError: u(GUM) is zero, or a setting cannot be used.
        ModelError: the model raises, or returns a wrong shape, NaN or infinity.
    """
    gum = budget.gum(p=p)
    delta = numerical_tolerance(gum.u, digits)
    mc = budget.adaptive(seed=seed, p=p, delta=delta / 5, most_trials=most_trials)
    return validate(gum, mc, digits), gum, mc
