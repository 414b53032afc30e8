"""Flue-gas analysers by R 144, from VISA bytes to the record: what is found, what is refused, what is covered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from bench.campaign import campaign
from bench.catalogue import System, find
from bench.commands.verify import open_station
from bench.fault_campaign import Outcome, fault_campaign
from bench.laboratory import read as read_laboratory
from bench.operators import Simulation
from bench.runs import Finished, Order, execute
from drivers.errors import InstrumentError
from reports.kind import Kind, permission
from scenarios.flue_gas_r144 import forecast
from scenarios.procedure import PlanRefused, ProcedureAborted
from scenarios.references import Certified
from uncertainty.conformity import Verdict
from uncertainty.quantity import Quantity

if TYPE_CHECKING:
    from scenarios.record import ItemResult

ORDER = Order(seed=3, started=datetime(2026, 1, 1, tzinfo=UTC), trials=500)


@cache
def system() -> System:
    return find("flue_gas_r144")


def run(**parameters: dict[str, Any]) -> Finished:
    return execute(system(), open_station(system(), None), ORDER, Simulation(), draw=parameters)


@cache
def initial_alone() -> System:
    """Return the system without the performance tests of type evaluation: one day instead of a week."""
    return replace(system(), plan=replace(system().plan, type_tests=None))


def day(**parameters: dict[str, Any]) -> Finished:
    return execute(initial_alone(), open_station(system(), None), ORDER, Simulation(), draw=parameters)


def item(finished: Finished, key: str) -> ItemResult:
    (found,) = (i for i in finished.record.items if i.key == key)
    return found


@cache
def sound() -> Finished:
    return run()


def test_a_week_of_the_bench_in_the_order_of_the_recommendation() -> None:
    record = sound().record
    assert [i.key for i in record.items] == [
        "appearance",
        "mains",
        "lockout",
        "error",
        "leak",
        "flow_device",
        "response",
        "intrinsic_error",
        "repeatability",
        "cross_sensitivity",
        "stability",
    ]
    assert record.duration_s > 7 * 86400
    assert all(i.clause is None or i.clause.startswith("OIML R 144-") for i in record.items)
    assert {c.key for i in record.items for c in i.charts} == {"step", "drift"}


def test_its_document_may_quote_the_recommendation_and_stays_marked() -> None:
    record = sound().record
    assert not record.unverified
    assert record.verdict is Verdict.PASS
    assert permission(record).kind is Kind.VERIFICATION
    assert record.simulated
    assert record.number.startswith("SIM-")


def test_a_failing_device_gets_a_notification() -> None:
    finished = run(analyser={"exponent_error": {"CO": 0.05}})
    assert item(finished, "intrinsic_error").verdict is Verdict.FAIL
    assert permission(finished.record).kind is Kind.NOTIFICATION


def test_findings_of_defective_devices() -> None:
    unlocked = day(analyser={"lockout": False})
    assert [f.verdict for f in item(unlocked, "lockout").findings] == [Verdict.FAIL, Verdict.PASS]
    leaking = day(analyser={"leak": 0.05})
    assert item(leaking, "leak").verdict is Verdict.FAIL
    assert item(leaking, "flow_device").verdict is Verdict.PASS
    assert item(day(analyser={"flow_alarm_l_per_min": 0.0}), "flow_device").verdict is Verdict.FAIL


def test_slow_and_cross_sensitive_devices() -> None:
    slow = day(analyser={"cell_ml": 1800.0})
    truth = slow.world.twin("analyser").true_response("CO", fraction=930.0)
    point = item(slow, "response").points[0]
    assert truth > 240.0
    assert abs(point.error.value - truth) < 2.0
    assert point.verdict is Verdict.FAIL


def test_interference_is_found_alone_and_in_mixtures() -> None:
    finished = run(analyser={"interference": {"CO2->CO": 1.2e-5}})
    points = {p.point.key: p for p in item(finished, "cross_sensitivity").points}
    alone = points["cross_sensitivity/CO/CO2/alone"]
    together = points["cross_sensitivity/CO/CO2/together"]
    assert abs(alone.error.value - 1.8) < alone.U + 0.1
    assert abs(together.error.value - 1.8) < together.U + 0.1
    assert (alone.verdict, together.verdict) == (Verdict.FAIL, Verdict.PASS)  # half the MPE: 1 and 2.5 µmol/mol


def test_drift_over_the_week_is_seen_day_by_day() -> None:
    finished = run(analyser={"gain_drift_per_h": {"NO2": -5e-4}, "gain_walk": {}, "zero_walk": {}, "gain_error": {}})
    days = [p for p in item(finished, "stability").points if p.point.key.startswith("stability/NO2/high/")]
    change = days[7].error.value - days[0].error.value
    assert change == pytest.approx(-186.0 * 5e-4 * 168.0, abs=0.6)
    assert days[0].verdict is Verdict.PASS
    assert days[7].verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ({"co_no_middle": {"pressure_mpa": 0.3}}, "selector: co_no_middle at inlet 3 has 0.[0-9]+ MPa"),
        ({"no2_high": {"volume_l": 1.0, "pressure_mpa": 1.2}}, "selector: inlet 7 gives 0.0000 l/min"),
        ({"analyser": {"warm_up_s": 3000.0}}, "device: its state is WARM, not MEAS"),
        ({"mains": {"voltage_error": 0.05}}, "mains: measured_voltage: .* cannot be true here"),
        ({"analyser": {"gain_error": {"CO": -0.4}}}, "device: reported -221"),
        ({"room": {"humidity_percent": 80.0}}, "environment: conditions.humidity"),
    ],
)
def test_what_contradicts_itself_is_refused_by_name(parameters: dict[str, Any], why: str) -> None:
    with pytest.raises((ProcedureAborted, InstrumentError), match=why):
        day(**parameters)


def test_the_valve_is_shut_after_a_refusal_and_after_a_run() -> None:
    world = sound().world
    assert not any(port.energised(world.environment.now) for port in world.ports.values() if hasattr(port, "energised"))
    used = {name: parts[0].amount for name, parts in world.consumed().items()}
    assert 20.0 < used["n2"] < 200.0


@pytest.mark.parametrize(
    ("gas", "component", "value", "U", "why"),
    [
        ("co_no_low", "CO", 110.0, 1.0, "outside of 50 to 100"),
        ("co_no_high", "NO", 465.0, 10.0, "what a test gas may have"),
        ("mixture", "NO2", 30.0, 0.2, "content for cross-sensitivity"),
        ("mixture", "NO2", 20.0, 0.6, "its share of the MPE"),
    ],
)
def test_gases_that_cannot_prove_it_are_refused_before_any_flows(
    gas: str, component: str, value: float, U: float, why: str
) -> None:
    plan = sound_plan()
    reference = plan.references[gas]
    changed = Certified(quantity=Quantity(value=value, unit="umol/mol"), U=Quantity(value=U, unit="umol/mol"))
    references = {**plan.references, gas: replace(reference, values={**reference.values, component: changed})}
    with pytest.raises(PlanRefused, match=why):
        forecast(system().sheet, replace(plan, references=references), nameplate())


@cache
def sound_plan() -> Any:
    """Return the plan with the station's references, as the bench gives it to the procedure."""
    station = open_station(system(), None)
    laboratory = read_laboratory(station.laboratory, station.source)
    return system().equipped(laboratory.references).plan


def nameplate() -> Any:
    station = open_station(system(), None)
    return system().nameplate(station.laboratory["device"], "station")


@pytest.mark.parametrize("kind", ["power_cycle", "happening", "gain_step"])
def test_a_fault_ends_in_the_right_result_or_a_refusal_by_name(kind: str) -> None:
    station = open_station(system(), None)
    found = fault_campaign(initial_alone(), station, seed=5, moments=0, trials=500, only=kind)
    assert found.endings
    assert not [ending.why for ending in found.endings if ending.outcome is Outcome.DEFECT]


def test_a_small_campaign_is_honest() -> None:
    found = campaign(system(), open_station(system(), None), runs=20, seed=7, workers=1)
    assert not found.refusals
    assert found.honest
    conforming = [p.conforming / p.runs for p in found.points if p.key.startswith("intrinsic_error/CO/low")]
    assert 0.2 < conforming[0] < 0.95  # devices on both sides of the limit
