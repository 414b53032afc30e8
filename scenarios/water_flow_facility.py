"""Verification of a gravimetric water rig: balance, timer, diverter, stability, leaks, and its own uncertainty.

The device under test is the rig (role "device") with its balance and timer. Its references are in-place weights and a
frequency standard. What it finds of weighing and diversion is what the certificate of the rig then states, and what
`scenarios.water_flow` works with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drivers.reading import Reading
from scenarios.evaluation import Observed, expected, spread
from scenarios.planning import check, forecast_point
from scenarios.procedure import ProcedureAborted
from scenarios.record import Chart, Curve, Figure, Finding, Series, TestPoint
from scenarios.references import find
from scenarios.running import Running
from scenarios.sheet import SheetError
from scenarios.water_flow_facility_model import (
    diversion_budget,
    diversion_time,
    facility_budget,
    timing_budget,
    timing_error,
    weighing_budget,
    weighing_error,
)
from scenarios.water_flow_facility_plan import Nameplate, Plan
from scenarios.water_rig import PULSE_WAIT_S, Rig
from uncertainty.conformity import Verdict
from uncertainty.quantity import Quantity
from uncertainty.text import catalogue

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from scenarios.procedure import Desk, Forecast, Outcome, Process
    from scenarios.record import PointResult
    from scenarios.sheet import Sheet
    from scenarios.water_rig import Collected

__all__ = ["Nameplate", "Plan", "forecast", "verify"]

TIMING, DIVERSION = "timing", "diversion"
"""Names of the sheet's further measurands."""
NEAR = 1e-5
"""Largest relative difference of timer and frequency standard that is believed, 1: ten times the timer's MPE."""


# -- the plan -----------------------------------------------------------------------------------------------------


def weighing_points(plan: Plan) -> tuple[tuple[int, TestPoint], ...]:
    """Return the loads of the balance with their points."""
    mass = find(plan.references, "weights").value("mass").quantity.to("kg").value
    text = catalogue("scenarios")["water_flow_facility.load_point"]
    return tuple(
        (
            round(load.value),
            TestPoint(
                key=f"weighing/{round(load.value)}",
                label=text.format(mass=f"{load.value * mass:.6g}"),
                settings={"load": Quantity(value=load.value * mass, unit="kg")},
                repeats=round(plan.weighing.repeats.value),
                mpe=Quantity(value=plan.weighing.mpe.at(load.value * mass, "kg"), unit="kg"),
            ),
        )
        for load in plan.weighing.loads
    )


def timing_point(plan: Plan) -> TestPoint:
    """Return the point of the timer."""
    seconds = plan.timing.time.to("s")
    return TestPoint(
        key="timing",
        label=catalogue("scenarios")["water_flow_facility.timer_point"].format(time=f"{seconds:g}"),
        settings={"time": Quantity(value=seconds, unit="s")},
        repeats=round(plan.timing.repeats.value),
        mpe=Quantity(value=plan.timing.mpe.to("ppm"), unit="ppm"),
    )


def diversion_points(plan: Plan, device: Nameplate) -> tuple[TestPoint, ...]:
    """Return the flows of the diverter's test with their points.

    Raises:
        SheetError: the bursts do not fit into the tank.
    """
    text = catalogue("scenarios")["water_flow_facility.flow_point"]
    points = []
    for share in plan.diversion.flows:
        flow = share.value * device.maximum_flow.to("m**3/h").value
        collected = flow / 3.6 * _long_s(plan)
        if collected > plan.rig.capacity.to("kg"):
            raise SheetError(
                "procedure.diversion.burst", f"{collected:.0f} kg at {flow:g} m³/h are more than the tank is to hold"
            )
        points.append(
            TestPoint(
                key=f"diversion/{share.value:g}qmax",
                label=text.format(flow=f"{flow:g}"),
                settings={"flow": Quantity(value=flow, unit="m**3/h")},
                repeats=round(plan.diversion.repeats.value),
                mpe=None,
            )
        )
    return tuple(points)


def _long_s(plan: Plan) -> float:
    return plan.diversion.burst.to("s") * round(plan.diversion.bursts.value)


def forecast(sheet: Sheet, plan: Plan, device: Nameplate) -> tuple[Forecast, ...]:
    """Return the expected uncertainty per point, before any water runs.

    Raises:
        PlanRefused: the expected U of a point exceeds its share of the MPE.
        SheetError: the sheet does not know the class, or the bursts do not fit into the tank.
    """
    if device.accuracy_class not in plan.facility.limit:
        known = ", ".join(plan.facility.limit)
        raise SheetError("procedure.facility.limit", f"no class {device.accuracy_class!r}; the sheet knows {known}")
    lift = 2.0 * (plan.rig.weighing.to("s") + 5.0)
    found = [
        forecast_point(
            sheet,
            point,
            weighing_budget(plan, weights, point.settings["load"].value, point.repeats),
            lift * point.repeats,
        )
        for weights, point in weighing_points(plan)
    ]
    timing = timing_point(plan)
    seconds = plan.timing.time.to("s")
    frequency = find(plan.references, "frequency").value("frequency").quantity.to("Hz").value
    found.append(
        forecast_point(
            sheet,
            timing,
            timing_budget(plan, seconds * frequency, seconds, timing.repeats),
            seconds * timing.repeats,
            measurand=sheet.measurands[TIMING],
        )
    )
    long_s, bursts = _long_s(plan), round(plan.diversion.bursts.value)
    for point in diversion_points(plan, device):
        mass = point.settings["flow"].value / 3.6 * long_s
        planned = diversion_budget(
            plan,
            point.repeats,
            long_kg=mass,
            long_s=long_s,
            bursts_kg=mass,
            bursts_s=long_s,
            bursts=bursts,
            flows=1.0,
        )
        duration = point.repeats * (2.0 * long_s + bursts * plan.diversion.pause.to("s") + plan.rig.draining.to("s"))
        found.append(forecast_point(sheet, point, planned, duration, measurand=sheet.measurands[DIVERSION]))
    return check(sheet, found)


# -- the procedure ------------------------------------------------------------------------------------------------


def verify(desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> Generator[Any, Any, Outcome]:
    """Verify a gravimetric rig: appearance, balance, timer, flow stability, diverter, leaks, facility's uncertainty.

    Raises:
        ProcedureAborted: a flow is not reached, or instruments contradict each other; the line is shut.
    """
    run = _Run(desk, sheet, plan, device)
    run.inspect("appearance", plan.appearance.title, plan.appearance.question)
    yield from run.observe("conditions/start")
    try:
        yield from run.weighing()
        yield from run.timing()
        yield from run.flows()
        yield from run.tightness()
    finally:
        yield from desk.at_end(desk.instrument("device").make_safe)
    run.facility()
    yield from run.observe("conditions/end")
    return run.outcome()


class _Run(Running[Plan, Nameplate]):
    """Hold the state of one verification; each public method is one item of the procedure."""

    def __init__(self, desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> None:
        self.loads = weighing_points(plan)
        self.diversions = diversion_points(plan, device)
        super().__init__(desk, sheet, plan, device, total=len(self.loads) + 1 + len(self.diversions))
        self.rig = Rig(desk, plan.rig, "device")
        self.weighed: list[tuple[float, float]] = []
        self.diverted: list[tuple[float, float]] = []

    def _finding(self, key: str, value: str, limit: str | None = None, *, good: bool = True, **fields: Any) -> Finding:
        text = self.text
        return Finding(
            label=text[f"water_flow_facility.{key}"].format(**fields),
            value=text["water_flow_facility.plain"].format(value=value),
            limit=None if limit is None else text["water_flow_facility.at_most"].format(value=limit),
            verdict=Verdict.PASS if good else Verdict.FAIL,
        )

    # -- balance ------------------------------------------------------------------------------------------------------

    def weighing(self) -> Process:
        """Load the balance with in-place weights."""
        plan = self.plan.weighing
        yield from self.desk.instrument("device").drain(self.plan.rig.draining.to("s"))
        results = []
        for weights, point in self.loads:
            self.tell(plan.title, point.label)
            pairs = []
            for number in range(1, point.repeats + 1):
                step = f"{point.key}/{number}"
                pairs.append((yield from self.desk.attempt(step, tuple[Reading, ...], self._loading(step, weights))))
            results.append(self._load_result(weights, point, pairs))
        change = yield from self.desk.attempt("weighing/creep", float, self._creeping)
        limit = plan.creep_limit.to("kg")
        creep = self._finding(
            "creep",
            f"{change:+.1f} kg",
            f"{limit:g} kg",
            good=abs(change) <= limit,
            time=f"{plan.creep_time.to('s'):g}",
        )
        self.finish(
            "weighing",
            plan.title,
            findings=(creep,),
            method=self.text["water_flow_facility.method_weighing"],
            points=tuple(results),
            figure=Figure(
                x="load",
                x_label=self.text["water_flow_facility.load"],
                logarithmic=False,
                series=(
                    Series(
                        name=self.text["water_flow_facility.weighing_error"],
                        points=tuple(result.point.key for result in results),
                    ),
                ),
            ),
        )

    def _creeping(self) -> Generator[Any, Any, float]:
        """Let the largest load stand; returns by how much its indication has changed, kg."""
        rig, lift = self.desk.instrument("device"), self.plan.rig.lift.to("s")
        yield from rig.set_weights(max(weights for weights, _ in self.loads), lift)
        first = yield from self.rig.weigh("weighing/creep/first")
        yield from self.desk.wait(self.plan.weighing.creep_time.to("s"))
        last = yield from self.rig.weigh("weighing/creep/last")
        yield from rig.set_weights(0, lift)
        return float(last.indication.value - first.indication.value) / 1000.0

    def _loading(self, step: str, weights: int) -> Any:
        return lambda: self.rig.load(step, weights)

    def _load_result(self, weights: int, point: TestPoint, pairs: Sequence[tuple[Reading, ...]]) -> PointResult:
        mass = find(self.plan.references, "weights").value("mass").quantity.to("kg").value
        indicated = [(loaded.indication.value - before.indication.value) / 1000.0 for before, loaded in pairs]
        mean = sum(indicated) / len(indicated)
        result = self.evaluate(
            Observed(
                point=point,
                readings=tuple(reading for pair in pairs for reading in pair),
                errors=tuple(float(weighing_error(mass, indicated=i, weights=weights)) for i in indicated),
                reference_value=Quantity(value=weights * mass, unit="kg"),
                indication=Quantity(value=mean, unit="kg"),
                budget=weighing_budget(self.plan, weights, mean, point.repeats),
                step=self.plan.weighing.step,
            ),
            self.plan.weighing.title,
        )
        share = 100.0 / (weights * mass)
        self.weighed.append((result.error.value * share, result.standard_uncertainty * share))
        return result

    # -- timer --------------------------------------------------------------------------------------------------------

    def timing(self) -> Process:
        """Time whole pulses of the frequency standard."""
        plan, point = self.plan.timing, timing_point(self.plan)
        self.tell(plan.title, point.label)
        runs = []
        for number in range(1, point.repeats + 1):
            step = f"timing/{number}"
            runs.append((yield from self.desk.attempt(step, tuple[Reading, ...], self._timed(step))))
        frequency = find(self.plan.references, "frequency").value("frequency").quantity.to("Hz").value
        pulses = [run[0].indication.value for run in runs]
        seconds = [run[1].indication.value for run in runs]
        pairs = list(zip(pulses, seconds, strict=True))
        result = self.evaluate(
            Observed(
                point=point,
                readings=tuple(reading for run in runs for reading in run),
                errors=tuple(float(timing_error(frequency, pulses=n, seconds=t)) for n, t in pairs),
                reference_value=Quantity(value=sum(pulses) / len(runs) / frequency, unit="s"),
                indication=Quantity(value=sum(seconds) / len(runs), unit="s"),
                budget=timing_budget(self.plan, sum(pulses) / len(runs), sum(seconds) / len(runs), len(runs)),
                step="0.1",
            ),
            plan.title,
        )
        self.finish(
            "timing",
            plan.title,
            method=self.text["water_flow_facility.method_timing"],
            points=(result,),
            measurand=self.sheet.measurands[TIMING],
        )

    def _timed(self, step: str) -> Any:
        def steps() -> Generator[Any, Any, tuple[Reading, ...]]:
            timer, seconds = self.desk.instrument("timer"), self.plan.timing.time.to("s")
            standard = find(self.plan.references, "frequency").value("frequency").quantity.to("Hz").value
            around = (standard * (1 - NEAR), standard * (1 + NEAR))
            told = yield from self.desk.instrument("frequency").frequency.read(expect=around)
            self.desk.keep(f"{step}/frequency", told)
            yield from timer.arm_internal(seconds)
            begin = self.desk.now
            _, gate, whole, time = yield from timer.fetch(seconds + PULSE_WAIT_S)
            self.desk.keep(f"{step}/gate", gate)
            self.desk.keep(f"{step}/pulses", whole)
            self.desk.keep(f"{step}/time", time)
            self._believe_timer(step, gate.indication.value, time.indication.value, self.desk.now - begin)
            return whole, time

        return steps

    def _believe_timer(self, step: str, gate: float, time: float, bench: float) -> None:
        planned = self.plan.timing.time.to("s")
        if abs(gate - planned) > 1e-3 or abs(time - planned) > 1.0 or abs(bench - planned) > 2.0:
            raise ProcedureAborted(
                f"timer: {step}: gate {gate:.6g} s and {time:.6g} s of whole pulses, {bench:.6g} s by the bench's "
                f"clock, where {planned:g} s were asked for; check the timer and its input from the frequency standard"
            )

    # -- flow ---------------------------------------------------------------------------------------------------------

    def flows(self) -> Process:
        """Look at the stability of each flow, and at the diverter."""
        results, shares, steady, curves = [], [], [], []
        warmths: list[float] = []
        for point in self.diversions:
            flow = point.settings["flow"].value
            self.tell(self.plan.steadiness.title, point.label)
            yield from self.rig.flow(point.key, flow)
            flows = yield from self.desk.attempt(f"{point.key}/steady", tuple[float, ...], self._trace(point.key))
            steady.append(self._steady(point, flows))
            curves.append(self._course(point, flows))
            self.tell(self.plan.diversion.title, point.label)
            pairs = yield from self._comparisons(point, flow)
            warmths += [part.temperature_degc for pair in pairs for part in pair]
            result = self._diversion(point, pairs)
            results.append(result)
            shares.append(self._share(point, result))
        change = max(warmths) - min(warmths)
        limit = self.plan.steadiness.warming.to("K")
        steady.append(self._finding("warming", f"{change:.2f} K", f"{limit:g} K", good=change <= limit))
        text = self.text
        self.finish(
            "steadiness",
            self.plan.steadiness.title,
            findings=tuple(steady),
            charts=(
                Chart(
                    key="steadiness",
                    title=text["water_flow_facility.steadiness_chart"],
                    x_label=text["water_flow_facility.time"],
                    x_unit="s",
                    y_label=text["water_flow_facility.flow_change"],
                    y_unit="%",
                    curves=tuple(curves),
                ),
            ),
        )
        self.finish(
            "diversion",
            self.plan.diversion.title,
            method=text["water_flow_facility.method_diversion"],
            findings=tuple(shares),
            points=tuple(results),
            measurand=self.sheet.measurands[DIVERSION],
        )

    def _trace(self, key: str) -> Any:
        def steps() -> Generator[Any, Any, tuple[float, ...]]:
            samples = round(self.plan.steadiness.samples.value)
            yield from self.desk.wait(float(samples))
            reading, flows = yield from self.desk.instrument("device").flow_trace(samples)
            self.desk.keep(f"{key}/trace", reading)
            return tuple(flows)

        return steps

    def _steady(self, point: TestPoint, flows: Sequence[float]) -> Finding:
        mean = sum(flows) / len(flows)
        found, limit = 100.0 * spread(flows) / mean, self.plan.steadiness.limit.to("%")
        middle = sorted(flows)[len(flows) // 2]
        ordered = sorted(flows, key=lambda q: abs(q - middle))
        if found > limit and 100.0 * spread(ordered[:-1]) / mean <= 0.5 * limit:
            raise ProcedureAborted(
                f"device: {point.key}: one second of its line meter says {ordered[-1]:.6g} m³/h among steady ones of "
                f"{middle:.6g} m³/h; check the line to the device, and its line meter"
            )
        return self._finding("steadiness", f"{found:.3f} %", f"{limit:g} %", good=found <= limit, point=point.label)

    def _course(self, point: TestPoint, flows: Sequence[float]) -> Curve:
        mean = sum(flows) / len(flows)
        return Curve(
            name=point.label,
            x=tuple(float(second) for second in range(1, len(flows) + 1)),
            y=tuple(100.0 * (q / mean - 1.0) for q in flows),
        )

    def _comparisons(
        self, point: TestPoint, flow: float
    ) -> Generator[Any, Any, tuple[tuple[Collected, Collected], ...]]:
        pairs: tuple[tuple[Collected, Collected], ...] = ()
        for number in range(1, point.repeats + 1):
            pairs += ((yield from self._comparison(f"{point.key}/{number}", flow)),)
        return pairs

    def _comparison(self, step: str, flow: float) -> Generator[Any, Any, tuple[Collected, Collected]]:
        plan = self.plan.diversion
        long = yield from self.rig.collect(f"{step}/long", flow, _long_s(self.plan), mode="GATE")
        bursts = yield from self.rig.collect(
            f"{step}/bursts",
            flow,
            plan.burst.to("s"),
            count=round(plan.bursts.value),
            pause_s=plan.pause.to("s"),
            mode="GATE",
        )
        return long, bursts

    def _diversion(self, point: TestPoint, pairs: Sequence[tuple[Collected, Collected]]) -> PointResult:
        bursts = round(self.plan.diversion.bursts.value)

        def values(long: Collected, burst: Collected) -> dict[str, float]:
            return {
                "long_kg": long.mass_kg,
                "long_s": long.gate_s,
                "bursts_kg": burst.mass_kg,
                "bursts_s": burst.gate_s,
                "bursts": bursts,
                "flows": long.line_m3_per_h / burst.line_m3_per_h * long.rho / burst.rho,
            }

        found = [float(diversion_time(**values(*pair))) for pair in pairs]  # type: ignore[arg-type]
        # One comparison that stands for all: the masses are those of the first, the bursts are adjusted to the mean.
        first, mean = values(*pairs[0]), sum(found) / len(found)
        r = (1000.0 * first["bursts_s"] + mean * bursts) / (1000.0 * first["long_s"] + mean)
        first["bursts_kg"] = r * first["long_kg"] / first["flows"]
        return self.evaluate(
            Observed(
                point=point,
                readings=tuple(reading for pair in pairs for part in pair for reading in part.readings),
                errors=tuple(found),
                reference_value=Quantity(value=sum(long.gate_s for long, _ in pairs) / len(pairs), unit="s"),
                indication=Quantity(value=sum(burst.gate_s for _, burst in pairs) / len(pairs), unit="s"),
                budget=diversion_budget(self.plan, len(pairs), **first),
                step="0.1",
            ),
            self.plan.diversion.title,
        )

    def _share(self, point: TestPoint, result: PointResult) -> Finding:
        self.diverted.append((result.error.value, result.standard_uncertainty))
        worst = (abs(result.error.value) + result.U) / 1000.0 / self.plan.rig.shortest_run.to("s") * 100.0
        limit = self.plan.diversion.limit.to("%")
        return self._finding(
            "diversion_share", f"{worst:.4f} %", f"{limit:g} %", good=worst <= limit, point=point.label
        )

    # -- leaks --------------------------------------------------------------------------------------------------------

    def tightness(self) -> Process:
        """Let the tank stand while water runs through the bypass."""
        plan = self.plan.tightness
        self.tell(plan.title, None)

        def steps() -> Generator[Any, Any, float]:
            before = yield from self.rig.weigh("tightness/before")
            yield from self.desk.wait(plan.time.to("s"))
            after = yield from self.rig.weigh("tightness/after")
            return float(after.indication.value - before.indication.value) / 1000.0

        change = yield from self.desk.attempt("tightness", float, steps)
        limit = plan.limit.to("kg")
        finding = self._finding(
            "leak", f"{change:+.1f} kg", f"{limit:g} kg", good=abs(change) <= limit, time=f"{plan.time.to('s'):g}"
        )
        self.finish("tightness", plan.title, findings=(finding,))

    # -- the whole ----------------------------------------------------------------------------------------------------

    def facility(self) -> None:
        """Work out the uncertainty of the facility from what was found, and hold it against its class."""
        plan = self.plan.facility
        budget = facility_budget(self.plan, self.weighed, self.diverted, self.plan.rig.shortest_run.to("s"))
        result = expected(budget, self.sheet.evaluation)
        names = {"d_m": "mass_share", "d_t": "time_share", "d_b": "buoyancy_share", "d_rho": "density_share"}
        findings = [self._finding(names[line.name], f"{line.contribution:.4f} %") for line in result.lines]
        limit = plan.limit[self.device.accuracy_class].to("%")
        findings.append(self._finding("facility_U", f"{result.U:.3f} %", f"{limit:g} %", good=result.U <= limit))
        self.finish("facility", plan.title, findings=tuple(findings))
