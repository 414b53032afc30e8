"""Water on a gravimetric rig: its density, the lift of the air, and the error of a meter against the weighed water.

Density up to 40 °C by Tanaka et al., Metrologia 38 (2001) 301, with its term for the pressure (recalled); above by
IAPWS-95 (CoolProp); enthalpies of heat meters by IAPWS-IF97, as their documents do. The twins use other equations.
"""

from __future__ import annotations

import atexit
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Value = float | NDArray[Any]

TANAKA_LIMIT_DEGC = 40.0
"""Highest temperature at which Tanaka's formula holds, °C."""
WEIGHTS_DENSITY = 8000.0
"""Density of weights by convention, kg/m³."""
STANDARD_KPA = 101.325
KELVIN = 273.15


def tanaka_density(temperature_degc: float) -> float:
    """Return the density of air-free water at 101.325 kPa, kg/m³ (Tanaka et al. 2001).

    Raises:
        ValueError: outside of 0 °C to 40 °C, where the formula does not hold.
    """
    t = temperature_degc
    if not 0.0 <= t <= TANAKA_LIMIT_DEGC:
        raise ValueError(f"density by Tanaka's formula: {t:g} °C is outside of 0 °C to 40 °C; use IAPWS-IF97 above")
    return 999.974950 * (1.0 - (t - 3.983035) ** 2 * (t + 301.797) / (522528.9 * (t + 69.34881)))


@lru_cache(maxsize=4096)
def density(temperature_degc: float, pressure_kpa: float = STANDARD_KPA) -> float:
    """Return the density of water at a temperature and an absolute pressure, kg/m³: Tanaka, or IAPWS-95 above 40 °C."""
    t = temperature_degc
    if t > TANAKA_LIMIT_DEGC:
        return _state("HEOS", t, pressure_kpa)[0]
    per_pa = (50.74 - 0.326 * t + 0.00416 * t * t) * 1e-11
    return tanaka_density(t) * (1.0 + per_pa * 1000.0 * (pressure_kpa - STANDARD_KPA))


@lru_cache(maxsize=4096)
def if97(temperature_degc: float, pressure_kpa: float) -> tuple[float, float]:
    """Return density (kg/m³) and specific enthalpy (J/kg) of liquid water by IAPWS-IF97."""
    return _state("IF97", temperature_degc, pressure_kpa)


def _state(backend: str, temperature_degc: float, pressure_kpa: float) -> tuple[float, float]:
    from CoolProp.CoolProp import PT_INPUTS  # long to import: only who needs hot water pays for it

    state = _water(backend)
    state.update(PT_INPUTS, 1000.0 * pressure_kpa, temperature_degc + KELVIN)
    return float(state.rhomass()), float(state.hmass())


@lru_cache(maxsize=2)
def _water(backend: str) -> Any:
    from CoolProp.CoolProp import AbstractState

    atexit.register(_water.cache_clear)  # CoolProp reports states that outlive the interpreter as leaks
    return AbstractState(backend, "Water")


def expansion(temperature_degc: float, pressure_kpa: float = STANDARD_KPA) -> float:
    """Return the relative change of the density with the temperature, 1/K; below zero above 4 °C."""
    low, high = (density(temperature_degc + by, pressure_kpa) for by in (-0.5, 0.0))
    return 2.0 * (high - low) / (high + low) / 0.5


def lift(water: float, air: float) -> float:
    """Return by what a balance's indication is multiplied to be the mass of water, 1.

    Args:
        water: density of the water, kg/m³.
        air: density of the air, kg/m³.
    """
    return (1.0 - air / WEIGHTS_DENSITY) / (1.0 - air / water)


def reynolds(flow_m3_per_h: float, diameter_mm: float, temperature_degc: float) -> float:
    """Return the Reynolds number in a pipe, 1; its viscosity is good to a percent, enough for print."""
    dynamic: float = 2.414e-5 * 10.0 ** (247.8 / (temperature_degc + KELVIN - 140.0))
    speed = flow_m3_per_h / 3600.0 / (math.pi / 4.0 * (diameter_mm / 1000.0) ** 2)
    return speed * diameter_mm / 1000.0 / dynamic * density(temperature_degc)


def relative_error(
    e_w: Value = 0.0,
    t_d: Value = 0.0,
    d_b: Value = 0.0,
    d_rho: Value = 0.0,
    d_T: Value = 0.0,
    m_res: Value = 0.0,
    m_drift: Value = 0.0,
    d_creep: Value = 0.0,
    d_lin: Value = 0.0,
    m_evap: Value = 0.0,
    d_count: Value = 0.0,
    d_rep: Value = 0.0,
    *,
    volume: float,
    mass: float,
    gate: float,
    rho: float,
    beta: float,
    factor: float,
) -> Value:
    """Return the relative error of a meter's volume against the weighed water, %.

    Args:
        e_w: relative error of weighing, %.
        t_d: by how much longer water is collected than the gate is open, ms.
        d_b: error of the correction for buoyancy, % of the mass.
        d_rho: error of the density, %.
        d_T: error of the thermometer at the meter, K.
        m_res: resolution of the difference of two weighings, g.
        m_drift: drift of the balance's zero between them, g.
        d_creep: creep of the balance, % of the mass.
        d_lin: linearity of the balance, % of the mass.
        m_evap: water that evaporates between the weighings, g.
        d_count: error of the count of pulses, s of the gate.
        d_rep: error of the mean from repeatability, %.
        volume: indicated by the meter while the gate was open, m³.
        mass: difference of the balance's indications, kg.
        gate: time for which the gate was open, s.
        rho: density of the water at the meter, kg/m³.
        beta: relative change of the density with the temperature, 1/K.
        factor: correction of the indication for buoyancy, 1.
    """
    weighed = (mass + (m_res + m_drift + m_evap) / 1000.0) * (1.0 + (d_creep + d_lin - e_w) / 100.0)
    water = weighed * factor * (1.0 + d_b / 100.0)
    reference = water / (rho * (1.0 + d_rho / 100.0 + beta * d_T)) * gate / (gate + t_d / 1000.0)
    return 100.0 * (volume * (1.0 + d_count / gate) / reference - 1.0) + d_rep
