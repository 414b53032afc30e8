"""Draw input quantities for the Monte Carlo method."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from uncertainty.distributions import Array, Distribution


def draw(distributions: tuple[Distribution, ...], rng: np.random.Generator, n: int) -> Array:
    """Return draws of independent inputs, (n_inputs, n)."""
    out = np.empty((len(distributions), n))
    for row, distribution in zip(out, distributions, strict=True):
        if distribution.kind == "normal":
            rng.standard_normal(out=row)
            row *= distribution.u
            row += distribution.mean
        else:
            rng.random(out=row)
            row[row == 0] = 2.0**-54
            row[:] = distribution.quantile(row)
    return out
