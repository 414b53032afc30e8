"""The block engine: same bits for any worker, bounded memory, and intervals as good as order statistics."""

import math
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uncertainty import monte_carlo, tails
from uncertainty.budget import Budget
from uncertainty.errors import InputError, ModelError
from uncertainty.inputs import InputQuantity, Normal, Rectangular, StudentT


def product(a: float, b: float, c: float) -> float:
    return a * b + c * c


BUDGET = Budget(
    model=product,
    inputs=(
        InputQuantity(name="a", distribution=Normal(mean=1, u=0.1)),
        InputQuantity(name="b", distribution=Rectangular(low=0, high=1)),
        InputQuantity(name="c", distribution=StudentT(mean=1, u=0.1, dof=5)),
    ),
    unit="1",
    correlations={("a", "b"): 0.5},
)


@pytest.mark.parametrize("trials", [100_001, 700_001], ids=["kept", "streamed"])
def test_any_number_of_workers_gives_the_same_bits(trials: int) -> None:
    one = BUDGET.monte_carlo(trials=trials, workers=1)
    assert BUDGET.monte_carlo(trials=trials, workers=2) == one
    assert BUDGET.monte_carlo(trials=trials, workers=100) == one
    with ThreadPoolExecutor(3) as pool:
        assert BUDGET.monte_carlo(trials=trials, workers=pool) == one


def test_processes_give_the_same_bits() -> None:
    # Expressions can be sent to another process, unlike functions of this module.
    budget = Budget(
        model=_hypotenuse(),
        inputs=(
            InputQuantity(name="x", distribution=Normal(mean=1, u=0.1)),
            InputQuantity(name="y", distribution=Rectangular(low=0, high=1)),
        ),
        unit="1",
    )
    one = budget.monte_carlo(trials=300_000, workers=1)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert budget.monte_carlo(trials=300_000, workers=pool) == one


def test_a_model_that_cannot_travel_is_named() -> None:
    budget = Budget(model=lambda a: a, inputs=BUDGET.inputs[:1], unit="1")
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
        pytest.raises(InputError, match="cannot be sent to another process"),
    ):
        budget.monte_carlo(trials=300_000, workers=pool)


def _hypotenuse() -> object:
    from uncertainty.expression import parse

    return parse("sqrt(x**2 + y**2)")


def test_streamed_intervals_agree_with_order_statistics_of_the_same_draws() -> None:
    trials = 700_001
    result = BUDGET.monte_carlo(trials=trials)
    simulation = monte_carlo.make_simulation(product, BUDGET.inputs, BUDGET.correlation, 1, double=False)
    y = monte_carlo.keep(simulation, trials, 1)
    assert result.mean == pytest.approx(y.mean(), rel=1e-13)
    assert result.u == pytest.approx(y.std(ddof=1), rel=1e-11)
    exact = tails.intervals_of_sample(y, 0.95)
    assert exact is not None
    # A thirtieth of the Monte Carlo error of a quantile here, 3e-3 u.
    assert result.symmetric == pytest.approx(exact[0], abs=1e-4 * result.u)
    # The minimum is flat: the width is well defined, the place is not.
    assert np.diff(result.shortest)[0] == pytest.approx(np.diff(exact[1])[0], abs=1e-4 * result.u)
    inside = ((y >= result.shortest[0]) & (y <= result.shortest[1])).mean()
    assert inside == pytest.approx(0.95, abs=1e-5)


def chi(a: float) -> float:
    return a * a


@pytest.mark.parametrize("p", [0.5, 0.9, 0.95, 0.99, 0.999])
def test_a_bounded_skew_output_has_its_closed_form(p: float) -> None:
    budget = Budget(model=chi, inputs=(InputQuantity(name="a", distribution=Normal(mean=0, u=1)),), unit="1")
    trials = 2_000_000
    result = budget.monte_carlo(trials=trials, p=p)
    from scipy.stats import chi2

    for found, q in zip(result.symmetric, ((1 - p) / 2, (1 + p) / 2), strict=True):
        assert abs(chi2.cdf(found, 1) - q) < 5 * math.sqrt(q * (1 - q) / trials)
    # The density falls all the way, so the shortest interval begins at zero.
    assert result.shortest[0] == pytest.approx(0, abs=2e-4)
    assert chi2.cdf(result.shortest[1], 1) - chi2.cdf(result.shortest[0], 1) == pytest.approx(
        p, abs=5 * math.sqrt(p * (1 - p) / trials)
    )


def test_a_heavy_tail_and_a_constant_do_not_break_the_histogram() -> None:
    heavy = Budget(
        model=lambda a: a, inputs=(InputQuantity(name="a", distribution=StudentT(mean=0, u=1, dof=3)),), unit="1"
    ).monte_carlo(trials=1_000_000)
    assert heavy.symmetric == pytest.approx((-3.182, 3.182), abs=0.03)
    constant = Budget(
        model=lambda a: 0 * a + 5, inputs=(InputQuantity(name="a", distribution=Normal(mean=0, u=1)),), unit="1"
    ).monte_carlo(trials=300_000)
    assert (constant.mean, constant.u, constant.symmetric, constant.shortest) == (5, 0, (5, 5), (5, 5))


@settings(max_examples=50, deadline=None)
@given(st.integers(100, 5000), st.sampled_from([0.5, 0.9, 0.95, 0.99]), st.integers(0, 1000))
def test_kept_intervals_are_those_of_a_full_sort(m: int, p: float, seed: int) -> None:
    y = np.random.default_rng(seed).gamma(2.0, size=m)
    q, r = tails.ranks(m, p)
    found = tails.intervals_of_sample(y, p)
    assert found is not None
    s = np.sort(y)
    assert found[0] == (s[r - 1], s[r + q - 1])
    widths = s[q:] - s[: m - q]
    best = int(np.argmin(widths))
    assert found[1] == (s[best], s[best + q])


def test_ranks_of_jcgm_101() -> None:
    # 7.7.2: M = 10 000, p = 0.95: q = 9500, r = 250.
    assert tails.ranks(10_000, 0.95) == (9500, 250)
    assert tails.ranks(1_000_000, 0.95) == (950_000, 25_000)
    assert tails.ranks(101, 0.95) == (96, 3)


def test_a_model_that_fails_now_and_then_says_how_often_and_where() -> None:
    def model(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.sqrt(a) + b

    budget = Budget(
        model=model,
        inputs=(
            InputQuantity(name="a", distribution=Normal(mean=2, u=1)),
            InputQuantity(name="b", distribution=Normal(mean=0, u=1)),
        ),
        unit="1",
    )
    for trials in (10_000, 400_000):
        with pytest.raises(ModelError, match=r"in \d+ of \d+ trials, first at a = -.*farthest .* is 'a'"):
            budget.monte_carlo(trials=trials)


def test_bad_settings_are_refused() -> None:
    with pytest.raises(InputError, match="trials = 1"):
        BUDGET.monte_carlo(trials=1)
    with pytest.raises(InputError, match=r"trials = 1000\.5"):
        BUDGET.monte_carlo(trials=1000.5)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="too few"):
        BUDGET.monte_carlo(trials=100, p=0.9999)
    with pytest.raises(InputError, match="seed = -1"):
        BUDGET.monte_carlo(seed=-1)
    with pytest.raises(InputError, match="p = 1"):
        BUDGET.monte_carlo(p=1)


def test_single_and_double_precision_agree() -> None:
    a, b = (BUDGET.monte_carlo(trials=1_000_000, double=double) for double in (False, True))
    assert a.mean == pytest.approx(b.mean, abs=6 * a.u / 1000)
    assert a.u == pytest.approx(b.u, rel=0.01)
    assert a.symmetric == pytest.approx(b.symmetric, abs=0.015 * a.u)
