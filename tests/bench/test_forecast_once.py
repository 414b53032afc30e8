"""The forecast of a system is worked out once for each nameplate, and never instead of a refusal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bench.catalogue import find
from scenarios import dc_energy
from scenarios.procedure import PlanRefused

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Hold the nameplates for which the scenario was asked."""
    seen: list[Any] = []
    forecast: Callable[..., Any] = dc_energy.forecast

    def watched(sheet: Any, plan: Any, device: Any) -> Any:
        seen.append(device)
        return forecast(sheet, plan, device)

    monkeypatch.setattr(dc_energy, "forecast", watched)
    return seen


def plate(system: Any) -> Any:
    return system.nameplate(system.sheet.station["laboratory"]["device"], "test")


def test_each_nameplate_is_forecast_once(asked: list[Any]) -> None:
    system = find("dc_energy")
    first, other = plate(system), replace(plate(system), serial="another")
    assert (
        system.forecast(first) == system.forecast(plate(system)) == dc_energy.forecast(system.sheet, system.plan, first)
    )
    asked.clear()
    system.forecast(other)
    system.forecast(other)
    assert asked == [other]


def test_systems_share_nothing(asked: list[Any]) -> None:
    system = find("dc_energy")
    system.forecast(plate(system))
    replace(system, plan=system.plan).forecast(plate(system))
    assert len(asked) == 2


def test_a_refusal_comes_every_time(asked: list[Any]) -> None:
    system = find("dc_energy")
    weak = replace(system.plan.budget.calibration, U=5.0)
    refused = replace(system, plan=replace(system.plan, budget=replace(system.plan.budget, calibration=weak)))
    for _ in range(2):
        with pytest.raises(PlanRefused):
            refused.forecast(plate(refused))
    assert len(asked) == 2
