"""Measurement model of a wind tunnel with Pitot tube and micromanometer.

    v = C sqrt(2 Δp/ρ) (1 - ε) (1 + k S/A)          E = v_i - v

ρ by CIPM-2007; 1 - ε = 1/sqrt(1 + Ma²/4) is the first term of compressibility (0.1 % at 30 m/s); the last factor is the
rise of the speed at the anemometer, which narrows the section.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.air import air_density
from scenarios.evaluation import input_quantity
from scenarios.references import find
from uncertainty.budget import Budget
from uncertainty.text import catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scenarios.air_velocity_plan import Effects, Nameplate, Plan
    from uncertainty.inputs import InputQuantity

    Value = float | NDArray[Any]

REFERENCE_INPUTS = ("d_zero", "d_gain", "C", "d_T", "d_p", "d_h", "d_place", "d_stab", "d_block")
"""Inputs that belong to the reference speed alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Air:
    """Hold the air of the section."""

    temperature: float
    """Temperature, °C."""
    pressure: float
    """Static pressure, Pa."""
    humidity: float
    """Relative humidity, %."""

    @property
    def density(self) -> float:
        """Return the density, kg/m³."""
        return float(air_density(self.temperature, self.pressure, self.humidity))


def compressibility(pressure: Value, air_pressure: float, exponent: float) -> Value:
    """Return 1 - ε for a differential pressure (Pa) at a static pressure (Pa).

    Δp = ρv²/2·(1 + Ma²/4) with Ma² = ρv²/(κp) is a quadratic equation in ρv²/2, solved here.
    """
    x = np.asarray(pressure) / (exponent * air_pressure)
    factor: Value = np.sqrt(2.0 / (1.0 + np.sqrt(1.0 + 2.0 * x)))
    return factor


def speed(pressure: Value, air: Air, coefficient: Value, exponent: float) -> Value:
    """Return the speed at the tube, m/s, from its differential pressure, Pa."""
    density = air.density
    result: Value = (
        coefficient * np.sqrt(2.0 * np.asarray(pressure) / density) * compressibility(pressure, air.pressure, exponent)
    )
    return result


def pressure_of(at: float, air: Air, coefficient: float, exponent: float) -> float:
    """Return the differential pressure (Pa) of a speed at the tube (m/s): the inverse of `speed`."""
    impact = 0.5 * air.density * (at / coefficient) ** 2
    return impact * (1.0 + 0.5 * impact / (exponent * air.pressure))


def rise(plan: Plan, device: Nameplate) -> float:
    """Return the relative rise of the speed at the anemometer by its blockage, 1."""
    return plan.tunnel.blockage.value * device.frontal_area.to("m**2").value / plan.tunnel.area.to("m**2")


def error(
    d_zero: Value = 0.0,
    d_gain: Value = 0.0,
    C: Value = 1.0,
    d_T: Value = 0.0,
    d_p: Value = 0.0,
    d_h: Value = 0.0,
    d_place: Value = 0.0,
    d_stab: Value = 0.0,
    d_block: Value = 0.0,
    d_res: Value = 0.0,
    d_rep: Value = 0.0,
    *,
    v_i: float,
    pressure: float,
    air: Air,
    exponent: float,
    blockage: float,
) -> Value:
    """Return the error of indication, m/s.

    Args:
        d_zero: zero and linearity of the manometer, Pa.
        d_gain: gain of the manometer, %.
        C: coefficient of the tube, 1.
        d_T: temperature, K.
        d_p: static pressure, Pa.
        d_h: relative humidity, %.
        d_place: speed at the anemometer by that at the tube, %.
        d_stab: the same, from one setting to the next, %.
        d_block: correction for blockage, % of it.
        d_res: resolution, m/s.
        d_rep: mean of the readings, m/s.
        v_i: indication, m/s.
        pressure: differential pressure, Pa.
        air: air of the section.
        exponent: isentropic exponent, 1.
        blockage: relative rise of the speed at the anemometer, 1.
    """
    density = air_density(air.temperature + d_T, air.pressure + d_p, np.maximum(air.humidity + d_h, 0.0))
    seen = (pressure + d_zero) * (1.0 + d_gain / 100.0)
    at_tube = C * np.sqrt(2.0 * seen / density) * compressibility(seen, air.pressure, exponent)
    there = at_tube * (1.0 + blockage * (1.0 + d_block / 100.0)) * (1.0 + (d_place + d_stab) / 100.0)
    result: Value = v_i + d_res - there + d_rep
    return result


def budget(
    plan: Plan,
    device: Nameplate,
    *,
    v_i: float,
    pressure: float,
    air: Air,
    readings: int,
    observed: float = 0.0,
    only: Sequence[str] | None = None,
) -> Budget:
    """Return the budget of a point.

    Args:
        plan: effects, tunnel, certificate of the tube.
        device: what stands in the section.
        v_i: indication, m/s.
        pressure: differential pressure, Pa.
        air: air of the section.
        readings: number of readings.
        observed: experimental standard deviation of the errors, m/s. Few readings say little about it, so the pooled
            value of the sheet stands, unless the readings contradict it (more than three times as large).
        only: names of the inputs that are wanted; None for all.
    """
    e: Effects = plan.budget
    coefficient = find(plan.references, "pitot").value("C")
    pooled = input_quantity("d_rep", e.repeatability, unit="m/s").distribution.u
    contradiction = observed / pooled if pooled and observed > 3.0 * pooled else 1.0
    inputs: list[InputQuantity] = [
        input_quantity("d_zero", e.zero, unit="Pa"),
        input_quantity("d_gain", e.gain, unit="%"),
        coefficient.input("C", catalogue("scenarios")["air_velocity.coefficient"], unit="1"),
        input_quantity("d_T", e.temperature, unit="K"),
        input_quantity("d_p", e.pressure, unit="Pa"),
        input_quantity("d_h", e.humidity, unit="%"),
        input_quantity("d_place", e.uniformity, unit="%"),
        input_quantity("d_stab", e.stability, unit="%"),
        input_quantity("d_block", e.blockage, unit="%"),
        input_quantity("d_res", e.resolution, unit="m/s", factor=1.0 / math.sqrt(readings)),
        input_quantity("d_rep", e.repeatability, unit="m/s", factor=contradiction / math.sqrt(readings)),
    ]
    if only is not None:
        inputs = [one for one in inputs if one.name in only]
    model = partial(
        error,
        v_i=v_i,
        pressure=pressure,
        air=air,
        exponent=plan.tunnel.exponent.value,
        blockage=rise(plan, device),
    )
    return Budget(model=model, inputs=tuple(inputs), unit="m/s", name="E")


def expected_air(plan: Plan) -> Air:
    """Return the air that the sheet expects."""
    return Air(
        temperature=plan.air.temperature.to("degC"),
        pressure=plan.air.pressure.to("Pa"),
        humidity=plan.air.humidity.to("%"),
    )


def expected_pressure(plan: Plan, device: Nameplate, at: float) -> float:
    """Return the differential pressure (Pa) at which the speed at the anemometer is `at` (m/s)."""
    C = find(plan.references, "pitot").value("C").quantity.value
    return pressure_of(at / (1.0 + rise(plan, device)), expected_air(plan), C, plan.tunnel.exponent.value)


def reference_uncertainty(plan: Plan, device: Nameplate, at: float) -> float:
    """Return the expanded uncertainty (k = 2) of the reference speed at a speed, m/s, without the anemometer's part."""
    planned = budget(
        plan,
        device,
        v_i=at,
        pressure=expected_pressure(plan, device, at),
        air=expected_air(plan),
        readings=1,
        only=REFERENCE_INPUTS,
    )
    return planned.gum(k=2.0).U


def uncertainty_curve(
    plan: Plan, device: Nameplate, low: float, high: float, count: int = 40
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return speeds (m/s) from low to high, evenly spaced by ratio, and U of the reference speed at them (m/s)."""
    speeds = tuple(float(at) for at in np.geomspace(low, high, count))
    return speeds, tuple(reference_uncertainty(plan, device, at) for at in speeds)


def best_speed(speeds: Sequence[float], uncertainties: Sequence[float]) -> float:
    """Return the speed at which U is least, m/s: below it the manometer rules, above it the tunnel.

    The vertex of the parabola through the least point and its neighbours, over the logarithm of the speed.
    """
    middle = min(max(int(np.argmin(uncertainties)), 1), len(speeds) - 2)
    x = np.log(speeds[middle - 1 : middle + 2])
    a, b, _ = np.polyfit(x - x[1], uncertainties[middle - 1 : middle + 2], 2)
    return float(np.exp(x[1] - b / (2.0 * a)))
