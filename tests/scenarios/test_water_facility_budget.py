"""The verification of a rig: models against closed forms, and the published budget from its own parts."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from bench.catalogue import System, find
from bench.laboratory import read
from scenarios import water_flow_facility
from scenarios.procedure import PlanRefused
from scenarios.sheet import SheetError
from scenarios.water_flow_facility_model import (
    diversion_budget,
    diversion_time,
    facility_budget,
    timing_error,
    weighing_budget,
    weighing_error,
)

if TYPE_CHECKING:
    from scenarios.water_flow_facility_plan import Nameplate


@cache
def system() -> System:
    found = find("water_flow_facility")
    return found.equipped(read(found.sheet.station["laboratory"], "test").references)


def nameplate(**changes: object) -> Nameplate:
    return system().nameplate(system().sheet.station["laboratory"]["device"] | changes, "test")  # type: ignore[return-value]


@pytest.mark.parametrize("lead_ms", [-12.0, 0.0, 3.0, 25.0])
@pytest.mark.parametrize("bursts", [10, 25])
def test_bursts_against_one_long_run_give_the_diversion_time_exactly(lead_ms: float, bursts: int) -> None:
    flow, long_s, burst_s = 277.5, 60.0, 2.4
    found = diversion_time(
        long_kg=flow * (long_s + lead_ms / 1000),
        long_s=long_s,
        bursts_kg=0.998 * flow * bursts * (burst_s + lead_ms / 1000),
        bursts_s=bursts * burst_s,
        bursts=bursts,
        flows=1 / 0.998,  # the flow had gone down meanwhile, and the line meter saw it
    )
    assert found == pytest.approx(lead_ms, abs=1e-9)


def test_errors_of_balance_and_timer() -> None:
    assert weighing_error(2000.0, indicated=4000.4, weights=2) == pytest.approx(0.4)
    assert weighing_error(2000.0, 200.0, -100.0, 0.001, indicated=4000.0, weights=2) == pytest.approx(0.1 + 0.04)
    assert timing_error(1000.0, pulses=100_000, seconds=100.001) == pytest.approx(10.0)


def test_the_published_budget_from_its_four_parts() -> None:
    """NRLM: 0.0130 % of mass, 0.0085 % of diversion (5.1 ms of 60 s), 0.0070 %, 0.0025 %: U = 0.03444 % (k = 2)."""
    budget = facility_budget(system().plan, [(0.0, 0.0130)], [(0.0, 5.1)], 60.0)
    result = budget.gum(p=0.95, k=2.0)
    assert [line.contribution for line in result.lines] == pytest.approx([0.0130, 0.0085, 0.0070, 0.0025], abs=5e-7)
    assert result.U == pytest.approx(0.03444, abs=5e-6)


def test_errors_that_are_not_corrected_count() -> None:
    clean = facility_budget(system().plan, [(0.0, 0.005)], [(0.0, 0.5)], 60.0).gum(p=0.95, k=2.0).U
    bent = facility_budget(system().plan, [(0.0, 0.005), (0.04, 0.005)], [(0.0, 0.5)], 60.0).gum(p=0.95, k=2.0).U
    slow = facility_budget(system().plan, [(0.0, 0.005)], [(20.0, 0.5)], 60.0).gum(p=0.95, k=2.0).U
    assert bent**2 - clean**2 == pytest.approx(4 * 0.04**2 / 3, rel=1e-3)
    assert slow**2 - clean**2 == pytest.approx(4 * (20 / 600) ** 2 / 3, rel=1e-3)


def test_the_mass_of_a_weight_counts_with_their_number() -> None:
    few, many = (weighing_budget(system().plan, n, n * 2000.0, 3).gum(p=0.95, k=2.0) for n in (2, 10))
    shares = [next(line.contribution for line in result.lines if line.name == "m_ref") for result in (few, many)]
    assert shares == pytest.approx([0.04, 0.2])


def test_the_smaller_the_flow_the_worse_is_the_diversion_time_known() -> None:
    values = {"long_s": 60.0, "bursts_s": 60.0, "bursts": 20, "flows": 1.0}
    large, small = (
        diversion_budget(system().plan, 2, long_kg=mass, bursts_kg=mass, **values).gum(p=0.95, k=2.0).U
        for mass in (16000.0, 1600.0)
    )
    assert 0.05 < large < 0.3 < small < 1.0


def test_forecast_covers_all_items_and_refuses_before_water_runs() -> None:
    forecasts = water_flow_facility.forecast(system().sheet, system().plan, nameplate())
    assert [f.point.key for f in forecasts][-4:] == [
        "timing",
        "diversion/1qmax",
        "diversion/0.4qmax",
        "diversion/0.1qmax",
    ]
    assert {f.measurand.unit for f in forecasts if f.measurand} == {"ppm", "ms"}
    with pytest.raises(SheetError, match="no class '7'"):
        water_flow_facility.forecast(system().sheet, system().plan, nameplate(accuracy_class="7"))
    with pytest.raises(SheetError, match="more than the tank is to hold"):
        water_flow_facility.forecast(
            system().sheet, system().plan, nameplate(maximum_flow={"value": 5000, "unit": "m**3/h"})
        )
    description = system().sheet.station["laboratory"]
    poor = description["references"]["weights"]["values"]["mass"] | {"U": {"value": 1.0, "unit": "kg"}}
    weights = description["references"]["weights"] | {"values": {"mass": poor}}
    worse = read(description | {"references": description["references"] | {"weights": weights}}, "test").references
    with pytest.raises(PlanRefused, match="weighing/2"):
        water_flow_facility.forecast(system().sheet, system().equipped(worse).plan, nameplate())
