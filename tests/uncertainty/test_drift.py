"""Drift of a standard, against closed formulas, another library's fit, and its own promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from uncertainty.drift import fit_drift, leaves
from uncertainty.errors import InputError

TIMES = [0.0, 1.0, 2.1, 2.9, 4.2]
VALUES = [0.010, 0.014, 0.013, 0.021, 0.024]


def test_equal_weights_with_large_scatter_give_the_textbook_prediction_interval() -> None:
    """Ordinary least squares: ŷ ± t s √(1 + 1/n + (t - t̄)²/Sxx); the stated u is far too small, so s rules."""
    drift = fit_drift(TIMES, VALUES, [1e-6] * 5)
    line = stats.linregress(TIMES, VALUES)
    x = np.array(TIMES)
    s = math.sqrt(float(((np.array(VALUES) - line.intercept - line.slope * x) ** 2).sum()) / 3)
    for time in (-1.0, 2.0, 6.0):
        value, half = drift.predict(time)
        width = stats.t.ppf(0.975, 3) * s * math.sqrt(1 + 1 / 5 + (time - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum())
        assert value == pytest.approx(line.intercept + line.slope * time, rel=1e-9)
        assert half == pytest.approx(width, rel=1e-6)
    assert drift.u_slope == pytest.approx(line.stderr, rel=1e-6)


def test_unequal_weights_agree_with_numpy() -> None:
    u = np.array([0.008, 0.008, 0.004, 0.004, 0.002])
    drift = fit_drift(TIMES, VALUES, u)
    coefficients, covariance = np.polyfit(TIMES, VALUES, 1, w=1 / u, cov="unscaled")
    assert drift.birge < 1, "the scatter is smaller than stated: nothing is made smaller"
    assert drift.slope == pytest.approx(coefficients[0])
    assert drift.u_slope == pytest.approx(math.sqrt(covariance[0, 0]))
    assert drift.predict(0.0)[0] == pytest.approx(coefficients[1])


def test_the_prediction_interval_covers_the_next_calibration_as_often_as_it_says() -> None:
    """2000 standards with a true drift; the fifth calibration lies inside within the binomial band of 4 u."""
    generator = np.random.default_rng(5)
    u = np.array([0.003, 0.003, 0.003, 0.003])
    inside = 0
    for _ in range(2000):
        truth = generator.normal(0, 0.01) + generator.normal(0, 0.005) * np.arange(5.0)
        seen = truth + generator.normal(0, 0.003, 5)
        value, half = fit_drift(np.arange(4.0), seen[:4], u).predict(4.0)
        inside += abs(seen[4] - value) <= half
    band = 4 * math.sqrt(0.95 * 0.05 / 2000)
    assert inside / 2000 >= 0.95 - band, "two degrees of freedom and never smaller than stated: it may cover more"


def test_the_time_of_leaving_is_where_value_and_half_width_reach_the_limit() -> None:
    drift = fit_drift(TIMES, VALUES, [0.001] * 5)
    when = leaves(drift, 0.08, 4.2, 50.0)
    assert when is not None and when > 4.2
    value, half = drift.predict(when)
    assert abs(value) + half == pytest.approx(0.08, abs=1e-9)
    earlier, wide = drift.predict(when - 0.01)
    assert abs(earlier) + wide < 0.08
    assert leaves(drift, 0.08, 4.2, when - 4.2 - 0.01) is None
    assert leaves(drift, 0.001, 4.2, 50.0) == 4.2, "outside already"
    shifted = leaves(drift, 0.08, 4.2, 50.0, reference=0.02)
    assert shifted is not None and shifted > when


@pytest.mark.parametrize(
    ("times", "values", "u", "why"),
    [
        ([0, 1], [0, 1], [1, 1], "at least 3"),
        ([0, 1, 2], [0, 1], [1, 1, 1], "one length"),
        ([1, 1, 1], [0, 1, 2], [1, 1, 1], "of one time"),
        ([0, 1, 2], [0, 1, math.nan], [1, 1, 1], "finite"),
        ([0, 1, 2], [0, 1, 2], [1, 0, 1], "positive"),
    ],
)
def test_what_cannot_be_fitted_is_refused(times: list[float], values: list[float], u: list[float], why: str) -> None:
    with pytest.raises(InputError, match=why):
        fit_drift(times, values, u)
    with pytest.raises(InputError, match="limit"):
        leaves(fit_drift(TIMES, VALUES, [1.0] * 5), 0.0, 0.0, 1.0)
