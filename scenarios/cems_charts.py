"""Pictures of a CEMS: response, paired runs, the uncertainty at reference oxygen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenarios.cems_accuracy import related_u
from scenarios.cems_model import UNIT
from scenarios.record import Chart, Curve, Level
from uncertainty.quantity import convert
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenarios.cems_plan import Channel

OXYGEN_FROM, OXYGEN_TO = 3.0, 20.5
"""Range of oxygen over which the uncertainty at reference oxygen is drawn, %."""


def response_chart(channel: str, component: Channel, trace: Sequence[float], found: float) -> Chart:
    """Return the response to a step; `trace` in µmol/mol every second, `found` the time to 90 %, s."""
    text = catalogue("scenarios")
    return Chart(
        key=f"response_{channel}",
        title=text["cems.chart_response"].format(component=channel),
        x_label=text["cems.time"],
        x_unit="s",
        y_label=text["cems.indication"],
        y_unit=component.unit,
        curves=(
            Curve(
                name=Text(zh=channel, en=channel),
                x=tuple(map(float, range(len(trace)))),
                y=tuple(convert(value, UNIT, component.unit) for value in trace),
            ),
        ),
        levels=(Level(name=Text(zh="T90", en="T90"), value=found, axis="x"),),
    )


def pairs_chart(channel: str, component: Channel, reference: Sequence[float], cems: Sequence[float]) -> Chart:
    """Return the paired runs, in the component's unit."""
    text = catalogue("scenarios")
    numbers = tuple(float(number) for number in range(1, len(reference) + 1))
    return Chart(
        key=f"pairs_{channel}",
        title=text["cems.chart_pairs"].format(component=channel),
        x_label=text["cems.pair"],
        x_unit="1",
        y_label=text["cems.concentration"],
        y_unit=component.unit,
        curves=(
            Curve(name=text["cems.reference_method"], x=numbers, y=tuple(reference)),
            Curve(name=text["cems.cems"], x=numbers, y=tuple(cems), style="points"),
        ),
    )


def oxygen_chart(u_component: float, u_oxygen: float, here: float) -> Chart:
    """Return the relative uncertainty of a concentration at reference oxygen, over the oxygen.

    Args:
        u_component: relative standard uncertainty of the concentration, 1.
        u_oxygen: relative standard uncertainty of the oxygen, 1.
        here: oxygen of the stack, %.
    """
    text = catalogue("scenarios")
    oxygen = np.linspace(OXYGEN_FROM, OXYGEN_TO, 120)
    return Chart(
        key="oxygen",
        title=text["cems.chart_oxygen"],
        x_label=text["cems.oxygen_content"],
        x_unit="%",
        y_label=text["cems.relative_U"],
        y_unit="%",
        curves=(
            Curve(
                name=text["cems.related_U"],
                x=tuple(float(x) for x in oxygen),
                y=tuple(200 * related_u(u_component, float(x), u_oxygen * float(x)) for x in oxygen),
            ),
        ),
        levels=(
            Level(name=text["cems.here"], value=here, axis="x"),
            Level(name=text["cems.unrelated_U"], value=200 * u_component),
        ),
        log_y=True,
    )
