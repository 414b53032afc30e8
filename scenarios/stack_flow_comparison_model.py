"""From traverses to flow: each team's ratio to the installed meter, the planes that are thinkable, the final models."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scenarios import method_2f
from scenarios.evaluation import input_quantity
from scenarios.references import find
from uncertainty.budget import Budget
from uncertainty.inputs import InputQuantity, Normal, StudentT
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drivers.stack_team import Traverse
    from scenarios.stack_flow_comparison_plan import Field, Kind, Plan, Team

Value = float | NDArray[Any]

FIELD_SEED = 20260302
"""Seed of the thinkable fields: the sampling uncertainty is a property of the plan, the same in every run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GasState:
    """Hold the stack gas as the plant indicates it."""

    temperature: float
    """Temperature, K."""
    pressure: float
    """Static pressure, Pa."""
    water: float
    """Amount fraction of water in the wet gas, 1."""
    co2: float
    """Amount fraction of CO2 in the dry gas, 1."""
    o2: float
    """Amount fraction of O2 in the dry gas, 1."""

    @property
    def molar_mass(self) -> float:
        """Molar mass of the wet gas, kg/mol."""
        return float(method_2f.wet_molar_mass(self.co2, self.o2, self.water))


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hold what one team found in one window."""

    ratio: float
    """Mean over the points of axial speed by the installed meter's, with a coefficient of 1."""
    tangent: float
    """Mean of tan(yaw), weighted by speed: how much an error of the yaw reference matters, 1."""
    yaw: float
    """Mean yaw, degrees."""


def reduce(
    kind: Kind, traverse: Traverse, meter: Sequence[float], gas: GasState, coefficients: tuple[float, float]
) -> Window:
    """Reduce a traverse to the ratio of the plane's mean axial speed to the installed meter's.

    Args:
        kind: kind of probe.
        traverse: what was logged.
        meter: the installed meter's means over the same parts of the window, m/s.
        gas: state of the gas.
        coefficients: certified coefficient, by which the result is divided again, and the slope of F1 = a tan p.
    """
    dp, second = np.asarray(traverse.pressure), np.asarray(traverse.second)
    density = method_2f.gas_density(gas.molar_mass, gas.pressure, np.asarray(traverse.temperature))
    if kind == "3d":
        pitch = np.degrees(np.arctan(second / dp / coefficients[1]))
        f2 = 1.0 / np.cos(np.radians(pitch))
        axial = method_2f.axial_speed(f2, dp, density, yaw_deg=np.asarray(traverse.yaw), pitch_deg=pitch)
    else:
        axial = method_2f.speed(1.0, dp, density)
    ratios = np.asarray(axial) / np.asarray(meter)
    tangents = np.tan(np.radians(np.asarray(traverse.yaw)))
    return Window(
        ratio=float(ratios.mean()),
        tangent=float((ratios * tangents).mean() / ratios.mean()),
        yaw=float(np.mean(traverse.yaw)),
    )


# -- one team -----------------------------------------------------------------------------------------------------


def team_model(
    c: Value,
    d_dp: Value = 0.0,
    d_T: Value = 0.0,
    d_yaw: Value = 0.0,
    d_pos: Value = 0.0,
    d_rep: Value = 0.0,
    *,
    ratio: float,
    temperature: float,
    tangent: float,
) -> Value:
    """Return a team's ratio of axial speed to the installed meter's, 1.

    Args:
        c: coefficient of its probe, 1.
        d_dp: error of its manometers, %.
        d_T: error of its thermometer, K.
        d_yaw: error of its yaw reference, degrees.
        d_pos: effect of wrong depths, %.
        d_rep: what repeating leaves in the mean of the windows, %.
        ratio: mean ratio with a coefficient of 1.
        temperature: of the gas, K.
        tangent: see `Window`.
    """
    speed = c * ratio * np.sqrt((1.0 - d_T / temperature) * (1.0 - d_dp / 100.0))
    return speed * (1.0 + method_2f.DEGREE * d_yaw * tangent) * (1.0 + (d_pos + d_rep) / 100.0)


def team_budget(
    plan: Plan, team: Team, *, ratio: float, temperature: float, tangent: float, rep: InputQuantity | None
) -> Budget:
    """Return the budget of a team's result at one load; what all teams share is not in it."""
    e = plan.budget
    label = Text(zh="探头系数（证书）", en="Coefficient of the probe (certificate)")
    inputs = [
        find(plan.references, team.reference).value("coefficient").input("c", label, unit="1"),
        input_quantity("d_dp", e.team_pressure, unit="%"),
        input_quantity("d_T", e.team_temperature, unit="delta_degC"),
        input_quantity("d_pos", e.team_position, unit="%"),
    ]
    if team.kind == "3d":
        inputs.append(input_quantity("d_yaw", e.team_yaw, unit="deg"))
    if rep is not None:
        inputs.append(rep)
    model = partial(team_model, ratio=ratio, temperature=temperature, tangent=tangent)
    return Budget(model=model, inputs=tuple(inputs), unit="1", name="K_i")


def repeatability(s: float, dof: float, n: int) -> InputQuantity:
    """Return what n windows leave, from a team's pooled relative standard deviation (%)."""
    return InputQuantity(
        name="d_rep",
        distribution=StudentT.of_pooled(mean=0.0, s=s, dof=dof, n=n),
        unit="%",
        label=Text(zh="各时段的重复性", en="Repeatability of the windows"),
        evaluation="A",
    )


# -- sampling -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Hold what a traverse makes of thinkable fields: mean over its points by mean over the plane."""

    mean: float
    """Mean ratio, 1: more than 1 because no point is near enough to the wall."""
    u: float
    """Its standard deviation, 1."""

    @property
    def wall_factor(self) -> float:
        """Wall effects adjustment factor: by which the mean of a traverse is multiplied, 1."""
        return 1.0 / self.mean


@lru_cache(maxsize=8)
def sampling(field: Field, points: int) -> Sampling:
    """Find by Monte Carlo what equal-area points on two diameters make of the thinkable fields.

    Args:
        field: which fields are thinkable.
        points: points per diameter, even.
    """
    rng = np.random.default_rng(FIELD_SEED)
    n = field.fields
    exponent = rng.uniform(*field.exponent, n)[:, None]
    skew, skew_at = rng.uniform(*field.skew, n)[:, None], rng.uniform(0, 2 * np.pi, n)[:, None]
    bump, bump_at = rng.uniform(*field.bump, n)[:, None], rng.uniform(0, 2 * np.pi, n)[:, None]
    away = rng.uniform(*field.bump_radius, n)[:, None]

    def speed(r: NDArray[Any], phi: NDArray[Any]) -> NDArray[Any]:
        distance = r**2 + away**2 - 2 * r * away * np.cos(phi - bump_at)
        shape = 1 + skew * r * np.cos(phi - skew_at) + bump * np.exp(-0.5 * distance / field.bump_width**2)
        profile: NDArray[Any] = (1 - r) ** (1 / exponent) * shape
        return profile

    # Gauss-Legendre in t with 1 - r = t^3: the power law is smooth in t; an even rule around.
    t, w = np.polynomial.legendre.leggauss(16)
    t, w = 0.5 * (t + 1), 0.5 * w
    r, weight = 1 - t**3, w * 3 * t**2 * 2 * (1 - t**3)
    phi = 2 * np.pi * (np.arange(24) + 0.5) / 24
    grid_r, grid_phi = np.repeat(r, 24)[None, :], np.tile(phi, 16)[None, :]
    plane = (speed(grid_r, grid_phi) * np.repeat(weight, 24) / 24).sum(axis=1)
    rings = points // 2
    radii = np.sqrt((2 * np.arange(1, rings + 1) - 1) / (2 * rings))
    at_r, at_phi = np.tile(radii, 4)[None, :], np.repeat(np.pi / 2 * np.arange(4), rings)[None, :]
    ratio = speed(at_r, at_phi).mean(axis=1) / plane
    return Sampling(mean=float(ratio.mean()), u=float(ratio.std(ddof=1)))


# -- the plane ----------------------------------------------------------------------------------------------------


def factor_model(
    x: Value,
    d_p: Value = 0.0,
    d_w: Value = 0.0,
    d_co2: Value = 0.0,
    d_o2: Value = 0.0,
    d_samp: Value = 0.0,
    d_meter: Value = 0.0,
    *,
    gas: GasState,
    wall: float,
) -> Value:
    """Return K_v, the true mean axial speed by the installed meter's, 1.

    Args:
        x: assigned ratio of the comparison, 1.
        d_p: error of the static pressure, Pa.
        d_w: error of the water fraction, 1.
        d_co2: error of the CO2 fraction, 1.
        d_o2: error of the O2 fraction, 1.
        d_samp: relative error of the traverse's mean, %.
        d_meter: noise of the installed meter, %.
        gas: state of the gas as indicated.
        wall: wall effects adjustment factor, 1.
    """
    mass = method_2f.wet_molar_mass(gas.co2 - d_co2, gas.o2 - d_o2, gas.water - d_w)
    density = (1.0 - d_p / gas.pressure) * mass / gas.molar_mass
    return x * wall / np.sqrt(density) * (1.0 + (d_samp + d_meter) / 100.0)


def error_model(x: Value, *, gas: GasState, wall: float, **common: Value) -> Value:
    """Return the relative error of the installed meter, %; see `factor_model`."""
    return 100.0 * (1.0 / factor_model(x, gas=gas, wall=wall, **common) - 1.0)


def flow_model(
    x: Value,
    d_p: Value = 0.0,
    d_w: Value = 0.0,
    d_D: Value = 0.0,
    d_Ts: Value = 0.0,
    *,
    gas: GasState,
    wall: float,
    speed: float,
    diameter: float,
    **common: Value,
) -> Value:
    """Return the mean flow at 273.15 K, 101.325 kPa, dry, m³/s.

    Args:
        x: see `factor_model`.
        d_p: likewise.
        d_w: likewise.
        d_D: error of the diameter, m.
        d_Ts: error of the plant's temperature, K.
        gas: see `factor_model`.
        wall: likewise.
        speed: mean speed of the installed meter, m/s.
        diameter: m.
        **common: see `factor_model`.
    """
    axial = speed * factor_model(x, d_p=d_p, d_w=d_w, gas=gas, wall=wall, **common)
    actual = math.pi / 4.0 * (diameter - d_D) ** 2 * axial
    return method_2f.normal_dry_flow(actual, gas.pressure - d_p, gas.temperature - d_Ts, gas.water - d_w)


def common_inputs(plan: Plan, x: float, u: float, sampled: Sampling) -> list[InputQuantity]:
    """Return the inputs of `factor_model`."""
    e = plan.budget
    return [
        InputQuantity(
            name="x",
            distribution=Normal(mean=x, u=u),
            unit="1",
            label=Text(zh="最大一致子集加权平均", en="Weighted mean of the largest consistent subset"),
        ),
        input_quantity("d_p", e.pressure, unit="Pa"),
        input_quantity("d_w", e.water, unit="1"),
        input_quantity("d_co2", e.co2, unit="1"),
        input_quantity("d_o2", e.o2, unit="1"),
        InputQuantity(
            name="d_samp",
            distribution=Normal(mean=0.0, u=100.0 * sampled.u / sampled.mean),
            unit="%",
            label=Text(zh="测点布置与壁面效应（速度场模拟）", en="Points and wall effect (simulated fields)"),
        ),
        input_quantity("d_meter", e.meter_noise, unit="%"),
    ]


def flow_inputs(plan: Plan) -> list[InputQuantity]:
    """Return the further inputs of `flow_model`."""
    e = plan.budget
    return [
        input_quantity("d_D", e.diameter, unit="m"),
        input_quantity("d_Ts", e.temperature, unit="delta_degC"),
    ]
