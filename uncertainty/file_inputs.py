"""Read the distribution of an input quantity from its table in a budget file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from uncertainty.inputs import (
    Arcsine,
    Counting,
    CurvilinearTrapezoid,
    Discrete,
    Distribution,
    Exponential,
    Gamma,
    Normal,
    Rectangular,
    Sample,
    StudentT,
    Trapezoidal,
    Triangular,
)

if TYPE_CHECKING:
    from uncertainty.file import Fields

KINDS = (
    "normal",
    "rectangular",
    "triangular",
    "trapezoidal",
    "curvilinear trapezoid",
    "arcsine",
    "t",
    "readings",
    "exponential",
    "gamma",
    "counting",
    "discrete",
    "sample",
    "constant",
)
"""Words of the field `distribution`."""


def read_distribution(fields: Fields) -> tuple[Distribution, str]:
    """Return the distribution that a table describes, and how such an uncertainty is evaluated ("A" or "B").

    Raises:
        BudgetFileError: a field is missing or cannot be used.
    """
    default = "readings" if "readings" in fields.tree else None
    if default is None and "distribution" not in fields.tree:
        raise fields.error("distribution", f"missing; it is one of {', '.join(KINDS)}")
    kind = fields.choice("distribution", KINDS, default)
    distribution: Distribution = fields.guarded("distribution", lambda: _make(fields, kind))
    return distribution, "A" if kind in ("readings", "t", "sample") else "B"


def _make(f: Fields, kind: str) -> Distribution:
    match kind:
        case "normal":
            dof = f.number("dof") if "dof" in f.tree else None
            if "U" in f.tree:
                if "u" in f.tree:
                    raise f.error("u", "give u, or U and k, not both")
                U, k = f.number("U"), f.number("k")
                expanded = Normal.of_expanded(mean=f.number("value"), U=U, k=k)
                return Normal(mean=expanded.mean, u=expanded.u, dof=dof)
            return Normal(mean=f.number("value"), u=f.number("u"), dof=dof)
        case "constant":
            value = f.number("value")
            return Rectangular(low=value, high=value)
        case "rectangular":
            return Rectangular(**_limits(f))
        case "triangular":
            return Triangular(**_limits(f))
        case "arcsine":
            return Arcsine(**_limits(f))
        case "trapezoidal":
            return Trapezoidal(**_limits(f), beta=f.number("beta"))
        case "curvilinear trapezoid":
            return CurvilinearTrapezoid(**_limits(f), d=f.number("d"))
        case "t":
            return StudentT(mean=f.number("value"), u=f.number("u"), dof=f.number("dof"))
        case "readings":
            return _readings(f)
        case "exponential":
            return Exponential(mean=f.number("value"), low=f.number("low", 0.0))
        case "gamma":
            if "shape" in f.tree:
                return Gamma(shape=f.number("shape"), scale=f.number("scale"))
            return Gamma.of(mean=f.number("value"), u=f.number("u"))
        case "counting":
            return Counting(count=f.whole("count"), scale=f.number("scale", 1.0))
        case "discrete":
            return Discrete(values=tuple(f.numbers("values")), probabilities=tuple(f.numbers("probabilities")))
        case _:
            return Sample(values=np.array(f.numbers("values")))


def _readings(f: Fields) -> Distribution:
    """Read readings with their own scatter, or with a pooled standard deviation `s` of `dof` degrees of freedom."""
    readings = f.numbers("readings")
    if "s" not in f.tree:
        return StudentT.of_readings(readings)
    if not readings:
        raise f.error("readings", "there are none")
    mean = sum(readings) / len(readings)
    return StudentT.of_pooled(mean=mean, s=f.number("s"), dof=f.number("dof"), n=len(readings))


def _limits(f: Fields) -> dict[str, float]:
    """Read the limits: low and high; or a value with a half_width, a resolution, or a class in percent of something."""
    if "low" in f.tree or "high" in f.tree:
        return {"low": f.number("low"), "high": f.number("high")}
    at = f.number("value", 0.0)
    given = [key for key in ("half_width", "resolution", "class_percent") if key in f.tree]
    if len(given) != 1:
        raise f.error("half_width", "give low and high, or just one of half_width, resolution, class_percent")
    if given == ["half_width"]:
        half = f.number("half_width")
    elif given == ["resolution"]:
        half = f.number("resolution") / 2
    else:
        half = f.number("class_percent") / 100 * abs(f.number("of"))
    if half < 0:
        raise f.error(given[0], f"{f.number(given[0])} must not be negative")
    return {"low": at - half, "high": at + half}
