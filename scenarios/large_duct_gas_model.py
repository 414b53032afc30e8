"""Flow of a large gas duct from a traverse with a five-hole probe, and the error of the meter that is installed there.

With the probe nulled in yaw, F2 = V/√(2 Δp/ρ) and the axial speed is V cos(yaw) cos(pitch). For a spherical head F2 is
F2_0/cos(pitch), so that the pitch drops out. The flow of dry gas at the normal state is

    Q = A v̄ (T_0/T) (p - φ p_s)/p_0,   ρ = ((p - φ p_s) M + φ p_s M_w)/(R T)

Each speed is divided by what the meter says at the same time, so that swings of the load drop out as well:

    1 + E = 1 / mean(Q_i/Q_m,i)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.evaluation import input_quantity
from scenarios.references import find
from uncertainty.budget import Budget
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from scenarios.large_duct_gas_plan import Plan
    from uncertainty.inputs import InputQuantity

    Value = float | NDArray[Any]

GAS_CONSTANT = 8.314462618
"""Molar gas constant, J/(mol K)."""
KELVIN = 273.15
MOLAR_MASS: Mapping[str, float] = {
    "CO": 28.010,
    "CO2": 44.0095,
    "H2": 2.01588,
    "CH4": 16.0425,
    "C2H4": 28.0532,
    "O2": 31.9988,
    "N2": 28.0134,
    "H2O": 18.0153,
}
"""Molar masses, g/mol."""


def saturation_pressure(temperature_degc: Value) -> Value:
    """Return the saturation pressure of water, Pa, by the formula of CIPM-2007; 0 °C to 60 °C."""
    T = temperature_degc + KELVIN
    return np.exp(1.2378847e-5 * T**2 - 1.9121316e-2 * T + 33.93711047 - 6.3431645e3 / T)


def wet_density(temperature_degc: Value, pressure_pa: Value, vapour_pa: Value, molar_mass_g: Value) -> Value:
    """Return the density of a wet gas, kg/m³.

    Args:
        temperature_degc: °C.
        pressure_pa: absolute pressure, Pa.
        vapour_pa: partial pressure of water φ p_s, Pa.
        molar_mass_g: of the dry gas, g/mol.
    """
    mass = (pressure_pa - vapour_pa) * molar_mass_g + vapour_pa * MOLAR_MASS["H2O"]
    return 1e-3 * mass / (GAS_CONSTANT * (temperature_degc + KELVIN))


def dry_share(temperature_degc: Value, pressure_pa: Value, vapour_pa: Value, T_0: float, p_0: float) -> Value:
    """Return normal volume of dry gas by volume of wet gas, 1: (T_0/T) (p - φ p_s)/p_0."""
    return T_0 / (temperature_degc + KELVIN) * (pressure_pa - vapour_pa) / p_0


def rule_factor(places: Sequence[float], n: float) -> float:
    """Return the mean speed by what the mean over the places says, for the profile (1 - r/R)^(1/n).

    Args:
        places: r/R, 0 to 1.
        n: of the profile.
    """
    mean = 2 * n * n / ((n + 1) * (2 * n + 1))
    return mean / float(np.mean((1 - np.asarray(places)) ** (1 / n)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Traversed:
    """Hold what a traverse, or several, found in one duct."""

    ratio: float
    """Mean of √(2 Δp) cos(yaw) by the meter's indication at the same time, √Pa h/m³."""
    temperature: float
    """Temperature of the gas, °C."""
    pressure: float
    """Absolute static pressure, Pa."""
    diameter: float
    """Measured diameter, mm."""


def meter_error(name: str, plan: Plan, found: Traversed, **x: Value) -> Value:
    """Return the relative error of an installed meter, %; the measurement model.

    Args:
        name: the duct.
        plan: normal state, corrections.
        found: what the traverses found.
        **x: the input quantities by their names in `inputs`.
    """
    t, duct = plan.traverse, plan.traverse.ducts[name]
    temperature = found.temperature + x["d_T"]
    pressure = found.pressure + 1e3 * x["d_p"]
    vapour = (t.saturation.value + x["d_phi"]) * saturation_pressure(temperature)
    rest: Value = 1.0
    molar: Value = 0.0
    for gas in duct.components:
        share = x[f"x_{gas}"] / 100
        molar = molar + share * MOLAR_MASS[gas]
        rest = rest - share
    density = wet_density(temperature, pressure, vapour, molar + rest * MOLAR_MASS["N2"])
    normal = dry_share(temperature, pressure, vapour, t.normal_temperature.to("K"), t.normal_pressure.to("Pa"))
    area = math.pi / 4 * (1e-3 * found.diameter * (1 + x["d_D"] / 100)) ** 2
    corrections = (x["d_turb"] + x["d_samp"] + x["d_yaw"] + x["d_rep"] - t.turbulence.to("%")) / 100
    corrections = corrections + 0.5 * x["d_dp"] / 100
    rule = rule_factor([p.value for p in t.places], t.exponent.value)
    speed = x["F2"] * rule * found.ratio / density**0.5 * (1 + corrections)
    return 100 * (1 / (3600 * area * normal * speed) - 1)


def inputs(plan: Plan, name: str) -> tuple[InputQuantity, ...]:
    """Return the input quantities of the model of one duct.

    Raises:
        SheetError: an effect or a reference is missing.
    """
    e, t, text = plan.budget, plan.traverse, catalogue("scenarios")
    gas = find(plan.references, t.ducts[name].gas)
    probe = find(plan.references, t.probe)
    found = [
        probe.value("F2").input("F2", text["large_duct_gas.probe"], unit="1"),
        input_quantity("d_dp", e.manometer, unit="%"),
        input_quantity("d_D", e.diameter, unit="%"),
    ]
    for component in t.ducts[name].components:
        label = text["large_duct_gas.component"].format(gas=Text(zh=component, en=component))
        found.append(gas.value(component).input(f"x_{component}", label, unit="%"))
    found += [
        input_quantity("d_phi", e.saturation, unit="1"),
        input_quantity("d_T", e.temperature, unit="delta_degC"),
        input_quantity("d_p", e.pressure, unit="kPa"),
        input_quantity("d_turb", e.turbulence, unit="%"),
        input_quantity("d_samp", e.sampling, unit="%"),
        input_quantity("d_yaw", e.yaw, unit="%"),
        input_quantity("d_rep", e.repeatability, unit="%", factor=1 / math.sqrt(t.repeats.value)),
    ]
    return tuple(found)


def traverse_budget(plan: Plan, name: str, found: Traversed) -> Budget:
    """Return the budget of the error of one duct's meter, %."""
    return Budget(model=partial(meter_error, name, plan, found), inputs=inputs(plan, name), unit="%", name="E")


def planned(plan: Plan, name: str) -> Traversed:
    """Return what is to be expected of a duct whose meter is right, for the forecast."""
    t, duct = plan.traverse, plan.traverse.ducts[name]
    raw = Traversed(
        ratio=1.0,
        temperature=duct.temperature.to("degC"),
        pressure=t.normal_pressure.to("Pa"),
        diameter=duct.diameter.to("mm"),
    )
    means = {q.name: q.distribution.mean for q in inputs(plan, name)}
    scale = 1 + meter_error(name, plan, raw, **means) / 100
    return Traversed(ratio=float(scale), temperature=raw.temperature, pressure=raw.pressure, diameter=raw.diameter)
