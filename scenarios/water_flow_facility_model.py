"""Models and budgets of a gravimetric rig's own verification: balance, timer, diverter, and the facility as a whole."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from scenarios.evaluation import input_quantity
from scenarios.references import find
from uncertainty.budget import Budget
from uncertainty.inputs import InputQuantity, Normal
from uncertainty.text import catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scenarios.sheet import Effect
    from scenarios.water_flow_facility_plan import Plan

    Value = float | NDArray[Any]


def weighing_error(
    m_ref: Value, m_res: Value = 0.0, m_noise: Value = 0.0, d_creep: Value = 0.0, *, indicated: float, weights: int
) -> Value:
    """Return the error of the balance at a load, kg.

    Args:
        m_ref: mass of one in-place weight, kg.
        m_res: resolution, g.
        m_noise: repeatability, g.
        d_creep: creep, % of the load.
        indicated: difference of the indications with and without the weights, kg.
        weights: how many.
    """
    return indicated * (1.0 + d_creep / 100.0) + (m_res + m_noise) / 1000.0 - weights * m_ref


def timing_error(f_ref: Value, t_res: Value = 0.0, *, pulses: float, seconds: float) -> Value:
    """Return the relative error of the timer, ppm: `seconds` (s) indicated for `pulses` of a frequency `f_ref` (Hz)."""
    return 1e6 * ((seconds + t_res) * f_ref / pulses - 1.0)


def diversion_time(
    m_long: Value = 0.0,
    m_bursts: Value = 0.0,
    d_q: Value = 0.0,
    m_levels: Value = 0.0,
    *,
    long_kg: float,
    long_s: float,
    bursts_kg: float,
    bursts_s: float,
    bursts: int,
    flows: float,
) -> Value:
    """Return by how much longer water is collected than the gate is open, ms (n bursts against one long run).

    With the flow q the same, m = q·(t + Δt) and M = q·(T + n·Δt), so with r = M/m: Δt = (r·t - T)/(n - r).

    Args:
        m_long: error of the mass of the long run, g.
        m_bursts: error of the mass of the bursts together, g.
        d_q: error of the ratio of the mean flows, %.
        m_levels: difference of the two masses by linearity and creep of the balance, g.
        long_kg: mass of the long run, kg.
        long_s: time of its gate, s.
        bursts_kg: mass of the bursts together, kg.
        bursts_s: time of their gates together, s.
        bursts: n.
        flows: mean flow of the long run over that of the bursts by the line meter, 1.
    """
    r = (bursts_kg + (m_bursts + m_levels) / 1000.0) / (long_kg + m_long / 1000.0) * flows * (1.0 + d_q / 100.0)
    return 1000.0 * (r * long_s - bursts_s) / (bursts - r)


def facility_error(d_m: Value = 0.0, d_t: Value = 0.0, d_b: Value = 0.0, d_rho: Value = 0.0) -> Value:
    """Return the relative error of the reference volume by mass, diversion, buoyancy and density, each in %: in %."""
    return 100.0 * ((1.0 + d_m / 100.0) * (1.0 + d_t / 100.0) * (1.0 + d_b / 100.0) / (1.0 + d_rho / 100.0) - 1.0)


def _scaled(name: str, effect: Effect, unit: str, repeats: int) -> InputQuantity:
    return input_quantity(name, effect, unit=unit, factor=1.0 / math.sqrt(repeats))


def weighing_budget(plan: Plan, weights: int, indicated: float, repeats: int) -> Budget:
    """Return the budget of the balance's error at a load; see `weighing_error`."""
    effects, label = plan.budget, catalogue("scenarios")["water_flow_facility.input_weights"]
    return Budget(
        model=partial(weighing_error, indicated=indicated, weights=weights),
        inputs=(
            find(plan.references, "weights").value("mass").input("m_ref", label, unit="kg"),
            _scaled("m_res", effects.resolution, "g", repeats),
            _scaled("m_noise", effects.noise, "g", repeats),
            input_quantity("d_creep", effects.creep, unit="%"),
        ),
        unit="kg",
        name="E",
    )


def timing_budget(plan: Plan, pulses: float, seconds: float, repeats: int) -> Budget:
    """Return the budget of the timer's error; see `timing_error`."""
    label = catalogue("scenarios")["water_flow_facility.input_frequency"]
    return Budget(
        model=partial(timing_error, pulses=pulses, seconds=seconds),
        inputs=(
            find(plan.references, "frequency").value("frequency").input("f_ref", label, unit="Hz"),
            _scaled("t_res", plan.budget.time_resolution, "s", repeats),
        ),
        unit="ppm",
        name="e_t",
    )


def diversion_budget(plan: Plan, repeats: int, **values: float) -> Budget:
    """Return the budget of the diversion time; see `diversion_time` for the values."""
    effects = plan.budget
    inputs = []
    for name in ("m_long", "m_bursts"):
        # Resolution and repeatability of one weighing of water, as one input: they act alike.
        parts = [input_quantity(name, effect, unit="g") for effect in (effects.resolution, effects.noise)]
        u = math.hypot(*(part.distribution.u for part in parts)) / math.sqrt(repeats)
        inputs.append(replace(parts[1], distribution=Normal(mean=0.0, u=u)))
    return Budget(
        model=partial(diversion_time, **values),  # type: ignore[arg-type]
        inputs=(
            *inputs,
            _scaled("d_q", effects.steadiness, "%", repeats),
            input_quantity("m_levels", effects.levels, unit="g"),
        ),
        unit="ms",
        name="Δt",
    )


def facility_budget(
    plan: Plan, weighing: Sequence[tuple[float, float]], diversion: Sequence[tuple[float, float]], run_s: float
) -> Budget:
    """Return the budget of the facility: errors that are not corrected count with their whole size.

    Args:
        plan: the sheet's.
        weighing: (error, its standard uncertainty) of the balance at each load, % of the load.
        diversion: (diversion time, its standard uncertainty) at each flow, ms.
        run_s: shortest run, s.
    """
    text, effects = catalogue("scenarios"), plan.budget
    in_percent = 100.0 / (1000.0 * run_s)
    u_t = _largest(diversion) * in_percent
    return Budget(
        model=facility_error,
        inputs=(
            _plain("d_m", _largest(weighing), text["water_flow_facility.input_mass"]),
            _plain("d_t", u_t, text["water_flow_facility.input_diversion"]),
            input_quantity("d_b", effects.buoyancy, unit="%"),
            input_quantity("d_rho", effects.density, unit="%"),
        ),
        unit="%",
        name="E_V",
    )


def _largest(found: Sequence[tuple[float, float]]) -> float:
    """Return the standard uncertainty of something whose errors were found but are not corrected.

    Within the largest error every value is possible (rectangular); the uncertainty of that error comes on top.
    """
    return max(math.hypot(error / math.sqrt(3.0), u) for error, u in found)


def _plain(name: str, u: float, label: Any) -> InputQuantity:
    return InputQuantity(name=name, distribution=Normal(mean=0.0, u=u), unit="%", label=label, evaluation="B")
