"""Points of a dilution, and what uncertainty is to be expected of them before any gas flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.evaluation import input_quantity
from scenarios.gas_dilution_model import (
    STANDARD_KELVIN,
    STANDARD_KPA,
    Blend,
    Curves,
    FlowPoint,
    blend_budget,
    cell_volume,
    curve,
    flow_budget,
    parent_fraction,
)
from scenarios.planning import check, forecast_point
from scenarios.procedure import Forecast, PlanRefused
from scenarios.record import TestPoint
from uncertainty.quantity import Quantity
from uncertainty.text import Text

if TYPE_CHECKING:
    from scenarios.gas_dilution_plan import Nameplate, Plan
    from scenarios.sheet import Sheet

GASES = ("diluent", "parent")
"""The two lines, in the order in which their controllers are calibrated."""
PER_CENT = 10.0
"""mmol/mol in one per cent: fractions are shown in mmol/mol, so that they are not taken for relative errors."""


def flow_point(gas: str, share: float, setting: float) -> TestPoint:
    """Return the plan of one calibration point; `share` in % of the total flow, `setting` in l/min."""
    return TestPoint(
        key=f"calibration_{gas}/{share:g}",
        label=Text(zh=f"{share:g} %", en=f"{share:g} %"),
        settings={"flow": Quantity(value=setting, unit="l/min")},
        repeats=1,
        mpe=None,
        about={"quantity": "flow"},
    )


def blend_point(plan: Plan, share: float) -> TestPoint:
    """Return the plan of one blend; `share` is that of the parent flow, %."""
    return TestPoint(
        key=f"dilution/{share:g}",
        label=Text(zh=f"{share:g} %", en=f"{share:g} %"),
        settings={
            "dilution": Quantity(value=share, unit="%"),
            "fraction": Quantity(value=parent_fraction(plan) * share / 100 * PER_CENT, unit="mmol/mol"),
        },
        repeats=round(plan.dilution.readings.value),
        mpe=Quantity(value=plan.dilution.mpe.to("%"), unit="%"),
    )


def blend(plan: Plan, share: float) -> Blend:
    """Return the setpoints of a blend; `share` in %."""
    total = plan.total_flow.to("l/min")
    return Blend(parent=total * share / 100, diluent=total * (100 - share) / 100)


def forecast(sheet: Sheet, plan: Plan, device: Nameplate) -> tuple[Forecast, ...]:
    """Return the expected uncertainty of every flow and every blend, before any gas flows.

    Raises:
        PlanRefused: the expected U of a blend exceeds its share of the MPE, or a flow a controller's range.
    """
    measurand = sheet.measurands["flow"]
    forecasts, fits = [], {}
    strokes = round(plan.calibration.strokes.value)
    for gas in GASES:
        points = [ideal(plan, gas, setting) for setting in settings(plan)]
        fits[gas] = curve(plan, points, setting_u(plan, gas))
        for share, point in zip(shares(plan), points, strict=True):
            duration = plan.calibration.settle.to("s") + strokes * point.time
            planned = flow_point(gas, share, point.setting)
            forecasts.append(forecast_point(sheet, planned, flow_budget(plan, point), duration, measurand=measurand))
    curves = Curves(parent=fits["parent"], diluent=fits["diluent"])
    for dilution in plan.dilution.dilutions:
        goal = blend_point(plan, dilution.to("%"))
        mixed = blend(plan, dilution.to("%"))
        budget = blend_budget(plan, curves, mixed, goal.settings["fraction"].value / PER_CENT)
        duration = plan.purge.factor.value * plan.purge.limit.to("s")
        forecasts.append(forecast_point(sheet, goal, budget, duration))
    within_ranges(plan, device)
    return check(sheet, forecasts)


def within_ranges(plan: Plan, device: Nameplate) -> None:
    """See that the controllers can give what the plan asks for.

    Raises:
        PlanRefused: one cannot.
    """
    total = plan.total_flow.to("l/min")
    for name, full in (("parent", device.parent_range), ("diluent", device.diluent_range)):
        if total > full.to("l/min").value * (1 + 1e-9):
            raise PlanRefused(
                f"total_flow: {total:g} l/min exceeds the range of the {name}'s controller, {full}; choose a smaller"
            )


def shares(plan: Plan) -> tuple[float, ...]:
    """Return the settings of a calibration, % of the total flow."""
    return tuple(share.to("%") for share in plan.calibration.shares)


def settings(plan: Plan) -> tuple[float, ...]:
    """Return the settings of a calibration, l/min."""
    total = plan.total_flow.to("l/min")
    return tuple(total * share / 100 for share in shares(plan))


def setting_u(plan: Plan, gas: str) -> float:
    """Return the standard uncertainty of a setting, l/min."""
    effect = plan.budget.parent_setting if gas == "parent" else plan.budget.diluent_setting
    return float(input_quantity("s", effect, unit="l/min").distribution.u)


def ideal(plan: Plan, gas: str, setting: float) -> FlowPoint:
    """Return what the prover would measure of a controller without error at 20 °C and 1 atm."""
    z = plan.compressibility[gas].value
    actual = setting * 1000 * 293.15 / STANDARD_KELVIN * z
    return FlowPoint(
        setting=setting,
        time=cell_volume(plan) / actual * 60,
        strokes=round(plan.calibration.strokes.value),
        temperature=20.0,
        pressure=STANDARD_KPA,
        compressibility=z,
    )
