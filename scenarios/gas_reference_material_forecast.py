"""What is to be expected of a batch of gas reference materials before any gas is filled; names of its points."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from scenarios.evaluation import expected, input_quantity
from scenarios.gas_reference_material_model import gravimetric_budget, planned_states
from scenarios.gas_reference_material_report import Words
from scenarios.gas_reference_material_studies import Parts, certified_budget, compare
from scenarios.planning import forecast_point
from scenarios.procedure import Forecast, PlanRefused
from scenarios.record import TestPoint
from scenarios.references import find
from scenarios.sheet import SheetError
from uncertainty.text import Text

if TYPE_CHECKING:
    from scenarios.gas_reference_material_plan import Nameplate, Plan
    from scenarios.sheet import Sheet
    from uncertainty.budget import Budget

DAY_S = 86400.0
"""A day, s."""
MONTH_S = 365.2425 / 12 * DAY_S
"""A month, s."""
STAGES = ("gravimetry", "comparison", "certified")
"""Items that have points."""


def point_of(stage: str, component: str, repeats: int) -> TestPoint:
    """Return the plan of one point: an item (`STAGES`) and a component."""
    return TestPoint(
        key=f"{stage}/{component}",
        label=Text(zh=component, en=component),
        settings={},
        repeats=repeats,
        mpe=None,
        about={"component": component, "stage": "customer" if stage == "certified" else "cylinder"},
    )


def transport(plan: Plan, component: str) -> float:
    """Return u_sts of a component, relative, 1."""
    if component not in plan.budget.transport:
        raise SheetError(f"procedure.budget.transport.{component}", "missing; say what transport does to it")
    return input_quantity("d_sts", plan.budget.transport[component], unit="%").distribution.u / 100


def relative(plan: Plan) -> tuple[float, float]:
    """Return what the sheet says of one area and of one stream on one day, relative standard deviations, 1."""
    e = plan.budget
    return (
        input_quantity("s", e.injection, unit="%").distribution.u / 100,
        input_quantity("s", e.stream, unit="%").distribution.u / 100,
    )


def _planned_parts(plan: Plan, sheet: Sheet, component: str) -> Parts:
    """Return what the certified value's budget is expected to be."""
    gum = expected(gravimetric_budget(plan, component, planned_states(plan), 1.0), sheet.evaluation)
    area, stream = relative(plan)
    n, h, s = plan.comparison, plan.homogeneity, plan.stability
    control = area / math.sqrt(2 * n.control_injections.value)
    one = math.hypot(math.hypot(area / math.sqrt(n.injections.value), stream), control)
    nu = len(h.bottles) * (h.replicates.value - 1)
    bottles = one / math.sqrt(len(s.bottles))
    months = np.array([m.value for m in s.months])
    slope = math.hypot(bottles, control) / math.sqrt(float(((months - months.mean()) ** 2).sum()))
    return Parts(
        value=gum.value,
        u_char=gum.u,
        u_bb=gum.value * one / math.sqrt(h.replicates.value) * (2 / nu) ** 0.25,
        u_lts=gum.value * slope * s.validity.value,
        dof_lts=len(months) - 2,
        u_sts=gum.value * transport(plan, component),
    )


def forecast(sheet: Sheet, plan: Plan, device: Nameplate) -> tuple[Forecast, ...]:
    """Return the expected uncertainties, before any gas is filled.

    Raises:
        PlanRefused: a certified value's expected U is larger than the batch is worth.
        SheetError: an effect, a reference or an atomic weight is missing.
    """
    words = Words(sheet, plan)
    n = plan.comparison
    streams = 2 + len(n.references) + 1
    each = (n.injections.value + n.discard.value) * n.cycle.to("s")
    durations = {
        "gravimetry": (len(plan.parents) + 1) * plan.weighing.equilibration.to("s"),
        "comparison": n.rolling.to("s") + streams * each,
        "certified": max(m.value for m in plan.stability.months) * MONTH_S,
    }
    result = []
    for stage in STAGES:
        for component in plan.components:
            parts = _planned_parts(plan, sheet, component)
            budget = {
                "gravimetry": partial(gravimetric_budget, plan, component, planned_states(plan), 1.0),
                "comparison": partial(_planned_comparison, plan, component, parts.value),
                "certified": partial(certified_budget, parts, words.parts),
            }[stage]()
            point = point_of(stage, component, 1)
            result.append(
                forecast_point(
                    sheet,
                    point,
                    budget,
                    durations[stage] / len(plan.components),
                    measurand=words.measurand(stage),
                )
            )
            U = result[-1].U
            if stage == "certified" and U > plan.certification.largest.to("1") * parts.value * (1 + 1e-9):
                raise PlanRefused(
                    f"{point.key}: expected U = {100 * U / parts.value:.2g} % is larger than "
                    f"{plan.certification.largest.to('%'):g} %, for which the batch is worth making; take a larger "
                    "mass of the parent gas, a better premix, or a longer stability study"
                )
    return tuple(result)


def _planned_comparison(plan: Plan, component: str, value: float) -> Budget:
    certified, u = certified_values(plan, component)
    places = [x / value for x in certified] + [1.0]
    area, stream = relative(plan)
    covariance = np.diag(
        [(y * math.hypot(area / math.sqrt(plan.comparison.injections.value), stream)) ** 2 for y in places]
    )
    return compare(certified, u, places, covariance, round(plan.comparison.degree.value)).budget


def certified_values(plan: Plan, component: str) -> tuple[list[float], list[float]]:
    """Return certified values of the reference mixtures and their standard uncertainties, µmol/mol."""
    values = [find(plan.references, key).value(component) for key in plan.comparison.references]
    return (
        [v.quantity.to("umol/mol").value for v in values],
        [v.U.to("umol/mol").value / v.k for v in values],
    )
