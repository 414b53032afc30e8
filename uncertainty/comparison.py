"""Comparisons between laboratories: scores and reference values (JJF 1117, ISO 13528, ISO/IEC 17043)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from uncertainty.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from uncertainty.distributions import Array


def en_score(value: float, U: float, reference: float, U_reference: float, *, covariance: float = 0.0) -> float:
    """Return E_n = (x - X)/√(U² + U_ref²); |E_n| ≤ 1 is satisfactory.

    Args:
        value: the laboratory's value.
        U: its expanded uncertainty (k = 2).
        reference: reference value.
        U_reference: its expanded uncertainty, with the same k.
        covariance: cov(U, U_ref), with k² (of the expanded uncertainties), where the reference contains the laboratory.

    Raises:
        InputError: an uncertainty is negative, or both vanish.
    """
    return _score(value - reference, _squares(U=U, U_reference=U_reference) - 2 * covariance)


def en_score_with_drift(
    value: float, u: float, reference: float, u_reference: float, u_drift: float, *, k: float = 2.0
) -> float:
    """Return E_n with the drift of the travelling standard: (x - X)/(k √(u² + u_ref² + u_e²)) (JJF 1117).

    Raises:
        InputError: an uncertainty is negative, all vanish, or k ≤ 0.
    """
    if not k > 0:
        raise InputError(f"k = {k} must be positive")
    return _score(value - reference, k**2 * _squares(u=u, u_reference=u_reference, u_drift=u_drift))


def zeta_score(value: float, u: float, reference: float, u_reference: float) -> float:
    """Return ζ = (x - X)/√(u² + u_ref²), with standard uncertainties (ISO 13528); |ζ| ≤ 2 is satisfactory.

    Raises:
        InputError: an uncertainty is negative, or both vanish.
    """
    return _score(value - reference, _squares(u=u, u_reference=u_reference))


def z_prime_score(value: float, reference: float, s_pt: float, u_reference: float) -> float:
    """Return z' = (x - X)/√(σ_pt² + u_ref²) (ISO 13528): z where u_ref is not negligible; z with u_ref = 0.

    Raises:
        InputError: σ_pt or u_ref is negative, or both vanish.
    """
    return _score(value - reference, _squares(s_pt=s_pt, u_reference=u_reference))


def _squares(**uncertainties: float) -> float:
    for name, u in uncertainties.items():
        if not (math.isfinite(u) and u >= 0):
            raise InputError(f"{name} = {u} must not be negative")
    return math.fsum(u * u for u in uncertainties.values())


def _score(difference: float, variance: float) -> float:
    if not variance > 0:
        raise InputError(f"the variance of the difference is {variance:.6g}; a score needs a positive one")
    return difference / math.sqrt(variance)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceValue:
    """Hold a reference value that was made from several laboratories' results."""

    method: str
    """How it was made, e.g. "weighted mean"."""
    value: float
    """The value."""
    u: float
    """Its standard uncertainty."""
    chi_squared: float
    """Σ (x_i - X)²/u_i² of the results that were used."""
    probability: float
    """Pr(χ² > observed): below 0.05 the results are not consistent."""
    members: tuple[int, ...]
    """Places of the results that were used."""
    between: float = 0.0
    """Standard deviation between laboratories that was added to each u_i (DerSimonian-Laird)."""

    @property
    def consistent(self) -> bool:
        """Return whether the χ² test passes at 5 %."""
        return self.probability >= 0.05

    def degree_of_equivalence(self, value: float, u: float, *, member: bool) -> tuple[float, float]:
        """Return d = x - X and U(d) = 2 u(d); a member of the weighted mean is correlated with it (Cox 2002)."""
        variance = u**2 - self.u**2 if member else u**2 + self.u**2
        if variance < 0:
            raise InputError(f"u = {u}: a member of the mean cannot have less than the mean's own {self.u:.6g}")
        return value - self.value, 2 * math.sqrt(variance)


def _results(values: Sequence[float], u: Sequence[float]) -> tuple[Array, Array]:
    x, s = np.asarray(values, dtype=float), np.asarray(u, dtype=float)
    if x.ndim != 1 or x.shape != s.shape or x.size < 2:
        raise InputError(f"comparison: {x.size} values and {s.size} uncertainties; at least two of each are needed")
    for i in range(x.size):
        if not (np.isfinite(x[i]) and np.isfinite(s[i]) and s[i] > 0):
            raise InputError(
                f"comparison: result {i + 1} is {x[i]} with u = {s[i]}; numbers and a positive u are needed"
            )
    return x, s


def weighted_mean(values: Sequence[float], u: Sequence[float]) -> ReferenceValue:
    """Return the weighted mean with its χ² test (Cox 2002, procedure A).

    Raises:
        InputError: fewer than two results, or an uncertainty that is not positive.
    """
    x, s = _results(values, u)
    return _mean(x, s, tuple(range(x.size)), "weighted mean")


def _mean(x: Array, s: Array, members: tuple[int, ...], method: str) -> ReferenceValue:
    chosen, weights = x[list(members)], s[list(members)] ** -2.0
    value = float((weights * chosen).sum() / weights.sum())
    chi = float((weights * (chosen - value) ** 2).sum())
    probability = float(special.chdtrc(len(members) - 1, chi)) if len(members) > 1 else 1.0
    return ReferenceValue(
        method=method,
        value=value,
        u=float(weights.sum() ** -0.5),
        chi_squared=chi,
        probability=probability,
        members=members,
    )


def largest_consistent_subset(values: Sequence[float], u: Sequence[float], *, level: float = 0.05) -> ReferenceValue:
    """Return the weighted mean of the largest subset that passes the χ² test (Cox 2007).

    Among subsets of equal size the one with the smallest χ² is taken. All subsets are tried, so 20 laboratories are the
    limit.

    Raises:
        InputError: fewer than two results or more than 20, or an uncertainty that is not positive.
    """
    x, s = _results(values, u)
    if x.size > 20:
        raise InputError(f"largest consistent subset: {x.size} results have too many subsets; 20 is the limit")
    for size in range(x.size, 0, -1):
        found = [_mean(x, s, members, "largest consistent subset") for members in combinations(range(x.size), size)]
        best = min(found, key=lambda r: r.chi_squared)
        if best.probability >= level:
            return best
    raise AssertionError("a single result is consistent with itself")


def cox_median(values: Sequence[float], u: Sequence[float], *, trials: int = 100_000, seed: int = 1) -> ReferenceValue:
    """Return the median as reference value, by a Monte Carlo method (Cox 2002, procedure B).

    Each trial draws the laboratories' values from their normal distributions and takes the median; value and u are mean
    and standard deviation of the medians.

    Raises:
        InputError: fewer than two results, or an uncertainty that is not positive.
    """
    x, s = _results(values, u)
    rng = np.random.Generator(np.random.SFC64(seed))
    medians = np.median(x + s * rng.standard_normal((trials, x.size)), axis=1)
    value = float(medians.mean())
    chi = float((((x - value) / s) ** 2).sum())
    return ReferenceValue(
        method="median",
        value=value,
        u=float(medians.std(ddof=1)),
        chi_squared=chi,
        probability=float(special.chdtrc(x.size - 1, chi)),
        members=tuple(range(x.size)),
    )


def der_simonian_laird(values: Sequence[float], u: Sequence[float]) -> ReferenceValue:
    """Return the weighted mean with a variance between laboratories (DerSimonian and Laird 1986).

    Raises:
        InputError: fewer than two results, or an uncertainty that is not positive.
    """
    x, s = _results(values, u)
    w = s**-2.0
    plain = _mean(x, s, tuple(range(x.size)), "DerSimonian-Laird")
    between = max(0.0, (plain.chi_squared - (x.size - 1)) / float(w.sum() - (w**2).sum() / w.sum()))
    widened = _mean(x, np.sqrt(s**2 + between), plain.members, "DerSimonian-Laird")
    return ReferenceValue(
        method=widened.method,
        value=widened.value,
        u=widened.u,
        chi_squared=plain.chi_squared,
        probability=plain.probability,
        members=plain.members,
        between=math.sqrt(between),
    )
