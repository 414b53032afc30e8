"""Working memory that one simulation hands on to the next: nobody sees what another left there."""

from __future__ import annotations

from typing import Any

import numpy as np

from uncertainty.budget import Budget
from uncertainty.inputs import InputQuantity, Normal, Rectangular
from uncertainty.memory import LARGEST_SPARE, Memory, borrowed

X = InputQuantity(name="x", distribution=Normal(mean=1.0, u=0.1), unit="1")
Y = InputQuantity(name="y", distribution=Rectangular(low=-1.0, high=1.0), unit="1")


def one(model: Any, *inputs: InputQuantity) -> Budget:
    return Budget(model=model, inputs=inputs, unit="1")


def test_a_sample_is_not_overwritten_by_the_next_simulation() -> None:
    itself = one(lambda x: x, X)
    first = itself.sample(trials=5000, seed=1)
    kept = first.copy()
    itself.sample(trials=5000, seed=2)
    one(lambda x, y: x + y, X, Y).monte_carlo(trials=5000, seed=3)
    assert np.array_equal(first, kept)


def test_a_model_that_runs_a_simulation_of_its_own_keeps_its_arguments() -> None:
    inner = one(lambda x, y: x * y, X, Y)

    def model(x: Any) -> Any:
        before = x.copy()
        inner.monte_carlo(trials=5000, seed=9)
        assert np.array_equal(x, before)
        return x

    result = one(model, X).monte_carlo(trials=5000, seed=1)
    assert result.mean == one(lambda x: x, X).monte_carlo(trials=5000, seed=1).mean


def test_results_do_not_depend_on_what_ran_before() -> None:
    wide = one(lambda x, y: x + y, X, Y)
    alone = wide.monte_carlo(trials=4000, seed=5)
    for trials in (100_000, 200, 4001):
        one(lambda x: x, X).monte_carlo(trials=trials, seed=6)
        assert wide.monte_carlo(trials=4000, seed=5) == alone


def test_memory_serves_again_and_grows_but_is_not_kept_when_it_is_large() -> None:
    with borrowed() as memory:
        first = memory.draws(2, 100)
        assert first.shape == (2, 100)
    with borrowed() as again, borrowed() as other:
        assert again is memory and other is not memory
        assert np.shares_memory(again.draws(3, 50), first)
        assert again.draws(30, 100).shape == (30, 100)
    with borrowed() as large:
        large.wide(LARGEST_SPARE // 8 + 1)
    with borrowed() as fresh:
        assert fresh is not large
        assert isinstance(fresh, Memory) and fresh.nbytes <= LARGEST_SPARE
