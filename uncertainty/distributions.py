"""Distributions that input quantities have (JCGM 101:2008 clause 6.4), the symmetric ones and Student's t.

Every distribution is a frozen value with its mean and its standard uncertainty `u`; skew, counting and empirical ones
stand in `uncertainty.skewed`. How they are drawn in blocks stands in `uncertainty.samplers`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from scipy import special

from uncertainty.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = np.ndarray[Any, np.dtype[np.float64]]


def require(condition: bool, kind: str, what: str) -> None:
    """Refuse parameters of a distribution.

    Raises:
        InputError: the condition does not hold; NaN makes every comparison false, so it ends here too.
    """
    if not condition:
        raise InputError(f"{kind} distribution: {what}")


def require_finite(kind: str, **numbers: float) -> None:
    """Refuse a parameter that is NaN or infinite.

    Raises:
        InputError: naming the parameter and its value.
    """
    for name, number in numbers.items():
        if not math.isfinite(number):
            raise InputError(f"{kind} distribution: {name} = {number} must be a finite number")


class Distribution(ABC):
    """A distribution of an input quantity. Sub-classes are frozen dataclasses."""

    __slots__ = ()

    kind: ClassVar[str]
    """Name in English, e.g. "rectangular"; key `distribution.<kind>` in the room's texts."""

    mean: float
    """Expectation: the estimate of the input quantity."""
    u: float
    """Standard uncertainty that enters the law of propagation."""

    dof: float | None
    """Degrees of freedom of `u`; None for infinite."""

    @property
    def deviation(self) -> float:
        """Return the standard deviation of the distribution; differs from `u` for Student's t only."""
        return self.u

    @abstractmethod
    def quantile(self, q: Array) -> Array:
        """Return the quantiles at probabilities `q` in (0, 1), of the same shape."""

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """Return `n` draws in double precision, (n,), by inversion unless a sub-class knows better."""
        q = rng.random(n)
        q[q == 0] = 2.0**-54
        return self.quantile(q)


@dataclass(frozen=True, slots=True, kw_only=True)
class Normal(Distribution):
    """Describe a Gaussian quantity, e.g. a value from a certificate."""

    kind: ClassVar[str] = "normal"

    mean: float
    """Expectation."""
    u: float
    """Standard uncertainty, the standard deviation."""
    dof: float | None = None
    """Degrees of freedom of `u`, where a certificate states them; None for infinite."""

    def __post_init__(self) -> None:
        require_finite(self.kind, mean=self.mean, u=self.u)
        require(self.u >= 0, self.kind, f"u = {self.u} must not be negative")
        require(self.dof is None or self.dof > 0, self.kind, f"dof = {self.dof} degrees of freedom must be positive")

    @classmethod
    def of_expanded(cls, *, mean: float, U: float, k: float) -> Normal:
        """Make it from an expanded uncertainty U and its coverage factor k (JCGM 100 4.3.3).

        Raises:
            InputError: U < 0 or k ≤ 0.
        """
        require(k > 0, cls.kind, f"k = {k} must be positive")
        require(U >= 0, cls.kind, f"U = {U} must not be negative")
        return cls(mean=mean, u=U / k)

    def quantile(self, q: Array) -> Array:
        """Return the quantiles at probabilities `q`."""
        return np.asarray(self.mean + self.u * special.ndtri(q))

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """Return `n` draws in double precision, (n,)."""
        return rng.normal(self.mean, self.u, n)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Interval(Distribution):
    """Hold what all distributions between two limits share."""

    low: float
    """Lower limit."""
    high: float
    """Upper limit."""

    dof = None

    def __post_init__(self) -> None:
        require_finite(self.kind, low=self.low, high=self.high)
        require(self.low <= self.high, self.kind, f"low = {self.low} must not exceed high = {self.high}")

    @property
    def mean(self) -> float:  # type: ignore[override]
        """Return the middle."""
        return 0.5 * (self.low + self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Simple(_Interval):
    """Hold what the distributions share that are given by their limits alone."""

    @classmethod
    def of(cls, *, half_width: float, at: float = 0.0) -> Self:
        """Make it from a half-width (an MPE, an amplitude) around an estimate.

        Raises:
            InputError: a negative half-width.
        """
        require(half_width >= 0, cls.kind, f"half_width = {half_width} must not be negative")
        return cls(low=at - half_width, high=at + half_width)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectangular(_Simple):
    """Describe a quantity that is known by its limits only (JCGM 101 6.4.2): MPE, class, resolution."""

    kind: ClassVar[str] = "rectangular"

    @classmethod
    def of_resolution(cls, *, resolution: float, at: float = 0.0) -> Rectangular:
        """Make it from the resolution of a display: half a step either way (JCGM 100 F.2.2.1).

        Raises:
            InputError: a negative resolution.
        """
        return cls.of(half_width=resolution / 2, at=at)

    @classmethod
    def of_class(cls, *, percent: float, of: float, at: float = 0.0) -> Rectangular:
        """Make it from an accuracy class: MPE = percent of a value (the indication or the upper limit of the range).

        Raises:
            InputError: a negative class.
        """
        return cls.of(half_width=percent / 100 * abs(of), at=at)

    @property
    def u(self) -> float:  # type: ignore[override]
        """Return the half-width over √3."""
        return (self.high - self.low) / math.sqrt(12)

    def quantile(self, q: Array) -> Array:
        """Return the quantiles at probabilities `q`."""
        return np.asarray(self.low + (self.high - self.low) * q)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trapezoidal(_Interval):
    """Describe the sum of two rectangular quantities (JCGM 101 6.4.4): a symmetric trapezoid."""

    kind: ClassVar[str] = "trapezoidal"

    beta: float
    """Top width over base width, 0 (triangular) to 1 (rectangular)."""

    def __post_init__(self) -> None:
        _Interval.__post_init__(self)
        require(0 <= self.beta <= 1, self.kind, f"beta = {self.beta} must lie in 0 to 1")

    @classmethod
    def of(cls, *, half_width: float, beta: float, at: float = 0.0) -> Trapezoidal:
        """Make it from the half-width of its base around an estimate.

        Raises:
            InputError: a negative half-width.
        """
        require(half_width >= 0, cls.kind, f"half_width = {half_width} must not be negative")
        return cls(low=at - half_width, high=at + half_width, beta=beta)

    @property
    def u(self) -> float:  # type: ignore[override]
        """Return the half-width times √((1 + β²)/6)."""
        return 0.5 * (self.high - self.low) * math.sqrt((1 + self.beta**2) / 6)

    def quantile(self, q: Array) -> Array:
        """Return the quantiles at probabilities `q`."""
        a, beta = 0.5 * (self.high - self.low), self.beta
        p = np.minimum(q, 1 - q)
        ramp = a * np.sqrt(2 * (1 - beta**2) * p)
        flat = a * ((1 + beta) * p + 0.5 * (1 - beta))
        distance = np.where(p < 0.5 * (1 - beta) / (1 + beta), ramp, flat)
        return np.asarray(np.where(q < 0.5, self.low + distance, self.high - distance))


@dataclass(frozen=True, slots=True, kw_only=True)
class Triangular(_Simple):
    """Describe the sum or difference of two equal rectangular quantities (JCGM 101 6.4.5): symmetric triangle."""

    kind: ClassVar[str] = "triangular"

    @property
    def u(self) -> float:  # type: ignore[override]
        """Return the half-width over √6."""
        return (self.high - self.low) / math.sqrt(24)

    def quantile(self, q: Array) -> Array:
        """Return the quantiles at probabilities `q`."""
        distance = (self.high - self.low) * np.sqrt(np.minimum(q, 1 - q) / 2)
        return np.asarray(np.where(q < 0.5, self.low + distance, self.high - distance))


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvilinearTrapezoid(_Interval):
    """Describe a rectangular quantity whose limits are not known exactly (JCGM 101 6.4.3).

    The limits are low ± d and high ± d, each rectangular, with the middle kept.
    """

    kind: ClassVar[str] = "curvilinear trapezoid"

    d: float
    """Half-width of what is not known about the limits."""

    def __post_init__(self) -> None:
        _Interval.__post_init__(self)
        require_finite(self.kind, d=self.d)
        half = 0.5 * (self.high - self.low)
        require(0 <= self.d <= half, self.kind, f"d = {self.d} must lie in 0 to the half-width {half}")

    @classmethod
    def of(cls, *, half_width: float, d: float, at: float = 0.0) -> CurvilinearTrapezoid:
        """Make it from a half-width around an estimate.

        Raises:
            InputError: a negative half-width.
        """
        require(half_width >= 0, cls.kind, f"half_width = {half_width} must not be negative")
        return cls(low=at - half_width, high=at + half_width, d=d)

    @property
    def u(self) -> float:  # type: ignore[override]
        """Return √((high - low)²/12 + d²/9)."""
        return math.sqrt((self.high - self.low) ** 2 / 12 + self.d**2 / 9)

    def quantile(self, q: Array) -> Array:
        """Return the quantiles at probabilities `q`, by inversion of the closed-form distribution function."""
        half, d = 0.5 * (self.high - self.low), self.d
        if d == 0:
            return np.asarray(self.low + 2 * half * q)
        p = np.minimum(q, 1 - q)
        lower, upper = np.full_like(p, -half - d), np.zeros_like(p)
        for _ in range(60):
            middle = 0.5 * (lower + upper)
            below = _curvilinear_cdf(middle, half, d) < p
            lower, upper = np.where(below, middle, lower), np.where(below, upper, middle)
        x = 0.5 * (lower + upper)
        return np.asarray(self.mean + np.where(q < 0.5, x, -x))

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """Return `n` draws in double precision, (n,)."""
        half = 0.5 * (self.high - self.low)
        return np.asarray(self.mean + rng.uniform(half - self.d, half + self.d, n) * rng.uniform(-1, 1, n))


def _curvilinear_cdf(x: Array, half: float, d: float) -> Array:
    """Return the probability below x ≤ 0 of half-width R(half - d, half + d) times R(-1, 1)."""
    # The density at t is E[1/(2h); h > |t|], so the probability below -t is E[(1 - t/h)+]/2 over h.
    t = -x
    least = np.maximum(t, half - d)
    most = half + d
    log_ratio = np.log(most / np.where(least > 0, least, 1.0))
    return np.asarray(((most - least) - np.where(t > 0, t * log_ratio, 0.0)) / (4 * d))


@dataclass(frozen=True, slots=True, kw_only=True)
class Arcsine(_Simple):
    """Describe a quantity that swings sinusoidally between limits (JCGM 101 6.4.6), U-shaped."""

    kind: ClassVar[str] = "arcsine"

    @property
    def u(self) -> float:  # type: ignore[override]
        """Return the half-width over √2."""
        return (self.high - self.low) / math.sqrt(8)

    def quantile(self, q: Array) -> Array:
        """Return the quantiles at probabilities `q`."""
        return np.asarray(self.mean - 0.5 * (self.high - self.low) * np.cos(math.pi * q))


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentT(Distribution):
    """Describe the mean of a few readings (JCGM 101 6.4.9): a scaled and shifted Student t."""

    kind: ClassVar[str] = "t"

    mean: float
    """Mean of the readings."""
    u: float
    """Standard uncertainty s/√n, the scale of the distribution."""
    dof: float
    """Degrees of freedom ν."""

    def __post_init__(self) -> None:
        require_finite(self.kind, mean=self.mean, u=self.u, dof=self.dof)
        require(self.u >= 0, self.kind, f"u = {self.u} must not be negative")
        require(self.dof > 0, self.kind, f"dof = {self.dof} must be positive; take at least two readings")

    @classmethod
    def of_readings(cls, readings: Sequence[float] | Array) -> StudentT:
        """Make it from repeated readings: mean, s/√n, n - 1 degrees of freedom (JCGM 100 4.2.3).

        Raises:
            InputError: fewer than two readings, or one of them not finite.
        """
        n = len(readings)
        require(n >= 2, cls.kind, f"{n} reading(s) say nothing about their spread; at least two are needed")
        require(all(map(math.isfinite, readings)), cls.kind, "a reading is NaN or infinite")
        mean = math.fsum(readings) / n
        s = math.sqrt(math.fsum((x - mean) ** 2 for x in readings) / (n - 1))
        return cls(mean=mean, u=s / math.sqrt(n), dof=n - 1)

    @classmethod
    def of_pooled(cls, *, mean: float, s: float, dof: float, n: int) -> StudentT:
        """Make it from n readings now and a pooled standard deviation of earlier ones (JCGM 100 4.2.4).

        Args:
            mean: mean of the present readings.
            s: pooled experimental standard deviation of a single reading.
            dof: degrees of freedom of s.
            n: number of present readings.

        Raises:
            InputError: n < 1, s < 0 or dof ≤ 0.
        """
        require(n >= 1, cls.kind, f"n = {n} readings must be at least 1")
        return cls(mean=mean, u=s / math.sqrt(n), dof=dof)

    @property
    def deviation(self) -> float:
        """Return u √(ν/(ν - 2)); infinite for ν ≤ 2 (JCGM 101 6.4.9.4)."""
        return self.u * math.sqrt(self.dof / (self.dof - 2)) if self.dof > 2 else math.inf

    def quantile(self, q: Array) -> Array:
        """Return the quantiles at probabilities `q`."""
        return np.asarray(self.mean + self.u * special.stdtrit(self.dof, q))

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """Return `n` draws in double precision, (n,)."""
        return np.asarray(self.mean + self.u * rng.standard_t(self.dof, n))
