"""Large ducts and the gas grid through VISA bytes: whole runs, planted defects, coverage in a small campaign."""

from __future__ import annotations

import copy
import dataclasses
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
from scenarios import large_duct_gas
from scenarios.procedure import PlanRefused, ProcedureAborted
from scenarios.sheet import decode
from tests.torture import gas_grid
from uncertainty.conformity import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from scenarios.record import ItemResult

SYSTEM = find("large_duct_gas")
STATION = Station.from_dict(SYSTEM.sheet.station, source="sheet")


def run(*, seed: int = 1, sheet: dict[str, Any] | None = None, **devices: Any) -> Finished:
    plan = SYSTEM.plan if sheet is None else decode(sheet, large_duct_gas.Plan, "procedure")
    system = dataclasses.replace(SYSTEM, plan=plan)
    order = Order(seed=seed, started=datetime(2026, 1, 1, tzinfo=UTC), trials=2000)
    return execute(system, STATION, order, Simulation(), draw=devices)


def item(finished: Finished, key: str) -> ItemResult:
    (found,) = (i for i in finished.record.items if i.key == key)
    return found


@pytest.fixture(scope="module")
def finished() -> Finished:
    return run(seed=20260701)


def test_meters_are_judged_within_the_stated_uncertainty(finished: Finished) -> None:
    server = finished.world.twin("server")
    points = item(finished, "traverse").points
    assert [p.point.about["name"] for p in points] == ["BFG", "COG", "LDG"]
    for point in points:
        truth = server.true_error(**point.point.about, at=point.readings[-1].time_s, since=point.readings[0].time_s)
        assert abs(point.error.value - truth) < 1.5 * point.U
        assert len(point.errors) == 3
        assert 1.0 < point.U < 4.0


def test_every_flow_of_the_grid_is_reconciled(finished: Finished) -> None:
    server, points = finished.world.twin("server"), item(finished, "grid").points
    assert len(points) == 30
    for point in points:
        truth = server.true_error(**point.point.about)
        assert abs(point.error.value - truth) < 2.0 * point.U, point.point.key
        assert point.U <= 2.0 * 0.051 * point.error.value
    values = {p.point.about["name"]: p.error.value for p in points}
    assert values["BPP"] == pytest.approx(values["PP1"] + values["PP2"], rel=1e-9)
    assert values["M1T"] == pytest.approx(values["BM1"] + values["CM1"], rel=1e-9)


def test_the_adjustments_are_drawn_with_their_limits(finished: Finished) -> None:
    (chart,) = item(finished, "grid").charts
    assert len(chart.curves[0].x) == 40
    assert [level.value for level in chart.levels] == [1.96, -1.96]
    assert [c.key for c in item(finished, "traverse").charts] == ["profile_BFG", "profile_COG", "profile_LDG"]


def test_a_meter_that_is_far_off_does_not_agree() -> None:
    found = run(server={"coefficient": {"BFG": -0.12, "COG": 0.0, "LDG": 0.0}})
    verdicts = {f.label.en.partition(":")[0]: f.verdict for f in item(found, "traverse").findings}
    assert verdicts["blast-furnace gas"] is Verdict.FAIL
    assert found.record.verdict is Verdict.FAIL


def test_a_gross_error_in_the_grid_is_found_by_name() -> None:
    found = run(seed=3, server={"biases": {"BPP": 0.15}})
    findings = item(found, "grid").findings
    assert findings[0].verdict is Verdict.CONDITIONAL
    explained = [f for f in findings if f.label.en.startswith("Contradiction explained by BPP")]
    assert len(explained) == 1
    assert explained[0].verdict is Verdict.FAIL
    points = {p.point.about["name"]: p for p in item(found, "grid").points}
    truth = found.world.twin("server").true_error("grid", "BPP")
    assert abs(points["BPP"].error.value - truth) < 1.5 * points["BPP"].U


def test_a_traverse_that_cannot_say_anything_is_refused_beforehand() -> None:
    sheet = copy.deepcopy(SYSTEM.sheet.procedure)
    sheet["budget"]["sampling"]["u"] = 2.5
    with pytest.raises(PlanRefused, match=r"traverse/BFG: expected U = 5\.\d % is larger than 4 %"):
        run(sheet=sheet)


def test_a_probe_that_does_not_null_is_refused() -> None:
    with pytest.raises(ProcedureAborted, match="the probe is not nulled"):
        run(unit={"null_deg": 6.0})


def test_a_swirl_beyond_the_probes_calibration_is_refused() -> None:
    with pytest.raises(ProcedureAborted, match="more than the 30° for which the probe is calibrated"):
        run(bfg={"swirl": 0.9})


def test_the_wrong_duct_is_noticed() -> None:
    with pytest.raises(ProcedureAborted, match="hung on the right duct"):
        run(cog={"diameter_m": 2.0})


def test_coverage_of_a_small_campaign() -> None:
    found = campaign(SYSTEM, STATION, runs=40, seed=7, workers=1)
    assert not found.refusals
    assert len(found.points) == 33
    for point in found.points:
        assert point.honest, point


def test_detection_rises_with_the_bias_and_the_global_test_keeps_its_level() -> None:
    none, large = gas_grid.study((0.0, 0.2), runs=60, seed=2)
    assert none.refused <= 9
    assert none.suspected > 20  # the limit of 1.96 alone accuses someone in most sound hours
    assert large.refused > 40
    assert large.named + large.alike > 40
    assert none.covered / none.flows > 0.92


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        ("garbled_reply", "manometer"),
        ("stale_reply", "traverse"),
        ("no_reply", "device"),
        ("disconnect", "manometer"),
        ("dropped_character", "device"),
    ],
)
def test_a_fault_is_refused_by_name_or_does_no_harm(kind: str, role: str) -> None:
    sound = execute(SYSTEM, STATION, order_of(3, 2000), Simulation())
    device = STATION.resources[STATION.roles[role]]
    case = Case(kind=kind, role=role, fault=faults()[kind](at_s=2000.0, times=1), seed=3)
    ending = end(SYSTEM, STATION, case, device, sound, 2000)
    assert ending.outcome in (Outcome.CORRECT, Outcome.REFUSED, Outcome.IDLE), ending.why


@pytest.mark.parametrize("stop", [40, 150])
def test_an_interrupted_run_is_taken_up_to_the_same_results(stop: int, tmp_path: Path) -> None:
    order = Order(seed=4, started=datetime(2026, 1, 1, tzinfo=UTC), trials=1000)
    undisturbed = execute(SYSTEM, STATION, order, Simulation()).record
    assert stopped_and_taken_up(SYSTEM, STATION, order, tmp_path, stop).items == undisturbed.items
