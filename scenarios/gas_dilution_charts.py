"""Pictures of a dilution: curve of a controller, response of the outlet, correlation of the blends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenarios.gas_dilution_model import produced
from scenarios.record import Chart, Curve, Level
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenarios.gas_dilution_model import Blend, Curves
    from scenarios.gas_dilution_plan import Plan
    from scenarios.record import PointResult
    from uncertainty.fits import Fit

STEPS = 100
"""Places at which a curve is drawn."""


def curve_chart(gas: str, results: Sequence[PointResult], fitted: Fit) -> Chart:
    """Return the errors of a controller with the fitted curve; `fitted` is the deviation of the flow, l/min."""
    text = catalogue("scenarios")
    settings = [result.point.settings["flow"].value for result in results]
    mesh = np.geomspace(min(settings), max(settings), STEPS)
    deviation = fitted.curve.value(mesh, fitted.b)
    return Chart(
        key="curve",
        title=text[f"gas_dilution.chart_{gas}"],
        x_label=text["gas_dilution.setpoint"],
        x_unit="l/min",
        y_label=text["gas_dilution.flow_error"],
        y_unit="%",
        curves=(
            Curve(
                name=text["gas_dilution.by_prover"],
                x=tuple(settings),
                y=tuple(result.error.value for result in results),
                style="points",
                U=tuple(result.U for result in results),
            ),
            Curve(
                name=text["gas_dilution.fitted"],
                x=tuple(float(x) for x in mesh),
                y=tuple(float(y) for y in 100 * (mesh / (mesh + deviation) - 1)),
            ),
        ),
        log_x=True,
    )


def response_chart(trace: Sequence[float], found: float, end: float) -> Chart:
    """Return the response of the outlet; values in µmol/mol every second."""
    text = catalogue("scenarios")
    return Chart(
        key="response",
        title=text["gas_dilution.chart_response"],
        x_label=text["gas_dilution.time"],
        x_unit="s",
        y_label=text["gas_dilution.indication"],
        y_unit="umol/mol",
        curves=(Curve(name=text["gas_dilution.indication"], x=tuple(map(float, range(len(trace)))), y=tuple(trace)),),
        levels=(
            Level(name=text["gas_dilution.purged"], value=found, axis="x"),
            Level(name=text["gas_dilution.end"], value=end),
        ),
    )


def correlation_chart(plan: Plan, curves: Curves, blends: Sequence[Blend]) -> Chart:
    """Return the correlation coefficients of every blend with some of them."""
    text = catalogue("scenarios")
    joint = produced(plan, curves, blends).correlation
    shares = [100 * blend.share for blend in blends]
    order = sorted(range(len(shares)), key=shares.__getitem__)
    drawn = [order[0], order[len(order) // 2], order[-1]]
    return Chart(
        key="correlation",
        title=text["gas_dilution.chart_correlation"],
        x_label=text["gas_dilution.dilution"],
        x_unit="%",
        y_label=text["gas_dilution.coefficient"],
        y_unit="1",
        curves=tuple(
            Curve(
                name=Text(zh=f"与 {shares[row]:g} % 点", en=f"with {shares[row]:g} %"),
                x=tuple(shares[place] for place in order),
                y=tuple(float(joint[row, place]) for place in order),
            )
            for row in drawn
        ),
        log_x=True,
    )
