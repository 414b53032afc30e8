"""A diluter from VISA bytes to the record, a campaign in small, and what is refused by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from bench.campaign import campaign
from bench.catalogue import find
from bench.commands.verify import open_station
from bench.operators import Simulation
from bench.runs import Finished, Order, execute
from scenarios.procedure import ProcedureAborted
from uncertainty.conformity import Verdict

ORDER = Order(seed=11, started=datetime(2026, 1, 1, tzinfo=UTC), trials=2000)
SYSTEM = find("gas_dilution")


def run(**parameters: Any) -> Finished:
    return execute(SYSTEM, open_station(SYSTEM, None), ORDER, Simulation(), draw=parameters or None)


@cache
def sound() -> Finished:
    return run()


def test_the_record_holds_every_item_with_its_points_and_pictures() -> None:
    record = sound().record
    assert [item.key for item in record.items] == [
        "appearance",
        "calibration_diluent",
        "calibration_parent",
        "conversion",
        "hysteresis",
        "purge",
        "dilution",
        "verification",
    ]
    items = {item.key: item for item in record.items}
    assert len(items["dilution"].points) == 7
    assert {chart.key for item in record.items for chart in item.charts} == {"curve", "response", "correlation"}
    assert record.verdict in (Verdict.PASS, Verdict.INCONCLUSIVE)
    assert any("correlated" in remark.en for remark in record.remarks)
    assert {part.role for part in record.equipment} >= {"reference/parent", "reference/check", "reference/prover"}


def test_a_diluter_whose_parent_controller_gives_too_little_fails_where_it_matters() -> None:
    record = run(parent={"span_error": -0.06}).record
    verdicts = {p.point.key: p.verdict for item in record.items for p in item.points}
    assert verdicts["dilution/100"] is Verdict.PASS
    assert verdicts["dilution/10"] is Verdict.FAIL
    assert verdicts["dilution/5"] is Verdict.FAIL


def test_a_wrong_parent_gas_is_refused_by_its_conversion_factor() -> None:
    with pytest.raises(ProcedureAborted, match="parent_mfc: conversion factor"):
        run(parent_gas={"fractions": {"CO2": 0.5}})


def test_a_leak_of_the_chamber_is_found_by_the_check_gas() -> None:
    with pytest.raises(ProcedureAborted, match=r"device: the 40 % blend is .* look for leaks"):
        run(diluter={"leak_l_per_min": 0.15})


def test_an_empty_cylinder_is_refused_by_name() -> None:
    with pytest.raises(Exception, match="parent_mfc: flow: the valve is fully open"):
        run(parent_gas={"pressure_mpa": 0.5})


def test_a_controller_that_scatters_more_than_its_budget_says_is_refused() -> None:
    with pytest.raises(ProcedureAborted, match="parent_mfc: its flows scatter"):
        run(parent={"resetting_of_full_scale": 5e-3})


def test_coverage_and_decisions_are_honest_in_a_small_campaign() -> None:
    found = campaign(SYSTEM, open_station(SYSTEM, None), runs=40, seed=3, workers=1)
    assert not found.refusals
    assert found.honest, [(p.key, p.covered, p.band) for p in found.points if not p.honest]
    near_limit = [p for p in found.points if p.key == "dilution/5"]
    assert near_limit[0].conforming < 40


def test_an_understated_budget_is_found_out_by_the_campaign() -> None:
    plan = SYSTEM.plan
    effects = plan.budget
    small = replace(effects, parent_setting=replace(effects.parent_setting, u=1e-5))
    system = replace(SYSTEM, plan=replace(plan, budget=small))
    found = campaign(system, open_station(system, None), runs=25, seed=3, workers=1)
    assert not found.honest
