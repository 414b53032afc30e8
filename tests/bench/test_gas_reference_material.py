"""Gas reference materials through VISA bytes: whole runs, planted defects, coverage in a small campaign."""

from __future__ import annotations

import copy
import dataclasses
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from interrupted import stopped_and_taken_up

from bench.campaign import campaign
from bench.catalogue import find
from bench.fault_campaign import Outcome, end, order_of
from bench.fault_plan import Case
from bench.operators import Simulation
from bench.runs import Finished, Order, execute
from bench.station import Station
from instruments.faults import catalogue as faults
from scenarios import gas_reference_material
from scenarios.procedure import PlanRefused, ProcedureAborted
from scenarios.sheet import decode
from uncertainty.conformity import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from scenarios.record import ItemResult

SYSTEM = find("gas_reference_material")
STATION = Station.from_dict(SYSTEM.sheet.station, source="sheet")
COMPONENTS = ("CO2", "CH4", "C3H8")


def run(*, seed: int = 1, sheet: dict[str, Any] | None = None, **devices: Any) -> Finished:
    plan = SYSTEM.plan if sheet is None else decode(sheet, gas_reference_material.Plan, "procedure")
    system = dataclasses.replace(SYSTEM, plan=plan)
    order = Order(seed=seed, started=datetime(2026, 1, 1, tzinfo=UTC), trials=2000)
    return execute(system, STATION, order, Simulation(), draw=devices)


def item(finished: Finished, key: str) -> ItemResult:
    (found,) = (i for i in finished.record.items if i.key == key)
    return found


@pytest.fixture(scope="module")
def finished() -> Finished:
    return run(seed=20260601)


def test_a_batch_is_certified_within_its_uncertainty(finished: Finished) -> None:
    assert finished.record.verdict is Verdict.PASS
    rack = finished.world.twin("batch")
    for stage in ("gravimetry", "comparison", "certified"):
        points = item(finished, stage).points
        assert [p.point.about["component"] for p in points] == list(COMPONENTS)
        for point in points:
            truth = rack.true_error(**point.point.about)
            assert abs(point.error.value - truth) < 1.5 * point.U, point.point.key
            assert 0.0005 < point.U / point.error.value < 0.005


def test_the_certified_uncertainty_is_made_of_four_parts(finished: Finished) -> None:
    for prepared, certified in zip(
        item(finished, "gravimetry").points, item(finished, "certified").points, strict=True
    ):
        lines = {line.name: line for line in certified.budget}
        assert set(lines) == {"x_char", "d_bb", "d_lts", "d_sts"}
        assert lines["x_char"].standard_uncertainty == prepared.standard_uncertainty
        assert certified.U == pytest.approx(2 * math.hypot(*(line.contribution for line in certified.budget)))
        assert certified.error.value == prepared.error.value


def test_the_study_takes_half_a_year_of_bench_time_and_shows_it(finished: Finished) -> None:
    assert 6 * 30 * 86400 < finished.record.duration_s < 7 * 31 * 86400
    charts = [chart.key for i in finished.record.items for chart in i.charts]
    assert charts == ["residuals", "bottles", "trends"]
    (used,) = finished.world.consumed().values()
    assert {c.what: round(c.amount) for c in used}["N2"] == pytest.approx(930, rel=0.02)


def test_the_forecast_is_what_comes(finished: Finished) -> None:
    system = SYSTEM.equipped(_references())
    nameplate = system.nameplate(STATION.laboratory["device"], "sheet")
    for forecast in system.forecast(nameplate):
        stage = forecast.point.key.partition("/")[0]
        found = next(p for p in item(finished, stage).points if p.point.key == forecast.point.key)
        assert found.U == pytest.approx(forecast.U, rel=0.35), forecast.point.key


def _references() -> Any:
    from bench.laboratory import read

    return read(STATION.laboratory, "sheet").references


def test_a_batch_that_is_not_worth_making_is_refused_before_gas_is_filled() -> None:
    sheet = copy.deepcopy(SYSTEM.sheet.procedure)
    sheet["parents"]["CO2"]["mass"]["value"] = 0.3
    with pytest.raises(PlanRefused, match=r"certified/CO2: expected U = 1\.\d %"):
        run(sheet=sheet)


def test_a_premix_that_is_not_what_its_certificate_says_is_found_by_comparison() -> None:
    minor = dict(SYSTEM.sheet.station["devices"]["batch"]["parameters"]["minor"]) | {"CH4.CH4": 0.0505}
    with pytest.raises(ProcedureAborted, match=r"CH4: .* by comparison and .* by weighing differ"):
        run(batch={"minor": minor})


def test_a_cylinder_that_was_not_mixed_is_found_by_comparison() -> None:
    with pytest.raises(ProcedureAborted, match="differ by"):
        run(batch={"mixing_s": 1e5})


def test_a_cylinder_that_is_still_warm_is_not_weighed() -> None:
    with pytest.raises(ProcedureAborted, match="device, environment: the cylinder's wall is"):
        run(batch={"cooling_s": 40000.0})


def test_a_balance_out_of_adjustment_is_refused() -> None:
    with pytest.raises(ProcedureAborted, match="balance: 1000 g are indicated with"):
        run(balance={"sensitivity_error": 1e-4})


def test_bottles_that_differ_are_found_and_widen_the_uncertainty() -> None:
    spoiled = run(batch={"inhomogeneity": {"CO2": 0.003, "CH4": 8e-5, "C3H8": 8e-5}})
    tests = [f for f in item(spoiled, "homogeneity").findings if "F test" in f.label.en]
    assert next(f.verdict for f in tests) is Verdict.CONDITIONAL
    points = item(spoiled, "certified").points
    assert {line.name: line.share for line in points[0].budget}["d_bb"] > 0.5


def test_a_component_that_is_lost_over_months_is_found() -> None:
    spoiled = run(batch={"instability_per_month": {"CO2": 0.0, "CH4": -1e-3, "C3H8": 0.0}})
    tests = {f.label.en.partition(":")[0]: f for f in item(spoiled, "stability").findings if "t test" in f.label.en}
    assert tests["CH4"].verdict is Verdict.CONDITIONAL
    share = {p.point.about["component"]: {b.name: b.share for b in p.budget} for p in item(spoiled, "certified").points}
    assert share["CH4"]["d_lts"] > 0.9
    (chart,) = item(spoiled, "stability").charts
    lines = [curve for curve in chart.curves if curve.style == "line"]
    assert "CH4 line" in [curve.name.en for curve in lines]
    assert lines[0].y[-1] < -0.4 or lines[-1].y[-1] < -0.4


def test_coverage_of_a_small_campaign() -> None:
    found = campaign(SYSTEM, STATION, runs=60, seed=5, workers=1)
    assert not found.refusals
    assert {p.key for p in found.points} == {
        f"{stage}/{c}" for stage in ("gravimetry", "comparison", "certified") for c in COMPONENTS
    }
    for point in found.points:
        assert point.honest, point
        assert 0.6 < point.spread < 1.3, point


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        ("garbled_reply", "balance"),
        ("garbled_reply", "analyser"),
        ("no_reply", "device"),
        ("stale_reply", "balance"),
        ("wrong_identity", "analyser"),
        ("disconnect", "balance"),
    ],
)
def test_a_fault_is_refused_by_name_or_does_no_harm(kind: str, role: str) -> None:
    sound = execute(SYSTEM, STATION, order_of(3, 2000), Simulation())
    device = STATION.resources[STATION.roles[role]]
    case = Case(kind=kind, role=role, fault=faults()[kind](at_s=4e5, times=1), seed=3)
    ending = end(SYSTEM, STATION, case, device, sound, 2000)
    assert ending.outcome in (Outcome.CORRECT, Outcome.REFUSED, Outcome.IDLE), ending.why


@pytest.mark.parametrize("stop", [40, 150])
def test_an_interrupted_run_is_taken_up_to_the_same_results(stop: int, tmp_path: Path) -> None:
    order = Order(seed=4, started=datetime(2026, 1, 1, tzinfo=UTC), trials=1000)
    undisturbed = execute(SYSTEM, STATION, order, Simulation()).record
    assert stopped_and_taken_up(SYSTEM, STATION, order, tmp_path, stop).items == undisturbed.items
