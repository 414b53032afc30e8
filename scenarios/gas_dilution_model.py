"""Measurement models of dynamic dilution: flow by a prover, amount fraction of a blend, blends that share their inputs.

A blend is x = Σ q_i x_i / Σ q_i. The flows q_i follow from calibrations of the controllers against one prover, so the
cell's volume, its temperature and its pressure act on all of them alike and leave the ratio almost untouched; the
curves of the controllers, the parent gas and the diluent's impurity are shared by all blends, which makes the blends
correlated. `produced` returns them with their covariance matrix, for whoever uses the diluter as a source.
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
from uncertainty.curves import Polynomial
from uncertainty.distributions import Array
from uncertainty.fits import Fit, fit
from uncertainty.inputs import InputQuantity, Normal
from uncertainty.joint import JointBudget, Output
from uncertainty.text import catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scenarios.gas_dilution_plan import Plan

    Value = float | NDArray[Any]

STANDARD_KPA, STANDARD_KELVIN = 101.325, 298.15
"""Standard state of all flows: 25 °C and 101.325 kPa."""
CURVE_DEGREE = 2
"""Degree of the polynomial through the deviations of a controller: zero, span, bend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowPoint:
    """Hold one measurement of a flow by the prover."""

    setting: float
    """Setpoint of the controller, l/min."""
    time: float
    """Mean time of a stroke, s."""
    strokes: int
    """Strokes."""
    temperature: float
    """Temperature in the cell, °C."""
    pressure: float
    """Absolute pressure in the cell, kPa."""
    compressibility: float
    """Compressibility factor of the gas in the cell."""


def standard_flow(
    volume: Value, temperature: Value, pressure: Value, time: Value, leak: Value, compressibility: float
) -> Value:
    """Return the standard flow, l/min, that lifts a piston.

    Args:
        volume: of the cell, ml.
        temperature: of the gas in it, °C.
        pressure: of the gas in it, kPa.
        time: of a stroke, s.
        leak: flow past the piston, ml/min.
        compressibility: of the gas.
    """
    actual = (volume / time * 60 + leak) / 1000
    state = pressure / STANDARD_KPA * STANDARD_KELVIN / (temperature + 273.15)
    return actual * state / compressibility


def flow_error(
    V: Value, d_T: Value = 0.0, d_p: Value = 0.0, leak: Value = 0.0, d_t: Value = 0.0, *, point: FlowPoint
) -> Value:
    """Return the relative error of a controller's setpoint, %: setpoint over standard flow, less 1.

    Args:
        V: volume of the cell, ml.
        d_T: error of the temperature, K.
        d_p: error of the pressure, kPa.
        leak: flow past the piston, ml/min.
        d_t: relative error of the mean stroke, %.
        point: what was measured.
    """
    flow = standard_flow(
        V,
        point.temperature + d_T,
        point.pressure + d_p,
        point.time * (1 + d_t / 100),
        leak,
        point.compressibility,
    )
    return 100 * (point.setting / flow - 1)


def _prover_inputs(plan: Plan) -> tuple[InputQuantity, ...]:
    e, text = plan.budget, catalogue("scenarios")
    cell = find(plan.references, "prover").value("volume")
    return (
        cell.input("V", text["gas_dilution.cell_volume"], unit="ml"),
        input_quantity("d_T", e.prover_temperature, unit="K"),
        input_quantity("d_p", e.prover_pressure, unit="kPa"),
        input_quantity("leak", e.prover_leak, unit="ml/min"),
    )


def flow_budget(plan: Plan, point: FlowPoint) -> Budget:
    """Return the budget of the error of one flow."""
    strokes = input_quantity("d_t", plan.budget.strokes, unit="%", factor=1 / math.sqrt(point.strokes))
    return Budget(model=partial(flow_error, point=point), inputs=(*_prover_inputs(plan), strokes), unit="%", name="δ_q")


def cell_volume(plan: Plan) -> float:
    """Return the certified volume of the prover's cell, ml."""
    return find(plan.references, "prover").value("volume").quantity.to("ml").value


def measured_flow(plan: Plan, point: FlowPoint) -> float:
    """Return the best estimate of a flow by the prover, l/min."""
    flow = standard_flow(cell_volume(plan), point.temperature, point.pressure, point.time, 0.0, point.compressibility)
    return float(flow)


def curve(plan: Plan, points: Sequence[FlowPoint], setting_u: float) -> Fit:
    """Fit the deviation of the flow from the setpoint over the setpoint, both in l/min.

    Only what differs from one measurement to the next counts here (a new setting, scatter of the strokes); what is
    common to all of them (volume, temperature, pressure, leak) is in the budget of the blend, once.

    Args:
        plan: the sheet's plan.
        points: measurements.
        setting_u: standard uncertainty of a setting, l/min.
    """
    settings = np.array([point.setting for point in points])
    flows = np.array([measured_flow(plan, point) for point in points])
    strokes = input_quantity("d_t", plan.budget.strokes, unit="%").distribution.u / 100
    scatter = flows * strokes / np.sqrt([point.strokes for point in points])
    return fit(Polynomial(CURVE_DEGREE), settings, flows - settings, uy=np.hypot(scatter, setting_u))


@dataclass(frozen=True, slots=True, kw_only=True)
class Blend:
    """Hold what a blend is made of."""

    parent: float
    """Setpoint of the parent's controller, l/min."""
    diluent: float
    """Setpoint of the diluent's controller, l/min; 0 where it is shut."""

    @property
    def share(self) -> float:
        """Return the nominal share of parent gas, 1."""
        return self.parent / (self.parent + self.diluent)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curves:
    """Hold the calibrations of both controllers."""

    parent: Fit
    """Deviation of the parent's flow from its setpoint, l/min over l/min."""
    diluent: Fit
    """Deviation of the diluent's flow."""


def fraction(
    x_p: Value,
    c_1: Value,
    s_1: Value,
    e_V: Value = 0.0,
    leak: Value = 0.0,
    t_1: Value = 0.0,
    d_x: Value = 0.0,
    c_2: Value = 0.0,
    s_2: Value = 0.0,
    t_2: Value = 0.0,
    *,
    blend: Blend,
    impurity: float,
) -> Value:
    """Return the amount fraction of a blend, in the unit of `x_p`.

    Args:
        x_p: fraction of the component in the parent gas.
        c_1: deviation of the parent's flow by its curve, l/min.
        s_1: deviation of this setting, l/min.
        e_V: relative error common to all flows by the prover, %.
        leak: flow past the prover's piston, ml/min.
        t_1: change of the parent's flow by temperature, %.
        d_x: deviation of the diluent's impurity from its estimate, in the unit of `x_p`.
        c_2: as `c_1`, for the diluent.
        s_2: as `s_1`.
        t_2: as `t_1`.
        blend: setpoints.
        impurity: estimate of the component's fraction in the diluent, in the unit of `x_p`.
    """
    common = 1 + e_V / 100
    q_1 = ((blend.parent + c_1) * common + leak / 1000 + s_1) * (1 + t_1 / 100)
    if not blend.diluent:
        return x_p + 0 * q_1
    q_2 = ((blend.diluent + c_2) * common + leak / 1000 + s_2) * (1 + t_2 / 100)
    return (q_1 * x_p + q_2 * (impurity + d_x)) / (q_1 + q_2)


def set_error(*, blend: Blend, impurity: float, x_set: float, **inputs: Value) -> Value:
    """Return the relative error of the set fraction, %: set fraction over fraction produced, less 1."""
    return 100 * (x_set / fraction(**inputs, blend=blend, impurity=impurity) - 1)


def parent_fraction(plan: Plan) -> float:
    """Return the certified fraction of the component in the parent gas, %."""
    return find(plan.references, "parent").value(plan.component).quantity.to("%").value


def _shared(plan: Plan) -> tuple[InputQuantity, ...]:
    """Return the inputs that all blends share beside the curves."""
    e, text = plan.budget, catalogue("scenarios")
    cell = find(plan.references, "prover").value("volume")
    volume = 100 * cell.U.to("ml").value / cell.k / cell.quantity.to("ml").value
    kelvin = input_quantity("d_T", e.prover_temperature, unit="K").distribution.u / 293.15 * 100
    kpa = input_quantity("d_p", e.prover_pressure, unit="kPa").distribution.u / STANDARD_KPA * 100
    common = Normal(mean=0.0, u=math.sqrt(volume**2 + kelvin**2 + kpa**2))
    parent = find(plan.references, "parent").value(plan.component)
    return (
        parent.input("x_p", text["gas_dilution.parent_fraction"], unit="%"),
        InputQuantity(name="e_V", distribution=common, unit="%", label=text["gas_dilution.prover_common"]),
        input_quantity("leak", e.prover_leak, unit="ml/min"),
        input_quantity("d_x", e.impurity, unit="%"),
    )


def _own(plan: Plan, curves: Curves, blend: Blend, suffix: str = "") -> tuple[InputQuantity, ...]:
    """Return the inputs of one blend alone, with the values of the curves there."""
    text, e = catalogue("scenarios"), plan.budget
    found = []
    for number, fitted, setting, effect, which in (
        (1, curves.parent, blend.parent, e.parent_setting, "parent"),
        (2, curves.diluent, blend.diluent, e.diluent_setting, "diluent"),
    ):
        if not setting:
            continue
        value, covariance = fitted.predict(setting)
        on_curve = Normal(mean=float(value[0]), u=math.sqrt(float(covariance[0, 0])))
        found += [
            InputQuantity(
                name=f"c_{number}{suffix}",
                distribution=on_curve,
                unit="l/min",
                label=text[f"gas_dilution.curve_{which}"],
                evaluation="A",
            ),
            _named(input_quantity(f"s_{number}", effect, unit="l/min"), suffix),
            _named(input_quantity(f"t_{number}", e.temperature, unit="%"), suffix),
        ]
    return tuple(found)


def _named(quantity: InputQuantity, suffix: str) -> InputQuantity:
    return InputQuantity(
        name=quantity.name + suffix,
        distribution=quantity.distribution,
        unit=quantity.unit,
        label=quantity.label,
        evaluation=quantity.evaluation,
    )


def impurity(plan: Plan) -> float:
    """Return the estimate of the component's fraction in the diluent, %."""
    return plan.impurity.to("%")


def blend_budget(plan: Plan, curves: Curves, blend: Blend, x_set: float) -> Budget:
    """Return the budget of the error of a set fraction.

    Args:
        plan: the sheet's plan.
        curves: calibrations of the controllers.
        blend: setpoints.
        x_set: set fraction, %.
    """
    shared = _shared(plan)
    if not blend.diluent:  # parent gas as it is: no ratio of flows, no diluent
        x_p, *_ = shared
        return Budget(model=lambda x_p: 100 * (x_set / x_p - 1), inputs=(x_p,), unit="%", name="δ")
    return Budget(
        model=partial(set_error, blend=blend, impurity=impurity(plan), x_set=x_set),
        inputs=(*shared, *_own(plan, curves, blend)),
        unit="%",
        name="δ",
    )


# -- blends as sources --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Produced:
    """Hold fractions that a diluter produces, with what is known of them together: `uncertainty.fits.fit(ux=...)`."""

    fractions: Array
    """Amount fractions, %, (n,)."""
    covariance: Array
    """Their covariance matrix, %², (n, n)."""

    @property
    def expanded(self) -> Array:
        """Return the expanded uncertainties (k = 2), %, (n,)."""
        return np.asarray(2 * np.sqrt(np.diagonal(self.covariance)))

    @property
    def correlation(self) -> Array:
        """Return the correlation matrix, (n, n)."""
        u = np.sqrt(np.diagonal(self.covariance))
        return np.asarray(self.covariance / np.outer(u, u))


def produced(plan: Plan, curves: Curves, blends: Sequence[Blend]) -> Produced:
    """Return the fractions of some blends with their joint covariance.

    Shared by all of them: parent gas, impurity, prover, both curves (a correlated prediction at each setting). Of each
    blend alone: its settings and the temperature.

    Args:
        plan: the sheet's plan, with the station's references.
        curves: calibrations of the controllers.
        blends: setpoints of each blend.
    """
    inputs = list(_shared(plan))
    correlations: dict[tuple[str, str], float] = {}
    for place, blend in enumerate(blends):
        inputs += _own(plan, curves, blend, f"_{place}")
    for number, fitted, settings in (
        (1, curves.parent, [blend.parent for blend in blends]),
        (2, curves.diluent, [blend.diluent for blend in blends]),
    ):
        places = [place for place, setting in enumerate(settings) if setting]
        _, covariance = fitted.predict([settings[place] for place in places])
        u = np.sqrt(np.diagonal(covariance))
        for i, a in enumerate(places):
            for j, b in enumerate(places[:i]):
                r = float(covariance[i, j] / (u[i] * u[j]))
                correlations[f"c_{number}_{a}", f"c_{number}_{b}"] = max(-1.0, min(1.0, r))
    budget = JointBudget(
        model=partial(_fractions, blends=tuple(blends), impurity=impurity(plan)),
        outputs=tuple(Output(name=f"x_{place}", unit="%") for place in range(len(blends))),
        inputs=tuple(inputs),
        correlations=correlations,
    )
    found = budget.gum()
    return Produced(fractions=np.asarray(found.values), covariance=np.asarray(found.covariance))


def _fractions(
    *, blends: Sequence[Blend], impurity: float, x_p: Value, e_V: Value, leak: Value, d_x: Value, **own: Value
) -> tuple[Value, ...]:
    return tuple(
        fraction(
            x_p=x_p,
            e_V=e_V,
            leak=leak,
            d_x=d_x,
            **{name.removesuffix(f"_{place}"): value for name, value in own.items() if name.endswith(f"_{place}")},
            blend=blend,
            impurity=impurity,
        )
        for place, blend in enumerate(blends)
    )
