"""Quality assurance of a CEMS as EN 14181 has it: QAL2, QAL3, AST (numbers live in the sheet).

QAL2 finds the calibration function from pairs over three days and tests their variability; QAL3 watches zero and span
by control charts; the AST tests with fewer pairs whether the function still holds. What has a true value is the mean
difference of the calibrated readings from the stack gas, found in the AST: it is reported with its uncertainty.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from scenarios.cems_en14181_charts import control_chart, function_chart
from scenarios.cems_en14181_plan import Component, Nameplate, Plan
from scenarios.cems_model import UNIT, Pairs, difference_budget
from scenarios.cems_qal import (
    Cusum,
    Function,
    Shewhart,
    Test,
    calibrate,
    cusum,
    shewhart,
    sigma_0,
    still_valid,
    variability,
)
from scenarios.cems_runs import WORDS, Comparison, Gases, Pair, mean, titled
from scenarios.evaluation import Observed
from scenarios.planning import check, forecast_point
from scenarios.record import Finding, TestPoint
from uncertainty.conformity import Verdict
from uncertainty.quantity import Quantity, convert
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Generator

    from scenarios.procedure import Desk, Forecast, Outcome
    from scenarios.record import PointResult
    from scenarios.sheet import Sheet

__all__ = ["Nameplate", "Plan", "forecast", "verify"]

DAY_S = 86400.0
PLANNED_SCATTER = 0.005
"""Relative standard deviation of a pair that a forecast expects, 1."""


def surveillance_point(channel: str, function: Function | None) -> TestPoint:
    """Return the plan of the difference of calibrated readings; the function is known only after QAL2."""
    settings = {}
    if function is not None:
        settings = {
            "intercept": Quantity(value=function.a, unit=UNIT),
            "slope": Quantity(value=function.b, unit="1"),
        }
    return TestPoint(
        key=f"ast_{channel}/difference",
        label=Text(zh=channel, en=channel),
        settings=settings,
        repeats=1,
        mpe=None,
        about={"component": channel, "kind": "calibrated"},
    )


def forecast(sheet: Sheet, plan: Plan, device: Nameplate) -> tuple[Forecast, ...]:
    """Return the expected uncertainty of the AST's differences, before any gas flows."""
    n = round(plan.surveillance.pairs.value)
    forecasts = []
    for channel, component in plan.components.items():
        half = component.full_scale.to(UNIT) / 2
        cems = tuple(half * (1 + PLANNED_SCATTER * (-1) ** place) for place in range(n))
        pairs = Pairs(reference=(half,) * n, cems=cems)
        duration = n * plan.surveillance.start_to_start.to("s")
        budget = difference_budget(plan, component, pairs)
        forecasts.append(forecast_point(sheet, surveillance_point(channel, None), budget, duration))
    return check(sheet, forecasts)


def verify(desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> Generator[Any, Any, Outcome]:
    """Assure the quality of a CEMS: functional test, QAL2, QAL3, AST.

    Raises:
        ProcedureAborted: the bench contradicts itself; the gas is shut, and the analysers draw from the stack.
    """
    run = _Run(desk, sheet, plan, device)
    run.inspect("appearance", plan.appearance.title, plan.appearance.question)
    yield from run.observe("conditions/start")
    try:
        functions = yield from run.qal2()
        yield from run.qal3()
        yield from run.observe("conditions/middle")
        yield from run.ast(functions)
    finally:
        yield from desk.at_end(run.make_safe)
    yield from run.observe("conditions/end")
    return run.outcome()


class _Run(Comparison[Plan]):
    """Hold the state of one run; each public method is one item of the standard."""

    def __init__(self, desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> None:
        super().__init__(desk, sheet, plan, device, total=len(plan.components))

    # -- QAL2 ---------------------------------------------------------------------------------------------------------

    def qal2(self) -> Generator[Any, Any, dict[str, Function]]:
        """Find the calibration functions from pairs over some days, and test the variability."""
        plan = self.plan.accuracy
        days, n = round(plan.days.value), round(plan.pairs.value)
        zero = yield from self.gases("zero", ("device",), spans=True)
        found: dict[str, list[Pairs]] = {channel: [] for channel in self.channels}
        for day in range(days):
            count = n * (day + 1) // days - n * day // days
            begin = self.desk.now
            by_channel, _ = yield from self.day(f"qal2/{day + 1}", plan.title, count, plan.start_to_start.to("s"))
            for channel, pairs in by_channel.items():
                found[channel].append(pairs)
            if day + 1 < days:
                yield from self.desk.wait(max(0.0, begin + DAY_S - self.desk.now))
        functions = {}
        for channel, component in self.plan.components.items():
            pairs = Pairs(
                reference=tuple(value for part in found[channel] for value in part.reference),
                cems=tuple(value for part in found[channel] for value in part.cems),
            )
            functions[channel] = self._function(channel, component, pairs, zero)
        return functions

    def day(
        self, step: str, title: Text, count: int, start_to_start: float
    ) -> Generator[Any, Any, tuple[dict[str, Pairs], list[Pair]]]:
        """Make some paired runs between two calibrations of the reference analyser; returns them per channel."""
        before = yield from self.gases(f"{step}/before", ("srm",), spans=True)
        yield from self.desk.state(f"{step}/stack", self.to_stack)
        made: list[Pair] = []
        begin = self.desk.now
        for number in range(count):
            self.tell(title, Text(zh=f"第 {number + 1} 对", en=f"pair {number + 1}"))
            yield from self.desk.wait(max(0.0, begin + number * start_to_start - self.desk.now))
            key = f"{step}/{number + 1}"
            made.append((yield from self.desk.attempt(key, Pair, partial(self.pair, key))))
        after = yield from self.gases(f"{step}/after", ("srm",), spans=True)
        yield from self.desk.state(f"{step}/end", self.to_stack)
        self.unchanged(before, after)
        return {channel: self.compared(channel, before, after, made) for channel in self.channels}, made

    def _function(self, channel: str, component: Component, pairs: Pairs, zero: Gases) -> Function:
        limit = component.limit.to(UNIT)
        at_zero = zero[self.plan.calibration.zero]["device"].means[channel]
        function = calibrate(
            pairs.cems, pairs.reference, limit=limit, enough=self.plan.accuracy.enough.to("1"), zero=at_zero
        )
        # What is stated is what is used: three decimals of the intercept, five of the slope.
        function = replace(function, a=round(function.a, 3), b=round(function.b, 5))
        s_0 = sigma_0(limit, component.interval.to("1"))
        test = variability(function.scatter, len(pairs.cems), s_0)
        unit, factor = WORDS.get(component.unit, component.unit), convert(1.0, UNIT, component.unit)
        written = self.text["cems_en14181.function_is"].format(
            a=f"{factor * function.a:+.3f} {unit}",
            b=f"{function.b:.5f}",
            top=f"{factor * function.valid_to:.4g} {unit}",
        )
        findings = (
            Finding(
                label=self.text[f"cems_en14181.by_{function.method}"], value=written, limit=None, verdict=Verdict.PASS
            ),
            self._tested("variability", test, factor, unit),
        )
        self.finish(
            f"qal2_{channel}",
            titled(self.plan.accuracy.title, component),
            findings=findings,
            charts=(function_chart(channel, component, pairs, function),),
            method=self.text["cems_en14181.method_qal2"].format(
                n=len(pairs.cems), days=round(self.plan.accuracy.days.value)
            ),
        )
        return function

    def _tested(self, key: str, test: Test, factor: float, unit: str) -> Finding:
        value, limit = f"{factor * test.found:.3g} {unit}", f"≤ {factor * test.limit:.3g} {unit}"
        return Finding(
            label=self.text[f"cems_en14181.{key}"],
            value=Text(zh=value, en=value),
            limit=Text(zh=limit, en=limit),
            verdict=Verdict.PASS if test.passed else Verdict.FAIL,
        )

    # -- QAL3 ---------------------------------------------------------------------------------------------------------

    def qal3(self) -> Generator[Any, Any, None]:
        """Check zero and span again and again, and keep the charts."""
        plan = self.plan.charts
        seen: list[Gases] = []
        for number in range(round(plan.checks.value)):
            begin = self.desk.now
            seen.append((yield from self.gases(f"qal3/{number + 1}", ("device",), spans=True)))
            yield from self.desk.state(f"qal3/{number + 1}/stack", self.to_stack)
            yield from self.desk.wait(max(0.0, begin + plan.interval.to("s") - self.desk.now))
        for channel, component in self.plan.components.items():
            findings, charts = [], []
            for level, inlet in (("zero", self.plan.calibration.zero), ("span", component.levels["high"])):
                readings = [gases[inlet]["device"].means[channel] for gases in seen]
                deviations = [reading - readings[0] for reading in readings[1:]]
                # A difference of two checks scatters √2 times as much as one.
                s = 2**0.5 * component.s_ams.to(UNIT)
                single = shewhart(deviations, s)
                sums = cusum(deviations, s, slack=plan.slack.value, decision=plan.decision.value)
                findings += self._charted(level, single, sums)
                charts.append(control_chart(channel, level, component, single, sums))
            self.finish(
                f"qal3_{channel}",
                titled(plan.title, component),
                findings=tuple(findings),
                charts=tuple(charts),
                method=self.text["cems_en14181.method_qal3"].format(n=len(seen) - 1),
            )

    def _charted(self, level: str, single: Shewhart, sums: Cusum) -> list[Finding]:
        findings = []
        for name, alarms in (("shewhart", single.alarms), ("cusum", sums.alarms)):
            places = ", ".join(str(place + 1) for place in alarms)
            value = (
                self.text["cems_en14181.alarms_at"].format(places=places) if alarms else self.text["cems_en14181.quiet"]
            )
            findings.append(
                Finding(
                    label=self.text[f"cems_en14181.{name}_{level}"],
                    value=value,
                    limit=self.text["cems_en14181.quiet"],
                    verdict=Verdict.CONDITIONAL if alarms else Verdict.PASS,
                )
            )
        return findings

    # -- AST ----------------------------------------------------------------------------------------------------------

    def ast(self, functions: dict[str, Function]) -> Generator[Any, Any, None]:
        """Test with a few pairs whether the functions still hold."""
        plan = self.plan.surveillance
        n = round(plan.pairs.value)
        by_channel, made = yield from self.day("ast", plan.title, n, plan.start_to_start.to("s"))
        for channel, component in self.plan.components.items():
            function, pairs = functions[channel], by_channel[channel]
            calibrated = Pairs(reference=pairs.reference, cems=tuple(map(function.value, pairs.cems)))
            d = [y - x for y, x in zip(calibrated.reference, calibrated.cems, strict=True)]
            s_0 = sigma_0(component.limit.to(UNIT), component.interval.to("1"))
            scatter = (sum((value - mean(d)) ** 2 for value in d) / (n - 1)) ** 0.5
            unit, factor = WORDS.get(component.unit, component.unit), convert(1.0, UNIT, component.unit)
            findings = (
                self._tested("variability", variability(scatter, n, s_0, plan.factor.value), factor, unit),
                self._tested("still_valid", still_valid(d, s_0), factor, unit),
                self._in_range(function, calibrated, factor, unit),
            )
            self.finish(
                f"ast_{channel}",
                titled(plan.title, component),
                findings=findings,
                points=(self._difference(channel, component, function, calibrated, made),),
                method=self.text["cems_en14181.method_ast"].format(n=n),
            )

    def _in_range(self, function: Function, calibrated: Pairs, factor: float, unit: str) -> Finding:
        top = max(calibrated.cems)
        limit = f"0 … {factor * function.valid_to:.4g} {unit}"
        value = f"{factor * top:.4g} {unit}"
        return Finding(
            label=self.text["cems_en14181.valid_range"],
            value=Text(zh=value, en=value),
            limit=Text(zh=limit, en=limit),
            verdict=Verdict.PASS if 0 <= top <= function.valid_to else Verdict.CONDITIONAL,
        )

    def _difference(
        self, channel: str, component: Component, function: Function, calibrated: Pairs, made: list[Pair]
    ) -> PointResult:
        reference, cems = calibrated.means
        observed = Observed(
            point=surveillance_point(channel, function),
            readings=(made[0].begin, *(pair.ends[channel] for pair in made)),
            errors=tuple(100 * (c / r - 1) for c, r in zip(calibrated.cems, calibrated.reference, strict=True)),
            reference_value=Quantity(value=reference, unit=UNIT),
            indication=Quantity(value=cems, unit=UNIT),
            budget=difference_budget(self.plan, component, calibrated),
            step="0.1",
        )
        return self.evaluate(observed, titled(self.plan.surveillance.title, component))
