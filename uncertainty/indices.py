"""What each input contributes to the variance of the output, without linearising the model.

The first-order index S_i = Var(E[Y | X_i]) / Var(Y) is what would vanish of the variance if X_i were known. For a
linear model of independent inputs it is the share of the GUM budget. It is estimated from one Monte Carlo run: the
trials are sorted into classes of X_i, and the variance between the class means is compared with the whole, corrected
for the classes' own scatter (ω²).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from uncertainty.blocks import TRIALS, Simulation, block_size
from uncertainty.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from uncertainty.distributions import Distribution

_CLASSES = 100


def first_order_indices(
    simulation: Simulation, distributions: Sequence[Distribution], trials: int
) -> tuple[float, ...]:
    """Return S_i of the inputs; 0 for an input that does not vary. They may lie below 0 by their own Monte Carlo error.

    Args:
        simulation: what to compute.
        distributions: of the inputs, in the simulation's order.
        trials: number of trials; the error of an index is about 1/√trials.

    Raises:
        InputError: fewer than 20 trials a class, or the model does not vary.
        ModelError: the model raised, or returned a wrong shape, NaN or infinity.
    """
    if trials < 20 * _CLASSES:
        raise InputError(f"trials = {trials}: indices need at least {20 * _CLASSES}")
    n = len(distributions)
    # Narrow classes at the ends: there a curved model varies most within a class.
    inner = 0.5 - 0.5 * np.cos(np.pi * np.arange(1, _CLASSES) / _CLASSES)
    edges = [d.quantile(inner) if d.u > 0 else None for d in distributions]
    sums, counts = np.zeros((n, _CLASSES)), np.zeros((n, _CLASSES))
    size = block_size(n)
    centre, first, second = 0.0, 0.0, 0.0
    for i in range(math.ceil(trials / size)):
        room = simulation.room(min(size, trials - i * size))
        y = simulation.finite_values((TRIALS, i), room)
        if i == 0:
            centre = float(y.mean())
        d = y - centre
        first += float(d.sum())
        second += float((d * d).sum())
        x = simulation.draw((TRIALS, i), room)  # anew: a model may have written into its arguments
        for row, edge in enumerate(edges):
            if edge is not None:
                place = np.searchsorted(edge, x[row])
                sums[row] += np.bincount(place, weights=d, minlength=_CLASSES)
                counts[row] += np.bincount(place, minlength=_CLASSES)
    mean = first / trials
    total = second - trials * mean**2
    if total <= 0:
        raise InputError("the model's value does not vary; no input contributes")
    indices = []
    for row, edge in enumerate(edges):
        if edge is None:
            indices.append(0.0)
            continue
        filled = counts[row] > 0
        k = int(filled.sum())
        between = float((sums[row][filled] ** 2 / counts[row][filled]).sum()) - trials * mean**2
        within = (total - between) / (trials - k)
        indices.append((between - (k - 1) * within) / (total + within))
    return tuple(indices)
