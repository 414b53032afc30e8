"""The way of a gas: closed forms against known answers, against numerical integration, and written in any order."""

import math

import numpy as np
import pytest

from instruments import terms as algebra
from instruments.gas_sample import Sampled, Way, means, values, way
from instruments.signal import Signal


def stepped(at: float = 10.0, level: float = 1.0) -> Signal:
    signal = Signal()
    signal.replace_from(at, [(at, algebra.constant(level))])
    return signal


def test_one_lag_reaches_ninety_percent_after_2_303_tau() -> None:
    assert Way(delay_s=4.0, first_lag_s=7.0).time_to(0.9) == pytest.approx(4.0 + 7.0 * math.log(10.0), rel=1e-12)


def test_two_equal_lags_need_3_89_tau() -> None:
    # 1 - (1 + x)·exp(-x) = 0.9 at x = 3.88972016986743
    both = Way(first_lag_s=5.0, second_lag_s=5.0)
    assert both.time_to(0.9) == pytest.approx(5.0 * 3.88972016986743, rel=1e-10)
    assert both.response(10.0) == pytest.approx(1.0 - 3.0 * math.exp(-2.0), rel=1e-12)


def test_two_lags_and_walls_have_their_partial_fractions() -> None:
    course = Way(delay_s=2.0, first_lag_s=3.0, second_lag_s=8.0, adsorbed=0.1, adsorption_s=60.0)
    for t in (0.5, 5.0, 20.0, 100.0):
        x = t
        direct = 1.0 - (3.0 * math.exp(-x / 3.0) - 8.0 * math.exp(-x / 8.0)) / (3.0 - 8.0)
        walls = 1.0 - sum(
            tau**2 * math.exp(-x / tau) / math.prod(tau - other for other in (3.0, 8.0, 60.0) if other != tau)
            for tau in (3.0, 8.0, 60.0)
        )
        assert course.response(2.0 + t) == pytest.approx(0.9 * direct + 0.1 * walls, rel=1e-12)
    assert course.response(1.99) == 0.0


def test_volumes_over_flow() -> None:
    course = way(1.2, tube_ml=40.0, first_ml=100.0, second_ml=10.0)
    assert (course.delay_s, course.first_lag_s, course.second_lag_s) == pytest.approx((2.0, 5.0, 0.5))
    with pytest.raises(ValueError, match="no way without flow"):
        way(0.0)


def test_writing_late_is_writing_early() -> None:
    """Look between the writes, as a bench does: the past is kept, the future follows."""
    course = Way(delay_s=3.3, first_lag_s=1.7, second_lag_s=4.0, adsorbed=0.05, adsorption_s=40.0)
    early, late = Signal(0.2), Signal(0.2)
    changes = [(7.1, 1.0), (9.0, 0.3), (60.0, 0.9), (61.0, 0.0)]
    for at, level in changes:
        early.replace_from(at, [(at, algebra.constant(level))])
    a, b = Sampled(early, course), Sampled(late, course)
    seen = [b.value(2.0)]
    for at, level in changes:
        seen.append(b.value(at))
        late.replace_from(at, [(at, algebra.constant(level))])
        seen.append(b.value(at + 0.5))
    assert seen[0] == 0.2
    times = np.linspace(0.0, 400.0, 1601)
    assert values(b, times) == pytest.approx(values(a, times), abs=1e-13)


def test_smooth_input_against_small_steps() -> None:
    source = Signal(0.0)
    source.replace_from(5.0, [(5.0, algebra.add(algebra.constant(0.8), algebra.decay(-0.8, 6.0)))])
    course = Way(delay_s=2.0, first_lag_s=3.0, second_lag_s=9.0, adsorbed=0.2, adsorption_s=30.0)
    step, state, walls = 1e-3, [0.0, 0.0], 0.0
    t = 0.0
    while t < 40.0:
        x = source.value(max(t - 2.0, 0.0))
        state[0] += step * (x - state[0]) / 3.0
        state[1] += step * (state[0] - state[1]) / 9.0
        walls += step * (state[1] - walls) / 30.0
        t += step
    assert Sampled(source, course).value(40.0) == pytest.approx(0.8 * state[1] + 0.2 * walls, rel=1e-3)


def test_means_are_the_signals_own() -> None:
    course = Way(delay_s=2.0, first_lag_s=5.0, second_lag_s=5.0, adsorbed=0.05, adsorption_s=200.0)
    out = Sampled(stepped(), course)
    times = np.array([0.0, 0.5, 11.0, 12.0, 12.5, 19.0, 40.0, 300.0, 9000.0, 20000.0])
    expected = [out.mean(max(0.0, t - 3.0), t) for t in times]
    assert means(out, times, 3.0) == pytest.approx(expected, rel=1e-10, abs=1e-14)
    assert values(out, times) == pytest.approx([out.value(t) for t in times], rel=1e-12, abs=1e-15)
    assert means(out, times, 0.0) == pytest.approx(values(out, times))


def test_settled_signal_is_level() -> None:
    out = Sampled(stepped(), Way(delay_s=1.0, first_lag_s=2.0))
    assert algebra.is_level(out.piece(500.0)[2])
    assert out.value(500.0) == 1.0


@pytest.mark.parametrize("values", [{"delay_s": -1.0}, {"first_lag_s": math.nan}, {"adsorbed": 1.5}])
def test_impossible_ways_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        Way(**values)


def test_share_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="share"):
        Way(first_lag_s=1.0).time_to(1.0)
