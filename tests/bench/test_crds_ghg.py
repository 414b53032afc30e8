"""Ring-down analysers through VISA bytes: whole runs, stepped against droplet water correction, faults."""

from __future__ import annotations

import copy
import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from interrupted import StopAt

from bench.campaign import Campaign, campaign
from bench.catalogue import find
from bench.fault_campaign import Outcome, end, order_of
from bench.fault_plan import Case
from bench.journal import Journal
from bench.operators import Simulation
from bench.runs import Finished, Order, Resumption, execute
from bench.station import Station
from instruments.faults import catalogue as faults
from instruments.gas_sample import Way
from instruments.ring_down import LIGHT_M_PER_S, Cavity
from scenarios import crds_ghg
from scenarios.procedure import ProcedureAborted
from scenarios.sheet import decode
from uncertainty.conformity import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from scenarios.record import ItemResult

SYSTEM = find("crds_ghg")
STATION = Station.from_dict(SYSTEM.sheet.station, source="sheet")
COMPONENTS = ("CO2", "CH4", "N2O")
LATER = datetime(2026, 1, 2, tzinfo=UTC)


def order(seed: int = 1) -> Order:
    return dataclasses.replace(order_of(seed, 2000))


def with_plan(change: dict[str, Any]) -> Any:
    """Return the system with some tables of its procedure changed."""
    procedure = copy.deepcopy(SYSTEM.sheet.procedure)
    for name, values in change.items():
        procedure[name].update(values)
    sheet = dataclasses.replace(SYSTEM.sheet, procedure=procedure)
    return dataclasses.replace(SYSTEM, sheet=sheet, plan=decode(procedure, crds_ghg.Plan, "procedure"))


def small(system: Any, runs: int) -> Campaign:
    study = dataclasses.replace(system.sheet.campaign, trials=2000)
    sheet = dataclasses.replace(system.sheet, campaign=study)
    return campaign(dataclasses.replace(system, sheet=sheet), STATION, runs=runs, seed=7, workers=1)


def item(finished: Finished, key: str) -> ItemResult:
    (found,) = (i for i in finished.record.items if i.key == key)
    return found


@pytest.fixture(scope="module")
def finished() -> Finished:
    return execute(SYSTEM, STATION, order(20260701), Simulation())


def test_a_run_has_every_item_and_conforms(finished: Finished) -> None:
    assert [i.key for i in finished.record.items] == [
        "appearance",
        "warm_up",
        "response",
        "inlet",
        "allan",
        *(f"water_{key}" for key in COMPONENTS),
        *(f"calibration_{key}" for key in COMPONENTS),
        "drift",
        *(f"verification_{key}" for key in COMPONENTS),
    ]
    assert finished.record.verdict is Verdict.PASS
    assert finished.record.simulated
    assert sum(len(i.points) for i in finished.record.items) == 3 * (4 + 5 + 4)


def test_results_of_a_component_are_in_its_own_unit(finished: Finished) -> None:
    units = {key: finished.record.measurand_of(item(finished, f"verification_{key}")).unit for key in COMPONENTS}
    assert units == {"CO2": "umol/mol", "CH4": "nmol/mol", "N2O": "nmol/mol"}


def test_pictures(finished: Finished) -> None:
    charts = {chart.key: chart for i in finished.record.items for chart in i.charts}
    assert len(charts) == 1 + 4 * 3
    assert charts["allan_CO2"].log_x and charts["allan_CO2"].log_y
    assert all(len(curve.x) == len(curve.y) <= 400 for chart in charts.values() for curve in chart.curves)
    deviations = charts["allan_CO2"].curves[0].y
    assert min(deviations) < deviations[0] / 10
    response = charts["response"].curves[0]
    assert response.y[0] < 5.0 and response.y[-1] > 98.0


def test_response_and_precision_are_those_of_the_twin(finished: Finished) -> None:
    p = finished.world.twin("analyser").parameters
    way = Way(
        delay_s=p.delay_s,
        first_lag_s=p.line_lag_s,
        second_lag_s=p.cavity_lag_s,
        adsorbed=p.adsorbed,
        adsorption_s=p.adsorption_s,
    )
    t90, *_ = item(finished, "response").findings
    assert float(t90.value.en.split()[0]) == pytest.approx(way.time_to(0.9), abs=1.6)  # valve, and whole seconds
    at_1_s, *_ = item(finished, "allan").findings
    cavity = Cavity(mirror_loss=p.mirror_loss)
    noise = 2**0.5 * p.fit_noise * cavity.empty_rate / LIGHT_M_PER_S / p.strength_per_m["CO2"] * 1e6
    assert float(at_1_s.value.en.split()[0]) == pytest.approx(noise, rel=0.06)


def test_every_reading_of_the_verdict_is_of_the_device(finished: Finished) -> None:
    points = item(finished, "verification_CO2").points
    assert all(reading.instrument == "device" and reading.name == "CO2" for p in points for reading in p.readings)
    assert [len(p.readings) for p in points] == [6] * 4


def test_the_analyser_holds_what_the_record_says(finished: Finished) -> None:
    twin = finished.world.twin("analyser")
    method = item(finished, "calibration_CO2").method
    assert method is not None
    assert f"{twin.calibration(1, 1):.4f}" in method.en
    assert f"{twin.calibration(1, 2):.6f}" in method.en
    truth = twin.true_error("CO2", "water", 417.36, 0.2, at=50_000.0, since=40_000.0)
    assert abs(truth) < 0.02  # as against up to 0.04 before


def test_same_seed_same_record() -> None:
    first, second = (execute(SYSTEM, STATION, order(5), Simulation()).record for _ in range(2))
    assert first.items == second.items


def test_a_stopped_run_is_taken_up_to_the_same_results(finished: Finished, tmp_path: Path) -> None:
    """In the water test, in the calibration and between two visits of the target gas."""
    for stop in (40, 120, 170):
        resumed = stop > 40
        with Journal(tmp_path / "journal.sqlite") as journal, pytest.raises(ProcedureAborted, match="stopped by"):
            execute(
                SYSTEM,
                STATION,
                dataclasses.replace(order(20260701), checkpoint=StopAt(stop)),
                Simulation(),
                lambda number, journal=journal: journal,  # type: ignore[misc]
                resumption=Resumption(journal=journal, now=LATER, alive=LATER) if resumed else None,
            )
    with Journal(tmp_path / "journal.sqlite") as journal:
        again = execute(
            SYSTEM,
            STATION,
            order(20260701),
            Simulation(),
            lambda number: journal,
            resumption=Resumption(journal=journal, now=LATER, alive=LATER),
        )
    assert again.record.items == finished.record.items
    assert len(again.record.interruptions) == 3


def test_steps_cover_the_truth() -> None:
    result = small(SYSTEM, runs=50)
    assert not result.refusals
    assert [point.key for point in result.points if not point.honest] == []


def test_a_droplet_does_not_see_the_cavity_pressure() -> None:
    """The heart of the matter: the same analysers, and a water correction that is wrong without knowing it."""
    result = small(with_plan({"water": {"method": "droplet"}}), runs=20)
    by_key = {point.key: point for point in result.points}
    for key in ("water/CO2/0.5", "water/CO2/1", "water/CH4/0.5", "water/CH4/1", "water/CH4/2"):
        assert not by_key[key].honest, key
    assert by_key["water/CH4/2"].covered < 8
    # What has nothing to do with water is as good as before.
    assert all(point.honest for point in result.points if point.key.startswith("calibration/"))


def test_without_a_pressure_term_in_the_cavity_a_droplet_would_do() -> None:
    """The droplet procedure is sound in itself: it fails for the cavity's pressure, and for that alone."""
    system = with_plan({"water": {"method": "droplet"}})
    order_ = order(11)
    finished = execute(system, STATION, order_, Simulation(), draw={"analyser": {"pressure_shift_kpa": 0.0}})
    twin = finished.world.twin("analyser")
    for point in item(finished, "water_CH4").points:
        humidity = point.point.settings["humidity"].value
        truth = twin.true_error("CH4", "water", 1962.8, humidity, at=30_000.0, since=20_000.0)
        assert abs(point.error.value - truth) < 2 * point.U


def test_steps_too_short_to_settle_are_refused() -> None:
    """Walls hold water for minutes, as the cavity does its pressure: what is left in "dry" gas betrays the haste."""
    short = {"value": 5, "unit": "min", "source": "laboratory", "verified": True}
    average = {"value": 2, "unit": "min", "source": "laboratory", "verified": True}
    system = with_plan({"water": {"dwell": short, "average": average}})
    with pytest.raises(ProcedureAborted, match=r"humidifier: water/find/13: is to hold 0 % .* the device reads 0\.02"):
        execute(system, STATION, order(3), Simulation())


def test_swapped_tanks_are_found_before_anything_is_calibrated() -> None:
    system = with_plan({"inlets": {"tank1": 2, "tank2": 1}})
    with pytest.raises(ProcedureAborted, match=r"selector: calibration/1/tank1: the device reads \+38"):
        execute(system, STATION, order(), Simulation())


def test_an_empty_cylinder_is_named() -> None:
    station = STATION.with_parameters({"working": {"pressure_mpa": 1.55}})
    with pytest.raises(ProcedureAborted, match=r"selector: .*: the cylinder 'working' holds 1\.4"):
        execute(SYSTEM, station, order(), Simulation())


def test_a_humidifier_that_lies_is_named() -> None:
    with pytest.raises(ProcedureAborted, match=r"humidifier: water/find/2: is to hold 0\.05 % and reads"):
        execute(SYSTEM, STATION, order(), Simulation(), draw={"humidifier": {"humidity_error": 0.6}})


@pytest.mark.parametrize(
    ("kind", "role", "values", "expected"),
    [
        ("power_cycle", "device", {}, Outcome.REFUSED),
        ("bit_flip", "device", {}, Outcome.REFUSED),
        ("stuck_value", "device", {}, Outcome.REFUSED),
        ("gain_step", "device", {"factor": 1.001}, Outcome.REFUSED),
        ("power_cycle", "selector", {}, Outcome.REFUSED),
        ("disconnect", "humidifier", {"for_s": 5.0}, Outcome.REFUSED),
    ],
)
def test_faults_are_refused_by_name(
    finished: Finished, kind: str, role: str, values: dict[str, Any], expected: Outcome
) -> None:
    fault = faults()[kind](at_s=30_000.0, times=1, **values)
    case = Case(kind=kind, role=role, fault=fault, seed=20260701)
    ending = end(SYSTEM, STATION, case, STATION.resources[STATION.roles[role]], finished, 2000)
    assert ending.outcome in (expected, Outcome.CORRECT), ending.why
    assert ending.strikes
