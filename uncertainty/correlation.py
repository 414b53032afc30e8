"""Correlation between input quantities: the matrix, and the refusal of one that cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from uncertainty.distributions import Array
from uncertainty.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SLACK = 1e-10
"""How far below zero an eigenvalue may lie by rounding alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """Hold the correlation of all inputs of a model."""

    matrix: Array
    """Correlation matrix, (n_inputs, n_inputs)."""
    groups: tuple[tuple[int, ...], ...]
    """Inputs that are correlated, directly or through others; uncorrelated inputs are in none."""


def correlate(names: Sequence[str], correlations: Mapping[tuple[str, str], float]) -> Correlation:
    """Check correlation coefficients and put them in order.

    Args:
        names: input quantities, in the order of the matrix.
        correlations: r(x_i, x_j) of pairs; pairs not named are uncorrelated.

    Raises:
        InputError: an unknown name, a pair given twice with different r, r outside -1 to 1, or coefficients that
            cannot hold together (the matrix has a negative eigenvalue); the message names the inputs.
    """
    place = {name: i for i, name in enumerate(names)}
    matrix = np.eye(len(names))
    seen: dict[frozenset[str], float] = {}
    together: dict[int, set[int]] = {}
    for (a, b), r in correlations.items():
        for name in (a, b):
            if name not in place:
                raise InputError(f"correlation ({a}, {b}): there is no input {name!r}; inputs are {', '.join(names)}")
        if a == b:
            raise InputError(f"correlation ({a}, {b}): an input is correlated with itself by 1, always")
        if not -1 <= r <= 1:  # NaN ends here too
            raise InputError(f"correlation ({a}, {b}): r = {r} must lie in -1 to 1")
        if seen.setdefault(frozenset((a, b)), r) != r:
            raise InputError(f"correlation ({a}, {b}): given twice, as {seen[frozenset((a, b))]} and {r}")
        i, j = place[a], place[b]
        matrix[i, j] = matrix[j, i] = r
        if r:
            joined = together.get(i, {i}) | together.get(j, {j})
            together.update(dict.fromkeys(joined, joined))
    groups = tuple(sorted({tuple(sorted(group)) for group in together.values()}))
    for group in groups:
        if len(group) > 2:
            _require_possible([names[i] for i in group], matrix[np.ix_(group, group)])
    return Correlation(matrix=matrix, groups=groups)


def _require_possible(names: Sequence[str], matrix: Array) -> None:
    values, vectors = np.linalg.eigh(matrix)
    if values[0] < -_SLACK:
        guilty = [name for name, weight in zip(names, vectors[:, 0], strict=True) if abs(weight) > 0.1]
        raise InputError(
            f"correlation of {', '.join(guilty)}: these coefficients cannot hold together "
            f"(the matrix has the eigenvalue {values[0]:.3g}, it must not be negative)"
        )
