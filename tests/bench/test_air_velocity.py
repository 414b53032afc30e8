"""The anemometer verification from VISA bytes to record: three principles, coverage, refusals, faults."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from bench.campaign import campaign
from bench.catalogue import find
from bench.fault_campaign import Outcome, end, order_of
from bench.fault_plan import Case
from bench.operators import Simulation
from bench.runs import Finished, Order, execute
from bench.station import Station
from instruments.faults import BitFlip, GainStep, NoReply, StaleReply
from scenarios.procedure import PlanRefused, ProcedureAborted
from scenarios.record import from_json, to_json
from uncertainty.conformity import Verdict

TRIALS = 1000


def station(device: dict[str, Any] | None = None, meter: dict[str, Any] | None = None) -> Station:
    table = dict(find("air_velocity").sheet.station)
    laboratory = {**table["laboratory"], "device": {**table["laboratory"]["device"], **(device or {})}}
    devices = dict(table["devices"])
    devices["meter"] = {**devices["meter"], "parameters": {**devices["meter"]["parameters"], **(meter or {})}}
    return Station.from_dict({**table, "laboratory": laboratory, "devices": devices}, source="sheet")


def run(draw: dict[str, dict[str, Any]] | None = None, where: Station | None = None, seed: int = 20260101) -> Finished:
    order = Order(seed=seed, started=datetime(2026, 1, 1, tzinfo=UTC), trials=TRIALS)
    return execute(find("air_velocity"), where or station(), order, Simulation(), draw=draw)


@pytest.mark.parametrize("principle", ["cup", "vane", "hot_wire"])
def test_a_whole_verification(principle: str) -> None:
    finished = run(where=station({"principle": principle}, {"principle": principle, "overspeed": 2.0}))
    record = finished.record
    assert from_json(to_json(record)) == record
    keys = [item.key for item in record.items]
    assert keys == ["appearance", *(["starting"] if principle != "hot_wire" else []), "error", "check", "tube"]
    (error,) = [item for item in record.items if item.key == "error"]
    assert len(error.points) == 14
    meter = finished.world.twin("meter")
    for point in error.points:
        truth = meter.true_error(at=point.readings[-1].time_s, since=point.readings[0].time_s)
        assert abs(point.error.value - truth) < 1.6 * point.U, point.point.key
    (best,) = [finding for finding in record.items[-2].findings if "9.1 m/s" in finding.value.en]
    assert best.limit is None
    tube = record.items[-1]
    assert [point.point.key for point in tube.points] == [f"tube/{at}" for at in (5, 10, 15, 20, 25, 30)]
    assert tube.measurand is not None
    assert tube.measurand.symbol == "C"
    hidden = finished.world.twin("pitot").true_error()
    assert all(abs(point.error.value - hidden) < 1.6 * point.U for point in tube.points)
    assert not finished.world.twin("tunnel").energised or finished.world.twin("tunnel").fan is False


def test_where_nothing_is_hidden_the_error_is_the_true_one() -> None:
    """Compressibility, blockage and moist air are corrected; what is left is the display's step."""
    finished = run(
        {
            "tunnel": {"temperature_error_k": 0.0, "pressure_error_pa": 0.0, "humidity_error_percent": 0.0},
            "manometer": {
                "gain_error": 0.0,
                "noise_pa": 0.0,
                "zero_drifts_pa_per_h": {},
                "linearity_errors_pa": {},
            },
            "pitot": {"coefficient": 0.998},
            "lda": {"fringe_error": 0.0, "burst_noise": 0.0},
            "section": {"gradient_per_m": 0.0, "turbulence": 0.0},
            "room": {"humidity_percent": 70.0, "temperature_degc": 25.0},
            "meter": {"blockage": 0.006, "place_unrest": 0.0, "noise_m_per_s": 0.0, "gain_error": 0.01},
        }
    )
    (error,) = [item for item in finished.record.items if item.key == "error"]
    meter = finished.world.twin("meter")
    for point in error.points:
        truth = meter.true_error(at=point.readings[-1].time_s, since=point.readings[0].time_s)
        assert point.error.value == pytest.approx(truth, abs=0.006 + 4e-4 * point.reference_value.value), (
            point.point.key
        )


def test_the_stated_intervals_cover_the_planted_errors() -> None:
    result = campaign(find("air_velocity"), station(), runs=40, seed=3, workers=1)
    assert result.honest, [(p.key, p.covered, p.band) for p in result.points] or result.refusals
    assert len(result.points) == 20


def test_a_tube_that_is_not_what_its_certificate_says_is_not_covered() -> None:
    system = find("air_velocity")
    study = system.sheet.campaign
    assert study is not None
    worse = dataclasses.replace(study, parameters={**study.parameters, "pitot": {"coefficient": 1.002}})
    system = dataclasses.replace(system, sheet=dataclasses.replace(system.sheet, campaign=worse))
    assert not campaign(system, station(), runs=15, seed=3, workers=1).honest


@pytest.mark.parametrize(
    ("draw", "refusal"),
    [
        ({"manometer": {"gain_error": 0.03}}, "manometer and lda disagree at error/up/"),
        ({"lda": {"fringe_error": 0.02}}, "manometer and lda disagree at error/up/"),
        ({"tunnel": {"indication_error": 0.5}}, "tunnel: .* are indicated where"),
        ({"tunnel": {"temperature_error_k": 5.0}}, "tunnel and environment disagree without flow at the start"),
        ({"meter": {"gain_error": 0.6}}, "device: an error of .* is more than any anemometer has"),
        ({"manometer": {"zero_drifts_pa_per_h": {"1": -1.2}}}, "manometer: .* without flow at the end"),
    ],
)
def test_a_bench_that_cannot_be_right_is_refused_by_name(draw: dict[str, dict[str, Any]], refusal: str) -> None:
    with pytest.raises(ProcedureAborted, match=refusal):
        run(draw)


def test_a_wheel_that_starts_late_fails() -> None:
    record = run({"meter": {"starting_speed_m_per_s": 1.2}}).record
    (item,) = [item for item in record.items if item.key == "starting"]
    assert item.verdict is Verdict.FAIL
    assert item.findings[0].value.en == "1.20 m/s"


def test_an_anemometer_beyond_its_limits_fails() -> None:
    assert run({"meter": {"gain_error": 0.15, "offset_m_per_s": 0.0}}).record.verdict is Verdict.FAIL


def test_too_low_a_speed_is_refused_before_the_fan_is_on() -> None:
    system = find("air_velocity")
    procedure = {**system.sheet.procedure}
    low = {"value": 1.0, "unit": "m/s", "source": "laboratory", "verified": True}
    procedure["error"] = {**procedure["error"], "speeds": [low, *procedure["error"]["speeds"]]}
    from scenarios.air_velocity import Plan
    from scenarios.sheet import decode

    system = dataclasses.replace(
        system,
        plan=decode(procedure, Plan, "procedure"),
        sheet=dataclasses.replace(system.sheet, procedure=procedure),
    )
    order = Order(seed=1, started=datetime(2026, 1, 1, tzinfo=UTC), trials=TRIALS)
    with pytest.raises(PlanRefused, match="error/up/1: expected U"):
        execute(system, station(), order, Simulation())


@pytest.mark.parametrize(
    ("role", "device", "fault"),
    [
        ("manometer", "manometer", GainStep(factor=1.05, at_s=500.0)),
        ("manometer", "manometer", StaleReply(at_s=500.0)),
        ("lda", "lda", GainStep(factor=1.05, at_s=500.0)),
        ("device", "meter", BitFlip(at_s=500.0, times=1)),
        ("tunnel", "tunnel", NoReply(at_s=500.0)),
        ("environment", "climate", GainStep(factor=1.05)),
    ],
)
def test_faults_end_in_the_right_result_or_a_named_refusal(role: str, device: str, fault: Any) -> None:
    system, where = find("air_velocity"), station()
    sound = execute(system, where, order_of(1, 500), Simulation())
    case = Case(kind=type(fault).__name__, role=role, fault=fault, seed=1)
    found = end(system, where, case, device, sound, 500)
    assert found.outcome in (Outcome.CORRECT, Outcome.REFUSED, Outcome.ALARM, Outcome.INDICATION), found.why
