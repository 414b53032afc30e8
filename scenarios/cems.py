"""Verification of a CEMS for SO2, NOx and O2 (HJ 75; numbers live in the sheet).

Response, error of indication, drift over a day, and accuracy by paired runs against a reference analyser that is
calibrated with certified gas before and after. Calibration gas is offered at the probe, so the whole system is tested.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from scenarios.cems_accuracy import limited, related, relative_accuracy
from scenarios.cems_charts import oxygen_chart, pairs_chart, response_chart
from scenarios.cems_model import (
    UNIT,
    Pairs,
    certified,
    corrected_budget,
    difference_budget,
    drift_budget,
    indication_budget,
)
from scenarios.cems_plan import Nameplate, Plan
from scenarios.cems_runs import WORDS, Comparison, Gases, Pair, mean, titled
from scenarios.evaluation import Observed
from scenarios.planning import check, forecast_point
from scenarios.procedure import Forecast, Outcome, ProcedureAborted
from scenarios.record import Finding, TestPoint
from uncertainty.conformity import Verdict
from uncertainty.quantity import Quantity
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Generator

    from scenarios.cems_accuracy import RelativeAccuracy
    from scenarios.cems_plan import Component
    from scenarios.procedure import Desk, Process
    from scenarios.record import PointResult
    from scenarios.sheet import Sheet
    from uncertainty.budget import Budget

__all__ = ["Nameplate", "Plan", "forecast", "verify"]

PLANNED_SCATTER = 0.005
"""Relative standard deviation of a pair that a forecast expects, 1."""


# -- the plan -----------------------------------------------------------------------------------------------------


def indication_point(plan: Plan, channel: str, level: str) -> TestPoint:
    """Return the plan of one error of indication."""
    component = plan.components[channel]
    value = certified(plan, component, level).quantity
    mpe = (
        100 * component.error.at(value.to(UNIT).value, UNIT, span=component.full_scale.to(UNIT)) / value.to(UNIT).value
    )
    return TestPoint(
        key=f"indication_{channel}/{level}",
        label=Text(zh=f"{value.value:g} {component.unit}", en=f"{value.value:g} {component.unit}"),
        settings={"fraction": value.to(UNIT)},
        repeats=round(plan.calibration.readings.value),
        mpe=Quantity(value=mpe, unit="%"),
        about={"component": channel, "kind": "indication"},
    )


def drift_point(plan: Plan, channel: str, level: str) -> TestPoint:
    """Return the plan of the drift at zero or span ("high")."""
    component = plan.components[channel]
    value = 0.0 if level == "zero" else certified(plan, component, level).quantity.to(UNIT).value
    word = {"zero": ("零点", "zero"), "high": ("跨度", "span")}[level]
    return TestPoint(
        key=f"drift_{channel}/{level}",
        label=Text(zh=word[0], en=word[1]),
        settings={"fraction": Quantity(value=value, unit=UNIT)},
        repeats=1,
        mpe=Quantity(value=plan.drift.limit.to("%"), unit="%"),
        about={"component": channel, "kind": "drift"},
    )


def difference_point(channel: str, kind: str, settings: dict[str, Quantity]) -> TestPoint:
    """Return the plan of a difference from the reference method."""
    return TestPoint(
        key=f"accuracy_{channel}/{kind}" if kind == "difference" else f"oxygen/{channel}",
        label=Text(zh=channel, en=channel),
        settings=settings,
        repeats=1,
        mpe=None,
        about={"component": channel, "kind": kind},
    )


def forecast(sheet: Sheet, plan: Plan, device: Nameplate) -> tuple[Forecast, ...]:
    """Return the expected uncertainty of every point, before any gas flows.

    Raises:
        PlanRefused: the expected U of a point exceeds its share of the MPE.
    """
    calibration = plan.calibration
    readings = round(calibration.readings.value)
    seconds = calibration.settle.to("s") + readings * calibration.interval.to("s")
    n = round(plan.accuracy.pairs.value)
    forecasts = []
    for channel, component in plan.components.items():
        for level in component.levels:
            point = indication_point(plan, channel, level)
            budget = indication_budget(plan, component, level, point.settings["fraction"].value)
            forecasts.append(forecast_point(sheet, point, budget, seconds))
        for level in ("zero", "high"):
            point = drift_point(plan, channel, level)
            measurand = sheet.measurands["drift"]
            forecasts.append(
                forecast_point(sheet, point, drift_budget(plan, component, 0.0), seconds, measurand=measurand)
            )
        planned = _planned_pairs(component, n)
        point = difference_point(channel, "difference", {})
        duration = n * (plan.accuracy.window.to("s") + plan.accuracy.pause.to("s"))
        budget = difference_budget(plan, component, planned)
        forecasts.append(forecast_point(sheet, point, budget, duration, measurand=sheet.measurands["difference"]))
    return check(sheet, forecasts)


def _planned_pairs(component: Component, n: int) -> Pairs:
    """Return pairs as they are expected: half of full scale, scattering a little."""
    half = component.full_scale.to(UNIT) / 2
    cems = tuple(half * (1 + PLANNED_SCATTER * (-1) ** place) for place in range(n))
    return Pairs(reference=(half,) * n, cems=cems)


# -- the procedure ------------------------------------------------------------------------------------------------


def verify(desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> Generator[Any, Any, Outcome]:
    """Verify a CEMS: appearance, response, error of indication, drift, accuracy, reference oxygen.

    Raises:
        ProcedureAborted: the bench contradicts itself; the gas is shut, and the analysers draw from the stack.
    """
    run = _Run(desk, sheet, plan, device)
    run.inspect("appearance", plan.appearance.title, plan.appearance.question)
    yield from run.observe("conditions/start")
    try:
        yield from run.response()
        first = yield from run.gases("first", ("device",))
        run.indication(first)
        run.tell(plan.drift.title, None)
        yield from desk.state("drift/stack", run.to_stack)
        yield from desk.wait(plan.drift.after.to("s"))
        run.drift(first, (yield from run.gases("second", ("device",), spans=True)))
        yield from run.observe("conditions/middle")
        yield from run.accuracy()
    finally:
        yield from desk.at_end(run.make_safe)
    yield from run.observe("conditions/end")
    return run.outcome(run.remarks())


class _Run(Comparison[Plan]):
    """Hold the state of one verification; each public method is one item or action of the procedure."""

    def __init__(self, desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> None:
        points = sum(len(c.levels) + 3 for c in plan.components.values()) + 1
        super().__init__(desk, sheet, plan, device, total=points)
        self.unlike: list[str] = []

    # -- items --------------------------------------------------------------------------------------------------------

    def response(self) -> Process:
        """Find the time to 90 % of a step from zero gas to span gas, for every component.

        Raises:
            ProcedureAborted: the trace shows no step.
        """
        plan, calibration = self.plan.response, self.plan.calibration
        findings, charts = [], []
        for channel, component in self.plan.components.items():
            self.tell(plan.title, component.name)
            settle = partial(self.offer, calibration.zero, ("device",), calibration.settle.to("s"))
            yield from self.desk.state(f"response/{channel}/zero", settle)
            step = partial(self._step, channel, component.levels["high"])
            trace = yield from self.desk.attempt(f"response/{channel}/trace", tuple[float, ...], step)
            start, end = trace[0], mean(trace[-10:])
            value = certified(self.plan, component, "high").quantity.to(UNIT).value
            if not 0.6 * value <= end - start <= 1.4 * value:
                raise ProcedureAborted(
                    f"device: {channel}: a step of {end - start:.4g} {UNIT} where one of {value:.4g} {UNIT} was "
                    "offered; check the gas, the probe and the filter"
                )
            goal = start + 0.9 * (end - start)
            found = float(next(place for place, seen in enumerate(trace) if seen >= goal))
            limit = plan.limit.to("s")
            findings.append(
                Finding(
                    label=component.name,
                    value=Text(zh=f"{found:.0f} s", en=f"{found:.0f} s"),
                    limit=Text(zh=f"≤ {limit:g} s", en=f"≤ {limit:g} s"),
                    verdict=Verdict.PASS if found <= limit else Verdict.FAIL,
                )
            )
            charts.append(response_chart(channel, component, trace, found))
        self.finish(
            "response",
            plan.title,
            findings=tuple(findings),
            charts=tuple(charts),
            method=self.text["cems.method_response"],
        )

    def _step(self, channel: str, inlet: int) -> Generator[Any, Any, tuple[float, ...]]:
        """Turn to span gas and return the readings every second, µmol/mol."""
        cems = self.desk.instrument("device")
        yield from cems.start_trace(1.0)
        yield from self.selector.select(inlet, self.gas_flow)
        yield from self.desk.wait(self.plan.response.trace.to("s"))
        yield from self.selector.confirm(inlet, self.gas_flow)
        found = yield from cems.trace(channel, 1.0)
        self.desk.keep(f"response/{channel}", found.reading)
        return tuple(found.values)

    def indication(self, first: Gases) -> None:
        """Evaluate the errors of indication."""
        for channel, component in self.plan.components.items():
            title = titled(self.plan.indication.title, component)
            results = []
            for level in component.levels:
                point = indication_point(self.plan, channel, level)
                seen = first[component.levels[level]]["device"]
                y, x = seen.means[channel], point.settings["fraction"].value
                observed = Observed(
                    point=point,
                    readings=seen.readings[channel],
                    errors=tuple(100 * (r.indication.value / x - 1) for r in seen.readings[channel]),
                    reference_value=point.settings["fraction"],
                    indication=Quantity(value=y, unit=UNIT),
                    budget=indication_budget(self.plan, component, level, y),
                    step="0.1",
                )
                results.append(self.evaluate(observed, title))
            self.finish(
                f"indication_{channel}",
                title,
                points=tuple(results),
                method=self.text["cems.method_indication"],
                measurand=self.sheet.measurands["indication"],
            )

    def drift(self, first: Gases, second: Gases) -> None:
        """Evaluate zero and span drift."""
        for channel, component in self.plan.components.items():
            title = titled(self.plan.drift.title, component)
            results = []
            for level in ("zero", "high"):
                gas = self.plan.calibration.zero if level == "zero" else component.levels["high"]
                before, after = (g[gas]["device"] for g in (first, second))
                change = after.means[channel] - before.means[channel]
                full = component.full_scale.to(UNIT)
                observed = Observed(
                    point=drift_point(self.plan, channel, level),
                    readings=(*before.readings[channel], *after.readings[channel]),
                    errors=(100 * change / full,),
                    reference_value=Quantity(value=before.means[channel], unit=UNIT),
                    indication=Quantity(value=after.means[channel], unit=UNIT),
                    budget=drift_budget(self.plan, component, change),
                    step="0.1",
                )
                results.append(self.evaluate(observed, title))
            self.finish(
                f"drift_{channel}",
                title,
                points=tuple(results),
                method=self.text["cems.method_drift"].format(hours=f"{self.plan.drift.after.to('s') / 3600:g}"),
                measurand=self.sheet.measurands["drift"],
            )

    def accuracy(self) -> Process:
        """Compare CEMS and reference analyser on stack gas in paired runs.

        Raises:
            ProcedureAborted: the reference analyser has changed between its calibrations.
        """
        plan = self.plan.accuracy
        before = yield from self.gases("srm_before", ("srm",), spans=True)
        pairs: list[Pair] = []
        for number in range(1, round(plan.pairs.value) + 1):
            self.tell(plan.title, Text(zh=f"第 {number} 对", en=f"pair {number}"))
            key = f"pairs/{number}"
            if number == 1:
                yield from self.desk.state("pairs/stack", self.to_stack)
            else:
                yield from self.desk.wait(plan.pause.to("s"))
            pairs.append((yield from self.desk.attempt(key, Pair, partial(self.pair, key))))
        after = yield from self.gases("srm_after", ("srm",), spans=True)
        self.unchanged(before, after)
        compared = {channel: self.compared(channel, before, after, pairs) for channel in self.channels}
        for channel, found in compared.items():
            self._judge_pairs(channel, found, pairs)
        self._related(compared, pairs)

    def _judge_pairs(self, channel: str, found: Pairs, pairs: list[Pair]) -> None:
        """Evaluate the accuracy of one component, by the form of the regulation and as a difference with U."""
        plan, component = self.plan.accuracy, self.plan.components[channel]
        title = titled(plan.title, component)
        unit = component.unit
        factor = Quantity(value=1.0, unit=UNIT).to(unit).value
        rows = tuple(tuple(factor * value for value in row) for row in (found.reference, found.cems))
        result = relative_accuracy(rows[0], rows[1], plan.rounding)
        exact = relative_accuracy(rows[0], rows[1])
        finding = self._finding(component, result)
        if finding.verdict is not self._finding(component, exact).verdict:
            self.unlike.append(channel)
        point = difference_point(channel, "difference", {})
        error = self._difference(channel, point, pairs, found, difference_budget(self.plan, component, found), title)
        self.finish(
            f"accuracy_{channel}",
            title,
            findings=(finding,),
            points=(error,),
            charts=(pairs_chart(channel, component, rows[0], rows[1]),),
            method=self._method(len(pairs)),
            measurand=self.sheet.measurands["difference"],
        )

    def _method(self, n: int) -> Text:
        rounding = self.text["cems.rounded" if self.plan.accuracy.rounding.applied else "cems.not_rounded"]
        said = self.text["cems.method_accuracy"]
        return Text(zh=said.zh.format(n=n, rounding=rounding.zh), en=said.en.format(n=n, rounding=rounding.en))

    def _finding(self, component: Component, result: RelativeAccuracy) -> Finding:
        item, value, limit = limited(component.accuracy, result, component.unit)
        unit = WORDS.get(component.unit, component.unit)
        shown = "%" if item.quantity != "absolute" else unit
        names = {"RA": "RA", "relative": "|d̄|/x̄", "absolute": "|d̄|"}
        label = self.text["cems.accuracy_of"].format(
            mean=f"{result.reference:.4g} {unit}",
            d=f"{result.difference:+.3g} {unit}",
            cc=f"{result.confidence:.3g} {unit}",
        )
        return Finding(
            label=label,
            value=Text(
                zh=f"{names[item.quantity]} = {value:.2f} {shown}", en=f"{names[item.quantity]} = {value:.2f} {shown}"
            ),
            limit=Text(zh=f"≤ {limit:g} {shown}", en=f"≤ {limit:g} {shown}"),
            verdict=Verdict.PASS if value <= limit * (1 + 1e-12) else Verdict.FAIL,
        )

    def _difference(
        self, channel: str, point: TestPoint, pairs: list[Pair], found: Pairs, budget: Budget, title: Text
    ) -> PointResult:
        """Evaluate one difference from the reference method."""
        reference, cems = found.means
        observed = Observed(
            point=point,
            readings=(pairs[0].begin, *(pair.ends[channel] for pair in pairs)),
            errors=tuple(100 * (c / r - 1) for c, r in zip(found.cems, found.reference, strict=True)),
            reference_value=Quantity(value=reference, unit=UNIT),
            indication=Quantity(value=cems, unit=UNIT),
            budget=budget,
            step="0.1",
        )
        return self.evaluate(observed, title)

    def _related(self, compared: dict[str, Pairs], pairs: list[Pair]) -> None:
        """Evaluate the difference of concentrations at reference oxygen, and show how it explodes towards air."""
        plan = self.plan.oxygen
        reference_oxygen = plan.reference.to("%")
        c, o = compared[plan.component], compared["O2"]
        component, oxygen = self.plan.components[plan.component], self.plan.components["O2"]
        concentrations = [
            related(value, seen / 1e4, reference_oxygen) for value, seen in zip(c.means, o.means, strict=True)
        ]
        point = difference_point(
            plan.component,
            "corrected",
            {
                "oxygen_reading": Quantity(value=round(o.means[0] / 1e4, 3), unit="%"),
                "related": Quantity(value=round(concentrations[0], 2), unit=UNIT),
            },
        )
        observed = Observed(
            point=point,
            readings=(pairs[0].begin, *(pair.ends[plan.component] for pair in pairs)),
            errors=(100 * (concentrations[1] / concentrations[0] - 1),),
            reference_value=Quantity(value=concentrations[0], unit=UNIT),
            indication=Quantity(value=concentrations[1], unit=UNIT),
            budget=corrected_budget(self.plan, component, oxygen, c, o),
            step="0.1",
        )
        result = self.evaluate(observed, plan.title)
        u_c = difference_budget(self.plan, component, c).gum().u / 100
        u_o = difference_budget(self.plan, oxygen, o).gum().u / 100
        self.finish(
            "oxygen",
            plan.title,
            points=(result,),
            charts=(oxygen_chart(u_c, u_o, o.means[0] / 1e4),),
            method=self.text["cems.method_oxygen"].format(reference=f"{reference_oxygen:g}"),
            measurand=self.sheet.measurands["difference"],
        )

    def remarks(self) -> tuple[Text, ...]:
        """Say where rounding has turned a verdict."""
        if not self.unlike:
            return ()
        return (self.text["cems.rounding_turned"].format(components=", ".join(self.unlike)),)
