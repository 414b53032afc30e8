"""Models of a heat meter's verification: heat coefficient, platinum pair over its field, calculator, whole meter.

Heat coefficient by IAPWS-IF97 (CoolProp): k = ρ(side)·(h_f - h_r)/(θ_f - θ_r). Sensors by Callendar-Van Dusen above
0 °C (IEC 60751): R = R_0·(1 + A·θ + B·θ²); three temperatures give the three coefficients of each sensor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.water_model import if97, relative_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scenarios.heat_meter_plan import Side

    Value = float | NDArray[Any]
    Array = NDArray[np.float64]

A, B = 3.9083e-3, -5.775e-7
"""Coefficients of IEC 60751, 1/K and 1/K²."""
MJ_PER_KWH = 3.6


def heat_coefficient(supply: float, back: float, side: Side, pressure_kpa: float = 1600.0) -> float:
    """Return the heat coefficient k, MJ/(m³·K).

    Args:
        supply: temperature of the supply, °C.
        back: temperature of the return, °C.
        side: pipe in which the volume is measured; its density counts.
        pressure_kpa: pressure, kPa.
    """
    (rho_f, h_f), (rho_r, h_r) = if97(supply, pressure_kpa), if97(back, pressure_kpa)
    return (rho_r if side == "return" else rho_f) * (h_f - h_r) / (supply - back) * 1e-6


def resistance(theta: Value, rated: float) -> Value:
    """Return the resistance of a sensor by IEC 60751, ohm; `theta` in °C, at or above 0."""
    return rated * (1.0 + A * theta + B * theta * theta)


def temperature(ohm: Value, rated: float) -> Value:
    """Return the temperature of a resistance by IEC 60751, °C."""
    return (-A + np.sqrt(A * A - 4.0 * B * (1.0 - ohm / rated))) / (2.0 * B)


def reach(theta: Value) -> Value:
    """Return R/(dR/dθ), K: by how much a relative error of the resistance moves the temperature."""
    return (1.0 + A * theta + B * theta * theta) / (A + 2.0 * B * theta)


@dataclass(frozen=True, slots=True, kw_only=True)
class VanDusen:
    """Hold the coefficients of one sensor."""

    r0: float
    """Resistance at 0 °C, ohm."""
    a: float
    """A, 1/K."""
    b: float
    """B, 1/K²."""

    def indicated(self, theta: Value, rated: float) -> Value:
        """Return what a sound calculator makes of the sensor at a temperature, °C."""
        return temperature(self.r0 * (1.0 + self.a * theta + self.b * theta * theta), rated)


def fit(thetas: Sequence[float], ohms: Sequence[float]) -> VanDusen:
    """Return the coefficients from three temperatures (°C) and resistances (ohm).

    Raises:
        ValueError: there are not three different temperatures.
    """
    if len(thetas) != 3 or len(ohms) != 3 or len(set(thetas)) != 3:
        raise ValueError(f"a Callendar-Van Dusen fit needs three temperatures, got {list(thetas)}")
    c0, c1, c2 = np.linalg.solve(np.vander(np.asarray(thetas), 3, increasing=True), np.asarray(ohms))
    return VanDusen(r0=float(c0), a=float(c1 / c0), b=float(c2 / c0))


def weights(thetas: Sequence[float], theta: float) -> Array:
    """Return by how much an error at each of the three temperatures counts at another one (Lagrange), (3,)."""
    found = np.ones(3)
    for i, own in enumerate(thetas):
        for j, other in enumerate(thetas):
            if i != j:
                found[i] *= (theta - other) / (own - other)
    return found


def pair_error(
    s_1: Value = 0.0,
    s_2: Value = 0.0,
    g_1: Value = 0.0,
    g_2: Value = 0.0,
    n_1: Value = 0.0,
    n_2: Value = 0.0,
    d_R: Value = 0.0,
    *,
    error: float,
    difference: float,
    slope: float,
) -> Value:
    """Return the relative error of the temperature difference of a pair, %.

    Args:
        s_1: error of the thermometer in the supply sensor's bath, K.
        s_2: the same of the return sensor's bath, K.
        g_1: temperature at the supply sensor above that at its thermometer, K.
        g_2: the same of the return sensor, K.
        n_1: stability over the readings of the supply sensor, K.
        n_2: the same of the return sensor, K.
        d_R: error of measured resistances, %.
        error: as the fits give it, %.
        difference: temperature difference, K.
        slope: change of R/(dR/dθ) over the difference, per K, 1.
    """
    return error + 100.0 * ((s_1 - g_1 + n_1) - (s_2 - g_2 + n_2)) / difference - d_R * slope


def calculator_error(
    c_1: Value = 0.0,
    c_2: Value = 0.0,
    *,
    energy_kwh: float,
    volume: float,
    k: float,
    supply: float,
    back: float,
) -> Value:
    """Return the relative error of a calculator, %; the heat coefficient is a definition and has no error here.

    Args:
        c_1: relative error of the first decade, %.
        c_2: relative error of the second decade, %.
        energy_kwh: that it registered, kWh.
        volume: that the pulses stand for, m³.
        k: heat coefficient, MJ/(m³·K).
        supply: temperature that the first decade stands for, °C.
        back: temperature that the second decade stands for, °C.
    """
    difference = supply - back + (c_1 * reach(supply) - c_2 * reach(back)) / 100.0
    return 100.0 * (energy_kwh * MJ_PER_KWH / (volume * k * difference) - 1.0)


def whole_error(
    s_1: Value = 0.0,
    s_2: Value = 0.0,
    g_1: Value = 0.0,
    g_2: Value = 0.0,
    d_k: Value = 0.0,
    *,
    heat: float,
    k: float,
    difference: float,
    water: dict[str, float],
    **weighed: Value,
) -> Value:
    """Return the relative error of a whole meter, %.

    Args:
        s_1: error of the thermometer in the supply sensor's bath, K.
        s_2: the same of the return sensor's bath, K.
        g_1: temperature at the supply sensor above that at its thermometer, K.
        g_2: the same of the return sensor, K.
        d_k: error of the heat coefficient, %.
        heat: energy registered per volume indicated, MJ/m³.
        k: heat coefficient, MJ/(m³·K).
        difference: of the thermometers' temperatures, K.
        water: values of `water_model.relative_error`.
        weighed: inputs of `water_model.relative_error`.
    """
    true_difference = difference - (s_1 - s_2) + (g_1 - g_2)
    share = heat / (k * (1.0 + d_k / 100.0) * true_difference)
    of_volume = relative_error(**weighed, **water)  # type: ignore[arg-type]
    return 100.0 * ((1.0 + of_volume / 100.0) * share - 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """Hold the place of the field where a pair is nearest to its limit, or furthest beyond it."""

    supply: float
    """Temperature of the supply, °C."""
    back: float
    """Temperature of the return, °C."""
    error: float
    """Relative error there, %."""


def field_errors(supply: VanDusen, back: VanDusen, rated: float, theta_r: Array, difference: Array) -> Array:
    """Return the relative error of a pair over a field, %: (n, m) from returns (n, 1) and differences (m,)."""
    theta_f = theta_r + difference
    seen = np.asarray(supply.indicated(theta_f, rated)) - np.asarray(back.indicated(theta_r, rated))
    return np.asarray(100.0 * (seen / difference - 1.0))
