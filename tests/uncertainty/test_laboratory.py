"""Statistics of a laboratory and comparisons: closed forms, tables, NumPy and the oracles of the electrical cards."""

import math

import numpy as np
import pytest
from scipy import stats

from uncertainty.comparison import (
    cox_median,
    der_simonian_laird,
    en_score,
    en_score_with_drift,
    largest_consistent_subset,
    weighted_mean,
    z_prime_score,
    zeta_score,
)
from uncertainty.errors import InputError
from uncertainty.stability import (
    c4,
    ewma_chart,
    mean_and_s_chart,
    repeatability,
    stability,
    verify_by_comparison,
    verify_by_transfer,
)
from uncertainty.statistics import allan_deviation, anova

RNG = np.random.default_rng(11)


def test_scores() -> None:
    assert en_score(0.12, 0.06, 0.05, 0.05) == pytest.approx(0.896, abs=5e-4)  # oracle of section D
    assert en_score_with_drift(0.12, 0.03, 0.05, 0.025, 0.0) == pytest.approx(0.896, abs=5e-4)
    assert en_score_with_drift(0.12, 0.03, 0.05, 0.025, 0.02) < 0.896
    assert zeta_score(10.4, 0.3, 10.0, 0.4) == pytest.approx(0.8)
    assert z_prime_score(10.4, 10.0, 0.3, 0.4) == pytest.approx(0.8)
    assert z_prime_score(10.4, 10.0, 0.2, 0.0) == pytest.approx(2.0)
    # A reference that contains the laboratory: correlation makes the score larger.
    assert en_score(1.0, 2.0, 0.0, 1.0, covariance=1.0) == pytest.approx(1 / math.sqrt(3))


@pytest.mark.parametrize(
    "call",
    [
        lambda: en_score(1, -1, 0, 1),
        lambda: en_score(1, 0, 0, 0),
        lambda: en_score(1, 1, 0, 1, covariance=1.0),
        lambda: zeta_score(1, math.nan, 0, 1),
        lambda: en_score_with_drift(1, 1, 0, 1, 0, k=0),
        lambda: weighted_mean([1.0], [1.0]),
        lambda: weighted_mean([1.0, 2.0], [1.0, 0.0]),
        lambda: largest_consistent_subset([1.0] * 21, [1.0] * 21),
        lambda: repeatability([1.0] * 5),
        lambda: stability([1.0] * 3, 1.0),
        lambda: verify_by_comparison([1.0, 2.0], 2, 1.0),
        lambda: verify_by_transfer(1, 0, 1, 1),
        lambda: mean_and_s_chart([[1.0, 2.0], [1.0]]),
        lambda: ewma_chart([1.0], centre=0, s=0),
        lambda: allan_deviation([1.0, 2.0], 1.0),
        lambda: allan_deviation([1.0, 2.0, 3.0], 1.0, [2]),
        lambda: anova([[1.0, 2.0], [1.0, 2.0, 3.0]]),
        lambda: anova([[1.0, 1.0], [2.0, 2.0]]),
    ],
)
def test_what_cannot_be_computed_is_refused(call) -> None:
    with pytest.raises(InputError):
        call()


def test_weighted_mean_and_its_test() -> None:
    x, u = [10.0, 10.2, 9.9], [0.1, 0.2, 0.1]
    found = weighted_mean(x, u)
    w = np.array(u) ** -2.0
    assert found.value == pytest.approx(np.average(x, weights=w))
    assert found.u == pytest.approx(1 / math.sqrt(w.sum()))
    assert found.probability == pytest.approx(stats.chi2.sf(found.chi_squared, 2))
    assert found.consistent
    d, U = found.degree_of_equivalence(10.2, 0.2, member=True)
    assert d == pytest.approx(10.2 - found.value)
    assert pytest.approx(2 * math.sqrt(0.04 - found.u**2)) == U


def test_the_largest_consistent_subset_leaves_the_outlier_out() -> None:
    x, u = [10.0, 10.1, 9.9, 10.05, 12.0], [0.1] * 5
    assert not weighted_mean(x, u).consistent
    found = largest_consistent_subset(x, u)
    assert found.members == (0, 1, 2, 3)
    assert found.value == pytest.approx(np.mean(x[:4]))
    assert largest_consistent_subset(x[:4], u[:4]).members == (0, 1, 2, 3)


def test_the_median_is_robust_and_der_simonian_laird_widens() -> None:
    x, u = [10.0, 10.1, 9.9, 10.05, 12.0], [0.1] * 5
    median = cox_median(x, u)
    assert abs(median.value - 10.05) < 0.05
    equal = cox_median([5.0] * 3, [1.0] * 3)
    # Variance of the median of three standard normals: 1 - √3/π.
    assert equal.u == pytest.approx(math.sqrt(1 - math.sqrt(3) / math.pi), rel=0.01)
    wide = der_simonian_laird(x, u)
    # Equal u: the mean, with the variance of the observed scatter.
    assert wide.value == pytest.approx(np.mean(x))
    assert wide.u == pytest.approx(np.std(x, ddof=1) / math.sqrt(5))
    same = der_simonian_laird([10.0, 10.01], [0.1, 0.1])
    assert same.between == 0
    assert same.u == pytest.approx(weighted_mean([10.0, 10.01], [0.1, 0.1]).u)


def test_anova_agrees_with_scipy() -> None:
    groups = [list(RNG.normal(m, 1.0, 5)) for m in (0, 0.5, 2)]
    found = anova(groups)
    oracle = stats.f_oneway(*groups)
    assert found.F == pytest.approx(oracle.statistic)
    assert found.probability == pytest.approx(oracle.pvalue)
    assert found.u_without_effect == pytest.approx(np.std(np.concatenate(groups), ddof=1) / math.sqrt(15))
    assert found.u_with_effect == pytest.approx(np.std(np.mean(groups, axis=1), ddof=1) / math.sqrt(3))


def test_allan_deviation_of_known_noise() -> None:
    n = 40_000
    white = RNG.normal(0, 1, n)
    tau, sigma, relative = allan_deviation(white, 0.5, [1, 10, 100])
    assert tau.tolist() == [0.5, 5.0, 50.0]
    for s, m, r in zip(sigma, (1, 10, 100), relative, strict=True):
        assert s == pytest.approx(1 / math.sqrt(m), rel=4 * r)
    drift = np.arange(1000.0)
    assert allan_deviation(drift, 1.0, [1, 7])[1] == pytest.approx([1 / math.sqrt(2), 7 / math.sqrt(2)])
    # NBS data of nine numbers (NIST SP 1065, 12.1 prints 91.22945 at m = 1).
    nbs = [892.0, 809.0, 823.0, 798.0, 671.0, 644.0, 883.0, 903.0, 677.0]
    assert allan_deviation(nbs, 1.0, [1])[1][0] == pytest.approx(91.22945, abs=5e-6)
    assert allan_deviation(nbs, 1.0, [2])[1][0] == pytest.approx(85.95287, abs=5e-6)


def test_standard_assessment() -> None:
    y = [1.0, 1.2, 0.8, 1.1, 0.9, 1.0]
    assert repeatability(y).observed == pytest.approx(np.std(y, ddof=1))
    assert repeatability(y).satisfied
    assert not repeatability(y, limit=0.1).satisfied
    assert stability([1.0, 1.1, 0.95, 1.02], 0.2).satisfied
    assert not stability([1.0, 1.1, 0.95, 1.02], 0.15).satisfied
    assert stability([1.0, 1.1, 0.95, 1.02], 0.2).observed == pytest.approx(0.15)
    assert verify_by_transfer(1.0, 0.3, 1.25, 0.1).limit == 0.3
    assert verify_by_transfer(1.0, 0.3, 1.25, 0.2).limit == pytest.approx(math.hypot(0.3, 0.2))
    found = verify_by_comparison([1.0, 1.2, 1.1], 1, 0.2)
    assert found.observed == pytest.approx(0.1)
    assert found.limit == pytest.approx(math.sqrt(2 / 3) * 0.2)
    assert found.satisfied


def test_control_charts_have_the_tabulated_factors() -> None:
    assert c4(5) == pytest.approx(0.9400, abs=5e-5)
    assert c4(2) == pytest.approx(0.7979, abs=5e-5)
    groups = RNG.normal(10, 0.1, (25, 5))
    means, s = mean_and_s_chart(groups.tolist())
    s_bar = groups.std(axis=1, ddof=1).mean()
    assert means.high[0] - means.centre == pytest.approx(1.427 * s_bar, rel=5e-4)  # A3 for n = 5
    assert s.high[0] == pytest.approx(2.089 * s_bar, rel=5e-4)  # B4 for n = 5
    assert s.low[0] == 0
    assert means.alarms == ()
    groups[20] += 0.5
    assert mean_and_s_chart(groups.tolist(), baseline=20)[0].alarms == (20,)


def test_ewma_sees_a_small_drift() -> None:
    steady = RNG.normal(0, 1, 30)
    assert ewma_chart(steady, centre=0, s=1).alarms == ()
    chart = ewma_chart(steady + np.linspace(0, 3, 30), centre=0, s=1)
    assert chart.alarms
    assert chart.high[-1] == pytest.approx(3 * math.sqrt(0.2 / 1.8), rel=1e-3)


def test_scores_agree_with_pt13528() -> None:
    from pt13528 import scores

    for x, X, u, v in RNG.uniform(0.1, 2, (20, 4)):
        assert en_score(x, u, X, v) == pytest.approx(scores.en_score(x, X, u, v), rel=1e-12)
        assert zeta_score(x, u, X, v) == pytest.approx(scores.zeta_score(x, X, u, v), rel=1e-12)
        assert z_prime_score(x, X, u, v) == pytest.approx(scores.z_prime_score(x, X, u, v), rel=1e-12)
