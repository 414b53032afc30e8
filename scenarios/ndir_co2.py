"""Verification of infrared and other gas analysers by test gases: JJG 635, JJG 968 and JJG 688 in one procedure.

The three regulations differ in components, limits and in how errors are stated; all of that is in their sheets. Steps:
adjustment, error at the test gases, repeatability, response time, drift of zero and span over hours, interference.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from scenarios.evaluation import Observed, spread
from scenarios.gas_response import Stepped
from scenarios.gas_steps import GasBench, Taken, plain, verdict
from scenarios.ndir_co2_plan import UNIT, Nameplate, Plan
from scenarios.ndir_co2_points import Planned, Points
from scenarios.planning import check
from scenarios.procedure import Outcome, ProcedureAborted
from scenarios.record import Chart, Curve, Figure, Finding, Level, PointResult, Series
from scenarios.running import Running
from uncertainty.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Generator

    from scenarios.procedure import Desk, Forecast, Process
    from scenarios.sheet import Sheet

__all__ = ["Nameplate", "Plan", "forecast", "verify"]


def forecast(sheet: Sheet, plan: Plan, device: Nameplate) -> tuple[Forecast, ...]:
    """Return the expected uncertainty per point, before any gas flows.

    Raises:
        PlanRefused: a gas is too uncertain or of another content, a range is too small, or U exceeds its share.
        SheetError: a gas is missing or not connected, or the sheet does not cover a component.
    """
    return check(sheet, Points(sheet, plan, device).forecasts())


def verify(desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> Generator[Any, Any, Outcome]:
    """Verify a gas analyser.

    Raises:
        ProcedureAborted: gas or device are not as they must be; the valve is closed.
    """
    run = _Run(desk, sheet, plan, device)
    run.inspect("appearance", plan.appearance.title, plan.appearance.question)
    if plan.insulation is not None:
        run.inspect("insulation", plan.insulation.title, plan.insulation.question)
    try:
        yield from run.observe("conditions/start")
        yield from run.prepare()
        yield from run.errors()
        yield from run.repeatability()
        yield from run.response()
        yield from run.observe("conditions/middle")
        yield from run.drift()
        yield from run.interference()
    finally:
        yield from desk.at_end(desk.instrument("selector").make_safe)
    yield from run.observe("conditions/end")
    return run.outcome()


class _Run(Running[Plan, Nameplate]):
    """Hold the state of one verification; each public method is one item or action."""

    def __init__(self, desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> None:
        self.points = Points(sheet, plan, device)
        super().__init__(desk, sheet, plan, device, total=self.points.count)
        self.bench = GasBench(desk, plan.supply)
        self.words = self.points.words

    def prepare(self) -> Process:
        """Wait until the device is warm, see that there is gas, and adjust zero and spans."""
        self.tell(self.words("warm_up"), None)
        warm_up = self.device.warm_up.to("s").value
        yield from self.desk.state("warm_up", lambda: self.desk.wait(warm_up), warm_up)
        state = yield from self.desk.attempt("warm_up/state", str, lambda: self.desk.instrument("device").state())
        if state != "MEAS":
            raise ProcedureAborted(
                f"device: its state is {state}, not MEAS, after its warm-up time of {warm_up:g} s; look at its manual"
            )
        self.tell(self.words("adjustment"), None)
        yield from self.bench.stocked("stock")
        yield from self.bench.adjust("adjustment/zero", self.plan.supply.zero, {})
        for gas in self.plan.adjustment:
            spans = {component: self.points.fraction(gas, component) for component in self.points.measured(gas)}
            yield from self.bench.adjust(f"adjustment/{gas}", gas, spans)

    # -- error of indication ------------------------------------------------------------------------------------------

    def errors(self) -> Process:
        """Read every test gas, in rounds from low to high."""
        plan = self.plan.errors
        taken: dict[tuple[str, str], list[Taken]] = {}
        for level in self.plan.levels:
            self.tell(plan.title, level.label)
            for gas in level.gases:
                step = f"error/{level.key}/{gas}"
                yield from self.bench.let(step, gas)
                for repeat in range(1, round(plan.repeats.value) + 1):
                    if repeat > 1:
                        yield from self.bench.pause(f"{step}/{repeat}")
                    found = yield from self.bench.read(f"{step}/{repeat}", gas, self.points.measured(gas))
                    for component in found.values:
                        taken.setdefault((level.key, component), []).append(found)
        results = [self._error(p, taken[p.level, p.component]) for p in self.points.errors()]
        series: dict[str, list[str]] = {}
        for result in results:
            series.setdefault(result.point.about["component"], []).append(result.point.key)
        figure = Figure(
            x="fraction",
            x_label=self.words("fraction"),
            logarithmic=len(self.device.components) > 1,
            series=tuple(Series(name=plain(component), points=tuple(keys)) for component, keys in series.items()),
        )
        method = self.words(f"method_{plan.form}", n=round(plan.repeats.value))
        self.finish("error", plan.title, method=method, points=tuple(results), figure=figure)

    def _error(self, planned: Planned, seen: list[Taken]) -> PointResult:
        x = self.points.fraction(planned.gas, planned.component)
        indications = [taken.values[planned.component] for taken in seen]
        y = sum(indications) / len(indications)
        scale = {"error": 1.0, "fiducial": 100 / self.device.upper(planned.component), "relative": 100 / x}
        errors = tuple((indication - x) * scale[self.plan.errors.form] for indication in indications)
        observed = Observed(
            point=planned.point,
            readings=tuple(reading for taken in seen for reading in taken.readings),
            errors=errors,
            reference_value=Quantity(value=x, unit=UNIT),
            indication=Quantity(value=y, unit=UNIT),
            budget=self.points.error_budget(planned, y, len(indications), spread(indications)),
            step=self.points.step,
        )
        return self.evaluate(observed, self.plan.errors.title)

    # -- repeatability, response --------------------------------------------------------------------------------------

    def repeatability(self) -> Process:
        """Read one test gas n times, the zero gas in between."""
        plan = self.plan.repeatability
        self.tell(plan.title, None)
        n = round(plan.count.value)
        seen: dict[str, list[float]] = {}
        for repeat in range(1, n + 1):
            yield from self.bench.let(f"repeatability/{repeat}/zero", self.plan.supply.zero)
            for gas in self.points.level(plan.level).gases:
                step = f"repeatability/{repeat}/{gas}"
                yield from self.bench.let(step, gas)
                taken = yield from self.bench.read(step, gas, self.points.measured(gas))
                for component, value in taken.values.items():
                    seen.setdefault(component, []).append(value)
        limit = plan.limit.to("%")
        findings = []
        for component in self.device.components:
            values = seen[component]
            relative = 100 * spread(values) / (sum(values) / n)
            findings.append(
                Finding(
                    label=self.words("s_of", gas=component, n=n),
                    value=plain(f"{relative:.2f} %"),
                    limit=plain(f"≤ {limit:g} %"),
                    verdict=verdict(relative <= limit),
                )
            )
        self.finish("repeatability", plan.title, findings=tuple(findings))

    def response(self) -> Process:
        """Let a test gas follow the zero gas some times, and find the time to its share in the device's own record."""
        plan = self.plan.response
        self.tell(plan.title, None)
        found: dict[str, list[Stepped]] = {}
        for repeat in range(1, round(plan.repeats.value) + 1):
            for gas in self.points.level(plan.level).gases:
                step = f"response/{repeat}/{gas}"
                yield from self.bench.let(step, self.plan.supply.zero)
                offset = (repeat - 1) / plan.repeats.value
                yield from self.desk.state(f"{step}/phase", partial(self._phase, plan.period.to("s"), offset))
                record = partial(
                    self.bench.stepped,
                    step,
                    gas,
                    self.points.measured(gas),
                    lead_s=plan.lead.to("s"),
                    length_s=plan.length.to("s"),
                    period_s=plan.period.to("s"),
                )
                stepped = yield from self.desk.attempt(step, Stepped, record)
                for component in stepped.values:
                    found.setdefault(component, []).append(stepped)
        share = plan.share.to("1")
        results, curves = [], []
        for planned in self.points.responses():
            seen = found[planned.component]
            crossed = [s.time_to(planned.component, share) for s in seen]
            times = [t - self.points.washout_s for t, _ in crossed]
            t, slope = sum(times) / len(times), sum(slope for _, slope in crossed) / len(times)
            x, y = seen[0].shares(planned.component, 5 * t)
            curves.append(Curve(name=plain(planned.component), x=x, y=y))
            observed = Observed(
                point=planned.point,
                readings=tuple(reading for s in seen for reading in s.readings),
                errors=tuple(times),
                reference_value=Quantity(value=t, unit="s"),
                indication=Quantity(value=t, unit="s"),
                budget=self.points.response_budget(planned, t, slope),
                step=plan.step,
            )
            results.append(self.evaluate(observed, plan.title))
        chart = Chart(
            key="step",
            title=self.words("response_chart"),
            x_label=self.words("since_step"),
            x_unit="s",
            y_label=self.words("share"),
            y_unit="%",
            curves=tuple(curves),
            levels=(Level(name=plain("10 %"), value=10.0), Level(name=plain(f"{100 * share:g} %"), value=100 * share)),
        )
        self.finish(
            "response",
            plan.title,
            method=self.words("method_response", n=round(plan.repeats.value)),
            points=tuple(results),
            charts=(chart,),
            measurand=self.points.response_time,
        )

    def _phase(self, period_s: float, offset: float) -> Process:
        """Wait until the bench's clock stands at a share of the period in which the device renews its values."""
        yield from self.desk.wait((offset * period_s - self.desk.now) % period_s)

    # -- drift --------------------------------------------------------------------------------------------------------

    def drift(self) -> Process:
        """Read zero gas and test gas at equal intervals, without touching the device in between."""
        plan = self.plan.drift
        self.tell(plan.title, None)
        begin = yield from self.bench.begin("drift")
        zeros: list[Taken] = []
        spans: list[dict[str, Taken]] = []
        for look in range(self.points.looks + 1):
            if look:
                yield from self.bench.rest(f"drift/{look}")
                yield from self.bench.until(f"drift/{look}", begin + look * plan.interval.to("s"))
            step = f"drift/{look}/zero"
            yield from self.bench.let(step, self.plan.supply.zero)
            zeros.append((yield from self.bench.read(step, self.plan.supply.zero, self.device.components, block=True)))
            spans.append({})
            for gas in self.points.level(plan.level).gases:
                step = f"drift/{look}/{gas}"
                yield from self.bench.let(step, gas)
                taken = yield from self.bench.read(step, gas, self.points.measured(gas), block=True)
                spans[-1] |= dict.fromkeys(taken.values, taken)
        results = [self._drifted(planned, zeros, spans) for planned in self.points.drifts()]
        self.finish(
            "drift",
            plan.title,
            method=self.words("method_drift"),
            findings=self._largest(results),
            points=tuple(results),
            charts=(self._drift_chart(results),),
            measurand=self.points.drift_of_span,
        )

    def _drifted(self, planned: Planned, zeros: list[Taken], spans: list[dict[str, Taken]]) -> PointResult:
        component, look = planned.component, int(planned.level)
        of_span = planned.point.about["quantity"] == "span_drift"
        at = [zeros[0], zeros[look]]
        values = [taken.values[component] for taken in at]
        if of_span:
            at = [spans[0][component], spans[look][component]]
            values = [taken.values[component] - zero for taken, zero in zip(at, values, strict=True)]
        budget = self.points.drift_budget(planned, values[1] - values[0])
        observed = Observed(
            point=planned.point,
            readings=tuple(reading for taken in at for reading in taken.readings),
            errors=(100 * (values[1] - values[0]) / self.device.upper(component),),
            reference_value=Quantity(value=values[0], unit=UNIT),
            indication=Quantity(value=values[1], unit=UNIT),
            budget=budget,
            step="0.01",
        )
        return self.evaluate(observed, self.plan.drift.title)

    def _largest(self, results: list[PointResult]) -> tuple[Finding, ...]:
        plan, findings = self.plan.drift, []
        for component in self.device.components:
            for what, limit in (("zero", plan.zero), ("span", plan.span)):
                prefix = f"drift/{component}/{what}/"
                largest = max(abs(r.error.value) for r in results if r.point.key.startswith(prefix))
                findings.append(
                    Finding(
                        label=self.words(f"largest_{what}", gas=component),
                        value=plain(f"{largest:.2f} %"),
                        limit=plain(f"≤ {limit.to('%'):g} %"),
                        verdict=verdict(largest <= limit.to("%")),
                    )
                )
        return tuple(findings)

    def _drift_chart(self, results: list[PointResult]) -> Chart:
        hours = self.plan.drift.interval.to("h")
        curves: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
        for result in results:
            _, component, what, look = result.point.key.split("/")
            seen = curves.setdefault((component, what), [(0.0, 0.0, 0.0)])
            seen.append((int(look) * hours, result.error.value, result.U))
        limits = sorted({self.plan.drift.zero.to("%"), self.plan.drift.span.to("%")})
        return Chart(
            key="drift",
            title=self.words("drift_chart"),
            x_label=self.words("time"),
            x_unit="h",
            y_label=self.words("drift"),
            y_unit="%",
            curves=tuple(
                Curve(
                    name=plain(f"{component} {'0' if what == 'zero' else 'S'}"),
                    x=tuple(x for x, _, _ in seen),
                    y=tuple(y for _, y, _ in seen),
                    U=tuple(U for _, _, U in seen),
                )
                for (component, what), seen in curves.items()
            ),
            levels=tuple(
                Level(name=plain(f"{sign * limit:+g} %"), value=sign * limit) for limit in limits for sign in (1, -1)
            ),
        )

    # -- interference -------------------------------------------------------------------------------------------------

    def interference(self) -> Process:
        """Hold indications with an influencing component against those of the zero gas."""
        plan = self.plan.interference
        if plan is None:
            return
        self.tell(plan.title, None)
        results = []
        for influence in plan.influences:
            taken = []
            zero = self.plan.supply.zero
            for part, gas in (("before", zero), ("with", influence.gas), ("after", zero)):
                step = f"interference/{influence.component}/{part}"
                yield from self.bench.let(step, gas)
                taken.append((yield from self.bench.read(step, gas, influence.on, block=True)))
            before, with_it, after = taken
            for planned in self.points.variations():
                if planned.influence is not influence:
                    continue
                y = with_it.values[planned.component]
                y_0 = (before.values[planned.component] + after.values[planned.component]) / 2
                observed = Observed(
                    point=planned.point,
                    readings=(*before.readings, *with_it.readings, *after.readings),
                    errors=(100 * (y - y_0) / self.device.upper(planned.component),),
                    reference_value=Quantity(value=y_0, unit=UNIT),
                    indication=Quantity(value=y, unit=UNIT),
                    budget=self.points.variation_budget(planned, y, y_0),
                    step="0.01",
                )
                results.append(self.evaluate(observed, plan.title))
        self.finish(
            "interference",
            plan.title,
            method=self.words("method_interference"),
            points=tuple(results),
            measurand=self.points.variation,
        )
