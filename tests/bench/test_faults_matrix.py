"""The fault campaign, in small; and that it calls a defect what is one, when the defences are taken away."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import pytest

from bench.catalogue import find
from bench.fault_campaign import Outcome, end, fault_campaign
from bench.fault_plan import Case, plan
from bench.operators import Simulation
from bench.runs import Finished, execute
from bench.station import Station
from drivers.power_source import PowerSource
from instruments.faults import GainStep, Happening, LateReply, SelfTestFailure, catalogue
from scenarios import dc_energy

SYSTEM = find("dc_energy")
STATION = Station.from_dict(SYSTEM.sheet.station, source="sheet")
TRIALS = 500


@pytest.fixture(scope="module")
def sound() -> Finished:
    from bench.fault_campaign import order_of

    return execute(SYSTEM, STATION, order_of(1, TRIALS), Simulation())


def ending(role: str, device: str, fault: Any, sound: Finished) -> Any:
    case = Case(kind=type(fault).__name__, role=role, fault=fault, seed=1)
    return end(SYSTEM, STATION, case, device, sound, TRIALS)


@pytest.mark.parametrize("kind", ["late_reply", "gain_step", "stale_reply", "wrong_identity", "power_cycle"])
def test_no_run_with_a_fault_ends_in_a_wrong_result(kind: str) -> None:
    result = fault_campaign(SYSTEM, STATION, seed=5, moments=1, trials=TRIALS, only=kind)
    assert not result.defects, result.defects[0].why
    total: Counter[Outcome] = sum(result.cells.values(), Counter())
    assert total[Outcome.REFUSED] > 0
    assert {role for _, role in result.cells} == set(SYSTEM.sheet.roles)


def test_every_class_is_planned_for_and_the_same_seed_plans_the_same() -> None:
    roles = tuple(SYSTEM.sheet.roles)
    cases = list(plan(roles, seed=3, duration_s=5000.0, moments=2))
    assert {case.kind for case in cases} == set(catalogue())
    assert cases == list(plan(roles, seed=3, duration_s=5000.0, moments=2))
    assert cases != list(plan(roles, seed=4, duration_s=5000.0, moments=2))


def test_a_lie_that_no_check_looks_for_is_called_a_defect(sound: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = GainStep(factor=1.02, on=r"VAL\? 4", at_s=3000.0)
    assert ending("standard", "standard", fault, sound).outcome is Outcome.REFUSED
    monkeypatch.setattr(dc_energy, "believe", lambda *anything: None)
    found = ending("standard", "standard", fault, sound)
    assert found.outcome is Outcome.DEFECT
    assert "wrong result: register" in found.why


def test_a_source_that_is_left_on_is_called_a_defect(sound: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = Happening(call="reset", at_s=4000.0)
    assert ending("standard", "standard", fault, sound).outcome is Outcome.REFUSED

    def nothing(self: PowerSource) -> Any:
        yield from ()

    monkeypatch.setattr(PowerSource, "make_safe", nothing)
    found = ending("standard", "standard", fault, sound)
    assert found.outcome is Outcome.DEFECT
    assert found.why.startswith("the source is still on")


def test_a_fault_that_nothing_asks_for_proves_nothing(sound: Finished) -> None:
    found = ending("standard", "standard", SelfTestFailure(), sound)
    assert (found.outcome, found.strikes) == (Outcome.IDLE, 0)


def test_a_standard_that_is_off_by_less_than_the_source_can_tell_is_called_blind_not_correct(
    sound: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the look at its own power, a step of 0.1 % goes unseen; the source alone sees one of 0.5 %."""
    fault = GainStep(factor=0.999)
    assert ending("standard", "standard", fault, sound).outcome is Outcome.REFUSED
    monkeypatch.setattr(dc_energy, "believe", lambda *anything: None)
    found = ending("standard", "standard", fault, sound)
    assert found.outcome is Outcome.BLIND
    assert found.why.startswith("wrong result: basic_error/")
    assert ending("standard", "standard", GainStep(factor=0.995), sound).outcome is Outcome.REFUSED


@pytest.mark.parametrize(("call", "value"), [("set_interlock", False), ("reset", None)])
def test_a_load_that_goes_during_a_comparison_is_laid_to_the_source(call: str, value: Any, sound: Finished) -> None:
    points = {point.point.key: point for item in sound.record.items for point in item.points}
    before = points["basic_error/import/0.05In"].readings[-1].time_s
    found = ending("source", "source", Happening(call=call, value=value, at_s=before + 20.0), sound)
    assert found.outcome is Outcome.REFUSED, found.why
    assert found.why.startswith("source: at the end of basic_error/import/0.01In/1 the standard reads ")


def test_a_traceback_is_called_a_defect(sound: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*anything: Any) -> None:
        raise KeyError("a defect")

    monkeypatch.setattr(dc_energy, "believe", broken)
    found = ending("device", "meter", LateReply(at_s=1e9), sound)
    assert found.outcome is Outcome.DEFECT
    assert found.why == "KeyError: 'a defect'"


def test_a_run_without_end_is_called_a_defect(sound: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    def for_ever(run: Any) -> Any:
        while True:
            yield from run.desk.wait(60.0)

    monkeypatch.setattr(dc_energy._Run, "starting", for_ever)
    found = ending("device", "meter", LateReply(at_s=1e9), sound)
    assert found.outcome is Outcome.DEFECT
    assert "not at an end after" in found.why


def test_a_system_without_a_campaign_is_refused() -> None:
    sheet = dataclasses.replace(SYSTEM.sheet, campaign=None)
    with pytest.raises(ValueError, match="which device holds the truth"):
        fault_campaign(dataclasses.replace(SYSTEM, sheet=sheet), STATION, seed=1)
