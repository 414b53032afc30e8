"""The algebra of exponential polynomials, held against numerical quadrature and an ODE solver (scipy), which share no
code with it."""

from __future__ import annotations

import math
import warnings

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.integrate import IntegrationWarning, quad, solve_ivp

from instruments import terms as algebra
from instruments.terms import Terms  # noqa: TC001 - Hypothesis reads the annotations

rates = st.sampled_from([0j, complex(-0.4), complex(-3.0), 2j, 11j, complex(-0.5, 4.0)])
coefficients = st.floats(-5.0, 5.0).filter(lambda x: x == 0.0 or abs(x) > 1e-3)


@st.composite
def signals(draw: st.DrawFn) -> Terms:
    """Return a real signal: complex rates come with their conjugates."""
    total: Terms = {}
    for _ in range(draw(st.integers(1, 3))):
        rate, power, c = draw(rates), draw(st.integers(0, 2)), complex(draw(coefficients))
        if rate.imag:
            c = complex(c.real, draw(coefficients))
            term = {(rate, power): c, (rate.conjugate(), power): c.conjugate()}
        else:
            term = {(rate, power): c}
        total = algebra.add(total, term)
    return total


@given(signals(), st.floats(0.0, 2.0), st.floats(0.0, 3.0))
@example({(2j, 0): 1j, (-2j, 0): -1j}, 1.375, 2.321684125953937e-14)
def test_integral_agrees_with_quadrature(x: Terms, start: float, span: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IntegrationWarning)  # as when the integral is 0: what it reached is in `error`
        wanted, error = quad(
            lambda tau: algebra.value(x, tau), start, start + span, limit=200, epsabs=1e-12, epsrel=1e-12
        )
    assert algebra.integral(x, start, start + span) == pytest.approx(wanted, abs=1e-9 + 10 * error)


@given(signals(), signals(), st.floats(0.0, 3.0))
def test_sum_and_product_are_pointwise(a: Terms, b: Terms, tau: float) -> None:
    assert algebra.value(algebra.add(a, b), tau) == pytest.approx(
        algebra.value(a, tau) + algebra.value(b, tau), abs=1e-9
    )
    product = algebra.value(a, tau) * algebra.value(b, tau)
    assert algebra.value(algebra.multiply(a, b), tau) == pytest.approx(product, rel=1e-9, abs=1e-8)


@given(signals(), st.floats(0.0, 4.0), st.floats(0.0, 3.0))
def test_shift_moves_the_origin(x: Terms, by: float, tau: float) -> None:
    assert algebra.value(algebra.shift(x, by), tau) == pytest.approx(algebra.value(x, tau + by), rel=1e-9, abs=1e-8)


@given(signals(), st.floats(-3.0, 3.0), st.sampled_from([0.05, 1.0 / 3.0, 1.7]))
def test_low_pass_agrees_with_an_ode_solver(x: Terms, initial: float, time_constant: float) -> None:
    y = algebra.low_pass(x, time_constant, initial)
    assert algebra.value(y, 0.0) == pytest.approx(initial, abs=1e-9)
    solved = solve_ivp(
        lambda t, state: (algebra.value(x, t) - state) / time_constant, (0.0, 2.0), [initial], rtol=1e-9, atol=1e-10
    )
    assert algebra.value(y, 2.0) == pytest.approx(float(solved.y[0, -1]), rel=1e-6, abs=1e-6)


def test_low_pass_at_its_own_pole_is_resonant_not_infinite() -> None:
    """x = exp(-t/T) through 1/(1 + sT) gives (t/T)·exp(-t/T)."""
    y = algebra.low_pass(algebra.decay(1.0, 0.5), 0.5, 0.0)
    assert algebra.value(y, 0.75) == pytest.approx(1.5 * math.exp(-1.5), rel=1e-12)


def test_a_slow_cycle_integrates_without_cancellation() -> None:
    """A cycle of a day over one second: the naive closed form keeps only some eleven digits."""
    day = algebra.sinusoid(1.0, 1.0 / 86400.0, 0.3)
    omega = 2.0 * math.pi / 86400.0
    exact = math.cos(0.3 + omega * (1000.0 + 0.5)) * math.sin(0.5 * omega) / (0.5 * omega)
    assert algebra.integral(day, 1000.0, 1001.0) == pytest.approx(exact, rel=1e-15)
    drifting = {(complex(0.0, omega), 1): 0.5 + 0j, (complex(0.0, -omega), 1): 0.5 + 0j}
    wanted, _ = quad(lambda t: t * math.cos(omega * t), 0.0, 1.0, epsrel=1e-14)
    assert algebra.integral(drifting, 0.0, 1.0) == pytest.approx(wanted, rel=1e-14)


def test_crossings_of_a_settling_step() -> None:
    """100·(1 - exp(-τ/0.2)) crosses 50 at 0.2·ln 2 and never crosses 120."""
    x = algebra.add(algebra.constant(100.0), algebra.decay(-100.0, 0.2))
    assert algebra.crossings(x, 50.0, 8.0) == pytest.approx([0.2 * math.log(2.0)], rel=1e-12)
    assert algebra.crossings(x, 120.0, 8.0) == []
    assert algebra.crossings(algebra.line(-3.0, 2.0), 0.0, math.inf) == [1.5]


def test_crossings_of_an_endless_transient_are_refused() -> None:
    with pytest.raises(ValueError, match="endless"):
        algebra.crossings(algebra.add(algebra.constant(1.0), algebra.decay(-1.0, 1.0)), 0.5, math.inf)


@given(signals(), st.floats(0.0, 3.0), st.floats(0.0, 1.0))
def test_a_signal_does_not_leave_its_bounds(x: Terms, stop: float, share: float) -> None:
    low, high = algebra.bounds(x, stop)
    slack = 1e-9 * (1.0 + abs(low) + abs(high))
    assert low - slack <= algebra.value(x, share * stop) <= high + slack


def test_a_decay_is_bounded_by_its_end() -> None:
    falling = algebra.add(algebra.constant(50.0), algebra.decay(50.0, 0.05))
    assert algebra.bounds(falling, math.inf) == (50.0, 100.0)
    rising = algebra.add(algebra.constant(50.0), algebra.decay(-50.0, 0.05))
    assert algebra.bounds(rising, math.inf) == (0.0, 50.0)
