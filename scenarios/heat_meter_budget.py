"""Points and budgets of a heat meter's verification: flow sensor, pair, calculator, whole meter."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from scenarios.evaluation import input_quantity
from scenarios.heat_meter_model import calculator_error, pair_error, reach, weights, whole_error
from scenarios.record import TestPoint
from scenarios.references import find
from scenarios.sheet import SheetError
from scenarios.water_flow import weighed_inputs
from scenarios.water_model import relative_error
from uncertainty.budget import Budget
from uncertainty.quantity import Quantity
from uncertainty.text import catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenarios.heat_meter_plan import FlowPoint, Limits, Nameplate, Place, Plan, WholePoint
    from uncertainty.inputs import InputQuantity

FLOW, PAIR, CALCULATOR, WHOLE = {"part": "flow"}, {"part": "pair"}, {"part": "calculator"}, {"part": "whole"}
"""What a point is about."""


# -- points -------------------------------------------------------------------------------------------------------


def limits(plan: Plan, device: Nameplate) -> Limits:
    """Return the limits of a device's class.

    Raises:
        SheetError: the sheet does not know the class.
    """
    name = device.accuracy_class
    for table, known in (("mpe", plan.mpe), ("rounding", plan.rounding)):
        if name not in known:
            raise SheetError(f"procedure.{table}", f"no class {name!r}; the sheet knows {', '.join(known)}")
    return plan.mpe[name]


def flow_of(planned: FlowPoint | WholePoint, device: Nameplate) -> float:
    """Return a planned flow, m³/h."""
    rated = device.permanent_flow if planned.of == "qp" else device.least_flow
    return planned.share.value * rated.to("m**3/h").value


def flow_point(plan: Plan, device: Nameplate, planned: FlowPoint) -> TestPoint:
    """Return the point of the flow sensor at a flow."""
    flow = flow_of(planned, device)
    mpe = limits(plan, device).of_flow(device.permanent_flow.to("m**3/h").value / flow)
    return TestPoint(
        key=f"flow/{planned.key}",
        label=planned.label,
        settings={"flow": Quantity(value=flow, unit="m**3/h")},
        repeats=1,
        mpe=Quantity(value=mpe, unit="%"),
        about=FLOW,
    )


def temperatures(supply: float, back: float) -> dict[str, Quantity]:
    """Return the settings of a pair of temperatures, °C."""
    return {"theta_f": Quantity(value=supply, unit="degC"), "theta_r": Quantity(value=back, unit="degC")}


def ratio(device: Nameplate, difference: float) -> float:
    """Return Δθmin/Δθ for a temperature difference, K."""
    return device.least_difference.to("K").value / difference


def pair_point(plan: Plan, device: Nameplate, place: Place) -> TestPoint:
    """Return the point of the pair at a place of the field."""
    supply, back = place.supply.to("degC"), place.back.to("degC")
    return TestPoint(
        key=f"pair/{place.key}",
        label=place.label,
        settings=temperatures(supply, back),
        repeats=1,
        mpe=Quantity(value=limits(plan, device).pair.at(ratio(device, supply - back)), unit="%"),
        about=PAIR,
    )


def calculator_point(plan: Plan, device: Nameplate, place: Place) -> TestPoint:
    """Return the point of the calculator at a pair of temperatures."""
    supply, back = place.supply.to("degC"), place.back.to("degC")
    return TestPoint(
        key=f"calculator/{place.key}",
        label=place.label,
        settings=temperatures(supply, back),
        repeats=1,
        mpe=Quantity(value=limits(plan, device).calculator.at(ratio(device, supply - back)), unit="%"),
        about=CALCULATOR,
    )


def whole_point(plan: Plan, device: Nameplate, planned: WholePoint) -> TestPoint:
    """Return the point of the whole meter at a combination."""
    supply, back, flow = planned.supply.to("degC"), planned.back.to("degC"), flow_of(planned, device)
    permanent = device.permanent_flow.to("m**3/h").value
    return TestPoint(
        key=f"whole/{planned.key}",
        label=planned.label,
        settings={"flow": Quantity(value=flow, unit="m**3/h"), **temperatures(supply, back)},
        repeats=1,
        mpe=Quantity(value=limits(plan, device).whole(permanent / flow, ratio(device, supply - back)), unit="%"),
        about=WHOLE,
    )


# -- budgets ------------------------------------------------------------------------------------------------------


def _weighed(plan: Plan, volume: float, repeats: int) -> tuple[InputQuantity, ...]:
    """Return the inputs of a volume of weighed water and of the meter's own repeatability."""
    inputs = list(weighed_inputs(plan.budget, find(plan.references, "facility"), repeats))
    effect = plan.budget.repeatability
    if effect is not None:
        scale = 100.0 / (volume * 1000.0) / math.sqrt(repeats)
        inputs.append(replace(input_quantity("d_rep", effect, unit="L", factor=scale), unit="%"))
    return tuple(inputs)


def _thermometers(plan: Plan) -> tuple[InputQuantity, ...]:
    """Return the inputs of a temperature difference between two baths."""
    text, found = catalogue("scenarios"), find(plan.references, "thermometers")
    return (
        found.value("first").input("s_1", text["heat_meter.input_first_thermometer"], unit="K"),
        found.value("second").input("s_2", text["heat_meter.input_second_thermometer"], unit="K"),
        input_quantity("g_1", plan.budget.gradient, unit="K"),
        input_quantity("g_2", plan.budget.gradient, unit="K"),
    )


def flow_budget(plan: Plan, water: dict[str, float], repeats: int) -> Budget:
    """Return the budget of the flow sensor's error; `water`: values of `water_model.relative_error`."""
    model = partial(relative_error, **water)
    return Budget(model=model, inputs=_weighed(plan, water["volume"], repeats), unit="%", name="E_f")


def pair_budget(plan: Plan, thetas: Sequence[Sequence[float]], supply: float, back: float, error: float) -> Budget:
    """Return the budget of the pair's error at a place.

    Args:
        plan: the sheet's.
        thetas: temperatures of the fit, °C: of the supply sensor and of the return sensor.
        supply: temperature of the supply, °C.
        back: temperature of the return, °C.
        error: as the fits give it, %.
    """
    reading = plan.budget.reading
    # An error at each of the three temperatures counts with its weight; the three are independent.
    norms = [float(np.linalg.norm(weights(own, theta))) for own, theta in zip(thetas, (supply, back), strict=True)]
    difference = supply - back
    slope = float(reach(supply) - reach(back)) / difference
    return Budget(
        model=partial(pair_error, error=error, difference=difference, slope=slope),
        inputs=(
            *_thermometers(plan),
            input_quantity("n_1", reading, unit="K", factor=norms[0]),
            input_quantity("n_2", reading, unit="K", factor=norms[1]),
            input_quantity("d_R", plan.budget.resistance, unit="%"),
        ),
        unit="%",
        name="E_t",
    )


def calculator_budget(plan: Plan, *, energy_kwh: float, volume: float, k: float, supply: float, back: float) -> Budget:
    """Return the budget of the calculator's error; see `calculator_error` for the values."""
    text, found = catalogue("scenarios"), find(plan.references, "decades")
    return Budget(
        model=partial(calculator_error, energy_kwh=energy_kwh, volume=volume, k=k, supply=supply, back=back),
        inputs=(
            found.value("first").input("c_1", text["heat_meter.input_first_decade"], unit="%"),
            found.value("second").input("c_2", text["heat_meter.input_second_decade"], unit="%"),
        ),
        unit="%",
        name="E_c",
    )


def whole_budget(
    plan: Plan, *, heat: float, k: float, difference: float, water: dict[str, float], repeats: int
) -> Budget:
    """Return the budget of the whole meter's error; see `whole_error` for the values."""
    return Budget(
        model=partial(whole_error, heat=heat, k=k, difference=difference, water=water),
        inputs=(
            *_weighed(plan, water["volume"], repeats),
            *_thermometers(plan),
            input_quantity("d_k", plan.budget.coefficient, unit="%"),
        ),
        unit="%",
        name="E",
    )
