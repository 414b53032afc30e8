"""Expectations of functions of a standard normal quantity."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from uncertainty.distributions import Array

_REACH, _PIECES, _ORDER = 9.2, 16, 256


@cache
def normal_nodes() -> tuple[Array, Array, Array]:
    """Return nodes z, their weights (adding up to 1) and their probabilities q = Φ(z).

    Gauss-Legendre on pieces of the middle 9.2 standard deviations each way: the nodes of Gauss-Hermite are too sparse
    for the corners that the quantile functions of bounded, empirical and discrete distributions have.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_ORDER)
    ends = np.linspace(-_REACH, _REACH, _PIECES + 1)
    half = 0.5 * np.diff(ends)[:, None]
    z = (0.5 * (ends[1:] + ends[:-1])[:, None] + half * nodes).ravel()
    w = (half * weights).ravel() * np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    q = np.clip(special.ndtr(z), 1e-300, 1 - 2.0**-53)
    return z, w / w.sum(), q
