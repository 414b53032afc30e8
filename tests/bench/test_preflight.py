"""The pre-flight: what a run takes, from the procedure itself in virtual time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench import cli
from bench.catalogue import find
from bench.commands.verify import open_station
from bench.preflight import preflight
from instruments.ports import Ambient
from instruments.twin import Consumed
from scenarios.procedure import PlanRefused

SYSTEM = find("dc_energy")
STATION = open_station(SYSTEM, None)


def test_the_items_fill_the_run_and_the_forecast_is_the_procedures() -> None:
    found = preflight(SYSTEM, STATION, seed=1)
    assert len(found.forecasts) == 15
    assert found.stretches[0].item.en == "Warm-up"
    assert sum(stretch.duration_s for stretch in found.stretches) == pytest.approx(found.duration_s, abs=5)
    assert 3600 <= found.stretches[0].duration_s < 3700
    assert not found.own_twins
    assert found.consumed == {}


def test_what_a_port_says_it_has_used_up_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def consumed(self: Ambient, at: float) -> tuple[Consumed, ...]:
        return (Consumed(what="air", amount=at / 60, unit="l"),)

    monkeypatch.setattr(Ambient, "consumed", consumed, raising=False)
    found = preflight(SYSTEM, STATION, seed=1)
    (used,) = found.consumed["room"]
    assert used.amount == pytest.approx(found.duration_s / 60)


def test_a_plan_that_cannot_prove_conformity_is_refused_before_anything_runs() -> None:
    weak = replace(SYSTEM.plan.budget.calibration, U=5.0)
    poor = replace(SYSTEM, plan=replace(SYSTEM.plan, budget=replace(SYSTEM.plan.budget, calibration=weak)))
    with pytest.raises(PlanRefused):
        preflight(poor, STATION, seed=1)


def test_the_command_shows_points_items_and_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["preflight", "dc_energy", "--lang", "en"]) == 0
    shown = capsys.readouterr().out
    for word in ("Expected U", "basic_error/import/Imax", "Warm-up", "Whole run: 1 h 21 min"):
        assert word in shown
