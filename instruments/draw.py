"""Distributions that a station may give instead of a number: what a laboratory cannot know is drawn at build.

The names and parameters are those of JCGM 101:2008. This is how hidden truth is planted: by data of the
station, never by code of a twin.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.random import Generator


class Distribution(ABC):
    """Be a distribution of one parameter."""

    @abstractmethod
    def draw(self, rng: Generator) -> Any:
        """Return one value."""

    @abstractmethod
    def examples(self) -> tuple[Any, ...]:
        """Return values that it can take, its ends where it has ends; a station checks that they are allowed."""


@dataclass(frozen=True, slots=True)
class Rectangular(Distribution):
    """Be the rectangular distribution R(low, high)."""

    low: float
    """Smallest value."""
    high: float
    """Largest value."""

    def draw(self, rng: Generator) -> float:
        """See `Distribution.draw`."""
        return self.low + (self.high - self.low) * rng.random()

    def examples(self) -> tuple[float, ...]:
        """See `Distribution.examples`."""
        return self.low, self.high


@dataclass(frozen=True, slots=True)
class Triangular(Distribution):
    """Be the symmetric triangular distribution T(low, high)."""

    low: float
    """Smallest value."""
    high: float
    """Largest value."""

    def draw(self, rng: Generator) -> float:
        """See `Distribution.draw`."""
        return self.low + (self.high - self.low) * (rng.random() + rng.random()) / 2

    def examples(self) -> tuple[float, ...]:
        """See `Distribution.examples`."""
        return self.low, self.high


@dataclass(frozen=True, slots=True)
class Arcsine(Distribution):
    """Be the arcsine (U-shaped) distribution U(low, high)."""

    low: float
    """Smallest value."""
    high: float
    """Largest value."""

    def draw(self, rng: Generator) -> float:
        """See `Distribution.draw`."""
        return (self.low + self.high) / 2 + (self.high - self.low) / 2 * math.sin(2 * math.pi * rng.random())

    def examples(self) -> tuple[float, ...]:
        """See `Distribution.examples`."""
        return self.low, self.high


@dataclass(frozen=True, slots=True)
class Normal(Distribution):
    """Be the Gaussian distribution N(mean, u²)."""

    mean: float
    """Expectation."""
    u: float
    """Standard deviation."""

    def draw(self, rng: Generator) -> float:
        """See `Distribution.draw`."""
        return self.mean + self.u * float(rng.standard_normal())

    def examples(self) -> tuple[float, ...]:
        """See `Distribution.examples`."""
        return (self.mean,)


@dataclass(frozen=True, slots=True)
class OneOf(Distribution):
    """Be one of several values, each as likely."""

    options: tuple[Any, ...]
    """The values."""

    def draw(self, rng: Generator) -> Any:
        """See `Distribution.draw`."""
        return self.options[int(rng.integers(len(self.options)))]

    def examples(self) -> tuple[Any, ...]:
        """See `Distribution.examples`."""
        return self.options


NAMES = ("rectangular", "triangular", "arcsine", "normal", "choice")
"""Words by which a station names a distribution."""


def distribution(table: Mapping[str, Any]) -> Distribution | None:
    """Return the distribution that a table such as `{rectangular: [-5e-4, 5e-4]}` names; None if it names none.

    Raises:
        ValueError: it names one, but its numbers are wrong.
    """
    if len(table) != 1:
        return None
    ((name, numbers),) = table.items()
    if name not in NAMES:
        return None
    if not isinstance(numbers, list | tuple):
        raise ValueError(f"{name} needs a list, not {numbers!r}")
    if name == "choice":
        if not numbers:
            raise ValueError("choice needs at least one value")
        return OneOf(tuple(numbers))
    if len(numbers) != 2 or not all(_number(n) for n in numbers):
        raise ValueError(f"{name} needs two finite numbers, not {numbers!r}")
    first, second = float(numbers[0]), float(numbers[1])
    if name == "normal":
        if second < 0:
            raise ValueError(f"normal needs a standard deviation of at least 0, not {second!r}")
        return Normal(first, second)
    if first > second:
        raise ValueError(f"{name} needs its lower limit first, not {numbers!r}")
    kinds: dict[str, type[Rectangular | Triangular | Arcsine]] = {
        "rectangular": Rectangular,
        "triangular": Triangular,
        "arcsine": Arcsine,
    }
    return kinds[name](first, second)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
