"""Distributions that are skew, counted, or given by data (JCGM 101:2008 6.4.10, 6.4.11 and 6.5)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from scipy import special

from uncertainty.distributions import Array, Distribution, require, require_finite
from uncertainty.quadrature import normal_nodes

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Exponential(Distribution):
    """Describe a quantity that cannot lie below a limit and of which only the estimate is known (JCGM 101 6.4.10)."""

    kind: ClassVar[str] = "exponential"

    mean: float
    """Expectation."""
    low: float = 0.0
    """Lower limit."""

    dof = None

    def __post_init__(self) -> None:
        require_finite(self.kind, mean=self.mean, low=self.low)
        require(self.mean >= self.low, self.kind, f"mean = {self.mean} must not lie below low = {self.low}")

    @property
    def u(self) -> float:  # type: ignore[override]
        """Return the distance of the mean from the limit."""
        return self.mean - self.low

    def quantile(self, q: Array) -> Array:
        """Return the quantiles at probabilities `q`."""
        return np.asarray(self.low - self.u * np.log1p(-q))

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """Return `n` draws, (n,)."""
        return np.asarray(self.low + self.u * rng.standard_exponential(n))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gamma(Distribution):
    """Describe a positive skew quantity."""

    kind: ClassVar[str] = "gamma"

    shape: float
    """Shape, positive."""
    scale: float
    """Scale: mean / shape."""

    dof = None

    def __post_init__(self) -> None:
        require_finite(self.kind, shape=self.shape, scale=self.scale)
        require(self.shape > 0, self.kind, f"shape = {self.shape} must be positive")
        require(self.scale >= 0, self.kind, f"scale = {self.scale} must not be negative")

    @classmethod
    def of(cls, *, mean: float, u: float) -> Self:
        """Make it from its mean and standard uncertainty.

        Raises:
            InputError: a parameter is not positive.
        """
        require(mean > 0 and u > 0, cls.kind, f"mean = {mean} and u = {u} must be positive")
        return cls(shape=(mean / u) ** 2, scale=u**2 / mean)

    @property
    def mean(self) -> float:  # type: ignore[override]
        """Return shape times scale."""
        return self.shape * self.scale

    @property
    def u(self) -> float:  # type: ignore[override]
        """Return √shape times scale."""
        return math.sqrt(self.shape) * self.scale

    def quantile(self, q: Array) -> Array:
        """Return the quantiles at probabilities `q`."""
        return np.asarray(self.scale * special.gammaincinv(self.shape, q))

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """Return `n` draws, (n,)."""
        return np.asarray(self.scale * rng.standard_gamma(self.shape, n))


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting(Distribution):
    """Describe the mean number of events of which `count` were counted (JCGM 101 6.4.11): gamma(count + 1, 1)."""

    kind: ClassVar[str] = "counting"

    count: int
    """Events counted."""
    scale: float = 1.0
    """What one event stands for, in the input's unit."""

    dof = None

    def __post_init__(self) -> None:
        require_finite(self.kind, scale=self.scale)
        require(
            self.count >= 0 and int(self.count) == self.count, self.kind, f"count = {self.count} must be 0, 1, 2 ..."
        )
        require(self.scale > 0, self.kind, f"scale = {self.scale} must be positive")

    @property
    def mean(self) -> float:  # type: ignore[override]
        """Return count + 1, scaled."""
        return (self.count + 1) * self.scale

    @property
    def u(self) -> float:  # type: ignore[override]
        """Return √(count + 1), scaled."""
        return math.sqrt(self.count + 1) * self.scale

    def quantile(self, q: Array) -> Array:
        """Return the quantiles at probabilities `q`."""
        return np.asarray(self.scale * special.gammaincinv(self.count + 1, q))

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """Return `n` draws, (n,)."""
        return np.asarray(self.scale * rng.standard_gamma(self.count + 1, n))


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrete(Distribution):
    """Describe a quantity that takes a few values only."""

    kind: ClassVar[str] = "discrete"

    values: tuple[float, ...]
    """Values, ascending."""
    probabilities: tuple[float, ...]
    """Their probabilities, adding up to 1."""

    dof = None

    def __post_init__(self) -> None:
        require(len(self.values) == len(self.probabilities), self.kind, "values and probabilities differ in number")
        require(len(self.values) >= 1, self.kind, "there are no values")
        require_finite(self.kind, **{f"values[{i}]": v for i, v in enumerate(self.values)})
        require(all(a < b for a, b in zip(self.values, self.values[1:], strict=False)), self.kind, "values must ascend")
        require(all(p >= 0 for p in self.probabilities), self.kind, "a probability is negative or NaN")
        total = math.fsum(self.probabilities)
        require(abs(total - 1) < 1e-9, self.kind, f"the probabilities add up to {total:.9g}, not to 1")

    @property
    def mean(self) -> float:  # type: ignore[override]
        """Return Σ p x."""
        return math.fsum(p * x for p, x in zip(self.probabilities, self.values, strict=True))

    @property
    def u(self) -> float:  # type: ignore[override]
        """Return √(Σ p (x - mean)²)."""
        mean = self.mean
        return math.sqrt(math.fsum(p * (x - mean) ** 2 for p, x in zip(self.probabilities, self.values, strict=True)))

    def quantile(self, q: Array) -> Array:
        """Return the quantiles at probabilities `q`."""
        steps = np.cumsum(self.probabilities)
        return np.asarray(np.array(self.values)[np.minimum(np.searchsorted(steps, q), len(self.values) - 1)])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample(Distribution):
    """Describe a quantity by a sample of its values, e.g. the Monte Carlo output of another model (JCGM 101 6.5)."""

    kind: ClassVar[str] = "sample"

    values: Array
    """Sample, (n,); kept sorted."""

    dof = None

    def __post_init__(self) -> None:
        values = np.sort(np.asarray(self.values, dtype=float))
        require(
            values.ndim == 1 and values.size >= 2, self.kind, f"shape {values.shape}: at least two values are needed"
        )
        require(bool(np.isfinite(values).all()), self.kind, "a value is NaN or infinite")
        values.flags.writeable = False
        object.__setattr__(self, "values", values)

    @property
    def mean(self) -> float:  # type: ignore[override]
        """Return the mean of the sample."""
        return float(self.values.mean())

    @property
    def u(self) -> float:  # type: ignore[override]
        """Return the standard deviation of the sample (its spread, not that of its mean)."""
        return float(self.values.std())

    def quantile(self, q: Array) -> Array:
        """Return the quantiles at probabilities `q`: values of the sample."""
        n = self.values.size
        return np.asarray(self.values[np.minimum((np.asarray(q) * n).astype(np.intp), n - 1)])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inverse(Distribution):
    """Describe a quantity by its quantile function (inverse distribution function)."""

    kind: ClassVar[str] = "user-defined"

    ppf: Callable[[Array], Array]
    """Quantile function on arrays of probabilities in (0, 1)."""
    mean: float = field(init=False)
    """Expectation, by quadrature."""
    u: float = field(init=False)
    """Standard deviation, by quadrature."""

    dof = None

    def __post_init__(self) -> None:
        _, w, q = normal_nodes()
        x = np.asarray(self.ppf(q))
        require(x.shape == q.shape, self.kind, f"ppf returned the shape {x.shape} for {q.shape}")
        require(bool(np.isfinite(x).all()), self.kind, "ppf returned NaN or infinity inside (0, 1)")
        require(bool((np.diff(x) >= 0).all()), self.kind, "ppf does not ascend")
        mean = float((w * x).sum())
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "u", math.sqrt(float((w * (x - mean) ** 2).sum())))

    def quantile(self, q: Array) -> Array:
        """Return the quantiles at probabilities `q`."""
        return np.asarray(self.ppf(q))


def pooled_standard_deviation(s: Sequence[float], dof: Sequence[float]) -> tuple[float, float]:
    """Pool standard deviations of several series: s_p = √(Σ ν s² / Σ ν).

    Returns:
        The pooled standard deviation of a single reading and its degrees of freedom.

    Raises:
        InputError: the lengths differ, a series is empty, s < 0, or there are no degrees of freedom.
    """
    require(len(s) == len(dof) > 0, "pooled", f"{len(s)} standard deviations and {len(dof)} degrees of freedom")
    require(all(v >= 0 for v in s), "pooled", "a standard deviation is negative or NaN")
    total = math.fsum(dof)
    require(all(v >= 0 for v in dof) and total > 0, "pooled", "degrees of freedom must be positive in sum")
    return math.sqrt(math.fsum(n * v * v for n, v in zip(dof, s, strict=True)) / total), total
