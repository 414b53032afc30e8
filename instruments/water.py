"""Properties of water and of the air above it, as a water rig's twins need them: the witness's own equations.

The procedures use Tanaka 2001 and IAPWS-IF97 for water and CIPM-2007 for air. The twins use others, so that a wrong
coefficient on either side shows as a missed truth:

* density: Kell, J. Chem. Eng. Data 20 (1975) 97, and its isothermal compressibility (coefficients recalled; within
  1.1e-5 of IAPWS-95 from 4 °C to 90 °C, tests/instruments/test_water_properties.py);
* dynamic viscosity: the three-parameter Vogel equation (recalled; within 1 % of IAPWS from 10 °C to 90 °C);
* air: ideal gas with Magnus' saturation pressure (within 1e-3 of CIPM-2007 in a laboratory).
"""

from __future__ import annotations

import math

REFERENCE_PRESSURE_KPA = 101.325
"""Pressure at which Kell's density holds, kPa."""
KELVIN = 273.15
WEIGHTS_DENSITY = 8000.0
"""Density of the weights by which a balance was adjusted, by convention, kg/m³."""


def density(temperature_degc: float, pressure_kpa: float = REFERENCE_PRESSURE_KPA) -> float:
    """Return the density of pure, air-free water, kg/m³.

    Args:
        temperature_degc: 0 °C to 100 °C.
        pressure_kpa: absolute, up to 2000 kPa.

    Raises:
        ValueError: the temperature is outside of what the equation covers.
    """
    t = temperature_degc
    if not 0.0 <= t <= 100.0:
        raise ValueError(f"density of water: {t} °C is outside of 0 °C to 100 °C")
    top = 999.83952 + t * (
        16.945176 + t * (-7.9870401e-3 + t * (-46.170461e-6 + t * (105.56302e-9 - t * 280.54253e-12)))
    )
    at_reference = top / (1.0 + 16.879850e-3 * t)
    squeeze = 50.88496 + t * (0.6163813 + t * (1.459187e-3 + t * (20.08438e-6 + t * (-58.47727e-9 + t * 410.411e-12))))
    per_pa = squeeze / (1.0 + 19.67348e-3 * t) * 1e-11
    return at_reference * (1.0 + per_pa * 1000.0 * (pressure_kpa - REFERENCE_PRESSURE_KPA))


def kinematic_viscosity(temperature_degc: float) -> float:
    """Return the kinematic viscosity of water, m²/s."""
    dynamic: float = 2.414e-5 * 10.0 ** (247.8 / (temperature_degc + KELVIN - 140.0))
    return dynamic / density(temperature_degc)


def air_density(temperature_degc: float, pressure_kpa: float, humidity_percent: float) -> float:
    """Return the density of moist air, kg/m³."""
    T = temperature_degc + KELVIN
    vapour_pa = humidity_percent / 100.0 * 611.2 * math.exp(17.62 * temperature_degc / (243.12 + temperature_degc))
    dry_pa = 1000.0 * pressure_kpa - vapour_pa
    return dry_pa / (287.05 * T) + vapour_pa / (461.5 * T)


def indicated_share(water: float, air: float) -> float:
    """Return what a balance indicates of a mass of water, 1: the lift of the air, in water and in the weights.

    Args:
        water: density of the water in the tank, kg/m³.
        air: density of the air around it, kg/m³.
    """
    return (1.0 - air / water) / (1.0 - air / WEIGHTS_DENSITY)


def reynolds(flow_m3_per_h: float, diameter_m: float, temperature_degc: float) -> float:
    """Return the Reynolds number in a pipe, 1."""
    speed = flow_m3_per_h / 3600.0 / (math.pi / 4.0 * diameter_m**2)
    return speed * diameter_m / kinematic_viscosity(temperature_degc)
