"""Reconcile measured quantities with what must hold between them: mass, energy, carbon.

Measured values y with covariance V are moved as little as possible, in the sense of V, so that they satisfy
constraints. For linear ones, A x = c, that is generalized least squares:

    x^ = y - V Aᵀ (A V Aᵀ)⁻¹ (A y - c),   Cov(x^) = V - V Aᵀ (A V Aᵀ)⁻¹ A V,   χ² = (A y - c)ᵀ (A V Aᵀ)⁻¹ (A y - c)

Constraints that are not linear are linearised about the values found so far until these stand still. Quantities that
nobody measured take part as well: they are eliminated by a projection, and follow from the others. (The method is that
of VDI 2048, of which no text was seen; its worked example serves as a test.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg, special

from uncertainty.distributions import Array
from uncertainty.errors import InputError, ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    Constraints = Callable[[Array], tuple[Array, Array]]
    """Gives residuals g(x), (m,), which must become 0, and their Jacobian, (m, n)."""

_ITERATIONS = 50
_RANK = 1e-10
"""Singular values below this share of the largest count as 0."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reconciliation:
    """Hold reconciled values of n quantities."""

    measured: Array
    """y, (n,); for quantities that were not measured, where the search began."""
    values: Array
    """x^, (n,)."""
    covariance: Array
    """Covariance matrix of x^, (n, n)."""
    adjustments: Array
    """x^ - y, (n,); 0 for quantities that were not measured."""
    standardised: Array
    """Adjustments over their standard uncertainties, (n,); 0 where nothing can be said: not measured, or not
    redundant."""
    redundant: tuple[bool, ...]
    """Whether the other quantities say anything about each."""
    chi_squared: float
    """Weighted sum of squares of the adjustments."""
    degrees_of_freedom: int
    """Independent constraints that are left when the quantities that were not measured have been eliminated."""

    @property
    def u(self) -> Array:
        """Return the standard uncertainties of the reconciled values, (n,)."""
        return np.asarray(np.sqrt(np.clip(np.diagonal(self.covariance), 0.0, None)))

    @property
    def probability(self) -> float:
        """Return Pr(χ² > observed) where the values contradict nothing."""
        return float(special.chdtrc(self.degrees_of_freedom, self.chi_squared))

    def critical(self, p: float = 0.95) -> float:
        """Return the quantile of χ² at which the global test begins to refuse.

        Raises:
            InputError: p is not inside 0 to 1.
        """
        if not 0 < p < 1:
            raise InputError(f"p = {p} must lie between 0 and 1, e.g. 0.95")
        return float(special.chdtri(self.degrees_of_freedom, 1 - p))

    def suspects(self, limit: float = 1.96) -> tuple[int, ...]:
        """Return the places whose adjustment exceeds `limit` of its standard uncertainties, the largest first."""
        order = np.argsort(-np.abs(self.standardised), kind="stable")
        return tuple(int(i) for i in order if abs(self.standardised[i]) > limit)


def reconcile(
    y: Sequence[float] | Array,
    V: Sequence[float] | Array,
    A: Sequence[Sequence[float]] | Array,
    c: Sequence[float] | Array | None = None,
    *,
    unmeasured: Collection[int] = (),
) -> Reconciliation:
    """Reconcile measured values with linear constraints A x = c.

    Args:
        y: measured values, (n,); of quantities that were not measured, any number.
        V: their standard uncertainties, (n,), or covariance matrix, (n, n); of those not measured, it is passed over.
        A: constraints, (m, n).
        c: right-hand sides, (m,); None for zero.
        unmeasured: places of quantities that were not measured.

    Raises:
        InputError: shapes do not fit, a number is not finite, an uncertainty is not positive, or the constraints do not
            determine a quantity that was not measured.
        ModelError: nothing is redundant: the constraints say nothing about the measured quantities.
    """
    values = np.asarray(y, dtype=float)
    matrix = np.atleast_2d(np.asarray(A, dtype=float))
    right = np.zeros(matrix.shape[0]) if c is None else np.asarray(c, dtype=float)
    n = values.size
    covariance = _covariance(V, n)
    if values.ndim != 1 or matrix.shape[1] != n or right.shape != (matrix.shape[0],):
        raise InputError(f"reconcile: {n} values, constraints {matrix.shape} and right-hand sides {right.shape}")
    if not all(np.isfinite(part).all() for part in (values, matrix, right)):
        raise InputError("reconcile: a value or a coefficient is not finite")
    return _linear(values, covariance, matrix, right, _places(unmeasured, n), values)


def reconcile_model(
    y: Sequence[float] | Array,
    V: Sequence[float] | Array,
    constraints: Constraints,
    *,
    unmeasured: Collection[int] = (),
    tolerance: float = 1e-10,
) -> Reconciliation:
    """Reconcile measured values with constraints g(x) = 0 that need not be linear; see `reconcile`.

    Args:
        y: measured values, (n,); of quantities that were not measured, where the search begins.
        V: their standard uncertainties, (n,), or covariance matrix, (n, n).
        constraints: returns residuals and Jacobian at some values.
        unmeasured: places of quantities that were not measured.
        tolerance: largest change of a value, in its own size, at which the search ends.

    Raises:
        InputError: as `reconcile`.
        ModelError: as `reconcile`, or the search does not end.
    """
    values = np.asarray(y, dtype=float)
    covariance, hidden = _covariance(V, values.size), _places(unmeasured, values.size)
    x = values.copy()
    for _ in range(_ITERATIONS):
        residuals, jacobian = constraints(x)
        if not (np.isfinite(residuals).all() and np.isfinite(jacobian).all()):
            raise ModelError("reconcile: a constraint is not finite at the values found so far")
        found = _linear(values, covariance, jacobian, jacobian @ x - residuals, hidden, values)
        change = np.abs(found.values - x) / np.maximum(np.abs(found.values), 1e-12 + np.abs(values).max() * 1e-6)
        x = found.values
        if change.max() <= tolerance:
            return found
    raise ModelError(f"reconcile: the values do not stand still after {_ITERATIONS} steps; check constraints and units")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Search:
    """Hold what a search for gross errors found."""

    first: Reconciliation
    """With all quantities as measured."""
    final: Reconciliation
    """With the suspects taken as not measured."""
    suspects: tuple[int, ...]
    """Places that were taken out, in the order in which they were."""
    p: float
    """Probability of the global test."""

    @property
    def explained(self) -> bool:
        """Whether no contradiction is left: there was none, or the suspects explain it."""
        return self.final.chi_squared <= self.final.critical(self.p)


def search(
    y: Sequence[float] | Array,
    V: Sequence[float] | Array,
    constraints: Constraints,
    *,
    p: float = 0.95,
    limit: float = 1.96,
    most: int = 3,
    among: Collection[int] | None = None,
) -> Search:
    """Take out one quantity after the other, the one with the largest standardised adjustment, until χ² is accepted.

    Args:
        y: measured values, (n,).
        V: their standard uncertainties, (n,), or covariance matrix, (n, n).
        constraints: as in `reconcile_model`.
        p: probability of the global test.
        limit: standardised adjustment below which nothing is suspected.
        most: how many quantities may be taken out.
        among: places that may be taken out; None for all.

    Raises:
        InputError: as `reconcile_model`.
        ModelError: as `reconcile_model`.
    """
    found = first = reconcile_model(y, V, constraints)
    out: list[int] = []
    while found.degrees_of_freedom > 1 and found.chi_squared > found.critical(p) and len(out) < most:
        allowed = [i for i in found.suspects(limit) if among is None or i in among]
        # Of quantities that only occur together nobody can tell which one is wrong: taking out either explains it.
        for place in allowed:
            try:
                found = reconcile_model(y, V, constraints, unmeasured=[*out, place])
            except (InputError, ModelError):
                continue  # without it something would not be determined any more
            out.append(place)
            break
        else:
            break
    return Search(first=first, final=found, suspects=tuple(out), p=p)


def _linear(y: Array, V: Array, A: Array, c: Array, hidden: list[int], start: Array) -> Reconciliation:
    """Solve the linear problem; `hidden` are the places that were not measured."""
    n = y.size
    seen = [i for i in range(n) if i not in hidden]
    A_seen, A_hidden = A[:, seen], A[:, hidden]
    if hidden:
        left, singular, _ = np.linalg.svd(A_hidden)
        if singular.size < len(hidden) or (singular < _RANK * max(singular.max(initial=0.0), 1e-300)).any():
            raise InputError(
                f"reconcile: the constraints do not determine all of the quantities {hidden} that were not measured"
            )
        projector = left[:, len(hidden) :].T
        B, d = projector @ A_seen, projector @ c
    else:
        B, d = A_seen, c
    B, d = _independent(B, d)
    if not B.shape[0]:
        raise ModelError("reconcile: the constraints say nothing about the measured quantities; nothing is redundant")
    W = V[np.ix_(seen, seen)]
    contradiction = B @ y[seen] - d
    middle = B @ W @ B.T
    try:
        factor = linalg.cho_factor(middle)
    except linalg.LinAlgError:
        raise InputError("reconcile: some constraint joins quantities without uncertainty only") from None
    gain = W @ B.T
    moved = -gain @ linalg.cho_solve(factor, contradiction)
    S_moved = gain @ linalg.cho_solve(factor, gain.T)
    S_seen = W - S_moved
    u = np.sqrt(np.clip(np.diagonal(S_moved), 0.0, None))
    told = u > 1e-9 * np.sqrt(np.diagonal(W))
    values, covariance = start.copy(), np.zeros((n, n))
    values[seen] = y[seen] + moved
    T = np.zeros((n, len(seen)))
    T[seen, np.arange(len(seen))] = 1.0
    if hidden:
        inverse = np.linalg.pinv(A_hidden)
        values[hidden] = inverse @ (c - A_seen @ values[seen])
        T[hidden] = -inverse @ A_seen
    covariance = T @ S_seen @ T.T
    adjustments, standardised = np.zeros(n), np.zeros(n)
    adjustments[seen] = moved
    standardised[seen] = np.where(told, moved / np.where(told, u, 1.0), 0.0)
    redundant = np.zeros(n, dtype=bool)
    redundant[seen] = told
    return Reconciliation(
        measured=y,
        values=values,
        covariance=covariance,
        adjustments=adjustments,
        standardised=standardised,
        redundant=tuple(redundant.tolist()),
        chi_squared=float(contradiction @ linalg.cho_solve(factor, contradiction)),
        degrees_of_freedom=B.shape[0],
    )


def _independent(B: Array, d: Array) -> tuple[Array, Array]:
    """Return as many combinations of constraints as are independent.

    Raises:
        InputError: constraints contradict each other, whatever the values are.
    """
    left, singular, right = np.linalg.svd(B, full_matrices=False)
    if not singular.size or not singular.max() > 0.0:
        return B[:0], d[:0]
    keep = singular > _RANK * singular.max()
    if keep.all() and B.shape[0] <= B.shape[1]:
        return B, d
    rest = d - left[:, keep] @ (left[:, keep].T @ d)
    if np.abs(rest).max(initial=0.0) > 1e-8 * max(float(np.abs(d).max(initial=0.0)), float(singular.max())):
        raise InputError("reconcile: the constraints contradict each other, whatever is measured")
    return singular[keep, None] * right[keep], left[:, keep].T @ d


def _places(unmeasured: Collection[int], n: int) -> list[int]:
    places = sorted({int(i) for i in unmeasured})
    if places and not 0 <= places[0] <= places[-1] < n:
        raise InputError(f"reconcile: unmeasured {places} are not all places among {n} quantities")
    return places


def _covariance(V: Sequence[float] | Array, n: int) -> Array:
    found = np.asarray(V, dtype=float)
    if found.shape not in ((n,), (n, n)):
        raise InputError(f"reconcile: uncertainties of shape {found.shape}; ({n},) or ({n}, {n}) is needed")
    if found.ndim == 1:
        found = np.diag(found**2)
    if not np.isfinite(found).all() or not (np.diagonal(found) > 0).all():
        raise InputError("reconcile: every standard uncertainty must be finite and positive")
    if not np.allclose(found, found.T, rtol=1e-10, atol=0.0):
        raise InputError("reconcile: the covariance matrix is not symmetric")
    lowest = float(np.linalg.eigvalsh(found)[0])
    if lowest < -1e-10 * float(np.abs(found).max()):
        raise InputError(f"reconcile: the covariance matrix has the negative eigenvalue {lowest:.3g}")
    return found


def detection_power(reconciliation: Reconciliation, V: Array, place: int, bias: float, limit: float = 1.96) -> float:
    """Return how likely a bias of one quantity moves its own standardised adjustment beyond a limit.

    The adjustment of a quantity answers a bias b of its own by -b S_ii / V_ii, S being the covariance of the
    adjustments; for uncorrelated measurements.

    Args:
        reconciliation: of values without the bias; only its covariance counts.
        V: covariance matrix of the measured values, (n, n).
        place: which quantity.
        bias: in its unit.
        limit: as in `Reconciliation.suspects`.
    """
    S = float(V[place, place] - reconciliation.covariance[place, place])
    if S <= 1e-18 * float(V[place, place]):
        return 0.0
    shift = abs(bias) * math.sqrt(S) / float(V[place, place])
    return float(special.ndtr(shift - limit) + special.ndtr(-shift - limit))
