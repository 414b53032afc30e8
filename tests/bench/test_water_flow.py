"""Whole verifications of flow meters on the water rig, from VISA bytes to the record, sound and with planted faults."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from bench.campaign import campaign
from bench.catalogue import find
from bench.commands.verify import open_station
from bench.day import Job, simulate
from bench.laboratory import Laboratory, read
from bench.operators import Simulation
from bench.runs import Finished, Order, execute
from bench.station import Station
from drivers.errors import InstrumentError
from scenarios import water_flow
from scenarios.procedure import PlanRefused, ProcedureAborted
from uncertainty.conformity import Verdict

if TYPE_CHECKING:
    from scenarios.record import ItemResult

SYSTEM = find("water_flow")
SOUND: dict[str, dict[str, Any]] = {
    "rig": {"switch_place": 0.5, "jet_asymmetry": 0.0, "jet_asymmetry_at_full": 0.0, "air_density_deviation": 0.0},
    "balance": {"sensitivity_error": 0.0, "linearity_g": 0.0, "creep": 0.0},
    "meter": {"gain_error": 0.002, "zero_m3_per_h": 0.0, "profile_rest": 0.0, "wander_l": 0.1},
}


def run(*, seed: int = 1, device: dict[str, Any] | None = None, **devices: dict[str, Any]) -> Finished:
    """Run the procedure on a rig without systematic errors, with parameters changed per device."""
    description = copy.deepcopy(SYSTEM.sheet.station)
    description["laboratory"]["device"] |= device or {}
    draw = {name: SOUND.get(name, {}) | devices.get(name, {}) for name in {*SOUND, *devices}}
    order = Order(seed=seed, started=datetime(2026, 1, 1, tzinfo=UTC), trials=1000)
    return execute(SYSTEM, Station.from_dict(description, source="test"), order, Simulation(), draw=draw)


def laboratory() -> Laboratory:
    return read(SYSTEM.sheet.station["laboratory"], "test")


def item(finished: Finished, key: str) -> ItemResult:
    (found,) = (i for i in finished.record.items if i.key == key)
    return found


@pytest.mark.parametrize("source", ["constant_head", "pump"])
def test_a_planted_error_is_found(source: str) -> None:
    finished = run(rig={"source": source})
    assert finished.record.verdict is Verdict.PASS
    for point in item(finished, "errors").points:
        assert point.error.value == pytest.approx(0.2, abs=0.015), point.point.key
        assert point.point.settings["reynolds"].value > 1e5


@pytest.mark.parametrize(
    ("principle", "values", "at_qmin"),
    [
        ("electromagnetic", {"zero_m3_per_h": 0.2}, 0.2 + 0.2),
        ("turbine", {"drag": 0.004}, 0.2 - 0.4 * 24 / 99),
        ("ultrasonic", {"profile_rest": 0.5}, 0.2 + 50 * 0.011 * 0.699 / 1.0524),
    ],
)
def test_kinds_of_meters_have_curves_of_their_own(principle: str, values: dict[str, float], at_qmin: float) -> None:
    finished = run(meter={"principle": principle, **values}, pipe={"temperature_degc": 20.0})
    points = {point.point.key: point.error.value for point in item(finished, "errors").points}
    assert points["error/qmin"] == pytest.approx(at_qmin, abs=0.02)
    assert abs(points["error/qmax"] - points["error/qmin"]) > 0.05


def test_a_bad_meter_fails_and_one_that_does_not_repeat_too() -> None:
    assert run(meter={"gain_error": 0.008}).record.verdict is Verdict.FAIL
    wild = run(meter={"gain_error": 0.0, "wander_l": 30.0})
    assert any(finding.verdict is Verdict.FAIL for finding in item(wild, "errors").findings)


def test_the_diversion_time_of_the_certificate_is_corrected() -> None:
    """A rig that collects 10 ms too long and says so in its certificate gives the same errors."""
    description = copy.deepcopy(SYSTEM.sheet.station)
    values = description["laboratory"]["references"]["facility"]["values"]
    values["diversion_time"] = {"quantity": {"value": 10.0, "unit": "ms"}, "U": {"value": 1.0, "unit": "ms"}}
    order = Order(seed=1, started=datetime(2026, 1, 1, tzinfo=UTC), trials=1000)
    draw = SOUND | {"rig": SOUND["rig"] | {"switch_place": 0.6}}
    finished = execute(SYSTEM, Station.from_dict(description, source="test"), order, Simulation(), draw=draw)
    for point in item(finished, "errors").points:
        assert point.error.value == pytest.approx(0.2, abs=0.015), point.point.key


@pytest.mark.parametrize(
    ("device", "values", "said"),
    [
        ("balance", {"sensitivity_error": 1e-3}, "balance: balance/start: "),
        ("rig", {"weight_error": -1e-3}, "in-place weights of the rig"),
        ("rig", {"line_meter_error": 0.012, "setting_error": 0.0}, "line meter of the rig"),
        ("rig", {"setting_error": 0.05}, "rig: error/qmax: "),
        ("rig", {"source": "pump", "pulsation": 0.0, "swing": 0.02, "swing_period_s": 15.0}, "standard deviation"),
        ("rig", {"leak_g_per_s": 5000.0}, "balance: "),
        ("rig", {"travel_in_s": 1.0}, "timer: "),
        ("meter", {"low_flow_cut_off_m3_per_h": 2000.0}, "timer: "),
        ("meter", {"pulses_per_m3": 999.0}, "device: its K-factor"),
    ],
)
def test_a_bench_that_contradicts_itself_is_refused_by_name(device: str, values: dict[str, Any], said: str) -> None:
    with pytest.raises((ProcedureAborted, InstrumentError)) as refused:
        run(**{device: values})
    assert said in str(refused.value)


def test_water_outside_of_its_range_is_refused() -> None:
    with pytest.raises(ProcedureAborted, match=r"rig: .*the water has"):
        run(pipe={"temperature_degc": 38.0})


def test_a_class_that_the_rig_cannot_prove_is_refused_before_water_runs() -> None:
    description = copy.deepcopy(SYSTEM.sheet.station)
    description["laboratory"]["references"]["facility"]["values"]["weighing"]["U"]["value"] = 0.08
    description["laboratory"]["device"]["accuracy_class"] = "0.2"
    order = Order(seed=1, started=datetime(2026, 1, 1, tzinfo=UTC), trials=1000)
    with pytest.raises(PlanRefused, match="error/qmax: expected U"):
        execute(SYSTEM, Station.from_dict(description, source="test"), order, Simulation())


def test_the_line_is_shut_at_the_end_and_the_water_is_counted() -> None:
    finished = run()
    world = finished.world
    pipe: Any = world.ports["pipe"]
    assert not pipe.energised(world.environment.now)
    (used,) = pipe.consumed(world.environment.now)
    assert 250 < used.amount < 400


def test_steps_take_as_long_as_the_procedure() -> None:
    finished = run()
    system = SYSTEM.equipped(laboratory().references)
    device = system.nameplate(SYSTEM.sheet.station["laboratory"]["device"], "test")
    steps = water_flow.steps(system.sheet, system.plan, device)  # type: ignore[arg-type]
    planned = sum(step.duration_s for step in steps if "person" not in step.holds)
    assert planned == pytest.approx(finished.record.duration_s, rel=0.1)


def test_two_rigs_share_one_balance_for_a_day() -> None:
    system = SYSTEM.equipped(laboratory().references)
    device = system.nameplate(SYSTEM.sheet.station["laboratory"]["device"], "test")
    jobs = [Job(name=f"meter {n}", steps=water_flow.steps(system.sheet, system.plan, device)) for n in range(4)]  # type: ignore[arg-type]
    one = simulate(jobs, {"rig": 1, "balance": 1, "person": 1}, 8 * 3600)
    two = simulate(jobs, {"rig": 2, "balance": 1, "person": 1}, 8 * 3600)
    assert two.makespan_s < 0.8 * one.makespan_s
    assert two.waiting_s["balance"] > 0.0
    assert one.waiting_s["balance"] == 0.0


def test_a_small_campaign_covers() -> None:
    found = campaign(SYSTEM, open_station(SYSTEM, None), runs=80, seed=3, workers=1)
    assert not found.refusals
    assert found.honest, [(p.key, p.covered, p.band) for p in found.points]
    assert all(0.8 < p.spread < 1.25 for p in found.points)
