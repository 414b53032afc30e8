"""Measurement models of the ring-down system: plain NumPy functions, for one value and for (n,) trials alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.evaluation import input_quantity
from scenarios.sheet import SheetError
from uncertainty.budget import Budget
from uncertainty.curves import Polynomial
from uncertainty.fits import fit
from uncertainty.inputs import InputQuantity, Normal
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scenarios.crds_ghg_plan import Component, Plan
    from scenarios.references import Reference
    from scenarios.sheet import Effect
    from uncertainty.fits import Fit

    Value = float | NDArray[Any]


# -- isotopologues ------------------------------------------------------------------------------------------------


def seen(total: Value, d13c: Value, natural: float, vpdb: float) -> Value:
    """Return the CO2 that an instrument for 12C16O2 takes a gas to have.

    Args:
        total: amount fraction of all CO2.
        d13c: its δ13C on VPDB, 1.
        natural: δ13C of the air for which the instrument's readings are right, 1.
        vpdb: 13C/12C of VPDB.
    """
    return total * (1.0 + vpdb * (1.0 + natural)) / (1.0 + vpdb * (1.0 + d13c))


# -- tanks --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Tank:
    """Hold what is known of one tank for one component, in its unit."""

    value: float
    """Certified amount fraction."""
    u: float
    """Standard uncertainty of its own: what it does not share with the scale."""
    d13c: float
    """δ13C on VPDB, 1; that of natural air where it does not matter."""
    u_d13c: float
    """Its standard uncertainty, 1; 0 where it does not matter."""


def tank(plan: Plan, name: str, reference: Reference, key: str) -> Tank:
    """Return what a certificate says of a component.

    Raises:
        SheetError: a value is missing, or U is smaller than what the scale alone contributes.
    """
    component = plan.components[key]
    certified = reference.value(key)
    u = certified.U.to(component.unit).value / certified.k
    shared = _u(component.budget.scale, component.unit)
    if not u > shared:
        raise SheetError(
            f"laboratory.references.{name}.values.{key}",
            f"u = {u:.4g} {component.unit} is not larger than that of the scale alone, {shared:.4g} {component.unit}",
        )
    natural = plan.natural_d13c.to("1")
    d13c, u_d13c = natural, 0.0
    if component.isotopic:
        stated = reference.value("d13C")
        d13c, u_d13c = stated.quantity.to("1").value, stated.U.to("1").value / stated.k
    return Tank(
        value=certified.quantity.to(component.unit).value,
        u=float(np.sqrt(u**2 - shared**2)),
        d13c=d13c,
        u_d13c=u_d13c,
    )


def _u(effect: Effect, unit: str) -> float:
    return float(input_quantity("u", effect, unit=unit).distribution.u)


def _normal(name: str, mean: float, u: float, unit: str, label: Text) -> InputQuantity:
    return InputQuantity(name=name, distribution=Normal(mean=mean, u=u), unit=unit, label=label)


# -- calibration function -------------------------------------------------------------------------------------------


def bow_shape(x: Value, low: float, high: float) -> Value:
    """Return the shape of a bow over a range: 0 at its ends, 1 in the middle."""
    share = (x - low) / (high - low)
    return 4.0 * share * (1.0 - share)


def calibrate(plan: Plan, key: str, tanks: Sequence[Tank], readings: Sequence[float]) -> Fit:
    """Fit the straight line reading = b0 + b1 x by generalised least squares (ISO 6143).

    Tanks share the scale's error, so the covariance of the abscissae is full. The bow of the response is left out: the
    line is to lie in the middle of it, and what is left of it is in the budgets.

    Args:
        plan: the sheet's plan.
        key: component.
        tanks: tanks, (n,).
        readings: mean raw readings, in the component's unit, (n,).
    """
    component = plan.components[key]
    unit, effects = component.unit, component.budget
    natural, vpdb = plan.natural_d13c.to("1"), plan.vpdb.value
    x = np.array([float(seen(t.value, t.d13c, natural, vpdb)) for t in tanks])
    isotopic = np.array([_isotopic(plan, t) for t in tanks])
    u_x = np.diag(np.array([t.u for t in tanks]) ** 2 + isotopic**2) + _u(effects.scale, unit) ** 2
    u_y = _u(effects.repeatability, unit) / float(plan.calibration.cycles.value) ** 0.5
    return fit(Polynomial(1), x, np.asarray(readings), ux=u_x, uy=u_y)


def line_error(
    d_scale: Value = 0.0,
    d_bow: Value = 0.0,
    *,
    at: float,
    readings: Sequence[float],
    weights: Sequence[float],
    span: tuple[float, float],
    natural: float,
    vpdb: float,
    **inputs: Value,
) -> Value:
    """Return the error of indication that the calibration line gives at an amount fraction, in the component's unit.

    The line is fitted anew to what the inputs say, with the weights of the fit to their estimates.

    Args:
        d_scale: error of the scale, common to all tanks.
        d_bow: bow of the response.
        at: amount fraction, natural isotopic composition.
        readings: mean raw readings, (n,).
        weights: inverse variances of the points about the line, (n,).
        span: range of the bow.
        natural: δ13C of natural air, 1.
        vpdb: 13C/12C of VPDB.
        inputs: x1.. values of the tanks, d1.. their δ13C (natural where not given), r1.. errors of the readings.
    """
    s0: Value = 0.0
    s1: Value = 0.0
    s2: Value = 0.0
    t0: Value = 0.0
    t1: Value = 0.0
    for place, (reading, weight) in enumerate(zip(readings, weights, strict=True), 1):
        value = inputs[f"x{place}"]
        x = seen(value + d_scale, inputs.get(f"d{place}", natural), natural, vpdb) - at
        y = reading + inputs[f"r{place}"] - d_bow * bow_shape(value, *span) - at
        weighted = weight * x
        s0, s1, s2 = s0 + weight, s1 + weighted, s2 + weighted * x
        t0, t1 = t0 + weight * y, t1 + weighted * y
    # Normal equations of a line about `at`, whose value there is what is wanted.
    return (t0 * s2 - s1 * t1) / (s0 * s2 - s1 * s1) + d_bow * bow_shape(at, *span)


def calibration_budget(
    plan: Plan, key: str, at: float, tanks: Sequence[Tank], readings: Sequence[float], found: Fit
) -> Budget:
    """Return the budget of the error of indication of the delivered analyser at an amount fraction.

    Args:
        plan: the sheet's plan.
        key: component.
        at: amount fraction, in the component's unit.
        tanks: tanks, (n,).
        readings: their mean raw readings, (n,).
        found: fit to their estimates; it gives the weights.
    """
    component = plan.components[key]
    unit, effects, text = component.unit, component.budget, catalogue("scenarios")
    inputs = [
        input_quantity("d_scale", effects.scale, unit=unit),
        input_quantity("d_bow", effects.bow, unit=unit),
    ]
    for place, t in enumerate(tanks, 1):
        inputs.append(_normal(f"x{place}", t.value, t.u, unit, text["crds_ghg.input_tank"].format(n=place)))
        if t.u_d13c:
            label = text["crds_ghg.input_d13c"].format(n=place)
            inputs.append(_normal(f"d{place}", t.d13c, t.u_d13c, "1", label))
        factor = float(plan.calibration.cycles.value) ** -0.5
        inputs.append(input_quantity(f"r{place}", effects.repeatability, unit=unit, factor=factor))
    model = partial(
        line_error,
        at=at,
        readings=tuple(readings),
        weights=_weights(plan, key, tanks, float(found.b[1])),
        span=(component.low.to(unit), component.high.to(unit)),
        natural=plan.natural_d13c.to("1"),
        vpdb=plan.vpdb.value,
    )
    return Budget(model=model, inputs=tuple(inputs), unit=unit, name="E")


def _weights(plan: Plan, key: str, tanks: Sequence[Tank], slope: float) -> tuple[float, ...]:
    """Return 1/u² of each point about the line; what all points share moves the line, not its weights."""
    effects, unit = plan.components[key].budget, plan.components[key].unit
    u_y = _u(effects.repeatability, unit) ** 2 / plan.calibration.cycles.value
    return tuple(1.0 / (slope**2 * (t.u**2 + _isotopic(plan, t) ** 2) + u_y) for t in tanks)


def _isotopic(plan: Plan, t: Tank) -> float:
    """Return the standard uncertainty that δ13C contributes to what is seen of a tank."""
    return t.value * plan.vpdb.value / (1.0 + plan.vpdb.value) * t.u_d13c


# -- water --------------------------------------------------------------------------------------------------------


def water_error(
    d_wet: Value = 0.0, d_set: Value = 0.0, k_up: Value = 0.0, *, wet: float, dry: float, humidity: float
) -> Value:
    """Return the error of the water correction: corrected humid as against dry readings of one gas.

    Args:
        d_wet: error of the difference of the means.
        d_set: what cavity pressure still had to settle.
        k_up: what water took up of the component, per % of humidity.
        wet: mean corrected reading of the humid gas, in the component's unit.
        dry: mean corrected reading of the dry gas about it.
        humidity: humidity, %.
    """
    return wet - dry + d_wet + d_set + k_up * humidity


def water_inputs(component: Component) -> tuple[InputQuantity, ...]:
    """Return the inputs of `water_error`."""
    effects, unit = component.budget, component.unit
    inputs = [
        input_quantity("d_wet", effects.wet, unit=unit),
        input_quantity("d_set", effects.settling, unit=unit),
    ]
    if effects.uptake is not None:
        inputs.append(input_quantity("k_up", effects.uptake, unit=unit))
    return tuple(inputs)


def water_budget(component: Component, *, wet: float, dry: float, humidity: float) -> Budget:
    """Return the budget of the error of the water correction; see `water_error`."""
    model = partial(water_error, wet=wet, dry=dry, humidity=humidity)
    return Budget(model=model, inputs=water_inputs(component), unit=component.unit, name="E_w")


# -- verdict ------------------------------------------------------------------------------------------------------


def adjusted_error(
    x: Value,
    d_rep: Value = 0.0,
    d_in: Value = 0.0,
    d13c: Value | None = None,
    *,
    reading: float,
    natural: float,
    vpdb: float,
    wet: float = 0.0,
    dry: float = 0.0,
    humidity: float = 0.0,
    **water: Value,
) -> Value:
    """Return the error of the adjusted analyser at a humidity: that in dry gas, and that of the water correction.

    It is the error on the scale: compatibility is asked for among those who share it, so what it is off does not count.

    Args:
        x: value of the target gas.
        d_rep: error of the mean reading from repeatability and drift.
        d_in: error from the inlet pressure.
        d13c: δ13C of the target gas; None where it does not matter.
        reading: mean calibrated reading of the dry target gas.
        natural: δ13C of natural air, 1.
        vpdb: 13C/12C of VPDB.
        wet: see `water_error`; used where the humidity is above 0.
        dry: see `water_error`.
        humidity: %.
        water: inputs of `water_error`; none for dry gas.
    """
    error = reading + d_rep + d_in - (x if d13c is None else seen(x, d13c, natural, vpdb))
    return error + water_error(wet=wet, dry=dry, humidity=humidity, **water) if water else error


def adjusted_budget(
    plan: Plan, key: str, target: Tank, *, reading: float, wet: float, dry: float, humidity: float
) -> Budget:
    """Return the budget of the error of the adjusted analyser; see `adjusted_error`."""
    component = plan.components[key]
    unit, effects, text = component.unit, component.budget, catalogue("scenarios")
    visits = float(plan.drift.visits.value) ** -0.5
    inputs = [
        _normal("x", target.value, target.u, unit, text["crds_ghg.input_target"]),
        input_quantity("d_rep", effects.repeatability, unit=unit, factor=visits),
        input_quantity("d_in", effects.inlet, unit=unit),
    ]
    if target.u_d13c:
        inputs.append(_normal("d13c", target.d13c, target.u_d13c, "1", text["crds_ghg.input_target_d13c"]))
    if humidity:
        inputs += water_inputs(component)
    model = partial(
        adjusted_error,
        reading=reading,
        natural=plan.natural_d13c.to("1"),
        vpdb=plan.vpdb.value,
        wet=wet,
        dry=dry,
        humidity=humidity,
    )
    return Budget(model=model, inputs=tuple(inputs), unit=unit, name="E")
