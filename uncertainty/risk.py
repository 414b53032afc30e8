"""Risks of a conformity decision (JCGM 106:2012), specific and global, and the guard band for a wanted risk.

Specific: for the one item that was measured, given the result. Global: for the production or the population from which
items come, described by a prior distribution of their true values. Limits may be one-sided: use -inf or inf.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import integrate, optimize, special

from uncertainty.distributions import Array, Distribution, Normal
from uncertainty.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Hold an interval of values, of the true value (tolerance) or of the measured value (acceptance)."""

    low: float = -math.inf
    """Lower limit; -inf for none."""
    high: float = math.inf
    """Upper limit; inf for none."""

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise InputError(f"limits: low = {self.low} must lie below high = {self.high}")
        if math.isinf(self.low) and math.isinf(self.high):
            raise InputError("limits: at least one of low and high must be finite")

    def guarded(self, w: float) -> Limits:
        """Return the acceptance interval with a guard band w at each finite limit (JCGM 106); w < 0 relaxes.

        Raises:
            InputError: nothing is left between the guard bands.
        """
        if not self.low + w < self.high - w:
            raise InputError(f"guard band w = {w}: nothing is left between {self.low} and {self.high}")
        return Limits(low=self.low + w, high=self.high - w)


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """Hold the global risks of a decision rule (JCGM 106)."""

    consumer: float
    """Probability that an item is accepted and does not conform (false acceptance)."""
    producer: float
    """Probability that an item is rejected and conforms (false rejection)."""
    conforming: float
    """Probability that an item conforms at all."""
    accepted: float
    """Probability that an item is accepted."""


def conformance_probability(value: float, u: float, tolerance: Limits, *, prior: Normal | None = None) -> float:
    """Return the probability that the true value of a measured item lies within the limits (JCGM 106).

    Args:
        value: measured value.
        u: its standard uncertainty.
        tolerance: limits of the true value.
        prior: what was known before; None for nothing. A normal prior makes a normal posterior.

    Raises:
        InputError: a number is not finite, or u ≤ 0.
    """
    _require_u(u)
    if not math.isfinite(value):
        raise InputError(f"value = {value} must be a finite number")
    if prior is not None and prior.u > 0:
        weight = prior.u**2 / (prior.u**2 + u**2)
        value, u = weight * value + (1 - weight) * prior.mean, u * math.sqrt(weight)
    high = float(special.ndtr((tolerance.high - value) / u))
    low = float(special.ndtr((tolerance.low - value) / u))
    if high > 0.5 and low > 0.5:  # both far out on one side: subtract the small tails
        return float(special.ndtr((value - tolerance.low) / u)) - float(special.ndtr((value - tolerance.high) / u))
    return high - low


def specific_risk(
    value: float, u: float, tolerance: Limits, acceptance: Limits, *, prior: Normal | None = None
) -> float:
    """Return the risk of the decision on one measured item (JCGM 106): that of accepting it, or of rejecting it.

    Raises:
        InputError: a number is not finite, or u ≤ 0.
    """
    conforms = conformance_probability(value, u, tolerance, prior=prior)
    return 1 - conforms if acceptance.low <= value <= acceptance.high else conforms


def global_risk(prior: Distribution, u: float, tolerance: Limits, acceptance: Limits) -> Risk:
    """Return the risks of a decision rule for a population (JCGM 106), by quadrature.

    Args:
        prior: distribution of the items' true values.
        u: standard uncertainty of a measurement, normally distributed about the true value.
        tolerance: limits of the true value.
        acceptance: limits of the measured value.

    Raises:
        InputError: u ≤ 0, or a prior that does not vary.
    """
    _require_u(u)
    if not prior.u > 0:
        raise InputError("prior: it does not vary, so there is no population")

    def accept(x: Array) -> Array:
        return np.asarray(special.ndtr((acceptance.high - x) / u) - special.ndtr((acceptance.low - x) / u))

    # In terms of the prior's probability q the integrand is smooth and bounded for any prior; limits become ends.
    q_low, q_high = (_probability(prior, x) for x in (tolerance.low, tolerance.high))
    marks = [
        _probability(prior, limit + s * u)
        for limit in (acceptance.low, acceptance.high)
        if math.isfinite(limit)
        for s in (-6.0, -3.0, -1.0, 0.0, 1.0, 3.0, 6.0)
    ]

    def integral(a: float, b: float) -> float:
        ends = [a, *sorted({m for m in marks if a < m < b}), b]
        return math.fsum(_gauss(lambda q: accept(prior.quantile(q)), lo, hi) for lo, hi in pairwise(ends))

    good, bad = integral(q_low, q_high), integral(0.0, q_low) + integral(q_high, 1.0)
    conforming = q_high - q_low
    return Risk(consumer=bad, producer=max(conforming - good, 0.0), conforming=conforming, accepted=good + bad)


def _gauss(f: Callable[[Array], Array], a: float, b: float) -> float:
    """Integrate from a to b; tails of the prior pile up at the ends, where tanh-sinh is at its best."""
    if b <= a:
        return 0.0

    def inside(q: Array) -> Array:
        return f(np.clip(q, 1e-300, 1 - 2.0**-53))

    if b - a < 1e-12:  # two marks that differ by rounding: tanh-sinh has no room there
        return float(inside(np.array([0.5 * (a + b)]))[0]) * (b - a)
    found: Any = integrate.tanhsinh(inside, a, b, atol=1e-13, rtol=1e-11)
    if not math.isfinite(found.integral):
        raise InputError(f"risk: the quantile function of the prior cannot be integrated from {a:.6g} to {b:.6g}")
    return float(found.integral)


def _probability(d: Distribution, x: float) -> float:
    """Return the distribution function at x, by inversion of the quantile function."""
    if math.isinf(x):
        return 0.0 if x < 0 else 1.0
    if isinstance(d, Normal):
        return float(special.ndtr((x - d.mean) / d.u))
    low, high = (float(d.quantile(np.array([q]))[0]) for q in (1e-300, 1 - 2.0**-53))
    if x <= low:
        return 0.0
    if x >= high:
        return 1.0

    def excess(q: float) -> float:
        return float(d.quantile(np.array([q]))[0]) - x

    return float(optimize.brentq(excess, 1e-300, 1 - 2.0**-53, xtol=1e-15, rtol=1e-14))


def guard_band(risk: float, prior: Distribution, u: float, tolerance: Limits, *, which: str = "consumer") -> float:
    """Return the guard band w with which the global risk is as wanted (JCGM 106; negative where w relaxes).

    Args:
        risk: wanted global risk.
        prior: distribution of the items' true values.
        u: standard uncertainty of a measurement.
        tolerance: limits of the true value.
        which: "consumer" or "producer".

    Raises:
        InputError: no guard band within ±6 u gives this risk.
    """
    if which not in ("consumer", "producer"):
        raise InputError(f"which = {which!r} must be 'consumer' or 'producer'")
    _require_u(u)
    most = 6 * u
    if math.isfinite(tolerance.low) and math.isfinite(tolerance.high):
        most = min(most, 0.4999999 * (tolerance.high - tolerance.low))

    def excess(w: float) -> float:
        found = global_risk(prior, u, tolerance, tolerance.guarded(w))
        return (found.consumer if which == "consumer" else found.producer) - risk

    ends = excess(-6 * u), excess(most)
    if ends[0] * ends[1] > 0:
        low, high = sorted(e + risk for e in ends)
        raise InputError(f"risk = {risk}: guard bands from -6 u to {most / u:.3g} u give {low:.3g} to {high:.3g}")
    return float(optimize.brentq(excess, -6 * u, most, xtol=1e-9 * u))


def specific_guard_band(risk: float, u: float) -> float:
    """Return the guard band that limits the specific risk at one limit to `risk`, without a prior: w = z u.

    1.645 u for 5 %; ILAC G8 calls w = U = 2 u the usual one (2.3 %).

    Raises:
        InputError: risk is not inside 0 to 1, or u ≤ 0.
    """
    _require_u(u)
    if not 0 < risk < 1:
        raise InputError(f"risk = {risk} must lie between 0 and 1")
    return float(-special.ndtri(risk)) * u


def _require_u(u: float) -> None:
    if not (math.isfinite(u) and u > 0):
        raise InputError(f"u = {u} must be a positive number")
