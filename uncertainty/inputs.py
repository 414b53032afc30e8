"""Input quantities of a measurement model (VIM 2.50)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from uncertainty.distributions import (
    Arcsine,
    CurvilinearTrapezoid,
    Distribution,
    Normal,
    Rectangular,
    StudentT,
    Trapezoidal,
    Triangular,
)
from uncertainty.errors import InputError
from uncertainty.skewed import Counting, Discrete, Exponential, Gamma, Inverse, Sample
from uncertainty.text import Text

__all__ = [
    "Arcsine",
    "Counting",
    "CurvilinearTrapezoid",
    "Discrete",
    "Distribution",
    "Exponential",
    "Gamma",
    "InputQuantity",
    "Inverse",
    "Normal",
    "Rectangular",
    "Sample",
    "StudentT",
    "Trapezoidal",
    "Triangular",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputQuantity:
    """Name one input quantity of a measurement model and what is known about it."""

    name: str
    """Symbol: the keyword under which the model receives it, e.g. "d_class"."""
    distribution: Distribution
    """What is known about it, in `unit`."""
    unit: str = "1"
    """Unit of the distribution's numbers."""
    label: Text | None = None
    """What it is, in words; None: the symbol speaks."""
    evaluation: Literal["A", "B"] = "B"
    """How its uncertainty was evaluated: from observations (A) or otherwise (B), JCGM 100 4.2 and 4.3."""

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise InputError(f"input {self.name!r}: the name must be a Python identifier, e.g. 'd_class'")
        if not isinstance(self.distribution, Distribution):
            raise InputError(f"input {self.name!r}: {self.distribution!r} is not a distribution")
        if self.evaluation not in ("A", "B"):
            raise InputError(f"input {self.name!r}: evaluation {self.evaluation!r} must be 'A' or 'B'")

    @property
    def title(self) -> Text:
        """Return the label, or the symbol where there is none."""
        return self.label or Text(zh=self.name, en=self.name)
