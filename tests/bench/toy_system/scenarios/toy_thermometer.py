"""Compare a thermometer with the climate logger: the smallest procedure there is."""

from dataclasses import dataclass

from scenarios.conditions import observe
from scenarios.evaluation import Observed, evaluate, input_quantity
from scenarios.procedure import Forecast, Nameplate, Outcome
from scenarios.record import ItemResult, TestPoint
from scenarios.sheet import Duration, Effect, Prescribed
from uncertainty.budget import Budget
from uncertainty.quantity import Quantity
from uncertainty.text import Text

__all__ = ["Nameplate", "Plan", "forecast", "verify"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    title: Text
    mpe: Prescribed
    wait: Duration
    logger: Effect


def error(t_x, t_s, d_s=0.0):
    return t_x - (t_s + d_s)


def forecast(sheet, plan, device):
    return (Forecast(point=_point(plan), U=plan.logger.U, duration_s=plan.wait.to("s")),)


def verify(desk, sheet, plan, device):
    readings = yield from observe(desk, sheet, "conditions")
    yield from desk.wait(plan.wait.to("s"))
    reference = desk.keep("reference", (yield from desk.instrument("environment").temperature.read()))
    indication = desk.keep("indication", (yield from desk.instrument("device").temperature.read()))
    t_x, t_s = indication.indication.value, reference.indication.value
    observed = Observed(
        point=_point(plan),
        readings=(reference, indication),
        errors=(t_x - t_s,),
        reference_value=Quantity(value=t_s, unit="degC"),
        indication=Quantity(value=t_x, unit="degC"),
        budget=Budget(
            model=lambda d_s: error(t_x, t_s, d_s),
            inputs=(input_quantity("d_s", plan.logger),),
            unit="K",
            name="e",
        ),
        step="0.01",
    )
    result = evaluate(
        observed, evaluation=sheet.evaluation, decision=sheet.decision, trials=desk.trials, seed=desk.seed
    )
    item = ItemResult(
        key="error",
        title=plan.title,
        clause=None,
        method=None,
        findings=(),
        points=(result,),
        figure=None,
        verdict=result.verdict,
    )
    return Outcome(items=(item,), condition_readings=readings)


def _point(plan):
    return TestPoint(
        key="room",
        label=Text(zh="室温", en="room"),
        settings={},
        repeats=1,
        mpe=Quantity(value=plan.mpe.value, unit="K"),
    )
