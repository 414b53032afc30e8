"""The DC energy procedure on meters with planted faults: each is found by the item that is there to find it."""

from __future__ import annotations

import copy
import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from bench.catalogue import find
from bench.operators import Simulation
from bench.runs import Finished, Order, execute
from bench.station import Station
from drivers.errors import InstrumentError
from scenarios import dc_energy
from scenarios.procedure import ProcedureAborted
from scenarios.sheet import decode
from uncertainty.conformity import Verdict

if TYPE_CHECKING:
    from scenarios.record import ItemResult

PERFECT = {
    "gain_error": 0.0,
    "linear_error": 0.0,
    "quadratic_error": 0.0,
    "thermal_emf_v": 0.0,
    "temperature_coefficient_per_k": 0.0,
    "drift_per_h": 0.0,
}
SYSTEM = find("dc_energy")


def run(
    *, seed: int = 1, sheet: dict[str, Any] | None = None, station: dict[str, Any] | None = None, **devices: Any
) -> Finished:
    """Run the procedure on a bench whose standard is without error, with parameters changed per device."""
    description = copy.deepcopy(SYSTEM.sheet.station) | (station or {})
    perfect = {"class_error": 0.0, "calibration_error": 0.0, "thermal_emf_v": 0.0, "temperature_coefficient_per_k": 0.0}
    draw = {"standard": perfect | devices.get("standard", {}), "meter": PERFECT | devices.get("meter", {})}
    draw |= {name: values for name, values in devices.items() if name not in draw}
    plan = SYSTEM.plan if sheet is None else decode(sheet, dc_energy.Plan, "procedure")
    system = dataclasses.replace(SYSTEM, plan=plan)
    order = Order(seed=seed, started=datetime(2026, 1, 1, tzinfo=UTC), trials=2000)
    return execute(system, Station.from_dict(description, source="test"), order, Simulation(), draw=draw)


def item(finished: Finished, key: str) -> ItemResult:
    (found,) = (i for i in finished.record.items if i.key == key)
    return found


def test_a_good_meter_passes_and_its_error_is_found() -> None:
    finished = run(meter={"gain_error": 0.002})
    assert finished.record.verdict is Verdict.PASS
    for point in item(finished, "basic_error").points:
        assert point.error.value == pytest.approx(0.2, abs=0.03), point.point.key


@pytest.mark.parametrize(("gain", "verdict"), [(0.0045, Verdict.PASS), (0.0058, Verdict.FAIL)])
def test_near_the_limit_two_more_measurements_are_taken(gain: float, verdict: Verdict) -> None:
    points = [p for p in item(run(meter={"gain_error": gain}), "basic_error").points if "0.01In" not in p.point.key]
    assert {len(point.errors) for point in points} == {4}
    assert {point.verdict for point in points} == {verdict}


def test_far_from_the_limit_two_measurements_are_enough() -> None:
    assert {len(point.errors) for point in item(run(meter={"gain_error": 0.001}), "basic_error").points} == {2}


def test_a_bad_meter_fails() -> None:
    finished = run(meter={"gain_error": 0.02})
    assert finished.record.verdict is Verdict.FAIL
    assert {point.verdict for point in item(finished, "basic_error").points} == {Verdict.FAIL}


def test_a_meter_that_creeps_fails_the_no_load_test_and_nothing_else() -> None:
    finished = run(meter={"creep_power_w": 50.0})
    assert item(finished, "creep").verdict is Verdict.FAIL
    assert item(finished, "starting").verdict is Verdict.PASS


def test_a_meter_that_does_not_start_fails_the_starting_test() -> None:
    finished = run(meter={"starting_current_a": 0.2})
    assert item(finished, "starting").verdict is Verdict.FAIL
    assert item(finished, "basic_error").verdict is Verdict.PASS


def test_a_register_that_differs_from_the_pulses_is_found() -> None:
    finished = run(meter={"register_error": 0.01})
    assert item(finished, "basic_error").verdict is Verdict.PASS
    assert item(finished, "register").verdict is Verdict.FAIL


def test_a_thermal_emf_in_the_meter_shows_at_small_currents_with_opposite_signs() -> None:
    """10 µV on 75 mV is 0.013 % at I_n and 1.33 % at 0.01 I_n; it adds for import and takes away for export."""
    points = {p.point.key: p.error.value for p in item(run(meter={"thermal_emf_v": 1e-5}), "basic_error").points}
    assert points["basic_error/import/0.01In"] == pytest.approx(1.333, abs=0.06)
    assert points["basic_error/export/0.01In"] == pytest.approx(-1.333, abs=0.06)
    assert points["basic_error/import/In"] == pytest.approx(0.0133, abs=0.03)


def test_by_the_display_the_whole_procedure_runs_as_well() -> None:
    sheet = copy.deepcopy(SYSTEM.sheet.procedure)
    sheet["basic_error"]["method"] = "display"
    sheet["basic_error"]["loads"] = sheet["basic_error"]["loads"][:2]
    finished = run(meter={"gain_error": 0.001}, sheet=sheet)
    points = item(finished, "basic_error").points
    assert len(points) == 4
    for point in points:
        assert {r.name for r in point.readings} >= {"energy"}
        assert abs(point.error.value - 0.1) <= point.U
        assert {line.name for line in point.budget} >= {"d_res", "d_sync"}


def test_a_source_that_cannot_reach_the_load_ends_the_run_with_a_named_reason() -> None:
    with pytest.raises(ProcedureAborted, match=r"source: the standard reads .* instead of 500 V after 60 s"):
        run(source={"voltage_error": -0.1})


def test_an_open_interlock_ends_the_run_with_a_named_reason() -> None:
    with pytest.raises((ProcedureAborted, InstrumentError), match=r"(?i)interlock|instead of"):
        run(source={"interlock_closed": False})


def test_a_standard_whose_energy_contradicts_the_source_ends_the_run() -> None:
    with pytest.raises(ProcedureAborted, match=r"the standard reads .* W instead of|its energy differs by .* third"):
        run(standard={"class_error": 4e-3})
    with pytest.raises(ProcedureAborted, match=r"standard: .*its energy differs by [-+]0\.\d+ % from its own power"):
        run(standard={"repeatability": 5e-3})


def test_an_interlock_that_opens_while_nothing_flows_does_not_pass_for_a_meter_without_creep() -> None:
    station = copy.deepcopy(SYSTEM.sheet.station)
    fault = {"kind": "happening", "call": "set_interlock", "value": False, "at_s": 3700.0}
    station["devices"]["source"]["faults"] = [fault]
    with pytest.raises(ProcedureAborted, match=r"source: at the end of creep the standard reads .* instead of 575 V"):
        run(station=station)


def test_a_pulse_line_that_is_stuck_does_not_make_a_meter_fail() -> None:
    station = copy.deepcopy(SYSTEM.sheet.station)
    station["devices"]["standard"]["faults"] = [{"kind": "replaced_reply", "reply": "0", "on": r"PULS:TOT\?"}]
    with pytest.raises(ProcedureAborted, match=r"standard: no pulse is counted at the rated load either"):
        run(station=station)


def test_a_room_that_is_too_warm_ends_the_run_before_anything_is_energised() -> None:
    with pytest.raises(ProcedureAborted, match=r"conditions\.temperature: 27.* degC is outside 21 to 25 degC"):
        run(station={"ports": {"room": {"temperature_degc": 27.0, "humidity_percent": 50, "pressure_kpa": 101}}})


def test_a_meter_whose_pulses_scatter_raises_u_until_the_point_is_inconclusive() -> None:
    finished = run(meter={"pulse_jitter": 0.05})
    points = item(finished, "basic_error").points
    assert any(point.verdict is Verdict.INCONCLUSIVE for point in points)
    for point in points:
        if point.verdict is Verdict.INCONCLUSIVE:
            assert point.point.mpe is not None and point.U > point.point.mpe.value / 3


@pytest.mark.parametrize("accuracy_class", ["1", "2"])
def test_other_classes_have_their_own_limits_and_points(accuracy_class: str) -> None:
    station = copy.deepcopy(SYSTEM.sheet.station)
    station["laboratory"]["device"]["accuracy_class"] = accuracy_class
    finished = run(station=station, meter={"gain_error": 0.008})
    points = item(finished, "basic_error").points
    assert not any("0.01In" in point.point.key for point in points)
    mpes = {point.point.key: point.reported.mpe for point in points}
    assert mpes["basic_error/import/In"] == {"1": "1.0", "2": "2.0"}[accuracy_class]
    assert mpes["basic_error/import/0.05In"] == {"1": "1.5", "2": "2.5"}[accuracy_class]
    assert finished.record.verdict is Verdict.PASS


def test_the_station_may_be_a_file(tmp_path: Any) -> None:
    path = tmp_path / "station.yaml"
    path.write_text(yaml.safe_dump({"spec": "1.1", **SYSTEM.sheet.station}, allow_unicode=True), encoding="utf-8")
    order = Order(seed=4, started=datetime(2026, 1, 1, tzinfo=UTC), trials=2000)
    own = execute(SYSTEM, Station.from_dict(SYSTEM.sheet.station, source="sheet"), order, Simulation())
    file = execute(SYSTEM, Station.from_file(path), order, Simulation())
    assert own.record.items == file.record.items
