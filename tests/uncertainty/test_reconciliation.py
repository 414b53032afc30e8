"""Reconciliation: a published example, closed forms, independence of how constraints are written, and statistics."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from uncertainty.errors import InputError, ModelError
from uncertainty.reconciliation import detection_power, reconcile, reconcile_model, search

# The worked example of VDI 2048 (heat circuit of a steam turbine), as a public regression test quotes it: measured
# values, half-widths of their 95 % intervals, correlations; the last four were not measured.
VDI = np.array([46.241, 45.668, 44.575, 44.319, 0.525, 69.978, 10.364, 3.744, 4.391, 18.498, 2.092, 0, 0, 0, 0])
HALF = np.array([0.8, 0.79, 0.535, 0.532, 0.105, 0.854, 0.168, 0.058, 0.058, 0.205, 0.272, 1, 1, 1, 1])
F = np.array(
    [
        [1, 1, 0, 0, -0.2, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0],
        [0, 0, 1, 1, -0.6, 0, 0, 0, 0, 0, 0, 0, -1, 0, 0],
        [0, 0, 0, 0, 0.4, 1, 1, 1, 1, 0, 0, 0, 0, -1, 0],
        [0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, -1],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, -1, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, -1, 0],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1],
    ]
)
VALUES = [
    44.9644892064291, 44.4179721417342, 44.9259040471917, 44.6670964499405, 0.526347872422335, 70.553060829315,
    10.3757829833265, 3.74540440603423, 4.39240440603423, 18.5135917953949, 2.092, 89.2771917736789, 89.2771917736789,
    89.2771917736788, 18.5135917953949,
]  # fmt: skip
HALF_AFTER = [
    0.575626570589129, 0.572817587480311, 0.404463177421466, 0.402919370199657, 0.104623410451298, 0.559872848891984,
    0.133003389109488, 0.056695251568643, 0.056695251568643, 0.137102511396334, 0.272,
]  # fmt: skip


def vdi_covariance() -> np.ndarray:
    u = HALF / 1.96
    V = np.diag(u**2)
    V[0, 1] = V[1, 0] = 0.2 * u[0] * u[1]
    V[2, 3] = V[3, 2] = 0.4 * u[2] * u[3]
    return V


def test_the_worked_example_of_vdi_2048() -> None:
    found = reconcile(VDI, vdi_covariance(), F, unmeasured=[11, 12, 13, 14])
    assert found.values == pytest.approx(np.array(VALUES), rel=1e-12)
    assert 1.96 * found.u[:11] == pytest.approx(np.array(HALF_AFTER), rel=1e-12)
    assert found.degrees_of_freedom == 3
    assert found.redundant == (True,) * 10 + (False,) * 5
    assert F @ found.values == pytest.approx(np.zeros(7), abs=1e-12)
    # Feed and boiler differ by 3 % of the flow, where they may differ by less: the global test sees it.
    assert found.chi_squared > found.critical(0.95)


def test_two_meters_in_one_pipe_give_the_weighted_mean() -> None:
    found = reconcile([100.0, 104.0], [1.0, 2.0], [[1.0, -1.0]])
    mean, u = (100.0 / 1 + 104.0 / 4) / (1 + 1 / 4), 1 / math.sqrt(1 + 1 / 4)
    assert found.values == pytest.approx([mean, mean])
    assert found.u == pytest.approx([u, u])
    assert found.chi_squared == pytest.approx(16 / 5)
    assert np.abs(found.standardised) == pytest.approx([4 / math.sqrt(5)] * 2)
    assert found.probability == pytest.approx(stats.chi2.sf(3.2, 1))
    assert found.critical(0.95) == pytest.approx(3.841, abs=1e-3)


def test_a_branch_with_a_known_loss() -> None:
    """y1 = y2 + y3 + 5: the contradiction is shared by the variances."""
    y, u = np.array([100.0, 58.0, 40.0]), np.array([1.0, 0.8, 0.6])
    found = reconcile(y, u, [[1.0, -1.0, -1.0]], [5.0])
    contradiction = 100.0 - 98.0 - 5.0
    share = u**2 / (u**2).sum()
    assert found.values == pytest.approx(y - contradiction * share * np.array([1, -1, -1]))
    assert found.values[0] - found.values[1] - found.values[2] == pytest.approx(5.0)


def test_it_is_the_least_squares_solution() -> None:
    rng = np.random.default_rng(5)
    A, y = rng.normal(size=(3, 7)), rng.normal(10, 1, 7)
    root = rng.normal(size=(7, 7)) + 3 * np.eye(7)
    V = root @ root.T
    found = reconcile(y, V, A)
    inverse = np.linalg.inv(V)
    null = np.linalg.svd(A)[2][3:].T
    best = null @ np.linalg.solve(null.T @ inverse @ null, null.T @ inverse @ y)
    assert found.values == pytest.approx(best, rel=1e-9)
    assert found.covariance == pytest.approx(null @ np.linalg.inv(null.T @ inverse @ null) @ null.T, rel=1e-8)
    assert found.chi_squared == pytest.approx((best - y) @ inverse @ (best - y), rel=1e-9)


def test_it_does_not_matter_how_the_constraints_are_written() -> None:
    y, u = np.array([10.0, 4.2, 6.1, 6.0]), np.full(4, 0.1)
    A = np.array([[1.0, -1, -1, 0], [0, 0, 1, -1]])
    plain = reconcile(y, u, A)
    mixed = reconcile(y, u, np.vstack([2 * A[0] + A[1], 5 * A[1], A[0] - A[1]]))
    assert mixed.values == pytest.approx(plain.values)
    assert mixed.covariance == pytest.approx(plain.covariance)
    assert mixed.degrees_of_freedom == plain.degrees_of_freedom == 2
    assert mixed.chi_squared == pytest.approx(plain.chi_squared)


def test_what_was_not_measured_follows_from_the_others() -> None:
    A = np.array([[1.0, -1, -1, 0], [0, 0, 1, -1]])
    with_it = reconcile([10.0, 4.0, 99.0, 6.2], [0.1, 0.1, 1.0, 0.1], A, unmeasured=[2])
    without = reconcile([10.0, 4.0, 6.2], [0.1, 0.1, 0.1], [[1.0, -1.0, -1.0]])
    assert with_it.values[[0, 1, 3]] == pytest.approx(without.values)
    assert with_it.values[2] == pytest.approx(without.values[2])
    assert with_it.u[2] == pytest.approx(without.u[2])
    assert with_it.chi_squared == pytest.approx(without.chi_squared)
    assert with_it.degrees_of_freedom == 1


def test_a_large_variance_is_the_limit_of_not_measured() -> None:
    A = np.array([[1.0, -1, -1, 0], [0, 0, 1, -1]])
    limit = reconcile([10.0, 4.0, 99.0, 6.2], [0.1, 0.1, 1e5, 0.1], A)
    hidden = reconcile([10.0, 4.0, 99.0, 6.2], [0.1, 0.1, 1.0, 0.1], A, unmeasured=[2])
    assert limit.values == pytest.approx(hidden.values, rel=1e-5)


def energy(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two gases of calorific values h mix: q3 = q1 + q2, q3 h3 = q1 h1 + q2 h2."""
    q1, q2, q3, h1, h2, h3 = x
    g = np.array([q1 + q2 - q3, q1 * h1 + q2 * h2 - q3 * h3])
    J = np.array([[1, 1, -1, 0, 0, 0], [h1, h2, -h3, q1, q2, -q3]])
    return g, J


def test_constraints_that_are_not_linear_hold_and_the_point_is_stationary() -> None:
    y = np.array([90.0, 45.5, 134.0, 3.3, 17.5, 8.1])
    u = np.array([1.5, 0.7, 2.0, 0.05, 0.2, 0.1])
    found = reconcile_model(y, u, energy)
    g, J = energy(found.values)
    assert g == pytest.approx([0, 0], abs=1e-9)
    pull = (found.values - y) / u**2
    outside = pull - J.T @ np.linalg.lstsq(J.T, pull)[0]
    assert outside == pytest.approx(np.zeros(6), abs=1e-9)
    assert found.chi_squared == pytest.approx((((found.values - y) / u) ** 2).sum(), rel=1e-6)


def test_coverage_test_and_power_on_random_errors() -> None:
    """Reconciled values cover the truth at the stated rate, χ² refuses 5 %, a bias is seen as often as predicted."""
    A = np.array([[1.0, -1, -1, 0, 0], [0, 1.0, 0, -1, 0], [0, 0, 1.0, 0, -1]])
    truth, u = np.array([10.0, 4, 6, 4, 6]), np.array([0.2, 0.1, 0.1, 0.15, 0.1])
    rng = np.random.default_rng(1)
    n, bias = 1500, 0.4
    covered, refused, seen = np.zeros(5), 0, 0
    for noise in rng.normal(size=(n, 5)):
        found = reconcile(truth + noise * u, u, A)
        covered += np.abs(found.values - truth) <= 1.959964 * found.u
        refused += found.chi_squared > found.critical(0.95)
        spoiled = reconcile(truth + noise * u + np.array([bias, 0, 0, 0, 0]), u, A)
        seen += abs(spoiled.standardised[0]) > 1.96
    assert covered / n == pytest.approx(np.full(5, 0.95), abs=0.02)
    assert refused / n == pytest.approx(0.05, abs=0.02)
    predicted = detection_power(reconcile(truth, u, A), np.diag(u**2), 0, bias)
    assert 0.2 < predicted < 0.8
    assert seen / n == pytest.approx(predicted, abs=0.04)


def constraints_of(A: np.ndarray):  # type: ignore[no-untyped-def]
    return lambda x: (A @ x, A)


def test_the_search_takes_out_the_meter_that_is_wrong() -> None:
    A = np.array([[1.0, -1, -1, 0, 0], [0, 1.0, 0, -1, 0], [0, 0, 1.0, 0, -1]])
    y, u = np.array([10.0, 5.0, 6.0, 4.0, 6.0]), np.array([0.2, 0.1, 0.1, 0.15, 0.1])
    found = search(y, u, constraints_of(A))
    assert found.suspects == (1,)
    assert found.explained
    assert found.final.values[1] == pytest.approx(4.0)
    sound = search([10.0, 4.0, 6.0, 4.0, 6.0], u, constraints_of(A))
    assert sound.suspects == ()
    assert sound.first is sound.final
    assert sound.explained


def test_a_search_that_may_take_out_nothing_explains_nothing() -> None:
    found = search([10.0, 5.0], [0.1, 0.1], constraints_of(np.array([[1.0, -1.0]])))
    assert found.suspects == ()
    assert not found.explained
    A = np.array([[1.0, -1, 0], [0, 1.0, -1]])
    found = search([10.0, 5.0, 5.0], [0.1] * 3, constraints_of(A), among=[])
    assert found.suspects == ()
    assert not found.explained
    assert found.first.chi_squared > found.first.critical()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(1.0, 1e4), min_size=4, max_size=4), st.lists(st.floats(0.01, 50), min_size=4, max_size=4))
def test_reconciled_values_satisfy_the_constraints_and_are_never_less_certain(y: list[float], u: list[float]) -> None:
    A = np.array([[1.0, -1, -1, 0], [0, 0, 1, -1]])
    found = reconcile(y, u, A)
    assert np.abs(A @ found.values).max() <= 1e-9 * max(y)
    assert (found.u <= np.array(u) * (1 + 1e-9)).all()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (([1.0, 2.0], [0.1, 0.1], [[1.0, -1.0, 0.0]]), "2 values"),
        (([1.0, math.nan], [0.1, 0.1], [[1.0, -1.0]]), "not finite"),
        (([1.0, 2.0], [0.1, 0.0], [[1.0, -1.0]]), "finite and positive"),
        (([1.0, 2.0], [[1.0, 2.0], [2.0, 1.0]], [[1.0, -1.0]]), "negative eigenvalue"),
        (([1.0, 2.0], [[1.0, 0.5], [0.0, 1.0]], [[1.0, -1.0]]), "not symmetric"),
        (([1.0, 2.0], [0.1, 0.1], [[1.0, 0.0], [1.0, 0.0]], [1.0, 2.0]), "contradict each other"),
    ],
)
def test_what_cannot_be_is_refused(arguments: tuple[object, ...], why: str) -> None:
    with pytest.raises(InputError, match=why):
        reconcile(*arguments)  # type: ignore[arg-type]


def test_what_is_not_determined_is_refused() -> None:
    with pytest.raises(InputError, match="do not determine"):
        reconcile([1.0, 2.0, 3.0], [0.1] * 3, [[1.0, -1.0, -1.0]], unmeasured=[1, 2])
    with pytest.raises(ModelError, match="nothing is redundant"):
        reconcile([1.0, 2.0, 3.0], [0.1] * 3, [[1.0, -1.0, -1.0]], unmeasured=[1])
    with pytest.raises(InputError, match="places among 3"):
        reconcile([1.0, 2.0, 3.0], [0.1] * 3, [[1.0, -1.0, -1.0]], unmeasured=[7])
