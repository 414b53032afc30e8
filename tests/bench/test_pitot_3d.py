"""Five-hole probes from VISA bytes to record: results hold the truth, and what is wrong with the bench is named."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import pytest

from bench.campaign import campaign
from bench.catalogue import find
from bench.operators import Simulation
from bench.runs import Finished, Order, execute
from bench.station import Station
from drivers.errors import InstrumentError
from scenarios.pitot_3d_model import covariance, curve
from scenarios.procedure import ProcedureAborted
from uncertainty.conformity import Verdict

SYSTEM = find("pitot_3d")


def run(seed: int = 1, **draw: dict[str, Any]) -> Finished:
    station = Station.from_dict(copy.deepcopy(SYSTEM.sheet.station), source="test")
    order = Order(seed=seed, started=datetime(2026, 1, 1, tzinfo=UTC), trials=2000)
    return execute(SYSTEM, station, order, Simulation(), draw=draw)


@cache
def good() -> Finished:
    return run()


def item(finished: Finished, key: str) -> Any:
    (found,) = (i for i in finished.record.items if i.key == key)
    return found


def test_every_result_holds_the_truth_within_three_u() -> None:
    finished = good()
    probe = finished.world.twin("probe")
    assert finished.record.verdict is Verdict.PASS
    count = 0
    for result in finished.record.items:
        for point in result.points:
            settings = {name: q.value for name, q in point.point.settings.items()}
            truth = probe.true_error(**point.point.about, **settings)
            assert abs(point.error.value - truth) <= 3 * point.standard_uncertainty, point.point.key
            count += 1
    assert count == 1 + 14 + 14 + 6 + 4


def test_a_perfect_bench_gives_potential_flow() -> None:
    """F1 = 4 tan p and F2 = (2 √2/3)/cos p, through bytes, to the noise of the readings."""
    still = {
        "probe": {
            "strength": 1.0,
            "reynolds_slope": 0.0,
            "yaw_offset_deg": 0.4,
            "hole_2_yaw_deg": 0.0,
            "hole_2_pitch_deg": 0.0,
            "hole_4_pitch_deg": 0.0,
            "irreproducibility": 0.0,
            "blockage": 0.003,
        },
        "section": {"gradient_per_m": 0.0, "pitch_deg": 0.0, "yaw_deg": 0.0, "turbulence": 1e-4},
        "tunnel": {
            "unsteadiness": 0.0,
            "temperature_error_k": 0.0,
            "pressure_error_pa": 0.0,
            "humidity_error_percent": 0.0,
        },
        "lda": {"fringe_error": 0.0},
        "manometer": {"gain_error": 0.0, "noise_pa": 1e-4, "gain_errors": {}, "zero_drifts_pa_per_h": {}},
        "stage": {"yaw_zero_deg": 0.0, "pitch_zero_deg": 0.0, "yaw_backlash_deg": 0.0, "pitch_backlash_deg": 0.0},
    }
    finished = run(**still)
    for point in item(finished, "f2").points:
        pitch = np.radians(point.point.settings["pitch"].value)
        assert point.error.value == pytest.approx(2 * np.sqrt(2) / 3 / np.cos(pitch), rel=4e-4), point.point.key
    for point in item(finished, "f1").points:
        pitch = np.radians(point.point.settings["pitch"].value)
        assert point.error.value == pytest.approx(4 * np.tan(pitch), abs=1e-3), point.point.key
    (offset,) = item(finished, "offset").points
    assert offset.error.value == pytest.approx(-0.4, abs=0.01)


def test_the_curve_carries_the_covariance_that_its_points_share() -> None:
    points = item(good(), "f2").points[:7]
    V = covariance(points)
    u = np.array([p.standard_uncertainty for p in points])
    assert np.sqrt(np.diagonal(V)) == pytest.approx(u, rel=1e-9)
    correlation = V / np.outer(u, u)
    off = correlation[~np.eye(7, dtype=bool)]
    assert (off > 0.2).all()
    assert (off < 0.9).all()
    # What all points share does not average out: the curve is no better than the LDA, but better than one point.
    fitted = curve(points, 4, 15.0)
    _, predicted = fitted.predict([0.0])
    shared = np.sqrt(off.min()) * u.min()
    assert shared < float(np.sqrt(predicted[0, 0])) < float(u[3])


def test_speeds_that_disagree_fail_their_check_and_nothing_else() -> None:
    finished = run(probe={"reynolds_slope": 0.2})
    assert item(finished, "agreement").verdict is Verdict.FAIL
    assert item(finished, "f2").verdict is Verdict.PASS


def test_a_prism_is_calibrated_as_well() -> None:
    station = copy.deepcopy(SYSTEM.sheet.station)
    station["devices"]["probe"]["parameters"]["head"] = "prism"
    station["laboratory"]["device"]["head"] = "prism"
    order = Order(seed=3, started=datetime(2026, 1, 1, tzinfo=UTC), trials=2000)
    finished = execute(SYSTEM, Station.from_dict(station, source="test"), order, Simulation())
    probe = finished.world.twin("probe")
    for point in (*item(finished, "f2").points, *item(finished, "non_nulling").points):
        settings = {name: q.value for name, q in point.point.settings.items()}
        truth = probe.true_error(**point.point.about, **settings)
        assert abs(point.error.value - truth) <= 3 * point.standard_uncertainty, point.point.key


@pytest.mark.parametrize(
    ("draw", "names"),
    [
        ({"lda": {"fringe_error": 0.03}}, "lda or manometer: .* by the Pitot tube"),
        ({"section": {"turbulence": 0.03}}, "tunnel: the LDA sees a scatter of 3"),
        ({"tunnel": {"temperature_error_k": 6.0}}, "tunnel or environment: temperature of the stream"),
        ({"tunnel": {"pressure_error_pa": 3000.0}}, "tunnel or environment: static pressure"),
        ({"tunnel": {"speed_error": -0.2}}, "lda and tunnel: the LDA reads .* but the set speed is"),
        ({"lda": {"bursts_per_m": 0.05}}, "lda: speed: only"),
        ({"probe": {"irreproducibility": 0.3}}, "manometer"),
        ({"probe": {"diameter_mm": 12.0}}, "device: its chip says"),
        ({"manometer": {"range_pa": 100.0}}, "manometer"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_bench_is_refused_by_name(draw: dict[str, dict[str, Any]], names: str) -> None:
    with pytest.raises((ProcedureAborted, InstrumentError), match=names):
        run(**draw)


def test_fan_and_laser_are_off_after_a_run_and_after_a_refusal() -> None:
    world = good().world
    assert not world.twin("tunnel").fan
    assert not world.twin("lda").laser


def test_a_small_campaign_covers() -> None:
    station = Station.from_dict(SYSTEM.sheet.station, source="test")
    done = campaign(SYSTEM, station, runs=40, seed=2, workers=1)
    assert not done.refusals
    assert done.honest, [(p.key, p.covered, p.band) for p in done.points if not p.honest]
