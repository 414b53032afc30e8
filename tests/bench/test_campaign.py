"""The campaign's own arithmetic, and a small campaign of the real procedure, honest and dishonest."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from bench.campaign import FAILURE, Run, Trial, band, campaign, summarise
from bench.catalogue import find
from bench.station import Station
from uncertainty.conformity import Verdict
from uncertainty.text import Text


def trial(truth: float, error: float, *, u: float = 0.1, mpe: float = 0.5, verdict: Verdict = Verdict.PASS) -> Trial:
    return Trial(
        scale=1.0,
        key="p",
        label=Text(zh="点", en="point"),
        truth=truth,
        error=error,
        interval=(error - 1.96 * u, error + 1.96 * u),
        u=u,
        U=2 * u,
        mpe=mpe,
        acceptance=mpe,
        verdict=verdict,
    )


def runs(*trials: Trial) -> list[Run]:
    return [Run(trials=(one,), refusal=None) for one in trials]


@pytest.mark.parametrize("points", [1, 15])
def test_an_honest_procedure_misses_its_band_once_in_a_thousand_campaigns(points: int) -> None:
    low, high = band(500, 0.95, points)
    outside = stats.binom.cdf(low - 1, 500, 0.95) + stats.binom.sf(high, 500, 0.95)
    narrower = stats.binom.cdf(low, 500, 0.95) + stats.binom.sf(high - 1, 500, 0.95)
    assert outside <= FAILURE / points < narrower


def test_counts_of_coverage_and_false_decisions() -> None:
    (point,) = summarise(
        runs(
            trial(0.0, 0.1),
            trial(0.0, 0.3, verdict=Verdict.PASS),  # outside of both intervals
            trial(0.6, 0.45, verdict=Verdict.PASS),  # false accept
            trial(0.4, 0.55, verdict=Verdict.FAIL),  # false reject
        ),
        0.95,
    )
    assert (point.runs, point.covered, point.covered_by_U) == (4, 3, 3)
    assert (point.conforming, point.false_accept, point.false_reject) == (3, 1, 1)


def test_expected_false_decisions_follow_from_truth_and_u() -> None:
    (point,) = summarise(runs(trial(0.6, 0.6, verdict=Verdict.FAIL), trial(0.4, 0.4)), 0.95)
    normal = stats.norm(0, 0.1)
    assert point.expected_false_accept == pytest.approx(normal.cdf(-0.1) - normal.cdf(-1.1))
    assert point.expected_false_reject == pytest.approx(1 - (normal.cdf(0.1) - normal.cdf(-0.9)))


def test_a_biased_or_understated_procedure_leaves_the_band() -> None:
    rng = np.random.default_rng(1)
    for bias, scale, honest in ((0.0, 1.0, True), (0.15, 1.0, False), (0.0, 1.5, False), (0.0, 0.4, False)):
        errors = bias + 0.1 * scale * rng.standard_normal(500)
        (point,) = summarise(runs(*(trial(0.0, float(e)) for e in errors)), 0.95)
        assert point.honest is honest, (bias, scale)


def test_the_dc_energy_procedure_covers_what_it_states_whatever_the_number_of_workers() -> None:
    system = find("dc_energy")
    station = Station.from_dict(system.sheet.station, source="sheet")
    alone = campaign(system, station, runs=24, seed=5, workers=1)
    shared = campaign(system, station, runs=24, seed=5, workers=2)
    assert alone.honest
    assert alone.points == shared.points
    assert len(alone.points) == 15
    assert all(abs(point.deviation) < 5 / math.sqrt(24) for point in alone.points)


def test_a_standard_that_is_worse_than_its_budget_is_found() -> None:
    """Break what the campaign guards: a standard three times outside of its class, budget as before."""
    system = find("dc_energy")
    study = system.sheet.campaign
    assert study is not None
    worse = dataclasses.replace(
        study, parameters={**study.parameters, "standard": {"class_error": {"rectangular": [-1.5e-3, 1.5e-3]}}}
    )
    broken = dataclasses.replace(system, sheet=dataclasses.replace(system.sheet, campaign=worse))
    station = Station.from_dict(system.sheet.station, source="sheet")
    result = campaign(broken, station, runs=24, seed=5, workers=1)
    assert not result.honest
    assert sum(not point.honest for point in result.points) >= 10
    assert all(point.spread > 1.5 for point in result.points if point.key.endswith("In") and "0.0" not in point.key)
