"""Verification of analysers for CO, NO and NO2 in stacks by OIML R 144:2013 (numbers live in the sheet).

Initial verification in the order of R 144-2 clause 2, and, where the sheet plans them, four performance tests of type
evaluation. Gases come from a selector valve, the device is fed by the bench's own mains source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenarios.flue_gas_r144_plan import Nameplate, Plan
from scenarios.flue_gas_r144_points import Points
from scenarios.flue_gas_r144_type_tests import TypeEvaluation
from scenarios.planning import check

if TYPE_CHECKING:
    from collections.abc import Generator

    from scenarios.procedure import Desk, Forecast, Outcome
    from scenarios.sheet import Sheet

__all__ = ["Nameplate", "Plan", "forecast", "verify"]


def forecast(sheet: Sheet, plan: Plan, device: Nameplate) -> tuple[Forecast, ...]:
    """Return the expected uncertainty per point, before any gas flows.

    Raises:
        PlanRefused: a test gas is too uncertain or outside of its window, or U exceeds its share of an MPE.
        SheetError: a gas is missing or not connected, or lacks a certified value.
    """
    return check(sheet, Points(sheet, plan, device).forecasts())


def verify(desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> Generator[Any, Any, Outcome]:
    """Verify a flue-gas analyser.

    Raises:
        ProcedureAborted: gas, mains or device are not as they must be; the valve is closed.
    """
    run = TypeEvaluation(desk, sheet, plan, device)
    run.inspect("appearance", plan.appearance.title, plan.appearance.question, clause=plan.appearance.clause)
    try:
        yield from run.observe("conditions/start")
        yield from run.mains()
        yield from run.lockout()
        yield from run.adjust()
        yield from run.errors("error", plan.error)
        yield from run.tightness()
        yield from run.response()
        if plan.type_tests is not None:
            yield from run.observe("conditions/middle")
            yield from run.performance(plan.type_tests)
    finally:
        yield from desk.at_end(desk.instrument("selector").make_safe)
    yield from run.observe("conditions/end")
    run.pressure_was_stable()
    return run.outcome()
