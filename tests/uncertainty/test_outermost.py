"""The tails of a sample are found exactly, whatever its order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from uncertainty.tails import _outermost

if TYPE_CHECKING:
    from collections.abc import Callable

    from uncertainty.distributions import Array

ORDERS: dict[str, Callable[[Array], Array]] = {
    "as drawn": lambda y: y,
    "rising": np.sort,
    "falling": lambda y: np.sort(y)[::-1],
    "largest first": lambda y: np.concatenate([np.sort(y)[-2000:], np.sort(y)[:-2000]]),
    "ties": lambda y: np.round(y, 1),
    "all equal": np.zeros_like,
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("size", [40, 5000, 10_000])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.4, 0.7])
def test_the_outermost_values_are_those_of_a_full_sort(size: int, share: float, order: str) -> None:
    y = ORDERS[order](np.random.default_rng(size).normal(size=size))
    count = max(1, int(share * size))
    kept, ranked = y.copy(), np.sort(y)
    low, high = _outermost(y, count)
    np.testing.assert_array_equal(low, ranked[:count])
    np.testing.assert_array_equal(high, ranked[size - count :])
    np.testing.assert_array_equal(y, kept)
