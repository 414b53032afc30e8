"""Pictures of EN 14181: calibration function, control charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.cems_model import UNIT
from scenarios.record import Chart, Curve, Level
from uncertainty.quantity import convert
from uncertainty.text import catalogue

if TYPE_CHECKING:
    from scenarios.cems_en14181_plan import Component
    from scenarios.cems_model import Pairs
    from scenarios.cems_qal import Cusum, Function, Shewhart


def function_chart(channel: str, component: Component, pairs: Pairs, function: Function) -> Chart:
    """Return the pairs with the calibration function."""
    text, factor = catalogue("scenarios"), convert(1.0, UNIT, component.unit)
    ends = (0.0, max(pairs.cems) * 1.1)
    return Chart(
        key=f"function_{channel}",
        title=text["cems_en14181.chart_function"].format(component=channel),
        x_label=text["cems_en14181.reading"],
        x_unit=component.unit,
        y_label=text["cems.reference_method"],
        y_unit=component.unit,
        curves=(
            Curve(
                name=text["cems_en14181.pairs"],
                x=tuple(factor * x for x in pairs.cems),
                y=tuple(factor * y for y in pairs.reference),
                style="points",
            ),
            Curve(
                name=text["cems_en14181.function"],
                x=tuple(factor * x for x in ends),
                y=tuple(factor * function.value(x) for x in ends),
            ),
        ),
    )


def control_chart(channel: str, level: str, component: Component, single: Shewhart, sums: Cusum) -> Chart:
    """Return both control charts of one level in one picture."""
    text, factor = catalogue("scenarios"), convert(1.0, UNIT, component.unit)
    numbers = tuple(float(number) for number in range(1, len(single.deviations) + 1))
    return Chart(
        key=f"qal3_{channel}_{level}",
        title=text[f"cems_en14181.chart_{level}"].format(component=channel),
        x_label=text["cems_en14181.check"],
        x_unit="1",
        y_label=text["cems_en14181.deviation"],
        y_unit=component.unit,
        curves=(
            Curve(
                name=text["cems_en14181.single"],
                x=numbers,
                y=tuple(factor * d for d in single.deviations),
                style="points",
            ),
            Curve(name=text["cems_en14181.sum_up"], x=numbers, y=tuple(factor * value for value in sums.upper)),
            Curve(name=text["cems_en14181.sum_down"], x=numbers, y=tuple(-factor * value for value in sums.lower)),
        ),
        levels=(
            Level(name=text["cems_en14181.warning"], value=factor * single.warning),
            Level(name=text["cems_en14181.h"], value=factor * sums.limit),
        ),
    )
