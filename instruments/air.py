"""Moist air as the twins know it: density from virial coefficients, viscosity. Independent of the evaluation's formula.

The evaluation works by CIPM-2007 (`scenarios/air.py`); here density comes from another road, so that an error in one
of them shows: saturation pressure of Wagner and Pruss (IAPWS-95's auxiliary equation), enhancement factor of Buck
(1981), second virial coefficients of Hyland and Wexler (1983). The coefficients are recalled, not copied from a text
seen; together they agree with CIPM-2007 within 5e-5 between 10 °C and 40 °C, which a test holds.
"""

from __future__ import annotations

import math

GAS_CONSTANT = 8.314462618
"""Molar gas constant, J/(mol K)."""
KELVIN = 273.15
DRY_AIR_KG_PER_MOL = 28.96546e-3
"""Molar mass of dry air with 400 µmol/mol CO2, kg/mol."""
WATER_KG_PER_MOL = 18.01528e-3
"""Molar mass of water, kg/mol."""

_CRITICAL_K, _CRITICAL_PA = 647.096, 22.064e6
_WAGNER: tuple[tuple[float, float], ...] = (
    (1.0, -7.85951783),
    (1.5, 1.84408259),
    (3.0, -11.7866497),
    (3.5, 22.6807411),
    (4.0, -15.9618719),
    (7.5, 1.80122502),
)


def saturation_pressure_pa(temperature_degc: float) -> float:
    """Return the saturation pressure of pure water, Pa; 0 °C to 370 °C."""
    t = temperature_degc + KELVIN
    tau = 1.0 - t / _CRITICAL_K
    return _CRITICAL_PA * math.exp(_CRITICAL_K / t * math.fsum(c * tau**power for power, c in _WAGNER))


def water_fraction(temperature_degc: float, pressure_pa: float, humidity_percent: float) -> float:
    """Return the amount fraction of water vapour in moist air, 1."""
    enhancement = 1.0007 + 3.46e-8 * pressure_pa
    return humidity_percent / 100.0 * enhancement * saturation_pressure_pa(temperature_degc) / pressure_pa


def density_kg_per_m3(temperature_degc: float, pressure_pa: float, humidity_percent: float) -> float:
    """Return the density of moist air with 400 µmol/mol CO2, kg/m³.

    Args:
        temperature_degc: °C, 0 to 100.
        pressure_pa: absolute pressure, Pa.
        humidity_percent: relative humidity, %.

    Raises:
        ValueError: temperature or pressure is outside of what the formula is for.
    """
    if not 0.0 <= temperature_degc <= 100.0 or not 1e3 <= pressure_pa <= 1e6:
        raise ValueError(
            f"moist air: {temperature_degc} degC and {pressure_pa} Pa are outside of 0..100 degC, 1..1000 kPa"
        )
    t = temperature_degc + KELVIN
    x = water_fraction(temperature_degc, pressure_pa, humidity_percent)
    air = 34.9568 - 6687.72 / t - 2.10141e6 / t**2 + 9.24746e7 / t**3
    cross = 32.366097 - 14113.8 / t - 1.244535e6 / t**2 - 2.348789e9 / t**4
    water = -1.25e3 * (293.15 / t) ** 3  # weighs x² < 1e-3: three digits are plenty
    virial = ((1 - x) ** 2 * air + 2 * x * (1 - x) * cross + x**2 * water) * 1e-6
    z = 1.0 + virial * pressure_pa / (GAS_CONSTANT * t)
    mass = (1.0 - x) * DRY_AIR_KG_PER_MOL + x * WATER_KG_PER_MOL
    return float(pressure_pa * mass / (z * GAS_CONSTANT * t))


def viscosity_pa_s(temperature_degc: float) -> float:
    """Return the dynamic viscosity of air by Sutherland's formula, Pa s."""
    t = temperature_degc + KELVIN
    return float(1.716e-5 * (t / KELVIN) ** 1.5 * (KELVIN + 110.4) / (t + 110.4))
