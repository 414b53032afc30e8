"""Risks: closed forms, the table of the electrical cards, and a plain simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from uncertainty.errors import InputError
from uncertainty.inputs import Normal, Rectangular
from uncertainty.risk import (
    Limits,
    conformance_probability,
    global_risk,
    guard_band,
    specific_guard_band,
    specific_risk,
)

UNIT = Limits(low=-1, high=1)
ITEMS = Normal(mean=0, u=0.5)


@pytest.mark.parametrize(
    # Section B of the electrical cards: TUR, PFA and PFR in %, simple acceptance and with a guard band w = U.
    ("tur", "simple", "guarded"),
    [(3, (0.97, 2.2), (0.03, 16)), (4, (0.8, 1.5), (0.02, 10)), (10, (0.38, 0.49), (0.01, 2.8))],
)
def test_global_risks_of_the_cards(tur: float, simple: tuple[float, float], guarded: tuple[float, float]) -> None:
    U = 1 / tur
    for acceptance, printed in ((UNIT, simple), (UNIT.guarded(U), guarded)):
        risk = global_risk(ITEMS, U / 2, UNIT, acceptance)
        for found, value in ((risk.consumer, printed[0]), (risk.producer, printed[1])):
            unit = 10.0 ** -(len(f"{value}".partition(".")[2].rstrip("0")))
            assert 100 * found == pytest.approx(value, abs=0.55 * unit + 0.005)


@pytest.mark.parametrize("prior", [ITEMS, Rectangular(low=-1.5, high=1.2)])
@pytest.mark.parametrize("tolerance", [UNIT, Limits(high=0.8), Limits(low=-0.7)])
def test_global_risks_by_simulation(prior: Normal | Rectangular, tolerance: Limits) -> None:
    acceptance, u, n = tolerance.guarded(0.1), 0.2, 1_000_000
    rng = np.random.default_rng(5)
    x = prior.draw(rng, n)
    y = x + rng.normal(0, u, n)
    good = (x >= tolerance.low) & (x <= tolerance.high)
    yes = (y >= acceptance.low) & (y <= acceptance.high)
    risk = global_risk(prior, u, tolerance, acceptance)
    for found, share in (
        (risk.consumer, (yes & ~good).mean()),
        (risk.producer, (~yes & good).mean()),
        (risk.conforming, good.mean()),
        (risk.accepted, yes.mean()),
    ):
        assert found == pytest.approx(share, abs=5 * math.sqrt(max(share, 1e-6) / n))


def test_conformance_probability() -> None:
    assert conformance_probability(-5.47, 0.05, Limits(high=-5.40)) == pytest.approx(stats.norm.cdf(1.4), rel=1e-12)
    assert conformance_probability(0, 1, UNIT) == pytest.approx(0.682689, abs=1e-6)
    # Far out the small number must not be lost in a difference of ones.
    assert conformance_probability(10.0, 0.5, UNIT) == pytest.approx(stats.norm.sf(18), rel=1e-9)
    assert conformance_probability(-10.0, 0.5, UNIT) == pytest.approx(stats.norm.sf(18), rel=1e-9)
    # A sharp prior outweighs a poor measurement.
    assert conformance_probability(1.2, 0.5, UNIT, prior=Normal(mean=0, u=0.01)) > 0.999
    assert specific_risk(0.9, 0.1, UNIT, UNIT) == pytest.approx(stats.norm.sf(1), rel=1e-3)
    assert specific_risk(1.1, 0.1, UNIT, UNIT) == pytest.approx(stats.norm.sf(1), rel=1e-3)


@pytest.mark.parametrize("which", ["consumer", "producer"])
def test_the_guard_band_gives_the_wanted_risk(which: str) -> None:
    w = guard_band(0.01, ITEMS, 0.2, UNIT, which=which)
    assert getattr(global_risk(ITEMS, 0.2, UNIT, UNIT.guarded(w)), which) == pytest.approx(0.01, rel=1e-6)


def test_specific_guard_bands() -> None:
    assert specific_guard_band(0.05, 1.0) == pytest.approx(1.645, abs=5e-4)
    assert specific_guard_band(stats.norm.sf(2), 0.5) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Limits(), "at least one"),
        (lambda: Limits(low=1, high=0), "must lie below"),
        (lambda: Limits(low=math.nan, high=0), "must lie below"),
        (lambda: UNIT.guarded(1.0), "nothing is left"),
        (lambda: global_risk(ITEMS, 0, UNIT, UNIT), "u = 0"),
        (lambda: global_risk(Normal(mean=0, u=0), 1, UNIT, UNIT), "does not vary"),
        (lambda: guard_band(0.9, ITEMS, 0.2, UNIT), "risk = 0.9"),
        (lambda: guard_band(0.1, ITEMS, 0.2, UNIT, which="both"), "which"),
        (lambda: conformance_probability(math.nan, 1, UNIT), "value = nan"),
        (lambda: specific_guard_band(0, 1), "risk = 0"),
    ],
)
def test_bad_input_is_refused(call, words: str) -> None:
    with pytest.raises(InputError, match=words):
        call()
