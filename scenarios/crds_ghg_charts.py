"""Pictures of a ring-down calibration: response, Allan deviation, water, calibration residuals, target gas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.record import Chart, Curve, Level
from uncertainty.text import catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scenarios.crds_ghg_plan import Component, Plan

DWARFS = 5.0
"""How many times larger than what is drawn a limit may be."""


def response(seconds: Sequence[float], courses: Mapping[str, Sequence[float]], plan: Plan, t90: float) -> Chart:
    """Draw the way from one tank to another, in percent of the change.

    Args:
        seconds: time after the change, s, (n,).
        courses: component -> share of the change, 1, (n,).
        plan: the sheet's plan.
        t90: the largest T90, s.
    """
    text = catalogue("scenarios")
    return Chart(
        key="response",
        title=text["crds_ghg.chart_response"],
        x_label=text["crds_ghg.after_change"],
        x_unit="s",
        y_label=text["crds_ghg.share_of_change"],
        y_unit="%",
        curves=tuple(
            Curve(name=plan.components[key].name, x=tuple(seconds), y=tuple(100 * share for share in course))
            for key, course in courses.items()
        ),
        levels=(
            Level(name=text["crds_ghg.ninety"], value=90.0),
            Level(name=text["crds_ghg.t90_limit"], value=t90, axis="x"),
        ),
    )


def allan(key: str, component: Component, taus: Sequence[float], deviations: Sequence[float]) -> Chart:
    """Draw the Allan deviation of one component over the averaging time, both logarithmic."""
    text = catalogue("scenarios")
    limits = sorted((float(at), limit.to(component.unit)) for at, limit in component.precision.items())
    return Chart(
        key=f"allan_{key}",
        title=text["crds_ghg.chart_allan"].format(component=component.name),
        x_label=text["crds_ghg.averaging_time"],
        x_unit="s",
        y_label=text["crds_ghg.allan_deviation"],
        y_unit=component.unit,
        curves=(
            Curve(name=component.name, x=tuple(taus), y=tuple(deviations)),
            Curve(
                name=text["crds_ghg.largest_permitted"],
                x=tuple(at for at, _ in limits),
                y=tuple(limit for _, limit in limits),
                style="points",
            ),
        ),
        log_x=True,
        log_y=True,
    )


def water(
    key: str,
    component: Component,
    limit: float,
    found: tuple[Sequence[float], Sequence[float]],
    checked: tuple[Sequence[float], Sequence[float], Sequence[float]],
) -> Chart:
    """Draw what the water correction leaves, over humidity; the limit only where it does not dwarf what is left.

    Args:
        key: component's key.
        component: component.
        limit: largest permitted error of the correction, in its unit.
        found: humidities (%) and residuals of the fit.
        checked: humidities, errors and their U of the check.
    """
    text = catalogue("scenarios")
    largest = max(abs(error) + U for error, U in zip(checked[1], checked[2], strict=True))
    limits = (limit, -limit) if limit < DWARFS * largest else ()
    return Chart(
        key=f"water_{key}",
        title=text["crds_ghg.chart_water"].format(component=component.name),
        x_label=text["crds_ghg.humidity"],
        x_unit="%",
        y_label=text["crds_ghg.residual"],
        y_unit=component.unit,
        curves=(
            Curve(name=text["crds_ghg.of_the_fit"], x=tuple(found[0]), y=tuple(found[1]), style="points"),
            Curve(
                name=text["crds_ghg.of_the_check"],
                x=tuple(checked[0]),
                y=tuple(checked[1]),
                style="points",
                U=tuple(checked[2]),
            ),
        ),
        levels=tuple(Level(name=text["crds_ghg.largest_permitted"], value=value) for value in limits),
    )


def calibration(
    key: str, component: Component, x: Sequence[float], residuals: Sequence[float], U: Sequence[float]
) -> Chart:
    """Draw the tanks about the calibration line, with the expanded uncertainty of each."""
    text = catalogue("scenarios")
    return Chart(
        key=f"calibration_{key}",
        title=text["crds_ghg.chart_calibration"].format(component=component.name),
        x_label=text["crds_ghg.fraction"],
        x_unit=component.unit,
        y_label=text["crds_ghg.residual"],
        y_unit=component.unit,
        curves=(Curve(name=text["crds_ghg.tanks"], x=tuple(x), y=tuple(residuals), style="points", U=tuple(U)),),
        levels=(Level(name=text["crds_ghg.line"], value=0.0),),
    )


def target(key: str, component: Component, hours: Sequence[float], errors: Sequence[float]) -> Chart:
    """Draw the target gas's results about its certificate, over time, with the goal."""
    text, goal = catalogue("scenarios"), component.goal.to(component.unit)
    return Chart(
        key=f"target_{key}",
        title=text["crds_ghg.chart_target"].format(component=component.name),
        x_label=text["crds_ghg.time"],
        x_unit="h",
        y_label=text["crds_ghg.from_certificate"],
        y_unit=component.unit,
        curves=(Curve(name=text["crds_ghg.target_gas"], x=tuple(hours), y=tuple(errors), style="points"),),
        levels=(
            Level(name=text["crds_ghg.goal"], value=goal),
            Level(name=text["crds_ghg.goal"], value=-goal),
        ),
    )
