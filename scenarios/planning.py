"""Before anything is energised: the expected uncertainty per point, held against its share of the MPE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.evaluation import expected, within
from scenarios.procedure import Forecast, PlanRefused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scenarios.record import Measurand, TestPoint
    from scenarios.sheet import Sheet
    from uncertainty.budget import Budget


def forecast_point(
    sheet: Sheet, point: TestPoint, budget: Budget, duration_s: float, *, measurand: Measurand | None = None
) -> Forecast:
    """Return the forecast of one point from its planned budget.

    Args:
        sheet: says at which probability.
        point: the plan.
        budget: the budget with the values that are expected.
        duration_s: expected duration, s.
        measurand: what is measured; None for the sheet's measurand.
    """
    return Forecast(point=point, U=expected(budget, sheet.evaluation).U, duration_s=duration_s, measurand=measurand)


def check(sheet: Sheet, forecasts: Iterable[Forecast]) -> tuple[Forecast, ...]:
    """Return the forecasts, if every one of them can prove conformity.

    Raises:
        PlanRefused: the expected U of a point exceeds its share of the MPE.
    """
    checked = tuple(forecasts)
    ratio = None if sheet.decision.maximum_ratio is None else sheet.decision.maximum_ratio.value
    for forecast in checked:
        mpe = forecast.point.mpe
        if mpe is not None and not within(ratio, forecast.U, mpe.value):
            unit = (forecast.measurand or sheet.measurand).unit
            share = (ratio or 1.0) * mpe.value
            raise PlanRefused(
                f"{forecast.point.key}: expected U = {forecast.U:.3g} {unit} exceeds {share:.3g} {unit} (its share of "
                "the MPE); use a better reference, or more or longer measurements"
            )
    return checked
