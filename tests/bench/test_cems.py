"""A CEMS from VISA bytes to the record, by HJ 75 and by EN 14181: campaigns in small, and what is refused by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from bench.campaign import campaign
from bench.catalogue import find
from bench.commands.verify import open_station
from bench.operators import Simulation
from bench.runs import Order, execute
from drivers.errors import InstrumentError
from scenarios.procedure import ProcedureAborted
from uncertainty.conformity import Verdict

if TYPE_CHECKING:
    from scenarios.record import RunRecord

ORDER = Order(seed=21, started=datetime(2026, 1, 1, tzinfo=UTC), trials=2000)
BY_HJ75, BY_EN14181 = find("cems"), find("cems_en14181")


def run(system: Any = BY_HJ75, **parameters: Any) -> RunRecord:
    return execute(system, open_station(system, None), ORDER, Simulation(), draw=parameters or None).record


@cache
def sound(name: str) -> RunRecord:
    return run(find(name))


def verdicts(record: RunRecord) -> dict[str, Verdict]:
    return {item.key: item.verdict for item in record.items}


def test_the_record_holds_every_item_of_hj_75() -> None:
    record = sound("cems")
    kinds = ("indication", "drift", "accuracy")
    expected = ["appearance", "response", *(f"{kind}_{c}" for kind in kinds for c in ("SO2", "NOx", "O2")), "oxygen"]
    assert [item.key for item in record.items] == expected
    items = {item.key: item for item in record.items}
    assert len(items["accuracy_SO2"].points[0].errors) == 9
    assert len(items["response"].charts) == 3
    assert items["oxygen"].charts[0].log_y
    assert record.duration_s > 24 * 3600
    assert not [p for p in record.provisions if p.document == "HJ 75-2017" and p.verified]


def test_a_line_that_loses_a_tenth_fails_by_its_error_and_not_for_its_oxygen() -> None:
    found = verdicts(run(cems={"loss": {"SO2": 0.10}}))
    assert found["indication_SO2"] is Verdict.FAIL
    assert found["indication_NOx"] is Verdict.PASS
    assert found["indication_O2"] is Verdict.PASS


def test_what_calibration_gas_cannot_show_the_paired_runs_do() -> None:
    """Another molar mass changes an orifice for stack gas alone: no error of indication, but a difference."""
    record = run(cems={"dilution_molar_mass": 0.2, "converter_efficiency": 0.99})
    found = verdicts(record)
    assert found["indication_SO2"] is Verdict.PASS
    assert found["accuracy_SO2"] is Verdict.FAIL
    (point,) = next(item for item in record.items if item.key == "accuracy_SO2").points
    assert point.error.value == pytest.approx(20.0, abs=2.5)


def test_a_drifting_orifice_fails_the_span_drift() -> None:
    record = run(cems={"dilution_drift_per_day": 0.05})
    points = {p.point.key: p.verdict for item in record.items for p in item.points}
    assert points["drift_SO2/high"] is Verdict.FAIL
    assert points["drift_SO2/zero"] is Verdict.PASS


def test_a_slow_filter_fails_the_response() -> None:
    assert verdicts(run(cems={"filter_ml": 1500.0}))["response"] is Verdict.FAIL


def test_a_reference_analyser_that_does_not_hold_its_span_is_refused() -> None:
    with pytest.raises(ProcedureAborted, match="srm: SO2: its span changed by"):
        run(srm={"loss_per_day": {"SO2": 0.24}})


def test_a_cylinder_that_runs_empty_is_refused() -> None:
    with pytest.raises(InstrumentError, match="selector: inlet 4"):
        run(gas4={"pressure_mpa": 0.4})


def test_the_rounding_chain_is_the_sheets_affair() -> None:
    accuracy = BY_HJ75.plan.accuracy
    plain = replace(
        BY_HJ75,
        plan=replace(BY_HJ75.plan, accuracy=replace(accuracy, rounding=replace(accuracy.rounding, applied=False))),
    )
    rounded, exact = sound("cems"), run(plain)
    items = [next(item for item in record.items if item.key == "accuracy_O2") for record in (rounded, exact)]
    methods = [item.method for item in items]
    assert methods[0] is not None
    assert methods[1] is not None
    assert "rounded to two decimals" in methods[0].en
    assert "Nothing is rounded" in methods[1].en
    assert items[0].points[0].error == items[1].points[0].error


def test_the_record_holds_every_item_of_en_14181() -> None:
    record = sound("cems_en14181")
    expected = ["appearance", *(f"{kind}_{c}" for kind in ("qal2", "qal3", "ast") for c in ("SO2", "NOx"))]
    assert [item.key for item in record.items] == expected
    items = {item.key: item for item in record.items}
    assert [f.verdict for f in items["qal2_SO2"].findings] == [Verdict.PASS, Verdict.PASS]
    assert len(items["qal3_SO2"].charts) == 2
    assert record.duration_s > 17 * 24 * 3600


def test_a_calibration_function_mends_a_gain_and_a_later_change_fails_the_ast() -> None:
    record = run(BY_EN14181, cems={"gain_error": {"SO2": -0.1, "NOx": 0.0, "O2": 0.0}})
    items = {item.key: item for item in record.items}
    assert abs(items["ast_SO2"].points[0].error.value) < 2.5
    assert all(f.verdict is not Verdict.FAIL for f in items["ast_SO2"].findings)
    steady = {"SO2": 2.5e-4, "NO": 1e-4, "NO2": 4e-6, "O2": 0.07}
    later = run(BY_EN14181, stack={"dry": steady}, cems={"dilution_drift_per_day": 0.01})
    found = {item.key: item for item in later.items}
    assert found["qal3_SO2"].verdict is Verdict.CONDITIONAL
    assert found["ast_SO2"].verdict is Verdict.FAIL


@pytest.mark.parametrize(("name", "runs"), [("cems", 20), ("cems_en14181", 12)])
def test_coverage_is_honest_in_a_small_campaign(name: str, runs: int) -> None:
    system = find(name)
    found = campaign(system, open_station(system, None), runs=runs, seed=4, workers=1)
    assert not found.refusals
    assert found.honest, [(p.key, p.covered, p.band) for p in found.points if not p.honest]


def test_a_reference_analyser_worse_than_its_budget_says_is_found_out() -> None:
    station = open_station(BY_HJ75, None)
    study = BY_HJ75.sheet.campaign
    assert study is not None
    bent = {"srm": {"exponent_error": {"SO2": {"normal": [0.0, 0.03]}, "NOx": {"normal": [0.0, 0.03]}, "O2": 0.0}}}
    worse = replace(BY_HJ75.sheet, campaign=replace(study, parameters={**study.parameters, **bent}))
    found = campaign(replace(BY_HJ75, sheet=worse), station, runs=15, seed=4, workers=1)
    points = {p.key: p for p in found.points}
    assert not points["accuracy_SO2/difference"].honest
    assert points["indication_SO2/low"].honest
