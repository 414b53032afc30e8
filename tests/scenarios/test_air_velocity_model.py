"""Model and budget of the air-velocity procedure against numbers worked out apart, and the published minimum of U."""

from __future__ import annotations

import dataclasses
import math

import pytest

from bench.catalogue import System, find
from bench.laboratory import read as read_laboratory
from scenarios import air_velocity as scenario
from scenarios.air_velocity_model import (
    REFERENCE_INPUTS,
    Air,
    best_speed,
    budget,
    compressibility,
    error,
    expected_air,
    expected_pressure,
    pressure_of,
    reference_uncertainty,
    speed,
    uncertainty_curve,
)
from scenarios.air_velocity_tube import Sight, coefficient, estimate
from scenarios.procedure import PlanRefused
from scenarios.sheet import SheetError
from uncertainty.quantity import Quantity

LIGHT = 1.2
"""Density at which the card's differential pressures hold, kg/m³."""


def equipped() -> tuple[System, scenario.Nameplate]:
    system = find("air_velocity")
    laboratory = read_laboratory(system.sheet.station["laboratory"], "sheet")
    system = system.equipped(laboratory.references)
    nameplate = system.nameplate(laboratory.device, "sheet")
    assert isinstance(nameplate, scenario.Nameplate)
    return system, nameplate


@pytest.mark.parametrize(("at", "pressure"), [(1.0, 0.600), (5.0, 15.0), (10.0, 60.0), (30.0, 540.0)])
def test_differential_pressures_of_the_card(at: float, pressure: float) -> None:
    class OfTheCard(Air):
        density = LIGHT  # type: ignore[assignment]

    air = OfTheCard(temperature=20.0, pressure=1e12, humidity=50.0)  # so stiff that nothing is compressed
    assert pressure_of(at, air, 1.0, 1.4) == pytest.approx(pressure, rel=1e-9)
    assert float(speed(pressure, air, 1.0, 1.4)) == pytest.approx(at, rel=1e-9)


def test_compressibility_undoes_a_quarter_of_mach_squared() -> None:
    air = Air(temperature=20.0, pressure=101325.0, humidity=50.0)
    for at in (2.0, 30.0, 100.0):
        mach = at**2 * air.density / (1.4 * 101325.0)
        impact = 0.5 * air.density * at**2
        factor = float(compressibility(impact * (1.0 + mach / 4.0), 101325.0, 1.4))
        assert factor == pytest.approx(1.0 / math.sqrt(1.0 + mach / 4.0), rel=1e-12)
    assert 1.0 - float(compressibility(540.0, 101325.0, 1.4)) == pytest.approx(0.00095, abs=1e-5)


def test_speed_and_pressure_are_inverse() -> None:
    air = Air(temperature=23.0, pressure=99500.0, humidity=60.0)
    assert float(speed(pressure_of(17.3, air, 0.998, 1.4), air, 0.998, 1.4)) == pytest.approx(17.3, rel=1e-12)


def test_the_model_gives_the_error_of_the_estimates() -> None:
    air = Air(temperature=20.0, pressure=101325.0, humidity=50.0)
    pressure = pressure_of(10.0 / 1.006, air, 0.998, 1.4)
    at = {"v_i": 10.2, "pressure": pressure, "air": air, "exponent": 1.4, "blockage": 0.006}
    assert error(C=0.998, **at) == pytest.approx(0.2, abs=1e-9)
    assert error(C=0.998, d_zero=0.6, **at) == pytest.approx(0.2 - 10.0 * 0.5 * 0.6 / pressure, rel=5e-3)
    assert error(C=0.998 * 1.001, **at) == pytest.approx(0.19, abs=1e-6)
    assert error(C=0.998, d_block=100.0, **at) == pytest.approx(0.2 - 10.0 * 0.006, rel=1e-2)
    assert error(C=0.998, d_T=1.0, **at) == pytest.approx(0.2 - 10.0 * 0.5 / 293.15, rel=2e-2)


def test_the_published_minimum_of_u_lies_at_9_1_metres_per_second() -> None:
    """Below it the manometer rules, above it the tunnel; temperature, humidity and pressure do not count."""
    system, device = equipped()
    speeds, expanded = uncertainty_curve(system.plan, device, 2.0, 30.0)
    best = best_speed(speeds, expanded)
    assert round(best, 1) == 9.1
    least = reference_uncertainty(system.plan, device, best)
    assert all(U >= least * (1.0 - 1e-6) for U in expanded)

    def shares(at: float) -> dict[str, float]:
        gum = budget(
            system.plan,
            device,
            v_i=at,
            pressure=expected_pressure(system.plan, device, at),
            air=expected_air(system.plan),
            readings=1,
            only=REFERENCE_INPUTS,
        ).gum(k=2.0)
        return {line.name: line.share for line in gum.lines}

    slow, fast = shares(5.0), shares(20.0)
    assert slow["d_zero"] > 0.5
    assert max(fast, key=lambda name: fast[name]) == "d_place"
    assert fast["d_place"] + fast["d_stab"] > fast["C"] > fast["d_zero"]
    for found in (slow, fast):
        assert found["d_T"] + found["d_p"] + found["d_h"] < 0.02


def test_the_minimum_follows_from_the_two_that_rule() -> None:
    """u² = (a/(ρv))² + (rv)² is least at v = √(a/(ρr)): twice the manometer's part moves it by √2."""
    system, device = equipped()
    zero = system.plan.budget.zero
    assert zero.u is not None
    doubled = dataclasses.replace(
        system.plan, budget=dataclasses.replace(system.plan.budget, zero=dataclasses.replace(zero, u=2.0 * zero.u))
    )
    before = best_speed(*uncertainty_curve(system.plan, device, 2.0, 30.0))
    after = best_speed(*uncertainty_curve(doubled, device, 2.0, 30.0))
    assert after / before == pytest.approx(math.sqrt(2.0), rel=5e-3)


def test_the_tube_by_the_laser() -> None:
    air = Air(temperature=20.0, pressure=101325.0, humidity=50.0)
    sights = [Sight(speed=10.0, pressure=pressure_of(10.0, air, C, 1.4), air=air, readings=()) for C in (0.997, 0.999)]
    assert [estimate(sight, 1.4) for sight in sights] == pytest.approx([0.997, 0.999], rel=1e-12)
    at = {"C": 0.998, "speed": 10.0, "pressure": sights[0].pressure, "air": air, "exponent": 1.4}
    assert coefficient(**at) == pytest.approx(0.998, rel=1e-12)
    assert coefficient(d_laser=0.1, **at) == pytest.approx(0.998 * 1.001, rel=1e-9)
    assert coefficient(d_gain=0.1, **at) == pytest.approx(0.998 * (1.0 - 0.0005), rel=1e-6)
    assert coefficient(d_zero=0.6, **at) == pytest.approx(0.998 * (1.0 - 0.3 / sights[0].pressure), rel=1e-4)


def test_points_go_up_and_down_within_the_range() -> None:
    system, device = equipped()
    keys = [point.key for point in scenario.points(system.plan, device)]
    assert keys == [f"error/up/{v}" for v in (2, 5, 10, 15, 20, 25, 30)] + [
        f"error/down/{v}" for v in (30, 25, 20, 15, 10, 5, 2)
    ]
    short = dataclasses.replace(device, largest_speed=Quantity(value=10.0, unit="m/s"))
    assert len(scenario.points(system.plan, short)) == 6
    mpe = {p.settings["speed"].value: p.mpe.value for p in scenario.points(system.plan, device) if p.mpe is not None}
    assert (mpe[2.0], mpe[10.0], mpe[30.0]) == (0.4, 0.8, 1.8)
    with pytest.raises(SheetError, match="none lies within"):
        scenario.points(system.plan, dataclasses.replace(device, largest_speed=Quantity(value=1.0, unit="m/s")))
    with pytest.raises(SheetError, match="no class '9'"):
        scenario.points(system.plan, dataclasses.replace(device, accuracy_class="9"))


def test_a_worse_manometer_is_refused_before_the_fan_is_on() -> None:
    system, device = equipped()
    zero = dataclasses.replace(system.plan.budget.zero, u=0.3)
    plan = dataclasses.replace(system.plan, budget=dataclasses.replace(system.plan.budget, zero=zero))
    with pytest.raises(PlanRefused, match=r"error/up/2: expected U = 0\.\d+ m/s exceeds 0\.133 m/s"):
        scenario.forecast(system.sheet, plan, device)
