"""Drift of a standard: a weighted straight line through its calibrations, and when it will leave its limits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special

from uncertainty.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from uncertainty.distributions import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Hold a straight line y = value + slope (t - centre) through n calibrations."""

    centre: float
    """Weighted mean of the times, at which value and slope are uncorrelated."""
    value: float
    """Estimate at `centre`."""
    slope: float
    """Drift per unit of time."""
    u_value: float
    """Standard uncertainty of `value`, scatter included."""
    u_slope: float
    """Standard uncertainty of `slope`, scatter included."""
    birge: float
    """Birge ratio √(χ²/(n - 2)): above 1 the calibrations scatter more than their uncertainties say."""
    u_next: float
    """Standard uncertainty of one more calibration: the typical one of the past, times a Birge ratio above 1."""
    degrees_of_freedom: int
    """n - 2."""
    p: float
    """Coverage probability of the prediction interval."""

    def predict(self, time: float) -> tuple[float, float]:
        """Return what one more calibration at a time is predicted to give, and half the prediction interval."""
        elapsed = time - self.centre
        u = math.sqrt(self.u_value**2 + (elapsed * self.u_slope) ** 2 + self.u_next**2)
        t = float(special.stdtrit(self.degrees_of_freedom, 0.5 + 0.5 * self.p))
        return self.value + self.slope * elapsed, t * u


def fit_drift(
    times: Sequence[float] | Array, values: Sequence[float] | Array, u: Sequence[float] | Array, p: float = 0.95
) -> Drift:
    """Fit a straight line with weights 1/u² to calibrations over time.

    Where the calibrations scatter more than their uncertainties say, these are multiplied by the Birge ratio; they are
    never made smaller. The interval is Student's, with n - 2 degrees of freedom.

    Args:
        times: times, (n,).
        values: errors of the standard, (n,).
        u: their standard uncertainties, (n,).
        p: coverage probability of the prediction interval.

    Raises:
        InputError: fewer than three calibrations, all at one time, lengths that differ, a number that is not finite, an
            uncertainty that is not positive, or p outside 0 to 1.
    """
    t, y, s = (np.asarray(row, dtype=float) for row in (times, values, u))
    if not (t.ndim == y.ndim == s.ndim == 1 and t.size == y.size == s.size):
        raise InputError(f"drift: {t.size} times, {y.size} values and {s.size} uncertainties; give rows of one length")
    if t.size < 3:
        raise InputError(f"drift: {t.size} calibration(s); at least 3 are needed for a line with a prediction interval")
    if not all(np.isfinite(row).all() for row in (t, y, s)) or not (s > 0).all():
        raise InputError("drift: every time, value and uncertainty must be finite, and every uncertainty positive")
    if not 0 < p < 1:
        raise InputError(f"drift: p = {p} must lie between 0 and 1")
    w = 1 / s**2
    centre = float((w * t).sum() / w.sum())
    spread = float((w * (t - centre) ** 2).sum())
    if spread <= 0 or np.ptp(t) == 0:
        raise InputError("drift: all calibrations are of one time; a drift needs different ones")
    value = float((w * y).sum() / w.sum())
    slope = float((w * (t - centre) * (y - value)).sum() / spread)
    residuals = y - value - slope * (t - centre)
    birge = math.sqrt(float((w * residuals**2).sum()) / (t.size - 2))
    factor = max(1.0, birge)
    return Drift(
        centre=centre,
        value=value,
        slope=slope,
        u_value=factor / math.sqrt(float(w.sum())),
        u_slope=factor / math.sqrt(spread),
        birge=birge,
        u_next=factor * math.sqrt(t.size / float(w.sum())),
        degrees_of_freedom=t.size - 2,
        p=p,
    )


def leaves(drift: Drift, limit: float, start: float, longest: float, reference: float = 0.0) -> float | None:
    """Return the time at which the prediction interval first leaves reference ± limit; None if not within `longest`.

    Args:
        drift: the fitted line.
        limit: half-width of what is permitted.
        start: time from which the standard is in use.
        longest: longest time ahead that is looked at.
        reference: value around which it is permitted: 0, or the correction that is applied.

    Raises:
        InputError: the limit or the time ahead is not positive.
    """
    if not (limit > 0 and longest > 0):
        raise InputError(f"drift: limit = {limit} and longest = {longest} must be positive")

    def excess(time: float) -> float:
        value, half = drift.predict(time)
        return abs(value - reference) + half - limit

    if excess(start) > 0:
        return start
    # |value| + half-width is a convex function of time, so one change of sign is the only one.
    if excess(start + longest) <= 0:
        return None
    return float(optimize.brentq(excess, start, start + longest, xtol=1e-9 * longest))
