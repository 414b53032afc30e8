"""Data reduction of a five-hole probe after EPA Method 2F: from pressures to the axial speed of a stack gas.

Seen in sources were the constants and symbols; the form of the equations is recalled. In SI units, which the code uses,
the method's constant K_p is √2 and the gas law; `KP` gives it in the method's own units as a check.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Value = float | NDArray[Any]

GAS_CONSTANT = 8.314462618
"""Molar gas constant, J/(mol K)."""
PASCAL_PER_MMH2O = 9.80665
"""Conventional millimetre of water, Pa."""
PASCAL_PER_MMHG = 133.322387415
"""Conventional millimetre of mercury, Pa."""
DEGREE = math.pi / 180.0
"""One degree, rad; np.radians would not take the complex numbers by which budgets differentiate."""
KP = math.sqrt(2.0 * GAS_CONSTANT * 1000.0 * PASCAL_PER_MMH2O / PASCAL_PER_MMHG)
"""K_p of the method, m/s [(g/mol)(mmHg)/(K mmH2O)]^½."""


def gas_density(molar_mass_kg_per_mol: Value, pressure_pa: Value, temperature_k: Value) -> Value:
    """Return the density of an ideal gas, kg/m³."""
    return pressure_pa * molar_mass_kg_per_mol / (GAS_CONSTANT * temperature_k)


def wet_molar_mass(co2: Value, o2: Value, water: Value) -> Value:
    """Return the molar mass of a wet stack gas, kg/mol; what is neither CO2, O2 nor water is N2.

    Args:
        co2: amount fraction in the dry gas, 1.
        o2: likewise.
        water: amount fraction in the wet gas, 1.
    """
    dry = 44.0095 * co2 + 31.9988 * o2 + 28.0134 * (1.0 - co2 - o2)
    return 1e-3 * (dry * (1.0 - water) + 18.01528 * water)


def speed(factor: Value, dp_pa: Value, density: Value) -> Value:
    """Return F √(2 Δp/ρ), m/s: F is F2 for a nulled five-hole probe, the coefficient for a Pitot tube."""
    return factor * np.sqrt(2.0 * dp_pa / density)


def axial_speed(f2: Value, p12_pa: Value, density: Value, *, yaw_deg: Value, pitch_deg: Value) -> Value:
    """Return the axial component of the velocity, m/s: v = F2 √(2 (P1 - P2)/ρ) cos yaw cos pitch."""
    return speed(f2, p12_pa, density) * np.cos(DEGREE * yaw_deg) * np.cos(DEGREE * pitch_deg)


def normal_dry_flow(flow_m3_per_s: Value, pressure_pa: Value, temperature_k: Value, water: Value) -> Value:
    """Return a volume flow converted to 273.15 K, 101.325 kPa and dry gas, m³/s."""
    return flow_m3_per_s * (pressure_pa / 101325.0) * (273.15 / temperature_k) * (1.0 - water)


def co2_mass_flow(normal_dry_m3_per_s: Value, co2_dry: Value) -> Value:
    """Return the mass flow of CO2, kg/s, with the molar volume 22.414 l/mol of an ideal gas."""
    return normal_dry_m3_per_s * co2_dry * 44.0095 / 22.414
