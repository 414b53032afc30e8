"""Heat meters: limits by formula, heat coefficient, fit and field of the pair, calculator, whole meter."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bench.catalogue import System, find
from bench.laboratory import read
from scenarios import heat_meter
from scenarios.heat_meter_budget import calculator_budget, flow_budget, pair_budget
from scenarios.heat_meter_model import (
    VanDusen,
    calculator_error,
    field_errors,
    fit,
    heat_coefficient,
    pair_error,
    resistance,
    temperature,
    weights,
    whole_error,
)
from scenarios.procedure import PlanRefused
from scenarios.sheet import SheetError

if TYPE_CHECKING:
    from scenarios.heat_meter_plan import Nameplate


@cache
def system() -> System:
    found = find("heat_meter")
    return found.equipped(read(found.sheet.station["laboratory"], "test").references)


def nameplate(**changes: object) -> Nameplate:
    return system().nameplate(system().sheet.station["laboratory"]["device"] | changes, "test")  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("supply", "back", "in_return", "in_supply"),
    [(70.0, 30.0, 4.16213, 4.08744), (60.0, 40.0, 4.14671, 4.10905), (53.0, 50.0, 4.12927, 4.12349)],
)
def test_heat_coefficient_by_if97(supply: float, back: float, in_return: float, in_supply: float) -> None:
    assert heat_coefficient(supply, back, "return") == pytest.approx(in_return, abs=5e-6)
    assert heat_coefficient(supply, back, "supply") == pytest.approx(in_supply, abs=5e-6)


def test_heat_coefficient_agrees_with_another_library() -> None:
    iapws = pytest.importorskip("iapws")
    for supply, back in ((70.0, 30.0), (90.0, 32.0)):
        hot, cold = (iapws.IAPWS97(T=t + 273.15, P=1.6) for t in (supply, back))
        k = cold.rho * (hot.h - cold.h) / (supply - back) * 1e-3
        assert heat_coefficient(supply, back, "return") == pytest.approx(k, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "q", "difference", "of_flow", "whole"),
    [
        ("2", 1.5, 3.0, 2.02, 7.02),
        ("2", 0.15, 10.0, 2.20, 4.40),
        ("2", 0.015, 60.0, 4.00, 5.20),
        ("3", 0.015, 3.0, 5.00, 10.00),
        ("1", 1.5, 3.0, 1.01, 6.01),
    ],
)
def test_limits_by_formula(name: str, q: float, difference: float, of_flow: float, whole: float) -> None:
    limits = system().plan.mpe[name]
    assert limits.of_flow(1.5 / q) == pytest.approx(of_flow)
    assert limits.whole(1.5 / q, 3.0 / difference) == pytest.approx(whole)


def test_the_cap_of_the_flow_sensor_holds() -> None:
    assert system().plan.mpe["3"].of_flow(1000.0) == 5.0


def test_resistance_and_temperature_are_inverse() -> None:
    theta = np.linspace(0.0, 150.0, 31)
    assert np.asarray(temperature(resistance(theta, 500.0), 500.0)) == pytest.approx(theta, abs=1e-9)
    assert resistance(100.0, 100.0) == pytest.approx(138.5055)


def test_a_fit_gives_the_coefficients_back() -> None:
    own = VanDusen(r0=500.2, a=3.9075e-3, b=-5.79e-7)
    thetas = [40.0, 65.0, 90.0]
    found = fit(thetas, [own.r0 * (1 + own.a * t + own.b * t * t) for t in thetas])
    assert (found.r0, found.a, found.b) == pytest.approx((own.r0, own.a, own.b), rel=1e-9)
    assert weights(thetas, 65.0) == pytest.approx([0.0, 1.0, 0.0], abs=1e-12)
    assert sum(weights(thetas, 25.0)) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="three temperatures"):
        fit([40.0, 65.0], [1.0, 2.0])


def test_errors_over_the_field_have_the_shape_of_the_field() -> None:
    sound = VanDusen(r0=500.0, a=3.9083e-3, b=-5.775e-7)
    high = VanDusen(r0=500.0 * (1 + 1e-4), a=3.9083e-3, b=-5.775e-7)
    theta_r = np.linspace(25.0, 87.0, 5)[:, None]
    difference = np.array([3.0, 10.0, 60.0])
    assert field_errors(sound, sound, 500.0, theta_r, difference) == pytest.approx(np.zeros((5, 3)), abs=1e-7)
    bent = field_errors(high, sound, 500.0, theta_r, difference)
    assert bent.shape == (5, 3)
    assert bent[0, 0] == pytest.approx(100 * 1e-4 * 284.9 / 3.0, rel=0.01)  # R/R' = 284.9 K at 28 °C
    assert (bent[:, 0] > bent[:, 1]).all()


def test_two_baths_of_five_millikelvin_make_a_sixth_of_a_percent_of_three_kelvin() -> None:
    """The card: bath pair difference u = 5 mK is 0.17 % of 3 K."""
    result = pair_budget(system().plan, ([40.0, 65.0, 90.0],) * 2, 53.0, 50.0, 0.0).gum(p=0.95, k=2.0)
    lines = {line.name: line.contribution for line in result.lines}
    baths = sum(lines[name] ** 2 for name in ("s_1", "s_2", "g_1", "g_2")) ** 0.5
    assert baths == pytest.approx(100 * 0.005 / 3.0, rel=0.01)
    assert pair_error(s_1=0.003, error=0.0, difference=3.0, slope=1.0) == pytest.approx(0.1)
    assert pair_error(g_2=0.003, error=0.0, difference=3.0, slope=1.0) == pytest.approx(0.1)


def test_calculator_and_whole_meter() -> None:
    k = heat_coefficient(53.0, 50.0, "return")
    energy = 0.02 * k * 3.0 / 3.6
    values = {"volume": 0.02, "k": k, "supply": 53.0, "back": 50.0}
    assert calculator_error(energy_kwh=energy, **values) == pytest.approx(0.0, abs=1e-9)
    assert calculator_error(energy_kwh=1.01 * energy, **values) == pytest.approx(1.0)
    # a decade that has 10 mK too much of 3 K hides a third of a percent
    assert calculator_error(c_1=0.01 / 3.1, energy_kwh=energy, **values) == pytest.approx(-0.33, abs=0.01)
    water = {"volume": 0.02, "mass": 20.0, "gate": 60.0, "rho": 1000.0, "beta": 0.0, "factor": 1.0}
    assert whole_error(heat=k * 3.0, k=k, difference=3.0, water=water) == pytest.approx(0.0, abs=1e-9)
    assert whole_error(s_1=0.03, heat=k * 3.0, k=k, difference=3.0, water=water) == pytest.approx(1.01, abs=0.01)
    assert whole_error(e_w=0.1, heat=k * 3.0, k=k, difference=3.0, water=water) == pytest.approx(0.1, abs=0.001)


def test_the_rig_is_five_times_better_than_the_limit_of_the_flow_sensor() -> None:
    for volume in (0.0225, 0.005):
        water = {"volume": volume, "mass": volume * 988, "gate": 60.0, "rho": 988.0, "beta": -4.6e-4, "factor": 1.0}
        assert flow_budget(system().plan, water, 1).gum(p=0.95, k=2.0).U < 1.01 / 5


def test_the_calculators_budget_is_dominated_by_the_decades_at_small_differences() -> None:
    k = heat_coefficient(53.0, 50.0, "return")
    budget = calculator_budget(system().plan, energy_kwh=0.02 * k * 3 / 3.6, volume=0.02, k=k, supply=53.0, back=50.0)
    result = budget.gum(p=0.95, k=2.0)
    assert sum(line.share for line in result.lines if line.name in ("c_1", "c_2")) > 0.99
    assert 0.2 < result.U < 0.4


def test_forecast_and_steps() -> None:
    forecasts = heat_meter.forecast(system().sheet, system().plan, nameplate())
    assert len(forecasts) == 13
    assert next(f.point.mpe.value for f in forecasts if f.point.key.startswith("whole") and f.point.mpe) == 7.02
    steps = heat_meter.steps(system().sheet, system().plan, nameplate())
    assert {resource for step in steps for resource in step.holds} == {"rig", "balance", "baths", "person"}
    with pytest.raises(SheetError, match="no class '4'"):
        heat_meter.forecast(system().sheet, system().plan, nameplate(accuracy_class="4"))
    poor = system().plan.references["decades"]
    first = poor.values["first"]
    worse = replace(poor, values=poor.values | {"first": replace(first, U=replace(first.U, value=0.02))})
    plan = replace(system().plan, references=system().plan.references | {"decades": worse})
    with pytest.raises(PlanRefused, match="calculator/min"):
        heat_meter.forecast(system().sheet, plan, nameplate())
