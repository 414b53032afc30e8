"""Assess a measurement standard: repeatability, stability, verification of results (JJF 1033), control charts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from uncertainty.distributions import Array
from uncertainty.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """Hold a finding that a number stays within its limit."""

    observed: float
    """What was found."""
    limit: float
    """What it must not exceed."""
    satisfied: bool
    """Whether it does not."""


def _row(values: Sequence[float] | Array, least: int, what: str) -> Array:
    x = np.asarray(values, dtype=float)
    if x.ndim != 1 or x.size < least:
        raise InputError(f"{what}: {x.size} value(s); at least {least} are needed")
    if not np.isfinite(x).all():
        raise InputError(f"{what}: value {int(np.flatnonzero(~np.isfinite(x))[0]) + 1} is NaN or infinite")
    return x


def repeatability(readings: Sequence[float] | Array, *, limit: float | None = None, least: int = 6) -> Assessment:
    """Return the experimental standard deviation of a measurement result, against the one that the budget uses.

    Args:
        readings: repeated results under repeatability conditions.
        limit: standard deviation in the present budget; None for a new standard, which has none.
        least: fewest readings that are accepted; a rule of the document that is followed.

    Raises:
        InputError: too few readings, or one is not finite.
    """
    s = float(_row(readings, least, "repeatability").std(ddof=1))
    return Assessment(observed=s, limit=math.inf if limit is None else limit, satisfied=limit is None or s <= limit)


def stability(group_means: Sequence[float] | Array, limit: float, *, least: int = 4, strict: bool = True) -> Assessment:
    """Return the range of group means of a check standard over time, against the standard's MPE or U.

    Args:
        group_means: mean of each group of repeats, in order of time.
        limit: |MPE| of a standard used by its nominal value or class; U (k = 2) of one used with corrections.
        least: fewest groups that are accepted; 2 for an existing standard (this year's and last year's).
        strict: whether the range must lie below the limit, not at it.

    Raises:
        InputError: too few groups, or a number is not finite.
    """
    spread = float(np.ptp(_row(group_means, least, "stability")))
    return Assessment(observed=spread, limit=limit, satisfied=spread < limit if strict else spread <= limit)


def verify_by_transfer(value: float, U: float, reference: float, U_reference: float) -> Assessment:
    """Verify a result against a higher standard: |y - y_ref| ≤ √(U² + U_ref²), or ≤ U where U_ref ≤ U/3.

    Raises:
        InputError: an expanded uncertainty is not positive.
    """
    if not (U > 0 and U_reference >= 0):
        raise InputError(f"verification: U = {U} must be positive and U_reference = {U_reference} not negative")
    limit = U if U_reference <= U / 3 * (1 + 1e-12) else math.hypot(U, U_reference)
    return Assessment(observed=abs(value - reference), limit=limit, satisfied=abs(value - reference) <= limit)


def verify_by_comparison(values: Sequence[float] | Array, place: int, U: float) -> Assessment:
    """Verify a result against the mean of n laboratories: |y - ȳ| ≤ √((n - 1)/n) U.

    Args:
        values: values of all laboratories, the own one among them.
        place: place of the own value.
        U: its expanded uncertainty, like those of the others.

    Raises:
        InputError: fewer than two values, or a place outside.
    """
    x = _row(values, 2, "comparison")
    if not 0 <= place < x.size:
        raise InputError(f"comparison: place = {place} must lie in 0 to {x.size - 1}")
    limit = math.sqrt((x.size - 1) / x.size) * U
    observed = abs(float(x[place] - x.mean()))
    return Assessment(observed=observed, limit=limit, satisfied=observed <= limit)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chart:
    """Hold one control chart."""

    points: Array
    """Plotted values, (n,)."""
    centre: float
    """Centre line."""
    low: Array
    """Lower control limits, (n,)."""
    high: Array
    """Upper control limits, (n,)."""

    @property
    def alarms(self) -> tuple[int, ...]:
        """Return the places of the points outside the limits."""
        return tuple(int(i) for i in np.flatnonzero((self.points < self.low) | (self.points > self.high)))


def c4(n: int) -> float:
    """Return c_4: E(s) = c_4 σ for n normal readings."""
    return math.sqrt(2 / (n - 1)) * math.exp(float(special.gammaln(n / 2) - special.gammaln((n - 1) / 2)))


def mean_and_s_chart(groups: Sequence[Sequence[float]], *, baseline: int | None = None) -> tuple[Chart, Chart]:
    """Return the x̄ chart and the s chart of groups of readings (Shewhart; GB/T 17989.2).

    Args:
        groups: groups of one size, in order of time.
        baseline: how many of the first groups set the limits; None for all.

    Raises:
        InputError: fewer than two groups, groups of different size or of one reading, or no scatter.
    """
    sizes = {len(g) for g in groups}
    if len(groups) < 2 or len(sizes) != 1 or min(sizes) < 2:
        raise InputError(f"control chart: {len(groups)} groups of sizes {sorted(sizes)}; equal sizes from 2 are needed")
    rows = np.array([_row(g, 2, "control chart") for g in groups])
    first = len(groups) if baseline is None else baseline
    if not 2 <= first <= len(groups):
        raise InputError(f"control chart: baseline = {baseline} must lie in 2 to {len(groups)}")
    n = rows.shape[1]
    means, s = rows.mean(axis=1), rows.std(axis=1, ddof=1)
    centre, s_bar = float(means[:first].mean()), float(s[:first].mean())
    if s_bar == 0:
        raise InputError("control chart: there is no scatter within the groups")
    width = 3 * s_bar / (c4(n) * math.sqrt(n))
    spread = 3 * s_bar * math.sqrt(1 - c4(n) ** 2) / c4(n)
    one = np.ones(len(groups))
    return (
        Chart(points=means, centre=centre, low=(centre - width) * one, high=(centre + width) * one),
        Chart(points=s, centre=s_bar, low=max(s_bar - spread, 0.0) * one, high=(s_bar + spread) * one),
    )


def ewma_chart(
    values: Sequence[float] | Array, *, centre: float, s: float, weight: float = 0.2, width: float = 3.0
) -> Chart:
    """Return the chart of exponentially weighted moving averages, which sees slow drifts.

    Args:
        values: check results in order of time.
        centre: their target or long-term mean.
        s: their standard deviation.
        weight: weight of the newest value, 0 to 1.
        width: half-width of the limits in standard deviations of the average.

    Raises:
        InputError: no values, or a setting that cannot be used.
    """
    x = _row(values, 1, "EWMA chart")
    if not (0 < weight <= 1 and s > 0 and width > 0):
        raise InputError(f"EWMA chart: weight = {weight} (0 to 1), s = {s} and width = {width} must be positive")
    averages, now = np.empty(x.size), centre
    for i, value in enumerate(x):
        now = weight * float(value) + (1 - weight) * now
        averages[i] = now
    steps = np.arange(1, x.size + 1)
    half = width * s * np.sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2 * steps)))
    return Chart(points=averages, centre=centre, low=centre - half, high=centre + half)
