"""Fits: examples of ISO 6143 as its reference implementations print them, GTC, SciPy, and closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metas_b_least import b_least, b_linear_func, b_second_order_poly

from uncertainty.curves import Exponential, Polynomial, Power
from uncertainty.errors import InputError, ModelError
from uncertainty.fits import choose, fit

LINE = Polynomial(1)

# Data of the examples of B_LEAST, the program of ISO 6143:2001: x, u(x), y, u(y). It fits x = f(y).
ONE = np.array([[4.5, 0.045, 0.1969, 0.003938], [18.75, 0.1875, 0.7874, 0.015748], [50, 0.5, 2.0228, 0.040456]])
TWO = np.array(
    [
        [1.500e-3, 9.000e-4, 6.000e1, 3.500e1],
        [1.888e-1, 4.500e-4, 7.786e3, 1.357e2],
        [1.990e0, 4.000e-3, 8.170e4, 3.670e1],
        [3.796e0, 3.900e-2, 1.562e5, 2.232e2],
        [5.677e0, 1.250e-2, 2.333e5, 1.372e2],
        [7.118e0, 1.250e-2, 2.930e5, 2.455e2],
        [9.210e0, 2.000e-2, 3.806e5, 1.251e2],
        [1.090e1, 2.500e-2, 4.497e5, 3.218e2],
    ]
)
THREE = np.array(
    [
        [1.0006, 0.00134, 963.7988, 14],
        [1.0010, 0.0011, 966.2585, 12.5],
        [1.9995, 0.0032, 1912.5692, 16.8],
        [3.0018, 0.0034, 2846.9306, 11.6],
        [3.9982, 0.0058, 3754.9386, 10.8],
        [4.0043, 0.0058, 3764.5905, 12.1],
        [4.9981, 0.0058, 4647.1511, 14.4],
        [5.9961, 0.0078, 5529.9991, 12.1],
        [7.9974, 0.0084, 7246.0082, 11.9],
        [7.9995, 0.010, 7240.4767, 10.7],
        [9.9980, 0.012, 8884.6955, 10.1],
        [10.0060, 0.0104, 8902.6916, 14.1],
    ]
)


@pytest.mark.parametrize(
    ("data", "curve", "b", "u", "S", "gamma"),
    [
        (ONE, LINE, (-0.35746759, 24.61152088), (0.15713134, 0.48035507), 0.6743048567, 0.5679496502),
        (TWO, LINE, (3.98104395e-04, 2.42850337e-05), (1.14588811e-03, 2.41620740e-08), 6.0444521804, 1.6265638926),
        (
            TWO,
            Polynomial(2),
            (-1.31105470e-04, 2.44010743e-05, -4.08653266e-13),
            (1.17481079e-03, 5.90036821e-08, 1.89515867e-13),
            1.3963781561,
            0.8664153342,
        ),
        (THREE, LINE, (-0.19205538, 0.00113384), (8.99975766e-03, 1.72841447e-06), 272.6391499363, 6.8361523835),
        (
            THREE,
            Power(),
            (0.12129813, 0.00051211, 0.08499019),
            (1.82517481e-02, 2.43490019e-05, 5.11172859e-03),
            8.3804427028,
            1.1594341135,
        ),
        (
            THREE,
            Exponential(),
            (-4.79624459e01, 4.79681057e01, 2.12832840e-05),
            (3.18158655e00, 3.17047269e00, 1.27387848e-06),
            0.6572370232,
            0.3529192744,
        ),
    ],
    ids=["1", "2-line", "2-parabola", "3-line", "3-power", "3-exponential"],
)
def test_examples_of_iso_6143(data, curve, b, u, S, gamma) -> None:
    found = fit(curve, data[:, 2], data[:, 0], ux=data[:, 3], uy=data[:, 1])
    # Printed to eight digits. The minimum is flat, so parameters agree to what the oracle's optimizer resolves.
    assert (np.abs(found.b - b) < 3e-4 * np.array(u)).all()
    np.testing.assert_allclose(found.u, u, rtol=3e-4)
    assert found.chi_squared == pytest.approx(S, rel=1e-6)
    assert found.gamma == pytest.approx(gamma, rel=1e-3)


def test_inverse_and_forward_evaluation_of_example_1() -> None:
    found = fit(LINE, ONE[:, 2], ONE[:, 0], ux=ONE[:, 3], uy=ONE[:, 1])
    x, covariance = found.predict([0.258, 0.6, 1.8], [0.00516, 0.012, 0.036])
    np.testing.assert_allclose(x, [5.99230480, 14.4094449, 43.9432700], rtol=1e-6)
    np.testing.assert_allclose(
        covariance,
        [
            [0.02682166, 0.01159693, 0.01476577],
            [0.01159693, 0.12671313, 0.13735339],
            [0.01476577, 0.13735339, 1.3525075],
        ],
        rtol=1e-5,
    )
    back, _ = found.inverse(x)
    np.testing.assert_allclose(back, [0.258, 0.6, 1.8], rtol=1e-12)


def test_the_reference_implementation_run_here_agrees() -> None:
    for data, oracle, curve in ((ONE, b_linear_func, LINE), (TWO, b_second_order_poly, Polynomial(2))):
        b, covariance, residual = b_least(data, oracle)
        found = fit(curve, data[:, 2], data[:, 0], ux=data[:, 3], uy=data[:, 1])
        assert (np.abs(found.b - b) < 1e-3 * found.u).all()
        np.testing.assert_allclose(found.covariance, covariance, rtol=1e-3)
        assert found.chi_squared == pytest.approx(float(np.sum(np.asarray(residual) ** 2)), rel=1e-6)


def test_the_curve_is_chosen_by_gamma_and_s() -> None:
    best = choose([LINE, Power(), Exponential()], THREE[:, 2], THREE[:, 0], ux=THREE[:, 3], uy=THREE[:, 1])
    assert [f.curve.name for f in best] == ["exponential function", "power function", "straight line"]
    assert best[-1].probability < 1e-6
    simple = choose([Polynomial(2), LINE], TWO[:, 2], TWO[:, 0], ux=TWO[:, 3], uy=TWO[:, 1])
    assert simple[0].curve == LINE


def test_ordinary_least_squares_of_jcgm_100_h3() -> None:
    # JCGM 100:2008 Table H.6: thermometer readings t and corrections b, in °C; reference temperature 20 °C.
    t = [21.521, 22.012, 22.512, 23.003, 23.507, 23.999, 24.513, 25.002, 25.503, 26.010, 26.511]
    c = [-0.171, -0.169, -0.166, -0.159, -0.164, -0.165, -0.156, -0.157, -0.159, -0.161, -0.160]
    found = fit(LINE, np.array(t) - 20, c)
    assert found.b == pytest.approx([-0.1712, 0.00218], abs=5e-5)
    assert found.u == pytest.approx([0.0029, 0.00067], abs=5e-5)
    r = found.covariance[0, 1] / found.u.prod()
    assert r == pytest.approx(-0.930, abs=5e-4)
    assert found.standard_deviation == pytest.approx(0.0035, abs=5e-5)
    assert found.degrees_of_freedom == 9
    y, covariance = found.predict([10.0])
    assert y[0] == pytest.approx(-0.1494, abs=5e-5)
    assert math.sqrt(covariance[0, 0]) == pytest.approx(0.0041, abs=5e-5)


def test_weighted_least_squares_is_numpys() -> None:
    rng = np.random.default_rng(3)
    x, u = np.linspace(1, 9, 12), rng.uniform(0.1, 0.5, 12)
    y = 1 - 2 * x + 0.3 * x**2 + rng.normal(0, u)
    found = fit(Polynomial(2), x, y, uy=u)
    coefficients, covariance = np.polyfit(x, y, 2, w=1 / u, cov="unscaled")
    np.testing.assert_allclose(found.b, coefficients[::-1], rtol=1e-9)
    np.testing.assert_allclose(found.covariance, covariance[::-1, ::-1], rtol=1e-8)


def test_gtc_fits_the_same_line_with_uncertainty_in_both_axes() -> None:
    from GTC import type_a

    # Pearson's data with York's weights: the classic of straight lines with errors in both axes.
    x = [0.0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4]
    y = [5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5]
    wx = [1000.0, 1000, 500, 800, 200, 80, 60, 20, 1.8, 1.0]
    wy = [1.0, 1.8, 4, 8, 20, 20, 70, 70, 100, 500]
    ux, uy = [1 / math.sqrt(w) for w in wx], [1 / math.sqrt(w) for w in wy]
    found = fit(LINE, x, y, ux=ux, uy=uy)
    assert found.b == pytest.approx([5.47991022, -0.48053341], abs=2e-8)  # York 1966
    oracle = type_a.line_fit_wtls(x, y, u_x=ux, u_y=uy)
    a, b = oracle.a_b
    assert found.b == pytest.approx([a.x, b.x], rel=1e-5)
    assert found.chi_squared == pytest.approx(oracle.ssr, rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 10), st.floats(-5, 5))
def test_scaling_and_shifting_the_axes_scales_the_fit(seed: int, factor: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    x = np.linspace(0, 5, 8)
    y = 2 + 0.7 * x + rng.normal(0, 0.1, 8)
    u = rng.uniform(0.05, 0.2, 8)
    one = fit(LINE, x, y, ux=0.1, uy=u)
    two = fit(LINE, x, factor * y + shift, ux=0.1, uy=factor * u)
    assert two.b == pytest.approx([factor * one.b[0] + shift, factor * one.b[1]], rel=1e-6, abs=1e-6)
    assert two.chi_squared == pytest.approx(one.chi_squared, rel=1e-6, abs=1e-12)


def test_full_covariance_matrices_enter() -> None:
    x = np.arange(5.0)
    y = 1 + 2 * x
    common = np.full((5, 5), 0.04) + np.diag(np.full(5, 0.01))
    found = fit(LINE, x, y, uy=common)
    # A common shift of all ordinates goes into the intercept alone.
    alone = fit(LINE, x, y, uy=0.1)
    assert found.covariance - alone.covariance == pytest.approx(np.array([[0.04, 0], [0, 0]]), abs=1e-12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fit(LINE, [1.0], [2.0]), "too few"),
        (lambda: fit(LINE, [1.0, 2.0], [2.0]), "2 abscissae and 1 ordinates"),
        (lambda: fit(LINE, [1.0, 2.0], [2.0, 3.0]), "at least one point more"),
        (lambda: fit(LINE, [1.0, float("nan"), 3], [2.0, 3, 4]), r"x\[1\]"),
        (lambda: fit(LINE, [1.0, 2, 3], [2.0, 3, 4], uy=[0.1, -0.1, 0.1]), r"uy\[1\] is negative"),
        (lambda: fit(LINE, [1.0, 2, 3], [2.0, 3, 4], uy=[0.1, 0.1]), "shape"),
        (lambda: fit(LINE, [1.0, 2, 3], [2.0, 3, 4], uy=[0.1, 0.0, 0.1]), "no uncertainty in either axis"),
        (lambda: fit(LINE, [1.0, 2, 3], [2.0, 3, 4], uy=np.array([[1, 2, 0], [2, 1, 0], [0, 0, 1.0]])), "eigenvalue"),
        (lambda: fit(Power(), [-1.0, 2, 3, 4], [2.0, 3, 4, 5]), "positive"),
        (lambda: choose([], [1.0], [1.0]), "no curve"),
        (lambda: fit(Polynomial(2), [0.0, 1, 2, 3], [1.0, 0, 1, 4], uy=0.1).inverse(0.25), "at 2 places"),
    ],
)
def test_what_cannot_be_fitted_is_refused(call, words: str) -> None:
    with pytest.raises(InputError, match=words):
        call()


def test_points_at_one_abscissa_do_not_determine_a_line() -> None:
    with pytest.raises(ModelError, match="do not determine"):
        fit(LINE, [1.0, 1.0, 1.0], [2.0, 3.0, 4.0], uy=0.1)
