"""What follows from all flows of a gas meter together: curves, repeatability, weighted mean error, linearity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.evaluation import spread
from scenarios.gas_sonic_nozzle_windows import by_class
from scenarios.record import Chart, Curve, Finding, Level
from uncertainty.conformity import Verdict
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenarios.gas_sonic_nozzle_model import Run
    from scenarios.gas_sonic_nozzle_plan import Nameplate, Plan
    from scenarios.gas_sonic_nozzle_windows import Window
    from scenarios.record import PointResult

    Found = tuple[Window, PointResult, Run]
    """A flow, its result, and the means of its runs."""


def say(key: str, **values: object) -> Text:
    """Return a text of this system."""
    return catalogue("scenarios")[f"gas_sonic_nozzle.{key}"].format(**values)


def over_reynolds(results: Sequence[Found]) -> Chart:
    """Draw the errors over the Reynolds number of the meter's tube."""
    found = sorted(((run.reynolds, result) for _, result, run in results), key=lambda pair: pair[0])
    limits = sorted({result.point.mpe.value for _, result in found if result.point.mpe is not None})
    curve = Curve(
        name=say("error_curve"),
        x=tuple(reynolds for reynolds, _ in found),
        y=tuple(result.error.value for _, result in found),
        U=tuple(result.U for _, result in found),
        style="points",
    )
    levels = tuple(
        Level(name=say("mpe_level", value=f"{sign * limit:+g}"), value=sign * limit)
        for limit in limits
        for sign in (-1, 1)
    )
    return Chart(
        key="reynolds",
        title=say("over_reynolds"),
        x_label=say("reynolds"),
        x_unit="1",
        y_label=say("error_axis"),
        y_unit="%",
        curves=(curve,),
        levels=levels,
        log_x=True,
    )


def over_time(course: Sequence[tuple[float, float]], label: Text) -> Chart:
    """Draw the single runs at the first flow over bench time (s, %)."""
    curve = Curve(
        name=say("single_run"),
        x=tuple(at / 60.0 for at, _ in course),
        y=tuple(error for _, error in course),
        style="points",
    )
    return Chart(
        key="drift",
        title=say("over_time", label=label),
        x_label=say("bench_time"),
        x_unit="min",
        y_label=say("error_axis"),
        y_unit="%",
        curves=(curve,),
    )


def repeatability(plan: Plan, results: Sequence[Found]) -> list[Finding]:
    """Hold the scatter of the runs at each flow against its share of the MPE."""
    findings = []
    for _, result, _ in results:
        assert result.point.mpe is not None  # every flow has one
        limit, found = plan.assessment.repeatability.value * result.point.mpe.value, spread(result.errors)
        findings.append(
            Finding(
                label=say("repeatability", label=result.point.label),
                value=Text(zh=f"{found:.3f} %", en=f"{found:.3f} %"),
                limit=say("at_most", value=f"{limit:g} %"),
                verdict=Verdict.PASS if found <= limit else Verdict.FAIL,
            )
        )
    return findings


def weighted_mean(plan: Plan, device: Nameplate, results: Sequence[Found]) -> Finding:
    """Hold the weighted mean error against its limit: weights q/q_max up to a share of q_max, falling above."""
    turn, largest = plan.assessment.weight_turn.value, device.largest_flow.to("m**3/h").value
    total = weights = 0.0
    for window, result, _ in results:
        share = window.flow / largest
        weight = share if share <= turn else 2.0 * turn - share
        total += weight * result.error.value
        weights += weight
    mean = total / weights
    limit = by_class(plan.assessment.weighted_mean, device, "assessment.weighted_mean").to("%")
    return Finding(
        label=say("weighted_mean"),
        value=Text(zh=f"{mean:+.3f} %", en=f"{mean:+.3f} %"),
        limit=say("at_most", value=f"{limit:g} %"),
        verdict=Verdict.PASS if abs(mean) <= limit else Verdict.FAIL,
    )


def linearity(device: Nameplate, results: Sequence[Found]) -> Finding:
    """Tell the meter constant and the linearity from q_t to q_max: half sum, and half difference by half sum."""
    turn = device.transition_flow.to("m**3/h").value
    # A combination may come out some per cent below the transition flow that it stands for.
    factors = [1.0 + run.error / 100.0 for window, _, run in results if window.flow >= 0.95 * turn]
    span, middle = max(factors) - min(factors), 0.5 * (max(factors) + min(factors))
    return Finding(
        label=say("linearity"),
        value=say("linearity_found", K=f"{middle * device.constant:.2f}", E=f"{50.0 * span / middle:.3f}"),
        limit=None,
        verdict=Verdict.PASS,
    )
