"""Infrared and exhaust analysers by JJG 635, 968 and 688: one procedure, three sheets, from bytes to the record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from bench.campaign import campaign
from bench.catalogue import find
from bench.commands.verify import open_station
from bench.fault_campaign import Outcome, fault_campaign
from bench.laboratory import read as read_laboratory
from bench.operators import Simulation
from bench.runs import Finished, Order, execute
from drivers.errors import InstrumentError
from reports.kind import Kind, permission
from scenarios.ndir_co2 import forecast
from scenarios.procedure import PlanRefused, ProcedureAborted
from scenarios.sheet import SheetError
from uncertainty.conformity import Verdict

if TYPE_CHECKING:
    from scenarios.record import ItemResult

ORDER = Order(seed=3, started=datetime(2026, 1, 1, tzinfo=UTC), trials=500)
SHEETS = ("ndir_co2", "flue_gas_jjg968", "vehicle_exhaust_jjg688")


def run(name: str = "ndir_co2", **parameters: dict[str, Any]) -> Finished:
    system = find(name)
    return execute(system, open_station(system, None), ORDER, Simulation(), draw=parameters)


def item(finished: Finished, key: str) -> ItemResult:
    (found,) = (i for i in finished.record.items if i.key == key)
    return found


@cache
def sound(name: str) -> Finished:
    return run(name)


@pytest.mark.parametrize(
    ("name", "unit", "hours", "items"),
    [
        ("ndir_co2", "%", 6, "appearance insulation error repeatability response drift interference"),
        ("flue_gas_jjg968", "%", 3, "appearance insulation error repeatability response drift"),
        ("vehicle_exhaust_jjg688", "umol/mol", 2, "appearance error repeatability response drift interference"),
    ],
)
def test_what_the_three_sheets_make_of_it(name: str, unit: str, hours: float, items: str) -> None:
    record = sound(name).record
    assert record.measurand.unit == unit
    assert [i.key for i in record.items] == items.split()
    assert record.duration_s > hours * 3600
    assert record.verdict is Verdict.PASS
    assert permission(record).kind is Kind.CALIBRATION  # numbers of the regulations that nobody compared
    assert record.unverified


@pytest.mark.parametrize("name", SHEETS)
def test_errors_lie_within_u_of_the_truth(name: str) -> None:
    finished = sound(name)
    twin = finished.world.twin("analyser")
    for point in item(finished, "error").points:
        about = point.point.about
        truth = twin.true_error(
            about["component"],
            point.point.settings["fraction"].to("umol/mol").value,
            at=point.readings[-1].time_s,
            since=point.readings[0].time_s,
            quantity=about["quantity"],
        )
        assert abs(point.error.value - truth) < 2.0 * point.U


def test_forms_of_error_agree_with_each_other() -> None:
    twin = sound("ndir_co2").world.twin("analyser")
    absolute = twin.true_error("CO2", 40000.0, at=100.0)
    assert twin.true_error("CO2", 40000.0, at=100.0, quantity="fiducial") == pytest.approx(absolute / 2000.0)
    assert twin.true_error("CO2", 40000.0, at=100.0, quantity="relative") == pytest.approx(absolute / 400.0)
    with pytest.raises(ValueError, match="no truth named"):
        twin.true_error("CO2", quantity="color")


def test_a_curved_device_fails_where_it_bends() -> None:
    points = {p.point.key: p for p in item(run(analyser={"exponent_error": {"CO2": 0.15}}), "error").points}
    assert points["error/CO2/20"].verdict is Verdict.FAIL
    assert points["error/CO2/80"].verdict is Verdict.PASS  # that is where it was adjusted


def test_drift_of_zero_and_span_are_told_apart() -> None:
    finished = run(
        analyser={
            "zero_drift_per_h": {"CO2": 2e-3},
            "gain_drift_per_h": {"CO2": 0.0},
            "gain_per_k": {},
            "zero_walk": {},
            "gain_walk": {},
        }
    )
    points = {p.point.key: p for p in item(finished, "drift").points}
    assert points["drift/CO2/zero/4"].error.value == pytest.approx(4.0, abs=0.1)
    assert points["drift/CO2/zero/4"].verdict is Verdict.FAIL
    assert points["drift/CO2/span/4"].error.value == pytest.approx(0.0, abs=0.15)
    (chart,) = item(finished, "drift").charts
    assert [curve.x for curve in chart.curves] == [(0.0, 1.0, 2.0, 3.0, 4.0)] * 2


def test_water_and_its_sign_are_found() -> None:
    straight = {"exponent_error": {}, "zero_error": {}, "gain_error": {}}
    finished = run(analyser={"interference": {"H2O->CO2": -0.6, "CO->CO2": 0.03}, **straight})
    points = {p.point.key: p for p in item(finished, "interference").points}
    assert points["interference/CO2/H2O"].error.value == pytest.approx(-100 * 0.6 * 0.0121 / 0.2, rel=0.06)
    assert points["interference/CO2/H2O"].verdict is Verdict.FAIL
    assert points["interference/CO2/CO"].error.value == pytest.approx(100 * 0.03 * 0.05 / 0.2, rel=0.06)
    assert points["interference/CO2/CO"].verdict is Verdict.PASS


def test_a_noisy_device_is_not_repeatable() -> None:
    finished = run(analyser={"noise": {"CO2": 2e-3}, "averaging_s": 1.0})
    assert item(finished, "repeatability").verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ({"co2_50": {"pressure_mpa": 0.0}}, "selector: co2_50 at inlet 3 has 0 MPa"),
        ({"analyser": {"warm_up_s": 9000.0, "warm_at_start": False}}, "device: its state is WARM"),
        ({"analyser": {"zero_error": {"CO2": 0.08}}}, "device: reported -221"),
        ({"room": {"temperature_degc": 35.0}}, "environment: conditions.temperature"),
        ({"analyser": {"zero_drift_per_h": {"CO2": -0.04}}}, "means overrange or no value"),
    ],
)
def test_what_contradicts_itself_is_refused_by_name(parameters: dict[str, Any], why: str) -> None:
    with pytest.raises((ProcedureAborted, InstrumentError), match=why):
        run(**parameters)


def equipped(name: str) -> tuple[Any, Any, Any]:
    """Return sheet, plan with the station's references, and nameplate, as the bench gives them to the procedure."""
    system = find(name)
    station = open_station(system, None)
    laboratory = read_laboratory(station.laboratory, station.source)
    plan = system.equipped(laboratory.references).plan
    return system.sheet, plan, system.nameplate(laboratory.device, "station")


def test_a_range_that_the_regulation_does_not_admit_is_refused() -> None:
    sheet, plan, device = equipped("vehicle_exhaust_jjg688")
    with pytest.raises(PlanRefused, match="its range of NO ends at 4000 µmol/mol, less than 5000"):
        forecast(sheet, replace(plan, ranges={"NO": replace(plan.ranges["NO"], value=5000)}), device)


def test_a_limit_in_another_form_than_the_errors_is_refused() -> None:
    sheet, plan, device = equipped("ndir_co2")
    with pytest.raises(SheetError, match="give it as relative alone"):
        forecast(sheet, replace(plan, errors=replace(plan.errors, form="relative")), device)
    with pytest.raises(SheetError, match="does not fit errors in the form 'error'"):
        forecast(sheet, replace(plan, errors=replace(plan.errors, form="error")), device)


def test_too_strict_a_class_is_refused_before_any_gas_flows() -> None:
    sheet, plan, device = equipped("ndir_co2")
    limit = plan.errors.mpe["CO2"]
    strict = replace(limit, fiducial=replace(limit.fiducial, value=1.0))
    with pytest.raises(PlanRefused, match="its share of the MPE"):
        forecast(sheet, replace(plan, errors=replace(plan.errors, mpe={"CO2": strict})), device)


@pytest.mark.parametrize("name", SHEETS)
def test_a_small_campaign_is_honest(name: str) -> None:
    system = find(name)
    found = campaign(system, open_station(system, None), runs=40, seed=11, workers=1)
    assert not found.refusals
    assert found.honest


@pytest.mark.parametrize("kind", ["corrupted_message", "bit_flip", "power_cycle"])
def test_a_fault_ends_in_the_right_result_or_a_refusal_by_name(kind: str) -> None:
    system = find("ndir_co2")
    found = fault_campaign(system, open_station(system, None), seed=5, moments=1, trials=500, only=kind)
    assert {ending.outcome for ending in found.endings} <= {Outcome.CORRECT, Outcome.REFUSED, Outcome.ALARM}
    assert any(ending.outcome is Outcome.REFUSED for ending in found.endings)
