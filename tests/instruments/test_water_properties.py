"""The twins' own equations of water and air, held against IAPWS-95 and CIPM-2007."""

from __future__ import annotations

import math

import pytest

from instruments.flow_curves import Curve, profile_factor
from instruments.water import air_density, density, indicated_share, kinematic_viscosity, reynolds
from scenarios.air import air_density as cipm_2007

IAPWS_95 = {4.0: 999.97487, 20.0: 998.20715, 30.0: 995.64945, 50.0: 988.03505, 80.0: 971.79040}
"""Density at 101.325 kPa, kg/m³."""


@pytest.mark.parametrize("t", IAPWS_95)
def test_density_is_that_of_iapws_95(t: float) -> None:
    assert density(t) == pytest.approx(IAPWS_95[t], rel=1.1e-5)


def test_density_grows_with_the_pressure() -> None:
    # IAPWS-95 between 101.325 kPa and 701.325 kPa at 20 °C: 4.5862e-10 per Pa.
    assert (density(20.0, 701.325) / density(20.0) - 1.0) / 6e5 == pytest.approx(4.5862e-10, rel=2e-3)


def test_density_refuses_what_it_does_not_cover() -> None:
    with pytest.raises(ValueError, match="outside of 0 °C to 100 °C"):
        density(100.5)


def test_viscosity_is_that_of_water() -> None:
    assert kinematic_viscosity(20.0) == pytest.approx(1.0034e-6, rel=0.01)
    assert kinematic_viscosity(50.0) == pytest.approx(0.5531e-6, rel=0.01)


@pytest.mark.parametrize(("t", "p", "h"), [(20.0, 101.325, 50.0), (30.0, 99.0, 80.0), (15.0, 102.0, 20.0)])
def test_air_agrees_with_cipm_2007(t: float, p: float, h: float) -> None:
    assert air_density(t, p, h) == pytest.approx(float(cipm_2007(t, 1000 * p, h)), rel=1e-3)


def test_a_balance_indicates_less_water_than_there_is() -> None:
    assert 1.0 / indicated_share(998.20675, 1.2) == pytest.approx(1.0010534, abs=1e-6)


def test_reynolds_number_of_a_dn200_line() -> None:
    # 1000 m³/h through 200 mm: 8.842 m/s
    assert reynolds(1000.0, 0.2, 20.0) == pytest.approx(8.842 * 0.2 / 1.0034e-6, rel=0.01)


def test_the_profile_goes_from_laminar_to_turbulent() -> None:
    assert profile_factor(1000.0) == pytest.approx(4 / 3, abs=1e-3)
    assert profile_factor(1e6) == pytest.approx(1.119 - 0.066)
    assert profile_factor(2800.0) > profile_factor(3200.0)


def curve(**values: float | str) -> Curve:
    fields = {
        "principle": "electromagnetic",
        "gain_error": 0.001,
        "zero_m3_per_h": 0.1,
        "profile_rest": 0.5,
        "drag": 0.002,
        "reference_flow_m3_per_h": 500.0,
        "reference_reynolds": 1e6,
    }
    return Curve(**(fields | values))  # type: ignore[arg-type]


def test_error_curves() -> None:
    assert curve().error(100.0, 1e5) == pytest.approx(0.001 + 0.001)
    turbine = curve(principle="turbine", profile_rest=0.0)
    assert turbine.error(500.0, 1e6) == pytest.approx(0.001)
    assert turbine.error(50.0, 1e5) == pytest.approx(0.001 - 0.002)
    ultrasonic = curve(principle="ultrasonic", zero_m3_per_h=0.0)
    assert ultrasonic.error(50.0, 1e5) == pytest.approx(0.001 + 0.5 * (1.064 / 1.053 - 1.0))
    assert math.isclose(ultrasonic.error(500.0, 1e6), 0.001)
