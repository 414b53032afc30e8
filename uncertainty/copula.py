"""Draw correlated input quantities.

Normal inputs have the multivariate normal distribution, exactly. Inputs that all have
Student's t with the same degrees of freedom have the multivariate t distribution: readings that were taken together.
Any other group is joined by a Gaussian copula. A copula bends the coefficient: two rectangular inputs joined by a
normal pair with r = 0.8 have r = 0.786. So the coefficient of the normal pair is found first with which the inputs
have the r that was asked for (Nataf 1962; Liu and Der Kiureghian 1986).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import optimize, special

from uncertainty.deviates import Scratch, standard_normals
from uncertainty.distributions import Array, Distribution, Normal, StudentT
from uncertainty.errors import InputError
from uncertainty.quadrature import normal_nodes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from uncertainty.correlation import Correlation

_TERMS = 40


@dataclass(frozen=True, slots=True)
class MultivariateNormal:
    """Fill normal rows, correlated or not: x_i = mean_i + Σ_j factor_ij z_j."""

    rows: tuple[int, ...]
    """Rows of the block that are filled."""
    means: tuple[float, ...]
    """Mean of each row."""
    terms: tuple[tuple[tuple[int, float], ...], ...]
    """For each row the pairs (j, factor_ij) that are not zero."""
    double: bool
    """Whether the deviates are NumPy's, in double precision."""

    @property
    def scratch(self) -> int:
        """Return how many rows of single-precision scratch it needs."""
        return 3 * ((len(self.rows) + 1) // 2)

    def fill(self, x: Array, scratch: Scratch, rng: np.random.Generator) -> None:
        """Fill its rows of `x`, (n_inputs, n)."""
        n = len(self.rows)
        z: Any = rng.standard_normal((n, x.shape[1])) if self.double else standard_normals(rng, n, scratch)
        for row, mean, terms in zip(self.rows, self.means, self.terms, strict=True):
            out = x[row]
            for k, (j, weight) in enumerate(terms):
                np.multiply(z[j], np.float64(weight), out=scratch.wide if k else out)
                if k:
                    out += scratch.wide
            if mean:
                out += mean


@dataclass(frozen=True, slots=True)
class MultivariateT:
    """Fill correlated rows of Student's t with common degrees of freedom."""

    core: MultivariateNormal
    """The same with means of zero."""
    means: tuple[float, ...]
    """Mean of each row."""
    nu: float
    """Degrees of freedom."""

    @property
    def rows(self) -> tuple[int, ...]:
        """Return its rows."""
        return self.core.rows

    @property
    def scratch(self) -> int:
        """Return how many rows of single-precision scratch it needs."""
        return self.core.scratch

    def fill(self, x: Array, scratch: Scratch, rng: np.random.Generator) -> None:
        """Fill its rows of `x`, (n_inputs, n)."""
        self.core.fill(x, scratch, rng)
        stretch = rng.standard_gamma(0.5 * self.nu, x.shape[1])
        np.divide(0.5 * self.nu, stretch, out=stretch)
        np.sqrt(stretch, out=stretch)
        for row, mean in zip(self.rows, self.means, strict=True):
            x[row] *= stretch
            x[row] += mean


@dataclass(frozen=True, slots=True)
class Copula:
    """Fill correlated rows of any distributions by a Gaussian copula."""

    core: MultivariateNormal
    """Standard normal, with the coefficients of the normal pairs."""
    distributions: tuple[Distribution, ...]
    """What each row is turned into."""

    @property
    def rows(self) -> tuple[int, ...]:
        """Return its rows."""
        return self.core.rows

    @property
    def scratch(self) -> int:
        """Return how many rows of single-precision scratch it needs."""
        return self.core.scratch

    def fill(self, x: Array, scratch: Scratch, rng: np.random.Generator) -> None:
        """Fill its rows of `x`, (n_inputs, n)."""
        self.core.fill(x, scratch, rng)
        for row, distribution in zip(self.rows, self.distributions, strict=True):
            if isinstance(distribution, Normal):
                x[row] *= distribution.u
                x[row] += distribution.mean
            else:
                x[row] = distribution.quantile(special.ndtr(x[row]))


def square_root(matrix: Array) -> Array:
    """Return L with L Lᵀ = matrix: Cholesky's, or the symmetric one of a singular matrix."""
    try:
        return np.asarray(np.linalg.cholesky(matrix))
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(matrix)
        return np.asarray(vectors * np.sqrt(np.clip(values, 0, None)))


def plan_groups(
    names: Sequence[str], distributions: Sequence[Distribution], correlation: Correlation | None, *, double: bool
) -> tuple[MultivariateNormal | None, list[MultivariateT | Copula]]:
    """Plan how normal and correlated inputs are drawn.

    Returns:
        All normal inputs that are uncorrelated, or correlated among themselves, in one step, and a step for each
        other group of correlated inputs.

    Raises:
        InputError: a correlation that these distributions cannot have; the message names the inputs.
    """
    joint: list[MultivariateT | Copula] = []
    covariance = np.diag([float(d.u) ** 2 if isinstance(d, Normal) else 0.0 for d in distributions])
    for rows in correlation.groups if correlation is not None else ():
        r = correlation.matrix[np.ix_(rows, rows)] if correlation is not None else np.eye(len(rows))
        members = [distributions[i] for i in rows]
        for i, d in zip(rows, members, strict=True):
            if d.u == 0:
                raise InputError(f"correlation of {names[i]}: its u is 0, so it cannot be correlated with anything")
        if all(isinstance(d, Normal) for d in members):
            u = np.array([d.u for d in members])
            covariance[np.ix_(rows, rows)] = u[:, None] * r * u
        else:
            covariance[list(rows), list(rows)] = 0.0
            joint.append(_join([names[i] for i in rows], rows, members, r, double))
    normal = [int(i) for i in np.flatnonzero(np.diagonal(covariance))]
    if not normal:
        return None, joint
    means = tuple(distributions[i].mean for i in normal)
    return _normal(tuple(normal), means, covariance[np.ix_(normal, normal)], double), joint


def _join(
    names: list[str], rows: tuple[int, ...], members: list[Distribution], r: Array, double: bool
) -> MultivariateT | Copula:
    zero = (0.0,) * len(rows)
    nu = members[0].dof
    if nu is not None and all(isinstance(d, StudentT) and d.dof == nu for d in members):
        u = np.array([d.u for d in members])
        return MultivariateT(_normal(rows, zero, u[:, None] * r * u, double), tuple(d.mean for d in members), nu)
    series = [hermite_series(d) for d in members]
    bent = np.eye(len(rows))
    for i in range(len(rows)):
        for j in range(i):
            if r[i, j] != 0:
                bent[i, j] = bent[j, i] = normal_correlation(names[i], series[i], names[j], series[j], float(r[i, j]))
    if np.linalg.eigvalsh(bent)[0] < -1e-9:
        raise InputError(
            f"correlation of {', '.join(names)}: with these distributions the coefficients cannot hold together"
        )
    return Copula(_normal(rows, zero, bent, double), tuple(members))


def _normal(rows: tuple[int, ...], means: tuple[float, ...], covariance: Array, double: bool) -> MultivariateNormal:
    terms = tuple(
        tuple((j, weight) for j, weight in enumerate(line) if weight != 0) or ((0, 0.0),)
        for line in square_root(covariance).tolist()
    )
    return MultivariateNormal(rows, means, terms, double)


def hermite_series(distribution: Distribution) -> Array:
    """Return the coefficients of x(z) in normalised Hermite polynomials of a standard normal z, without the mean.

    Scaled so that their squares add up to 1: r(x, y) = Σ_k a_k b_k ρ^k for normal pairs with the coefficient ρ.
    """
    if isinstance(distribution, Normal):
        series = np.zeros(_TERMS)
        series[0] = 1.0
        return series
    z, w, q = normal_nodes()
    x = distribution.quantile(q)
    x = x - (w * x).sum()
    total = (w * x * x).sum()
    series, before, now = np.empty(_TERMS), np.zeros_like(z), np.ones_like(z)
    for k in range(1, _TERMS + 1):
        before, now = now, (z * now - math.sqrt(k - 1) * before) / math.sqrt(k)
        series[k - 1] = (w * x * now).sum()
    return np.asarray(series / math.sqrt(total))


def normal_correlation(name_a: str, a: Array, name_b: str, b: Array, r: float) -> float:
    """Return the coefficient ρ of the normal pair with which two inputs have the correlation r.

    Args:
        name_a: first input, for the message.
        a: its Hermite series.
        name_b: second input.
        b: its Hermite series.
        r: Pearson's coefficient that the inputs shall have.

    Raises:
        InputError: no normal pair gives r; the message says what can be had.
    """
    product = a * b
    powers = np.arange(1, len(product) + 1)

    def reached(rho: float) -> float:
        return float((product * rho**powers).sum())

    low, high = reached(-1.0), reached(1.0)
    slack = 1e-3  # the series is cut: a coefficient of ±1 between equal distributions must not be refused for that
    if not low - slack <= r <= high + slack:
        raise InputError(
            f"correlation ({name_a}, {name_b}): r = {r} cannot be had with these distributions; "
            f"a Gaussian copula reaches {low:.3f} to {high:.3f}"
        )
    if r >= high:
        return 1.0
    if r <= low:
        return -1.0
    return float(optimize.brentq(lambda rho: reached(rho) - r, -1.0, 1.0, xtol=1e-12))
