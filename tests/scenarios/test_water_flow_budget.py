"""Water, weighing and the published budget of a large rig, to all digits that were published."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from bench.catalogue import System, find
from scenarios import water_flow
from scenarios.air import air_density
from scenarios.procedure import PlanRefused
from scenarios.references import Reference
from scenarios.sheet import SheetError, decode
from scenarios.water_flow_plan import Effects, Nameplate
from scenarios.water_model import density, expansion, if97, lift, relative_error, tanaka_density

TANAKA = {
    4.0: 999.97495,
    10.0: 999.70270,
    15.0: 999.10257,
    20.0: 998.20675,
    25.0: 997.04702,
    30.0: 995.64880,
    40.0: 992.21521,
}
"""Density by Tanaka 2001 at 101.325 kPa, kg/m³."""


@cache
def system() -> System:
    found = find("water_flow")
    references = {
        name: decode(table, Reference, f"references.{name}")
        for name, table in found.sheet.station["laboratory"]["references"].items()
    }
    return found.equipped(references)


def nameplate(**changes: object) -> Nameplate:
    return system().nameplate(system().sheet.station["laboratory"]["device"] | changes, "test")  # type: ignore[return-value]


@pytest.mark.parametrize("t", TANAKA)
def test_density_by_tanaka(t: float) -> None:
    assert tanaka_density(t) == pytest.approx(TANAKA[t], abs=5e-6)
    assert density(t) == tanaka_density(t)


@pytest.mark.parametrize("t", [-0.01, 40.01, 50.0])
def test_tanaka_refuses_where_it_does_not_hold(t: float) -> None:
    with pytest.raises(ValueError, match="outside of 0 °C to 40 °C"):
        tanaka_density(t)


def test_hot_water_is_taken_from_iapws_95() -> None:
    # IAPWS-95: 988.03505 at 50 °C, 971.79040 at 80 °C.
    assert density(50.0) == pytest.approx(988.03505, abs=5e-6)
    assert density(80.0) == pytest.approx(971.79040, abs=5e-6)
    assert if97(50.0, 101.325)[0] == pytest.approx(988.03505, rel=2e-5)
    # the two meet without a step that anybody could measure
    assert density(40.0) == pytest.approx(density(40.0 + 1e-9), rel=3e-6)


def test_pressure_and_temperature_change_the_density() -> None:
    assert density(20.0, 301.325) / density(20.0) - 1.0 == pytest.approx(2e5 * 4.5862e-10, rel=2e-3)  # IAPWS-95
    assert expansion(20.0) == pytest.approx(-2.07e-4, rel=0.02)


def test_buoyancy() -> None:
    air = float(air_density(20.0, 101325.0, 50.0))
    assert air == pytest.approx(1.199314, abs=5e-7)
    assert lift(tanaka_density(20.0), air) == pytest.approx(1.0010528, abs=5e-8)


@pytest.mark.parametrize(("seconds", "percent"), [(30.0, 0.033), (60.0, 0.017), (120.0, 0.008)])
def test_ten_milliseconds_of_diversion(seconds: float, percent: float) -> None:
    values = {"volume": 1.0, "mass": 1000.0, "gate": seconds, "rho": 1000.0, "beta": 0.0, "factor": 1.0}
    assert relative_error(t_d=10.0, **values) == pytest.approx(percent, abs=5e-4)


def test_the_published_budget_of_a_large_rig() -> None:
    """NRLM, 50 m³/h to 3000 m³/h: 0.0130 %, 0.0085 %, 0.0070 %, 0.0025 % make U = 0.034 % (0.03444 %, k = 2)."""
    full = system().plan.budget
    plan = replace(system().plan, budget=Effects(buoyancy=full.buoyancy, density=full.density))
    rho = density(20.0)
    published = water_flow.budget(
        plan, volume=16.0, mass=16.0 * rho, gate=60.0, rho=rho, beta=expansion(20.0), factor=1.0, repeats=1
    )
    result = published.gum(p=0.95, k=2.0)
    shares = {line.name: line.contribution for line in result.lines}
    assert shares == pytest.approx({"e_w": 0.0130, "t_d": 0.0085, "d_b": 0.0070, "d_rho": 0.0025}, abs=5e-7)
    assert result.value == pytest.approx(0.0, abs=1e-9)
    assert result.U == pytest.approx(0.03444, abs=5e-6)
    assert f"{result.U:.3f}" == "0.034"
    simulated = published.monte_carlo(trials=200_000, seed=1)
    assert simulated.u == pytest.approx(0.01722, rel=0.01)


def test_every_input_has_the_sign_that_its_name_says() -> None:
    values = {"volume": 10.0, "mass": 9982.0, "gate": 60.0, "rho": 998.2, "beta": -2.07e-4, "factor": 1.0}

    def change(**inputs: float) -> float:
        return float(relative_error(**inputs, **values)) - float(relative_error(**values))

    assert change(e_w=0.01) == pytest.approx(
        0.01, rel=0.01
    )  # a balance that shows too much hides an error of the meter
    assert change(t_d=6.0) == pytest.approx(0.01, rel=0.01)  # more water than the gate knows of
    assert change(d_b=0.01) == pytest.approx(-0.01, rel=0.01)
    assert change(d_rho=0.01) == pytest.approx(0.01, rel=0.01)
    assert change(d_T=1.0) == pytest.approx(-0.0207, rel=0.01)
    assert change(m_evap=1000.0) == pytest.approx(-0.01, rel=0.01)
    assert change(d_count=0.006) == pytest.approx(0.01, rel=0.01)


def test_the_forecast_is_near_the_facility_and_refuses_what_it_cannot_prove() -> None:
    forecasts = water_flow.forecast(system().sheet, system().plan, nameplate())
    assert [f.point.mpe.value for f in forecasts if f.point.mpe] == [0.5, 0.5, 0.5, 0.5, 1.0]
    assert all(0.034 < f.U < 0.05 for f in forecasts)
    assert len(water_flow.forecast(system().sheet, system().plan, nameplate(accuracy_class="0.2"))) == 5
    poor = replace(
        system().plan.references["facility"].values["weighing"],
        U=system().plan.references["facility"].values["weighing"].U.to("%"),
    )
    worse = replace(poor, U=replace(poor.U, value=0.2))
    facility = replace(
        system().plan.references["facility"], values=system().plan.references["facility"].values | {"weighing": worse}
    )
    plan = replace(system().plan, references=system().plan.references | {"facility": facility})
    with pytest.raises(PlanRefused, match="error/qmax"):
        water_flow.forecast(system().sheet, plan, nameplate())


def test_a_run_that_does_not_fit_into_the_tank_is_refused() -> None:
    with pytest.raises(SheetError, match="more than the tank is to hold"):
        water_flow.windows(system().plan, nameplate(maximum_flow={"value": 2000, "unit": "m**3/h"}))
    with pytest.raises(SheetError, match="no class '7'"):
        water_flow.windows(system().plan, nameplate(accuracy_class="7"))


def test_the_steps_hold_the_balance_only_for_collecting_and_weighing() -> None:
    steps = water_flow.steps(system().sheet, system().plan, nameplate())
    assert [step.holds for step in steps[:3]] == [("rig", "person"), ("rig", "balance"), ("rig",)]
    assert steps[-1].holds == ("rig", "person")
    settling = [step for step in steps if step.holds == ("rig",)]
    assert len(settling) == 5
    assert all(step.duration_s == 60.0 for step in settling)
