"""Signals over bench time: writing, deriving, accumulating."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments import terms as algebra
from instruments.noise import CountedNoise
from instruments.signal import Accumulated, LowPass, Pointwise, Signal


def step(at: float, level: float) -> list[tuple[float, algebra.Terms]]:
    return [(at, algebra.constant(level))]


def test_a_write_keeps_the_past() -> None:
    x = Signal(1.0)
    x.replace_from(10.0, step(10.0, 2.0))
    x.replace_from(20.0, step(20.0, 3.0))
    x.replace_from(15.0, step(15.0, 4.0))
    assert [x.value(t) for t in (0.0, 9.9, 10.0, 14.9, 15.0, 25.0)] == [1.0, 1.0, 2.0, 2.0, 4.0, 4.0]
    assert x.integral(5.0, 16.0) == pytest.approx(5.0 + 10.0 + 4.0, rel=1e-15)
    assert x.mean(5.0, 5.0) == 1.0


def test_pieces_out_of_order_and_times_before_zero_are_refused() -> None:
    x = Signal()
    with pytest.raises(ValueError, match="begin at 1"):
        x.replace_from(1.0, step(2.0, 1.0))
    with pytest.raises(ValueError, match="in order"):
        x.replace_from(1.0, [(1.0, algebra.ZERO), (1.0, algebra.ZERO)])
    with pytest.raises(ValueError, match="begins at bench time 0"):
        x.value(-1.0)
    with pytest.raises(ValueError, match="before start"):
        x.integral(2.0, 1.0)


def test_low_pass_of_a_step_and_of_a_change_in_its_midst() -> None:
    x = Signal()
    y = LowPass(x, 2.0)
    x.replace_from(1.0, step(1.0, 10.0))
    assert y.value(3.0) == pytest.approx(10.0 * (1.0 - math.exp(-1.0)), rel=1e-13)
    x.replace_from(3.0, step(3.0, 0.0))
    reached = 10.0 * (1.0 - math.exp(-1.0))
    assert y.value(2.0) == pytest.approx(10.0 * (1.0 - math.exp(-0.5)), rel=1e-13)
    assert y.value(5.0) == pytest.approx(reached * math.exp(-1.0), rel=1e-13)
    assert y.value(1e6) == 0.0


def test_a_write_at_time_zero_starts_from_the_state_before_it() -> None:
    x = Signal(5.0)
    y = LowPass(x, 1.0)
    x.replace_from(0.0, step(0.0, 0.0))
    assert y.value(0.0) == 5.0
    assert y.value(1.0) == pytest.approx(5.0 * math.exp(-1.0), rel=1e-13)


writes = st.lists(st.tuples(st.floats(0.0, 3.0), st.floats(-5.0, 5.0), st.floats(-5.0, 5.0)), min_size=1, max_size=6)


@given(writes, st.lists(st.floats(0.0, 20.0), max_size=5))
def test_looking_early_and_often_changes_nothing(changes: list[tuple[float, float, float]], looks: list[float]) -> None:
    """Whoever looks, whenever: derived signals and totals are the same as if they had been asked only at the end."""

    def build(spy: bool) -> tuple[float, float, float]:
        x = Signal()
        y = LowPass(x, 0.7)
        power = Pointwise(algebra.multiply, y, y)
        energy = Accumulated(power)
        now = 0.0
        for gap, level, slope in changes:
            now += gap
            x.replace_from(now, [(now, algebra.line(level, slope)), (now + 1.0, algebra.constant(level))])
            if spy:
                for look in looks:
                    energy.value(look)
                    y.value(look)
        return y.value(17.0), energy.value(17.0), energy.time_of(0.5 * energy.value(17.0) + 1e-3)

    assert build(spy=True) == build(spy=False)


@given(writes, st.floats(0.01, 0.99))
def test_time_of_inverts_the_total(changes: list[tuple[float, float, float]], share: float) -> None:
    x = Signal()
    y = LowPass(x, 0.7)
    energy = Accumulated(Pointwise(algebra.multiply, y, y))
    now = 0.0
    for gap, level, slope in changes:
        now += gap
        x.replace_from(now, [(now, algebra.line(level, slope)), (now + 1.0, algebra.constant(level))])
    total = energy.value(now + 5.0)
    if total > 1e-6:
        at = energy.time_of(share * total)
        assert energy.value(at) == pytest.approx(share * total, rel=1e-9, abs=1e-12)


def test_time_of_what_never_comes_and_of_what_stood_still() -> None:
    x = Signal()
    energy = Accumulated(x)
    assert energy.time_of(1.0) == math.inf
    assert energy.time_of(0.0) == 0.0
    x.replace_from(1.0, step(1.0, 2.0))
    x.replace_from(2.0, step(2.0, 0.0))
    x.replace_from(5.0, step(5.0, 2.0))
    assert energy.time_of(2.0) == 2.0
    assert energy.time_of(3.0) == 5.5
    x.replace_from(5.25, step(5.25, 0.0))
    assert energy.time_of(3.0) == math.inf


def test_an_idle_hour_costs_nothing() -> None:
    """A thousand idle hours add no piece to look through."""
    x = Signal()
    y = LowPass(x, 0.1)
    energy = Accumulated(Pointwise(algebra.multiply, y, y))
    x.replace_from(1.0, step(1.0, 3.0))
    energy.value(3.6e6)
    start, end, terms = y.piece(3.6e6)
    assert start < 10.0 and end == math.inf and algebra.is_level(terms)


def test_counted_noise_belongs_to_the_index() -> None:
    noise, again = (CountedNoise(np.random.default_rng(7)) for _ in range(2))
    order = [5, 3, 900, 0, 3]
    assert [noise.normal(i) for i in order] == [again.normal(i) for i in order]
    draws = np.array([noise.normal(i) for i in range(20000)])
    assert abs(draws.mean()) < 4 / math.sqrt(20000)
    assert abs(draws.std() - 1.0) < 4 / math.sqrt(40000)
    assert abs(np.corrcoef(draws[1:], draws[:-1])[0, 1]) < 4 / math.sqrt(20000)
    assert noise.normal(0) != CountedNoise(np.random.default_rng(8)).normal(0)
