"""Fit calibration curves with uncertainties and covariances in both axes (ISO 6143 generalized least squares).

Minimised is (x - ξ)ᵀ U_x⁻¹ (x - ξ) + (y - f(ξ; b))ᵀ U_y⁻¹ (y - f(ξ; b)) over the parameters b and the adjusted
abscissae ξ. The latter are eliminated (Britt and Luecke 1973): about the present ξ and b the constraint is linear, so b
follows from generalized least squares with the covariance V = D U_x Dᵀ + U_y, D = diag(f'(ξ)), and ξ from b. No inverse
of U_x is needed, so exact abscissae (ordinary and weighted least squares) are the same algorithm with U_x = 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize, special

from uncertainty.curves import Curve
from uncertainty.distributions import Array
from uncertainty.errors import InputError, ModelError

Uncertainty = float | Sequence[float] | Array | None
"""Standard uncertainties (one, or (n,)), a covariance matrix (n, n), or None for zero."""

_ITERATIONS = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """Hold a fitted curve."""

    curve: Curve
    """The curve."""
    b: Array
    """Parameters, (m,)."""
    covariance: Array
    """Covariance matrix of the parameters, (m, m)."""
    chi_squared: float
    """Sum of weighted squares S at the minimum; for a fit without uncertainties the sum of squares."""
    degrees_of_freedom: int
    """n - m."""
    gamma: float
    """Γ: largest |deviation|/u over both axes (ISO 6143 wants Γ ≤ 2); NaN-free: 0 for a fit without uncertainties."""
    x: Array
    """Abscissae, (n,)."""
    y: Array
    """Ordinates, (n,)."""
    adjusted_x: Array
    """ξ, (n,)."""
    weighted_residuals: Array
    """(y - f(ξ))/u(y) where u(y) > 0, else (y - f(ξ)), (n,)."""
    scaled: bool
    """Whether the covariance was scaled by the scatter about the curve: no uncertainties were given."""

    @property
    def u(self) -> Array:
        """Return the standard uncertainties of the parameters, (m,)."""
        return np.asarray(np.sqrt(np.diagonal(self.covariance)))

    @property
    def standard_deviation(self) -> float:
        """Return s = √(S/(n - m)) about the curve; 0 where there are no degrees of freedom."""
        return math.sqrt(self.chi_squared / self.degrees_of_freedom) if self.degrees_of_freedom else 0.0

    @property
    def probability(self) -> float:
        """Return Pr(χ² > S) for the degrees of freedom: small where curve and uncertainties do not fit the data."""
        if self.scaled or not self.degrees_of_freedom:
            return 1.0
        return float(special.chdtrc(self.degrees_of_freedom, self.chi_squared))

    def predict(self, x: float | Sequence[float] | Array, ux: Uncertainty = None) -> tuple[Array, Array]:
        """Evaluate the curve.

        Args:
            x: abscissae, (k,).
            ux: their uncertainties.

        Returns:
            Ordinates, (k,), and their covariance matrix, (k, k): from the parameters (common to all) and from x.

        Raises:
            InputError: an abscissa or uncertainty cannot be used.
        """
        at = _numbers("x", x)
        gradient = self.curve.gradient(at, self.b)
        slope = self.curve.slope(at, self.b)
        own = _covariance("ux", ux, at.size)
        covariance = gradient @ self.covariance @ gradient.T + slope[:, None] * own * slope
        return self.curve.value(at, self.b), np.asarray(covariance)

    def inverse(
        self, y: float | Sequence[float] | Array, uy: Uncertainty = None, *, within: tuple[float, float] | None = None
    ) -> tuple[Array, Array]:
        """Find the abscissae that belong to measured ordinates.

        Args:
            y: ordinates, (k,).
            uy: their uncertainties.
            within: where the abscissa is looked for; None for the range of the data, half as much again.

        Returns:
            Abscissae, (k,), and their covariance matrix, (k, k).

        Raises:
            InputError: the curve does not take the value just once there, or an uncertainty cannot be used.
        """
        wanted = _numbers("y", y)
        span = float(np.ptp(self.x)) or 1.0
        low, high = within or (float(self.x.min()) - 0.5 * span, float(self.x.max()) + 0.5 * span)
        x = np.array([self._solve(float(value), low, high) for value in wanted])
        slope = self.curve.slope(x, self.b)
        if not (slope != 0).all():
            raise InputError("inverse: the curve is level there, so the abscissa is not determined")
        gradient = self.curve.gradient(x, self.b) / slope[:, None]
        own = _covariance("uy", uy, wanted.size) / slope[:, None] / slope
        return x, np.asarray(gradient @ self.covariance @ gradient.T + own)

    def _solve(self, y: float, low: float, high: float) -> float:
        mesh = np.linspace(low, high, 2001)
        with np.errstate(all="ignore"):
            d = self.curve.value(mesh, self.b) - y
        sign = np.sign(d)
        places = np.flatnonzero((sign[:-1] * sign[1:] < 0) | (sign[:-1] == 0))
        if places.size != 1:
            raise InputError(
                f"inverse: the curve takes the value {y} at {places.size} places between {low:.6g} and {high:.6g}; "
                "give the range in which it is monotonic (`within`)"
            )
        a, b = float(mesh[places[0]]), float(mesh[places[0] + 1])

        def excess(x: float) -> float:
            return float(self.curve.value(np.array([x]), self.b)[0]) - y

        return float(optimize.brentq(excess, a, b, xtol=1e-15 * max(abs(a), abs(b), 1e-300), rtol=1e-14))


def fit(
    curve: Curve,
    x: Sequence[float] | Array,
    y: Sequence[float] | Array,
    *,
    ux: Uncertainty = None,
    uy: Uncertainty = None,
) -> Fit:
    """Fit a curve to points with uncertainties and covariances in both axes.

    Without any uncertainty it is ordinary least squares, and the covariance of the parameters is scaled by the scatter.

    Args:
        curve: what to fit.
        x: abscissae, (n,).
        y: ordinates, (n,).
        ux: standard uncertainties or covariance matrix of x.
        uy: standard uncertainties or covariance matrix of y.

    Raises:
        InputError: too few points, lengths that differ, a number that is not finite, or a matrix that cannot be.
        ModelError: the points do not determine the parameters, or the iteration does not converge.
    """
    xs, ys = _numbers("x", x), _numbers("y", y)
    n, m = xs.size, curve.parameters
    if ys.size != n:
        raise InputError(f"fit: {n} abscissae and {ys.size} ordinates")
    if n < m:
        raise InputError(f"fit: a {curve.name} has {m} parameters, so {n} points are too few")
    U_x, U_y = _covariance("ux", ux, n), _covariance("uy", uy, n)
    scaled = not U_x.any() and not U_y.any()
    if scaled:
        if n == m:
            raise InputError("fit: without uncertainties at least one point more than parameters is needed")
        U_y = np.eye(n)
    b, xi = curve.start(xs, ys), xs.copy()
    previous = math.inf
    for _ in range(_ITERATIONS):
        slope = curve.slope(xi, b)
        jacobian = curve.gradient(xi, b)
        misfit = ys - curve.value(xi, b) - slope * (xs - xi)
        V = slope[:, None] * U_x * slope + U_y
        try:
            root = linalg.cholesky(V, lower=True)
        except linalg.LinAlgError:
            raise InputError("fit: some points have no uncertainty in either axis; give every point one") from None
        A = linalg.solve_triangular(root, jacobian, lower=True)
        r = linalg.solve_triangular(root, misfit, lower=True)
        scale = np.linalg.norm(A, axis=0)
        if not scale.all():
            raise ModelError(f"fit: the points do not determine all parameters of the {curve.name}")
        q, upper = np.linalg.qr(A / scale)
        if np.abs(np.diagonal(upper)).min() < 1e-13:
            raise ModelError(f"fit: the points do not determine all parameters of the {curve.name}")
        step = linalg.solve_triangular(upper, q.T @ r) / scale
        left = r - A @ step
        b = b + step
        pull = linalg.solve_triangular(root, left, lower=True, trans="T")
        xi = xs + U_x @ (slope * pull)
        S = float(left @ left)
        change = float(np.abs(step * scale).max())
        # Parameters move by far less than their standard uncertainty (1 / scale or more), and S stands still.
        if change <= 1e-10 * max(1.0, math.sqrt(S)) and abs(S - previous) <= 1e-10 * max(S, 1e-300) + 1e-14:
            break
        previous = S
    else:
        raise ModelError(
            f"fit: the {curve.name} did not converge in {_ITERATIONS} steps; another curve may suit better"
        )
    back = linalg.solve_triangular(upper, np.eye(m)) / scale[:, None]
    covariance = back @ back.T
    if scaled:
        covariance = covariance * (S / (n - m))
    sx, sy = np.sqrt(np.diagonal(U_x)), np.sqrt(np.diagonal(U_y))
    dx, dy = xs - xi, ys - curve.value(xi, b)
    weighted = dy / np.where(sy > 0, sy, 1.0)
    gamma = max(
        float(np.abs(dx / np.where(sx > 0, sx, np.inf)).max()), float(np.abs(weighted[sy > 0]).max(initial=0.0))
    )
    return Fit(
        curve=curve,
        b=b,
        covariance=covariance,
        chi_squared=S,
        degrees_of_freedom=n - m,
        gamma=0.0 if scaled else gamma,
        x=xs,
        y=ys,
        adjusted_x=xi,
        weighted_residuals=weighted,
        scaled=scaled,
    )


def choose(
    curves: Sequence[Curve],
    x: Sequence[float] | Array,
    y: Sequence[float] | Array,
    *,
    ux: Uncertainty = None,
    uy: Uncertainty = None,
    largest_gamma: float = 2.0,
    least_probability: float = 0.05,
) -> tuple[Fit, ...]:
    """Fit several curves and put the acceptable ones first, those with the fewest parameters ahead, then by S.

    A fit is acceptable where Γ ≤ `largest_gamma` (ISO 6143) and Pr(χ² > S) ≥ `least_probability`.

    Raises:
        InputError: no curve was given, or the data cannot be used.
        ModelError: a curve cannot be fitted.
    """
    if not curves:
        raise InputError("choose: no curve was given")
    fits = [fit(curve, x, y, ux=ux, uy=uy) for curve in curves]

    def rank(f: Fit) -> tuple[bool, int, float]:
        acceptable = f.gamma <= largest_gamma and f.probability >= least_probability
        return (not acceptable, f.curve.parameters if acceptable else 0, f.chi_squared)

    return tuple(sorted(fits, key=rank))


def _numbers(name: str, values: float | Sequence[float] | Array) -> Array:
    found = np.atleast_1d(np.asarray(values, dtype=float))
    if found.ndim != 1 or not found.size:
        raise InputError(f"fit: {name} has the shape {found.shape}; a row of numbers is needed")
    if not np.isfinite(found).all():
        raise InputError(f"fit: {name}[{int(np.flatnonzero(~np.isfinite(found))[0])}] is not a finite number")
    return found


def _covariance(name: str, u: Uncertainty, n: int) -> Array:
    if u is None:
        return np.zeros((n, n))
    found = np.asarray(u, dtype=float)
    if found.ndim == 0:
        found = np.full(n, float(found))
    if found.shape not in ((n,), (n, n)):
        raise InputError(f"fit: {name} has the shape {found.shape}; ({n},) or ({n}, {n}) is needed")
    if not np.isfinite(found).all():
        raise InputError(f"fit: {name} has an element that is not finite")
    if found.ndim == 1:
        if (found < 0).any():
            raise InputError(f"fit: {name}[{int(np.flatnonzero(found < 0)[0])}] is negative")
        return np.diag(found**2)
    if not np.allclose(found, found.T, rtol=1e-10, atol=0):
        raise InputError(f"fit: the covariance matrix {name} is not symmetric")
    lowest = float(np.linalg.eigvalsh(found)[0])
    if lowest < -1e-10 * float(np.abs(found).max()):
        raise InputError(f"fit: the covariance matrix {name} has the negative eigenvalue {lowest:.3g}")
    return found
