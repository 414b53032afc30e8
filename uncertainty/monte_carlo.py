"""Propagation of distributions by a Monte Carlo method (JCGM 101:2008, JJF 1059.2)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from uncertainty.errors import InputError, ModelError
from uncertainty.samplers import draw
from uncertainty.text import Text

if TYPE_CHECKING:
    from uncertainty.distributions import Array
    from uncertainty.inputs import InputQuantity
    from uncertainty.sensitivity import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class MonteCarloResult:
    """Hold the result of a Monte Carlo evaluation of one output quantity."""

    name: str
    """Symbol of the output quantity."""
    label: Text
    """What it is."""
    unit: str
    """Unit of the output quantity."""
    mean: float
    """Estimate: the mean of the model values, in `unit`."""
    u: float
    """Standard uncertainty: their standard deviation, in `unit`."""
    symmetric: tuple[float, float]
    """Probabilistically symmetric coverage interval for `p` (JCGM 101 3.15)."""
    shortest: tuple[float, float]
    """Shortest coverage interval for `p` (JCGM 101 3.16)."""
    trials: int
    """Number of Monte Carlo trials."""
    p: float
    """Coverage probability."""
    seed: int
    """Seed of the random numbers."""


def simulate(
    *,
    model: Model,
    inputs: tuple[InputQuantity, ...],
    correlation: Array | None,
    name: str,
    label: Text,
    unit: str,
    trials: int,
    seed: int,
    p: float,
) -> MonteCarloResult:
    """Run a fixed number of trials; see `Budget.monte_carlo`."""
    if not 0 < p < 1:
        raise InputError(f"p = {p} must lie between 0 and 1, e.g. 0.95")
    for quantity in inputs:
        if not math.isfinite(quantity.distribution.deviation):
            raise InputError(
                f"input {quantity.name!r}: Student's t with {quantity.distribution.dof} degrees of freedom has no "
                "variance (JCGM 101 6.4.9.4); take at least four readings or a pooled standard deviation"
            )
    rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed)))
    if correlation is not None:
        raise InputError("correlated inputs are not drawn yet")
    x = draw(tuple(q.distribution for q in inputs), rng, trials)
    with np.errstate(all="ignore"):
        y = np.asarray(model(**{q.name: row for q, row in zip(inputs, x, strict=True)}))
    if y.shape != (trials,):
        raise ModelError(f"the model returned the shape {y.shape} for inputs of shape ({trials},)")
    mean = float(y.mean())
    u = float(y.std(ddof=1))
    if not math.isfinite(u):
        raise ModelError(f"the model returned NaN or infinity in {int((~np.isfinite(y)).sum())} of {trials} trials")
    symmetric, shortest = intervals(y, p)
    return MonteCarloResult(
        name=name,
        label=label,
        unit=unit,
        mean=mean,
        u=u,
        symmetric=symmetric,
        shortest=shortest,
        trials=trials,
        p=p,
        seed=seed,
    )


def intervals(y: Array, p: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the probabilistically symmetric and the shortest coverage interval of a sample (JCGM 101 7.7).

    Only the tails are sorted: the shortest interval begins among the lowest M - q values and ends among the highest.
    """
    m = y.size
    q = int(p * m + 0.5)
    tail = m - q
    if tail < 1:
        raise InputError(f"p = {p}: {m} trials are too few for this coverage probability")
    parted = np.partition(y, (tail - 1, q))
    low, high = np.sort(parted[:tail]), np.sort(parted[q:])
    r = (m - q) // 2 if (m - q) % 2 == 0 else (m - q + 1) // 2
    best = int(np.argmin(high - low))
    return (
        (float(low[r - 1]), float(high[r - 1])),
        (float(low[best]), float(high[best])),
    )
