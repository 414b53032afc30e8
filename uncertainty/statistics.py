"""Statistics of repeated measurements: analysis of variance and Allan deviation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from uncertainty.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from uncertainty.distributions import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Anova:
    """Hold a one-way analysis of variance of J groups with K observations each (JCGM 100:2008 H.5)."""

    mean: float
    """Mean of all observations."""
    s_means: float
    """Standard deviation of the group means."""
    s_a: float
    """s_a = √K s(means): σ_W estimated from between the groups."""
    s_b: float
    """σ_W estimated from within the groups."""
    F: float
    """s_a²/s_b²."""
    dof: tuple[int, int]
    """J - 1 and J (K - 1)."""
    probability: float
    """Pr(F > observed) where there is no between-group effect."""
    s_between: float
    """Standard deviation between groups σ_B = √((s_a² - s_b²)/K); 0 where the difference is negative."""
    u_with_effect: float
    """Standard uncertainty of the mean if there is a between-group effect: s(means)/√J, J - 1 degrees of freedom."""
    u_without_effect: float
    """The same if there is none: all observations pooled, JK - 1 degrees of freedom."""

    def critical(self, p: float) -> float:
        """Return the quantile F_p of the F distribution with these degrees of freedom."""
        return float(special.fdtri(self.dof[0], self.dof[1], p))


def _checked(values: Sequence[float] | Array, least: int, what: str) -> Array:
    x = np.asarray(values, dtype=float)
    if x.ndim != 1 or x.size < least:
        raise InputError(f"{what}: {x.size} value(s); at least {least} in a row are needed")
    if not np.isfinite(x).all():
        raise InputError(f"{what}: value {int(np.flatnonzero(~np.isfinite(x))[0]) + 1} is NaN or infinite")
    return x


def anova_from_groups(means: Sequence[float] | Array, deviations: Sequence[float] | Array, k: int) -> Anova:
    """Analyse groups that are known by mean and standard deviation, as in JCGM 100 Table H.9.

    Args:
        means: group means, (J,).
        deviations: standard deviations within the groups, (J,).
        k: observations of each group.

    Raises:
        InputError: fewer than two groups or observations, lengths that differ, or no scatter within the groups.
    """
    m, s = _checked(means, 2, "anova"), _checked(deviations, 2, "anova")
    if m.size != s.size or k < 2:
        raise InputError(f"anova: {m.size} means, {s.size} standard deviations, k = {k}; k must be at least 2")
    j = m.size
    s_means = float(m.std(ddof=1))
    s_a, s_b = math.sqrt(k) * s_means, math.sqrt(float((s**2).mean()))
    if s_b == 0:
        raise InputError("anova: there is no scatter within the groups, so F has no value")
    dof = (j - 1, j * (k - 1))
    total = (dof[0] * s_a**2 + dof[1] * s_b**2) / (j * k - 1)
    return Anova(
        mean=float(m.mean()),
        s_means=s_means,
        s_a=s_a,
        s_b=s_b,
        F=(s_a / s_b) ** 2,
        dof=dof,
        probability=float(special.fdtrc(dof[0], dof[1], (s_a / s_b) ** 2)),
        s_between=math.sqrt(max(s_a**2 - s_b**2, 0.0) / k),
        u_with_effect=s_means / math.sqrt(j),
        u_without_effect=math.sqrt(total / (j * k)),
    )


def anova(groups: Sequence[Sequence[float]]) -> Anova:
    """Analyse groups of observations, all of one size.

    Raises:
        InputError: fewer than two groups or observations, groups of different size, or no scatter within them.
    """
    if len(groups) < 2 or len({len(g) for g in groups}) != 1:
        raise InputError(f"anova: {len(groups)} groups of sizes {[len(g) for g in groups]}; equal sizes are needed")
    rows = [_checked(g, 2, "anova") for g in groups]
    return anova_from_groups([float(r.mean()) for r in rows], [float(r.std(ddof=1)) for r in rows], rows[0].size)


def allan_deviation(
    values: Sequence[float] | Array, interval_s: float, factors: Sequence[int] | None = None
) -> tuple[Array, Array, Array]:
    """Return the overlapping Allan deviation of evenly spaced readings of e.g. a fractional frequency or a voltage.

    Args:
        values: readings, each a mean over `interval_s`, (n,).
        interval_s: time between readings, s.
        factors: averaging factors m; None for powers of two as far as n/3.

    Returns:
        Averaging times τ = m interval in s, deviations σ(τ), and their relative standard uncertainty for white noise
        1/√(2 (n/m - 1)), (len(factors),) each.

    Raises:
        InputError: too few readings, a factor that does not fit, or an interval that is not positive.
    """
    y = _checked(values, 3, "Allan deviation")
    if not interval_s > 0:
        raise InputError(f"Allan deviation: interval_s = {interval_s} must be positive")
    if factors is None:
        factors = [2**i for i in range(int(math.log2(y.size / 3)) + 1)]
    sums = np.concatenate([[0.0], np.cumsum(y - y.mean())])
    deviations = []
    for m in factors:
        if not 1 <= m <= y.size // 2:
            raise InputError(f"Allan deviation: factor {m} must lie in 1 to {y.size // 2}")
        means = (sums[m:] - sums[:-m]) / m
        d = means[m:] - means[:-m]
        deviations.append(math.sqrt(0.5 * float((d**2).mean())))
    lengths = np.asarray(factors, dtype=float)
    relative = 1 / np.sqrt(2 * np.maximum(y.size / lengths - 1, 0.5))
    return lengths * interval_s, np.array(deviations), relative
