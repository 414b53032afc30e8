"""What is measured on a ring-down analyser: points, measurands, and the uncertainty to be expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.crds_ghg_model import Tank, adjusted_budget, calibrate, calibration_budget, seen, tank, water_budget
from scenarios.planning import check, forecast_point
from scenarios.record import Measurand, TestPoint
from scenarios.references import find
from scenarios.sheet import SheetError
from uncertainty.quantity import Quantity
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from scenarios.crds_ghg_plan import Nameplate, Plan
    from scenarios.procedure import Forecast
    from scenarios.sheet import Sheet

KINDS = ("calibration", "water", "verification")
"""Items with measured points, one for each component."""


def measurand(plan: Plan, kind: str, key: str) -> Measurand:
    """Return what the points of an item measure."""
    component, text = plan.components[key], catalogue("scenarios")
    return Measurand(
        name=text[f"crds_ghg.measurand_{kind}"].format(component=component.name),
        symbol="E_w" if kind == "water" else "E",
        unit=component.unit,
    )


def tanks(plan: Plan, key: str) -> tuple[Tank, ...]:
    """Return what the certificates of the calibration tanks say of a component."""
    return tuple(tank(plan, name, find(plan.references, name), key) for name in plan.calibration.tanks)


def target(plan: Plan, key: str) -> Tank:
    """Return what the certificate of the target gas says of a component."""
    return tank(plan, plan.drift.target, find(plan.references, plan.drift.target), key)


def _label(text: Text, value: float, unit: str) -> Text:
    return text.format(value=f"{value:g}", unit=unit.replace("umol", "µmol"))


def calibration_points(plan: Plan, key: str) -> tuple[TestPoint, ...]:
    """Return the points of the error of indication at delivery: the values of the tanks, from small to large."""
    component, text = plan.components[key], catalogue("scenarios")
    return tuple(
        TestPoint(
            key=f"calibration/{key}/{name}",
            label=_label(text["crds_ghg.point_tank"], t.value, component.unit),
            settings={"fraction": Quantity(value=t.value, unit=component.unit)},
            repeats=round(plan.calibration.cycles.value),
            mpe=None,
            about={"component": key, "state": "delivered"},
        )
        for name, t in sorted(
            zip(plan.calibration.tanks, tanks(plan, key), strict=True), key=lambda pair: pair[1].value
        )
    )


def _humid(plan: Plan, kind: str, key: str, state: str, humidity: float, limit: float, repeats: int) -> TestPoint:
    component, text = plan.components[key], catalogue("scenarios")
    label = text["crds_ghg.point_humid"].format(value=f"{humidity:g}") if humidity else text["crds_ghg.point_dry"]
    return TestPoint(
        key=f"{kind}/{key}/{humidity:g}",
        label=label,
        settings={
            "fraction": Quantity(value=target(plan, key).value, unit=component.unit),
            "humidity": Quantity(value=humidity, unit="%"),
        },
        repeats=repeats,
        mpe=Quantity(value=limit, unit=component.unit),
        about={"component": key, "state": state},
    )


def water_points(plan: Plan, key: str) -> tuple[TestPoint, ...]:
    """Return the points of the water correction."""
    limit = plan.water.share.value * plan.components[key].goal.to(plan.components[key].unit)
    return tuple(_humid(plan, "water", key, "water", h.to("%"), limit, 1) for h in plan.water.check)


def verification_points(plan: Plan, key: str) -> tuple[TestPoint, ...]:
    """Return the points of the verdict.

    Raises:
        SheetError: a humidity is not among those at which the water correction is checked.
    """
    checked = {f"{h.to('%'):g}" for h in plan.water.check}
    limit = plan.components[key].goal.to(plan.components[key].unit)
    points = []
    for place, humidity in enumerate(plan.verification.humidities):
        percent = humidity.to("%")
        if percent and f"{percent:g}" not in checked:
            raise SheetError(
                f"procedure.verification.humidities[{place}]",
                f"{percent:g} % is not checked by procedure.water.check ({', '.join(sorted(checked))} %)",
            )
        visits = round(plan.drift.visits.value)
        points.append(_humid(plan, "verification", key, "adjusted", percent, limit, visits))
    return tuple(points)


def forecast(sheet: Sheet, plan: Plan, device: Nameplate) -> tuple[Forecast, ...]:
    """Return the expected uncertainty per point, before any gas flows.

    Raises:
        PlanRefused: the expected U of a point exceeds its share of the limit.
        SheetError: a certificate or a setting is missing.
    """
    natural, vpdb = plan.natural_d13c.to("1"), plan.vpdb.value
    each = plan.flush.to("s") + plan.average.to("s")
    cycle, dwell = plan.calibration.cycles.value * each, plan.water.dwell.to("s")
    visits = plan.drift.visits.value * plan.drift.interval.to("s")
    found = []
    for key, component in plan.components.items():
        own = tanks(plan, key)
        readings = [float(seen(t.value, t.d13c, natural, vpdb)) for t in own]
        line, what = calibrate(plan, key, own, readings), measurand(plan, "calibration", key)
        for point in calibration_points(plan, key):
            budget = calibration_budget(plan, key, point.settings["fraction"].value, own, readings, line)
            found.append(forecast_point(sheet, point, budget, cycle, measurand=what))
        what = measurand(plan, "water", key)
        for point in water_points(plan, key):
            budget = water_budget(component, wet=0.0, dry=0.0, humidity=point.settings["humidity"].value)
            found.append(forecast_point(sheet, point, budget, dwell, measurand=what))
        gas, what = target(plan, key), measurand(plan, "verification", key)
        reading = float(seen(gas.value, gas.d13c, natural, vpdb))
        for point in verification_points(plan, key):
            budget = adjusted_budget(
                plan, key, gas, reading=reading, wet=0.0, dry=0.0, humidity=point.settings["humidity"].value
            )
            found.append(forecast_point(sheet, point, budget, visits, measurand=what))
    return check(sheet, found)
