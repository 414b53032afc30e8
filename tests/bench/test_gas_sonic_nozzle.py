"""The sonic-nozzle verification from VISA bytes to record: both profiles, coverage, refusals, faults."""

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
from scenarios.gas_sonic_nozzle import Plan
from scenarios.procedure import PlanRefused, ProcedureAborted
from scenarios.record import from_json, to_json
from scenarios.sheet import decode
from uncertainty.conformity import Verdict

TRIALS = 1000
NAMES = ("gas_sonic_nozzle", "gas_sonic_nozzle_ng")


def run(name: str, draw: dict[str, dict[str, Any]] | None = None, seed: int = 20260101) -> Finished:
    system = find(name)
    station = Station.from_dict(system.sheet.station, source="sheet")
    order = Order(seed=seed, started=datetime(2026, 1, 1, tzinfo=UTC), trials=TRIALS)
    return execute(system, station, order, Simulation(), draw=draw)


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_verification(name: str) -> None:
    finished = run(name)
    record = finished.record
    assert from_json(to_json(record)) == record
    assert record.simulated
    assert record.verdict is Verdict.PASS
    keys = [item.key for item in record.items]
    assert keys == ["appearance", "leak", *(["zero_flow"] if name.endswith("ng") else []), "error", "assessment"]
    (error,) = [item for item in record.items if item.key == "error"]
    assert [point.point.key.split("/")[1] for point in error.points] == ["qmax", "0.7qmax", "0.4qmax", "qt", "qmin"]
    meter = finished.world.twin("meter")
    for point in error.points:
        truth = 100.0 * meter.true_error(at=point.readings[-1].time_s)
        assert abs(point.error.value - truth) < 1.5 * point.U
        assert point.U < point.point.mpe.value / 3.0  # type: ignore[union-attr]
    assert [chart.key for chart in error.charts] == ["reynolds", "drift"]
    assert any(equipment.serial == "TWIN-CN-0001" for equipment in record.equipment)
    assert record.unverified  # nothing here was compared with the printed text
    assert not finished.world.twin("bank").energised


def nothing_hidden(name: str) -> dict[str, dict[str, Any]]:
    """Draw a rig without errors, but with all that the procedure has to correct: drift, humidity, stagnation."""
    exact = {
        "common_error": 0.0,
        "own_errors": {},
        "slope_error": 0.0,
        "transition_step": 0.0,
        "settling_amplitude": 0.0,
        "leak_kg_per_s_kpa": 0.0,
    }
    transmitters = dict.fromkeys(
        (
            "meter_pressure_error",
            "inlet_pressure_error",
            "meter_temperature_error_k",
            "inlet_temperature_error_k",
            "pressure_noise",
            "temperature_noise_k",
        ),
        0.0,
    )
    draw: dict[str, dict[str, Any]] = {
        "bank": exact,
        "transmitters": transmitters,
        "counter": {"clock_error": 0.0},
        "climate": {"temperature_error_k": 0.0, "humidity_error_percent": 0.0, "pressure_error_kpa": 0.0},
        "meter": {"gain_error": 0.0, "unrest": 0.0},
    }
    if name == "gas_sonic_nozzle":
        draw["pipe"] = {"volume_m3": 1.5}
        draw["room"] = {"humidity_percent": 68.0, "temperature_degc": 21.0, "temperature_drift_per_h": 0.3}
    else:
        draw["pipe"] = {"volume_m3": 0.6, "pressure_drift_kpa_per_h": 40.0, "methane_shift": 0.01}
        draw["chromatograph"] = {"errors": {}}
    return draw


@pytest.mark.parametrize("name", NAMES)
def test_where_nothing_is_hidden_the_error_is_the_true_one(name: str) -> None:
    """What is left is the difference of the equations of state, and the pulses' edges: 0.02 %."""
    finished = run(name, nothing_hidden(name))
    (error,) = [item for item in finished.record.items if item.key == "error"]
    for point in error.points:
        truth = 100.0 * finished.world.twin("meter").true_error(at=point.readings[-1].time_s)
        assert point.error.value == pytest.approx(truth, abs=0.02), point.point.key


def test_without_line_pack_the_error_is_another_one() -> None:
    """The correction is worth more than the agreement that the test above asks for."""
    system = find("gas_sonic_nozzle_ng")
    procedure = {**system.sheet.procedure, "bank": {**system.sheet.procedure["bank"]}}
    procedure["bank"]["line_volume"] = {**procedure["bank"]["line_volume"], "value": 1e-9}
    system = dataclasses.replace(
        system,
        plan=decode(procedure, Plan, "procedure"),
        sheet=dataclasses.replace(system.sheet, procedure=procedure),
    )
    station = Station.from_dict(system.sheet.station, source="sheet")
    order = Order(seed=20260101, started=datetime(2026, 1, 1, tzinfo=UTC), trials=TRIALS)
    finished = execute(system, station, order, Simulation(), draw=nothing_hidden("gas_sonic_nozzle_ng"))
    (error,) = [item for item in finished.record.items if item.key == "error"]
    point = error.points[-1]
    truth = 100.0 * finished.world.twin("meter").true_error(at=point.readings[-1].time_s)
    assert abs(point.error.value - truth) > 0.05


@pytest.mark.parametrize(("name", "runs"), [("gas_sonic_nozzle", 60), ("gas_sonic_nozzle_ng", 30)])
def test_the_stated_intervals_cover_the_planted_errors(name: str, runs: int) -> None:
    system = find(name)
    station = Station.from_dict(system.sheet.station, source="sheet")
    result = campaign(system, station, runs=runs, seed=3, workers=1)
    assert result.honest, [(p.key, p.covered, p.band) for p in result.points] or result.refusals
    assert len(result.points) == 5


def test_a_nozzle_that_is_not_what_its_certificate_says_is_not_covered() -> None:
    """The count can fail: with twice the stated error of the bank the intervals miss."""
    system = find("gas_sonic_nozzle")
    study = system.sheet.campaign
    assert study is not None
    worse = dataclasses.replace(study, parameters={**study.parameters, "bank": {"common_error": 4e-3}})
    system = dataclasses.replace(system, sheet=dataclasses.replace(system.sheet, campaign=worse))
    station = Station.from_dict(system.sheet.station, source="sheet")
    assert not campaign(system, station, runs=15, seed=3, workers=1).honest


@pytest.mark.parametrize(
    ("draw", "refusal"),
    [
        ({"bank": {"back_pressure_kpa": 92.0}}, r"bank: at error/qmax the back-pressure ratio is 1\.0"),
        ({"bank": {"leak_kg_per_s_kpa": 1e-5}}, "bank: the line between meter and nozzles leaks"),
        ({"bank": {"settling_amplitude": 0.06}}, "nozzles, gas or meter have not come to rest"),
        (
            {"transmitters": {"meter_pressure_error": 0.01}},
            "transmitters and .* disagree: without flow the meter stands at",
        ),
        (
            {"transmitters": {"inlet_temperature_error_k": 2.0}},
            "transmitters and .* disagree: without flow the meter stands at",
        ),
        ({"transmitters": {"back_pressure_error": 1.0}}, r"above 0\.8: the nozzles may not be choked"),
        ({"meter": {"gain_error": 0.2}}, "an error of .* is more than any meter has"),
    ],
)
def test_a_bench_that_cannot_be_right_is_refused_by_name(draw: dict[str, dict[str, Any]], refusal: str) -> None:
    with pytest.raises(ProcedureAborted, match=refusal):
        run("gas_sonic_nozzle", draw)


def test_a_gas_that_changes_is_refused() -> None:
    with pytest.raises(ProcedureAborted, match=r"pipe is not steady|flow was not steady"):
        system = find("gas_sonic_nozzle_ng")
        table = dict(system.sheet.station)
        ports = {**table["ports"], "pipe": {**table["ports"]["pipe"], "hunting_kpa": 5.0}}
        station = Station.from_dict({**table, "ports": ports}, source="sheet")
        order = Order(seed=1, started=datetime(2026, 1, 1, tzinfo=UTC), trials=TRIALS)
        execute(system, station, order, Simulation())


def test_a_meter_beyond_its_limits_fails() -> None:
    record = run("gas_sonic_nozzle", {"meter": {"gain_error": 0.02}}).record
    assert record.verdict is Verdict.FAIL


def test_an_ultrasonic_meter_with_a_wrong_zero_fails_before_it_flows() -> None:
    record = run("gas_sonic_nozzle_ng", {"meter": {"zero_m_per_s": 0.02, "sound_error": 0.004}}).record
    (item,) = [item for item in record.items if item.key == "zero_flow"]
    assert [finding.verdict for finding in item.findings] == [Verdict.FAIL, Verdict.FAIL]


def test_a_rotary_meter_with_few_pulses() -> None:
    """Ten pulses per m³: the gate waits for whole pulses, and the curve falls where the gaps leak."""
    system = find("gas_sonic_nozzle")
    table = dict(system.sheet.station)
    rotary = {"principle": "rotary"}
    device = {**table["laboratory"]["device"], **rotary, "constant": 10}
    meter = {**table["devices"]["meter"], "parameters": {**table["devices"]["meter"]["parameters"], **rotary}}
    meter["parameters"] |= {"pulses_per_m3": 10.0, "friction": 5e-4, "gain_error": 0.0, "linear_error": 0.0}
    station = Station.from_dict(
        {
            **table,
            "laboratory": {**table["laboratory"], "device": device},
            "devices": {**table["devices"], "meter": meter},
        },
        source="sheet",
    )
    order = Order(seed=2, started=datetime(2026, 1, 1, tzinfo=UTC), trials=TRIALS)
    procedure = {**system.sheet.procedure}
    procedure["error"] = {**procedure["error"], "pulses": {**procedure["error"]["pulses"], "value": 100}}
    system = dataclasses.replace(
        system,
        plan=decode(procedure, Plan, "procedure"),
        sheet=dataclasses.replace(system.sheet, procedure=procedure),
    )
    finished = execute(system, station, order, Simulation())
    (error,) = [item for item in finished.record.items if item.key == "error"]
    truth = [100.0 * finished.world.twin("meter").true_error(at=p.readings[-1].time_s) for p in error.points]
    assert truth[-1] == pytest.approx(-1.0, rel=0.05)  # a twentieth of q_max: twenty times 0.05 %
    for point, true in zip(error.points, truth, strict=True):
        assert abs(point.error.value - true) < 1.5 * point.U


def test_class_0_5_is_refused_before_anything_opens() -> None:
    system = find("gas_sonic_nozzle")
    table = dict(system.sheet.station)
    device = {**table["laboratory"]["device"], "accuracy_class": "0.5"}
    station = Station.from_dict({**table, "laboratory": {**table["laboratory"], "device": device}}, source="sheet")
    order = Order(seed=1, started=datetime(2026, 1, 1, tzinfo=UTC), trials=TRIALS)
    with pytest.raises(PlanRefused, match="its share of the MPE"):
        execute(system, station, order, Simulation())


@pytest.mark.parametrize(
    ("role", "device", "fault"),
    [
        ("transmitters", "transmitters", GainStep(factor=1.01, at_s=3000.0)),
        ("transmitters", "transmitters", StaleReply(at_s=3000.0)),
        ("counter", "counter", GainStep(factor=1.01, at_s=3000.0)),
        ("counter", "counter", BitFlip(at_s=3000.0, times=1)),
        ("bank", "bank", NoReply(at_s=3000.0)),
        ("device", "meter", GainStep(factor=1.02, at_s=3000.0)),
    ],
)
def test_faults_end_in_the_right_result_or_a_named_refusal(role: str, device: str, fault: Any) -> None:
    system = find("gas_sonic_nozzle")
    station = Station.from_dict(system.sheet.station, source="sheet")
    sound = execute(system, station, order_of(1, 500), Simulation())
    case = Case(kind=type(fault).__name__, role=role, fault=fault, seed=1)
    found = end(system, station, case, device, sound, 500)
    assert found.outcome is not Outcome.DEFECT, found.why
