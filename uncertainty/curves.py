"""Curves that can be fitted to calibration data: y = f(x; b)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np

from uncertainty.errors import InputError

if TYPE_CHECKING:
    from uncertainty.distributions import Array


class Curve(Protocol):
    """A function with parameters. Arrays of abscissae are (n,), parameters (m,)."""

    @property
    def name(self) -> str:
        """Return its name, e.g. "straight line"."""
        ...

    @property
    def parameters(self) -> int:
        """Return how many parameters it has."""
        ...

    def start(self, x: Array, y: Array) -> Array:
        """Return parameters to start the fit from, (m,)."""
        ...

    def value(self, x: Array, b: Array) -> Array:
        """Return f(x; b), (n,)."""
        ...

    def slope(self, x: Array, b: Array) -> Array:
        """Return ∂f/∂x, (n,)."""
        ...

    def gradient(self, x: Array, b: Array) -> Array:
        """Return ∂f/∂b, (n, m)."""
        ...


@dataclass(frozen=True, slots=True)
class Polynomial:
    """b_0 + b_1 x + ... + b_m x^m; of degree 1, the straight line."""

    degree: int
    """Degree, 0 to 10."""

    def __post_init__(self) -> None:
        if not 0 <= self.degree <= 10:
            raise InputError(f"polynomial: degree = {self.degree} must be 0 to 10")

    @property
    def name(self) -> str:
        """Return its name."""
        return "straight line" if self.degree == 1 else f"polynomial of degree {self.degree}"

    @property
    def parameters(self) -> int:
        """Return how many parameters it has."""
        return self.degree + 1

    def start(self, x: Array, y: Array) -> Array:
        """Return the ordinary least squares solution."""
        scale = float(np.abs(x).max()) or 1.0
        powers = np.arange(self.degree + 1)
        return np.asarray(np.linalg.lstsq(np.vander(x / scale, self.degree + 1, increasing=True), y)[0] / scale**powers)

    def value(self, x: Array, b: Array) -> Array:
        """Return f(x; b)."""
        return np.asarray(np.polynomial.polynomial.polyval(x, b))

    def slope(self, x: Array, b: Array) -> Array:
        """Return ∂f/∂x."""
        return np.asarray(np.polynomial.polynomial.polyval(x, np.polynomial.polynomial.polyder(b)))

    def gradient(self, x: Array, b: Array) -> Array:
        """Return ∂f/∂b."""
        return np.asarray(np.vander(x, len(b), increasing=True))


@dataclass(frozen=True, slots=True)
class Power:
    """b_0 + b_1 x^(1 + b_2), x > 0 (a function of ISO 6143)."""

    name: ClassVar[str] = "power function"
    parameters: ClassVar[int] = 3

    def start(self, x: Array, y: Array) -> Array:
        """Return the straight line."""
        if not (x > 0).all():
            raise InputError("power function: abscissae must be positive")
        return np.append(Polynomial(1).start(x, y), 0.0)

    def value(self, x: Array, b: Array) -> Array:
        """Return f(x; b)."""
        return np.asarray(b[0] + b[1] * x ** (1 + b[2]))

    def slope(self, x: Array, b: Array) -> Array:
        """Return ∂f/∂x."""
        return np.asarray(b[1] * (1 + b[2]) * x ** b[2])

    def gradient(self, x: Array, b: Array) -> Array:
        """Return ∂f/∂b."""
        power = x ** (1 + b[2])
        return np.column_stack([np.ones_like(x), power, b[1] * power * np.log(x)])


@dataclass(frozen=True, slots=True)
class Exponential:
    """b_0 + b_1 exp(b_2 x) (a function of ISO 6143)."""

    name: ClassVar[str] = "exponential function"
    parameters: ClassVar[int] = 3

    def start(self, x: Array, y: Array) -> Array:
        """Return the function whose expansion begins like the parabola through the data."""
        c = Polynomial(2).start(x, y)
        if c[1] == 0 or c[2] == 0:
            raise InputError("exponential function: the data have no curvature; take a straight line")
        b2 = 2 * c[2] / c[1]
        return np.array([c[0] - c[1] / b2, c[1] / b2, b2])

    def value(self, x: Array, b: Array) -> Array:
        """Return f(x; b)."""
        return np.asarray(b[0] + b[1] * np.exp(b[2] * x))

    def slope(self, x: Array, b: Array) -> Array:
        """Return ∂f/∂x."""
        return np.asarray(b[1] * b[2] * np.exp(b[2] * x))

    def gradient(self, x: Array, b: Array) -> Array:
        """Return ∂f/∂b."""
        power = np.exp(b[2] * x)
        return np.column_stack([np.ones_like(x), power, b[1] * x * power])
