"""Fast samplers against the distributions they claim to draw, and correlation against what was asked for."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from uncertainty.correlation import correlate
from uncertainty.distributions import Distribution
from uncertainty.errors import InputError
from uncertainty.inputs import (
    Arcsine,
    Counting,
    CurvilinearTrapezoid,
    Discrete,
    Exponential,
    Gamma,
    Inverse,
    Normal,
    Rectangular,
    Sample,
    StudentT,
    Trapezoidal,
    Triangular,
)
from uncertainty.samplers import make_sampler
from uncertainty.skewed import pooled_standard_deviation

N = 200_000
DISTRIBUTIONS = [
    Normal(mean=3.0, u=0.5),
    Rectangular(low=-1.0, high=4.0),
    Triangular.of(half_width=2.0, at=10.0),
    Trapezoidal.of(half_width=2.0, beta=0.3, at=-1.0),
    Trapezoidal.of(half_width=2.0, beta=1.0),
    CurvilinearTrapezoid.of(half_width=2.0, d=0.7, at=5.0),
    CurvilinearTrapezoid.of(half_width=2.0, d=2.0),
    Arcsine.of(half_width=1.5, at=1.0),
    StudentT(mean=2.0, u=0.1, dof=1),
    StudentT(mean=2.0, u=0.1, dof=5),
    StudentT(mean=2.0, u=0.1, dof=200.5),
    StudentT(mean=2.0, u=0.1, dof=0.7),
    Exponential(mean=3.0, low=1.0),
    Gamma.of(mean=4.0, u=1.5),
    Counting(count=7, scale=0.1),
    Inverse(ppf=lambda q: q**2),
]


def drawn(
    *distributions: Distribution, r: dict[tuple[str, str], float] | None = None, double: bool = False, n: int = N
):
    names = [f"x{i}" for i in range(len(distributions))]
    sampler = make_sampler(names, distributions, correlate(names, r) if r else None, double=double)
    room = sampler.room(n)
    sampler.fill(np.random.Generator(np.random.SFC64(7)), room)
    return room[0]


@pytest.mark.parametrize("double", [False, True], ids=["single", "double"])
@pytest.mark.parametrize("d", DISTRIBUTIONS, ids=lambda d: f"{d.kind}-{d.dof}")
def test_draws_have_their_distribution(d: Distribution, double: bool) -> None:
    x = drawn(d, double=double)[0]
    q = np.concatenate([[1e-4, 1e-3], np.linspace(0.01, 0.99, 50), [0.999, 0.9999]])
    below = (x[:, None] <= d.quantile(q)).mean(axis=0)
    assert np.abs((below - q) / np.sqrt(q * (1 - q) / N)).max() < 4
    if math.isfinite(d.deviation) and (d.dof is None or d.dof > 4):
        assert x.std() == pytest.approx(d.deviation, rel=0.02)


def test_draws_reach_far_into_the_tails_and_are_not_repeated() -> None:
    x = drawn(Normal(mean=0, u=1), Normal(mean=0, u=1), n=2_000_000)
    assert 4.8 < x.max() < 6.7
    assert -6.7 < x.min() < -4.8
    assert np.unique(x[0]).size > 0.9 * x[0].size
    assert abs(np.corrcoef(x)[0, 1]) < 4 / math.sqrt(2e6)
    assert abs(np.corrcoef(x[0] ** 2, x[1] ** 2)[0, 1]) < 4 / math.sqrt(2e6)


def test_many_inputs_are_independent() -> None:
    x = drawn(*DISTRIBUTIONS[:8], *DISTRIBUTIONS[9:11], *DISTRIBUTIONS[:8])
    r = np.corrcoef(x) - np.eye(len(x))
    assert np.abs(r).max() < 4.5 / math.sqrt(N)


def test_discrete_and_empirical_inputs_take_their_values_only() -> None:
    values = np.array([1.0, 5.0, 2.0, 2.5])
    x = drawn(Discrete(values=(-1.0, 0.0, 3.0), probabilities=(0.2, 0.5, 0.3)), Sample(values=values))
    assert {float(v): int(c) / N for v, c in zip(*np.unique(x[0], return_counts=True), strict=True)} == pytest.approx(
        {-1.0: 0.2, 0.0: 0.5, 3.0: 0.3}, abs=0.005
    )
    assert set(np.unique(x[1])) == set(values)
    assert x[0].mean() == pytest.approx(0.7, abs=0.02)
    assert x[1].std() == pytest.approx(values.std(), rel=0.01)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Exponential(mean=-1), "mean = -1"),
        (lambda: Gamma(shape=0, scale=1), "shape = 0"),
        (lambda: Counting(count=-1), "count = -1"),
        (lambda: Discrete(values=(1.0, 2.0), probabilities=(0.5, 0.6)), "add up to 1.1"),
        (lambda: Discrete(values=(2.0, 1.0), probabilities=(0.5, 0.5)), "ascend"),
        (lambda: Sample(values=np.array([1.0, np.nan])), "NaN"),
        (lambda: Inverse(ppf=lambda q: -q), "ascend"),
        (lambda: Trapezoidal.of(half_width=1, beta=2), "beta = 2"),
        (lambda: CurvilinearTrapezoid.of(half_width=1, d=2), "d = 2"),
        (lambda: Rectangular.of(half_width=-1), "half_width = -1"),
        (lambda: Normal.of_expanded(mean=0, U=1, k=0), "k = 0"),
    ],
)
def test_parameters_are_checked(make: Callable[[], object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()


def test_moments_of_a_quantile_function() -> None:
    d = Inverse(ppf=lambda q: q**2)
    assert d.mean == pytest.approx(1 / 3, rel=1e-9)
    assert d.u == pytest.approx(math.sqrt(1 / 5 - 1 / 9), rel=1e-9)


def test_pooled_readings() -> None:
    s, dof = pooled_standard_deviation([0.3, 0.4], [4, 9])
    assert (s, dof) == (pytest.approx(math.sqrt((4 * 0.09 + 9 * 0.16) / 13)), 13)
    d = StudentT.of_pooled(mean=1.0, s=s, dof=dof, n=4)
    assert (d.u, d.dof) == (pytest.approx(s / 2), 13)


def test_a_constant_is_constant() -> None:
    x = drawn(Rectangular.of(half_width=0, at=2.5), Normal(mean=0, u=1))
    assert (x[0] == 2.5).all()


PAIRS = [
    (Normal(mean=1, u=2), Normal(mean=-1, u=0.1)),
    (Rectangular(low=0, high=1), Rectangular(low=-5, high=5)),
    (Normal(mean=0, u=1), Rectangular(low=0, high=1)),
    (Arcsine.of(half_width=1), Triangular.of(half_width=1)),
    (StudentT(mean=0, u=1, dof=9), StudentT(mean=5, u=2, dof=9)),
    (StudentT(mean=0, u=1, dof=9), StudentT(mean=5, u=2, dof=30)),
]


@pytest.mark.parametrize("double", [False, True], ids=["single", "double"])
@pytest.mark.parametrize("r", [-0.8, 0.3, 0.8])
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: "-".join(d.kind for d in pair))
def test_the_requested_coefficient_is_the_one_obtained(
    pair: tuple[Distribution, Distribution], r: float, double: bool
) -> None:
    x = drawn(*pair, r={("x0", "x1"): r}, double=double)
    assert np.corrcoef(x)[0, 1] == pytest.approx(r, abs=6 * (1 - r * r) / math.sqrt(N) + 0.001)
    for row, d in zip(x, pair, strict=True):
        assert row.mean() == pytest.approx(d.mean, abs=5 * d.deviation / math.sqrt(N))
        assert row.std() == pytest.approx(d.deviation, rel=0.02)


def test_two_rectangular_inputs_keep_their_variance_of_the_sum() -> None:
    # A plain copula gives 1.189 here instead of 1.200 for unit-width inputs with var 1/12 each scaled to 1/3.
    x = drawn(*[Rectangular.of(half_width=1)] * 2, r={("x0", "x1"): 0.8}, n=1_000_000)
    assert x.sum(axis=0).var() == pytest.approx(1.200, abs=0.004)


def test_three_correlated_normals_have_their_matrix() -> None:
    r = {("x0", "x1"): -0.355, ("x0", "x2"): 0.858, ("x1", "x2"): -0.645}
    x = drawn(*[Normal(mean=0, u=s) for s in (1, 2, 3)], r=r)
    found = np.corrcoef(x)
    for (a, b), value in r.items():
        assert found[int(a[1]), int(b[1])] == pytest.approx(value, abs=0.01)


def test_full_correlation_is_possible() -> None:
    x = drawn(*[Normal(mean=0, u=1)] * 3, r={("x0", "x1"): 1.0, ("x1", "x2"): 1.0, ("x0", "x2"): 1.0})
    assert np.allclose(x[0], x[1]) and np.allclose(x[0], x[2])


def test_a_coefficient_that_cannot_be_had_is_refused() -> None:
    with pytest.raises(InputError, match=r"\(x1, x0\): r = 0.99 cannot be had .* reaches -0.\d+ to 0.\d+"):
        drawn(Arcsine.of(half_width=1), StudentT(mean=0, u=1, dof=3), r={("x0", "x1"): 0.99})
    with pytest.raises(InputError, match="correlation of x0: its u is 0"):
        drawn(Rectangular.of(half_width=0), Normal(mean=0, u=1), r={("x0", "x1"): 0.5})
