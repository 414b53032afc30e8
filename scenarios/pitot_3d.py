"""Calibration of five-hole probes in a wind tunnel: by yaw nulling and without, F1 and F2 over pitch and speed.

The reference speed comes from a laser Doppler anemometer; an L-type tube of known coefficient watches it. At each speed
and pitch the probe is turned about its stem until P2 = P3, then its pressures are read. Numbers live in the sheet.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scenarios.evaluation import Observed, expected, input_quantity
from scenarios.pitot_3d_bench import ProbeBench
from scenarios.pitot_3d_model import (
    Sample,
    curve,
    curve_budget,
    f1_budget,
    f2_budget,
    pooled,
    repeatability,
    slopes,
)
from scenarios.pitot_3d_plan import Nameplate, Plan
from scenarios.pitot_3d_surface import SurfaceItem
from scenarios.planning import forecast_point
from scenarios.procedure import Forecast, Outcome, PlanRefused, ProcedureAborted
from scenarios.record import Chart, Curve, Finding, Measurand, PointResult, TestPoint
from scenarios.sheet import Sheet, SheetError
from uncertainty.budget import Budget
from uncertainty.conformity import Verdict
from uncertainty.inputs import InputQuantity, StudentT
from uncertainty.quantity import Quantity
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from drivers.reading import Reading
    from scenarios.procedure import Desk
    from uncertainty.fits import Fit

    Process = Generator[Any, Any, Any]

__all__ = ["Nameplate", "Plan", "forecast", "verify"]

STEP = "0.0001"
"""Step to which coefficients are printed where a rounding is asked for; U says how many digits mean something."""
APPROACH = 3.0
"""How far beyond its first angle a pass begins, degrees."""
NOMINAL_DENSITY = 1.2
"""Density of air for the forecast, kg/m³."""


def measurand_of(sheet: Sheet, name: str) -> Measurand:
    """Return a further measurand of the sheet.

    Raises:
        SheetError: the sheet does not name it.
    """
    try:
        return sheet.measurands[name]
    except KeyError:
        raise SheetError(f"measurands.{name}", "missing; the procedure states results of this kind") from None


def test_point(quantity: str, speed: float, pitch: float, repeats: int) -> TestPoint:
    """Return the plan of one coefficient at one speed (m/s) and pitch (degrees)."""
    return TestPoint(
        key=f"{quantity}/{speed:g}/{pitch:+g}",
        label=Text(zh=f"{speed:g} m/s，俯仰 {pitch:+g}°", en=f"{speed:g} m/s, pitch {pitch:+g}°"),
        settings={"speed": Quantity(value=speed, unit="m/s"), "pitch": Quantity(value=pitch, unit="deg")},
        repeats=repeats,
        mpe=None,
        about={"quantity": quantity.removesuffix("_curve")},
    )


def forecast(sheet: Sheet, plan: Plan, device: Nameplate) -> tuple[Forecast, ...]:
    """Return the expected uncertainty per point, for a head in potential flow.

    Raises:
        PlanRefused: the expected U of an F2 exceeds the target.
        SheetError: a reference or a measurand is missing.
    """
    nulling = plan.nulling
    n = round(nulling.repeats.value)
    each = 2 * (plan.averaging.manometer.to("s") + plan.averaging.lda.to("s")) + 5.0
    result = []
    for speed in (s.to("m/s") for s in nulling.speeds):
        fall = 9.0 / 8.0 * 0.5 * NOMINAL_DENSITY * speed**2
        for pitch in (p.to("deg") for p in nulling.pitches):
            angle = math.radians(pitch)
            f2 = 2.0 * math.sqrt(2.0) / 3.0 / math.cos(angle)
            slope = math.radians(1.0) * f2 * math.tan(angle)
            stated = input_quantity("d_rep", plan.budget.repeatability, unit="%").distribution.u
            rep = repeatability(stated, math.inf, n, unit="%")
            budget = f2_budget(
                plan, rep, f2=f2, slope=slope, fall=fall * math.cos(angle) ** 2, air=(20.0, 101325.0, 50.0)
            )
            point = forecast_point(sheet, test_point("F2", speed, pitch, n), budget, each * n)
            target = plan.target.to("%")
            if point.U > target / 100 * f2:
                raise PlanRefused(
                    f"{point.point.key}: expected U = {100 * point.U / f2:.3g} % exceeds the target of {target:g} %; "
                    "use a better reference speed, or more repeats"
                )
            result.append(point)
    return tuple(result)


def verify(desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> Generator[Any, Any, Outcome]:
    """Calibrate a five-hole probe: appearance, yaw reference, nulling at two speeds, curves, without nulling.

    Raises:
        ProcedureAborted: instruments contradict each other, the stream is not fit, or the null is not found.
    """
    run = _Calibration(desk, sheet, plan, device)
    run.inspect("appearance", plan.appearance.title, plan.appearance.question)
    yield from run.observe("conditions/start")
    bench = run.bench
    try:
        yield from bench.prepare()
        yield from run.offset()
        yield from run.nulling()
        if "non_nulling" in plan.methods:
            yield from run.observe("conditions/middle")
            yield from SurfaceItem(run, run.relative, run.nulled_f_speed).measure()
    finally:
        yield from desk.at_end(bench.make_safe)
    yield from run.observe("conditions/end")
    return run.outcome(remarks=(run.text["pitot_3d.remark"],))


class _Calibration(ProbeBench):
    """Hold the state of one calibration."""

    def __init__(self, desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> None:
        n = plan.nulling
        curves = len(n.speeds) * len(n.check_pitches)
        total = 1 + 2 * len(n.speeds) * len(n.pitches) + curves
        total += len(plan.non_nulling.checks) if "non_nulling" in plan.methods else 0
        super().__init__(desk, sheet, plan, device, total=total)
        self.relative = 0.0
        """Experimental standard deviation of a single F2 from one placing to the next, %."""
        self.nulled_f_speed: dict[float, float] = {}
        """Speed -> mean of √(q by the mean fall) at the null without pitch, from the readings alone."""

    @property
    def bench(self) -> ProbeBench:
        """The instruments."""
        return self

    # -- yaw reference ------------------------------------------------------------------------------------------------

    def offset(self) -> Process:
        """Find the stage's reading at the null from both ports: a swirl adds to one what it takes from the other."""
        plan, title = self.plan.offset, self.plan.offset.title
        self.tell(title, None)
        speed = self.plan.nulling.speeds[0].to("m/s")
        yield from self.blow(speed)
        halves: list[float] = []
        first: list[float] = []
        readings: list[Reading] = []
        n = round(plan.repeats.value)
        for i in range(n):
            nulls = []
            for port in ("upright", "opposite"):
                step = f"offset/{i + 1}/{port}"
                sample = yield from self.nulled(step, 0.0, speed, port)
                nulls.append(self.null_of(sample))
                readings += sample.readings
            halves.append(sum(nulls) / 2)
            first.append(nulls[0])
        yield from self.desk.attempt("offset/upright", bool, self.upright)
        mean = sum(halves) / n
        e = self.plan.budget
        inputs = (
            InputQuantity(
                name="psi",
                distribution=StudentT.of_readings(halves),
                unit="deg",
                label=self.text["pitot_3d.null_angles"],
                evaluation="A",
            ),
            input_quantity("d_yaw", e.stage_yaw, unit="deg"),
            # The null of each port is approached from the other one: what is left of the backlash averages over pairs.
            input_quantity("d_backlash", e.backlash, unit="deg", factor=1 / math.sqrt(n)),
        )
        budget = Budget(
            model=lambda psi, d_yaw, d_backlash: psi + d_yaw + d_backlash, inputs=inputs, unit="deg", name="R_ADO"
        )
        point = TestPoint(key="offset", label=title, settings={}, repeats=n, mpe=None, about={"quantity": "offset"})
        zero = Quantity(value=0.0, unit="deg")
        observed = Observed(
            point=point,
            readings=tuple(readings),
            errors=tuple(halves),
            reference_value=zero,
            indication=Quantity(value=mean, unit="deg"),
            budget=budget,
            step="0.01",
        )
        result = self.evaluate(observed, title)
        self.zero_yaw = sum(first) / n  # with the swirl of this stream: where angles to the flow count from
        self.finish("offset", title, points=(result,), measurand=measurand_of(self.sheet, "offset"))

    # -- nulling ------------------------------------------------------------------------------------------------------

    def nulling(self) -> Process:
        """Measure F1 and F2 at every speed and pitch, fit the curves and compare the speeds."""
        plan = self.plan.nulling
        samples: dict[tuple[float, float], list[Sample]] = {}
        for speed in (s.to("m/s") for s in plan.speeds):
            self.tell(plan.title_f2, Text(zh=f"{speed:g} m/s", en=f"{speed:g} m/s"))
            yield from self.blow(speed)
            for i in range(round(plan.repeats.value)):
                yield from self.zero(f"zero/{speed:g}/{i + 1}")
                # Up and down in turns, from beyond the end: what is left of the stage's backlash has either sign, and
                # every angle of every pass is placed anew.
                order = [p.to("deg") for p in (plan.pitches if i % 2 == 0 else reversed(plan.pitches))]
                yield from self.approach(f"approach/{speed:g}/{i + 1}", order[0] + math.copysign(APPROACH, order[0]))
                for pitch in order:
                    step = f"nulling/{speed:g}/{i + 1}/{pitch:+g}"
                    sample = yield from self.nulled(step, pitch, speed)
                    samples.setdefault((speed, pitch), []).append(sample)
        for (speed, pitch), group in samples.items():
            if pitch == 0.0:
                self.nulled_f_speed[speed] = sum(s.f_speed for s in group) / len(group)
        f2, f1 = self._results(samples)
        self.finish("f2", plan.title_f2, points=tuple(f2), charts=())
        self.finish("f1", plan.title_f1, points=tuple(f1), measurand=measurand_of(self.sheet, "f1"))
        self._agreement(f2)
        self._curves(f1, f2)

    def _results(self, samples: dict[tuple[float, float], list[Sample]]) -> tuple[list[PointResult], list[PointResult]]:
        plan = self.plan.nulling
        limit = self.plan.plausibility.repeat.to("%")
        relative = []
        for (speed, pitch), group in samples.items():
            mean = sum(s.f2 for s in group) / len(group)
            scores = [100 * (s.f2 / mean - 1) for s in group]
            if max(map(abs, scores)) > limit:
                worst = max(map(abs, scores))
                raise ProcedureAborted(
                    f"manometer, lda, stage or device: at {speed:g} m/s and a pitch of {pitch:+g} deg one F2 lies "
                    f"{worst:.2g} % from the mean of its repeats, more than {limit:g} %; look for leaks, hoses and dirt"
                )
            relative.append(scores)
        s2, dof = pooled(relative)
        s1, _ = pooled([[s.f1 for s in group] for group in samples.values()])
        self.relative = s2
        f2: list[tuple[TestPoint, Sequence[Sample], list[float], Budget]] = []
        f1: list[tuple[TestPoint, Sequence[Sample], list[float], Budget]] = []
        degree = round(plan.degree.value)
        for speed in (s.to("m/s") for s in plan.speeds):
            pitches = [p.to("deg") for p in plan.pitches]
            groups = [samples[speed, pitch] for pitch in pitches]
            means2 = [sum(s.f2 for s in g) / len(g) for g in groups]
            means1 = [sum(s.f1 for s in g) / len(g) for g in groups]
            slopes2, slopes1 = slopes(pitches, means2, degree), slopes(pitches, means1, degree)
            for i, group in enumerate(groups):
                n = len(group)
                fall = sum(s.at_null for s in group) / n
                air = (
                    sum(s.temperature for s in group) / n,
                    sum(s.pressure for s in group) / n,
                    sum(s.humidity for s in group) / n,
                )
                rep2, rep1 = repeatability(s2, dof, n, unit="%"), repeatability(s1, dof, n, unit="1")
                budget2 = f2_budget(self.plan, rep2, f2=means2[i], slope=slopes2[i], fall=fall, air=air)
                budget1 = f1_budget(self.plan, rep1, f1=means1[i], slope=slopes1[i], fall=fall)
                f2.append((test_point("F2", speed, pitches[i], n), group, [s.f2 for s in group], budget2))
                f1.append((test_point("F1", speed, pitches[i], n), group, [s.f1 for s in group], budget1))
        return (
            [self._coefficient(*planned, plan.title_f2) for planned in f2],
            [self._coefficient(*planned, plan.title_f1) for planned in f1],
        )

    def _coefficient(
        self, point: TestPoint, group: Sequence[Sample], each: Sequence[float], budget: Budget, title: Text
    ) -> PointResult:
        speed = sum(s.speed for s in group) / len(group)
        # What is corrected in the result is corrected in each repeat: factor of the LDA, blockage, gain.
        corrected = expected(budget, self.sheet.evaluation).value - sum(each) / len(each)
        observed = Observed(
            point=point,
            readings=tuple(reading for s in group for reading in s.readings),
            errors=tuple(value + corrected for value in each),
            reference_value=Quantity(value=speed, unit="m/s"),
            indication=Quantity(value=sum(s.at_null for s in group) / len(group), unit="Pa"),
            budget=budget,
            step=STEP,
            signed=point.about["quantity"] == "F1",
        )
        return self.evaluate(observed, title)

    def _agreement(self, f2: Sequence[PointResult]) -> None:
        """Hold the F2 of the speeds against each other at every pitch."""
        plan = self.plan.nulling
        findings = []
        for pitch in (p.to("deg") for p in plan.pitches):
            values = [p.error.value for p in f2 if p.point.settings["pitch"].value == pitch]
            difference = 100 * (max(values) - min(values)) / (sum(values) / len(values))
            inner = abs(pitch) <= plan.agreement.inner_pitch.to("deg") + 1e-9
            limit = (plan.agreement.inner if inner else plan.agreement.outer).to("%")
            findings.append(
                Finding(
                    label=self.text["pitot_3d.agreement_at"].format(pitch=f"{pitch:+g}"),
                    value=Text(zh=f"{difference:.2f} %", en=f"{difference:.2f} %"),
                    limit=Text(zh=f"≤ {limit:g} %", en=f"≤ {limit:g} %"),
                    verdict=Verdict.PASS if difference <= limit else Verdict.FAIL,
                )
            )
        self.finish("agreement", plan.title_agreement, findings=tuple(findings))

    def _curves(self, f1: Sequence[PointResult], f2: Sequence[PointResult]) -> None:
        """Fit both curves of each speed with their covariance, and state F2 between the angles that were measured."""
        plan = self.plan.nulling
        degree = round(plan.degree.value)
        scale = max(abs(p.to("deg")) for p in plan.pitches)
        points = []
        charts = []
        findings: list[Finding] = []
        label = self.text["pitot_3d.parameter"]
        for speed in (s.to("m/s") for s in plan.speeds):
            for name, results in (("F2", f2), ("F1", f1)):
                own = [p for p in results if p.point.settings["speed"].value == speed]
                fitted = curve(own, degree, scale)
                charts.append(_chart(name, speed, own, fitted, scale, self.text))
                if name == "F1":
                    findings += [self._pitch(fitted, speed, p.to("deg"), scale) for p in plan.check_pitches]
                    continue
                for pitch in (p.to("deg") for p in plan.check_pitches):
                    point = test_point("F2_curve", speed, pitch, len(own))
                    observed = Observed(
                        point=point,
                        readings=tuple(reading for p in own for reading in p.readings),
                        errors=(float(fitted.predict(pitch / scale)[0][0]),),
                        reference_value=Quantity(value=speed, unit="m/s"),
                        indication=own[0].indication,
                        budget=curve_budget(fitted, pitch / scale, name="F_2", label=label),
                        step=STEP,
                        signed=False,
                    )
                    result = self.evaluate(observed, plan.title_curve)
                    points.append(replace(result, readings=result.readings[-1:]))
        self.finish("curve", plan.title_curve, points=tuple(points), findings=tuple(findings), charts=tuple(charts))

    def _pitch(self, fitted: Fit, speed: float, pitch: float, scale: float) -> Finding:
        """Say how well a pitch angle is known that is taken from the curve of F1."""
        value, _ = fitted.predict(pitch / scale)
        x, covariance = fitted.inverse(value, within=(-1.5, 1.5))
        U = 2 * scale * math.sqrt(float(covariance[0, 0]))
        said = f"{scale * float(x[0]):+.2f}° ± {U:.2f}°"
        return Finding(
            label=self.text["pitot_3d.pitch_from_f1"].format(f1=f"{float(value[0]):+.3f}", speed=f"{speed:g}"),
            value=Text(zh=said, en=said),
            limit=None,
            verdict=Verdict.PASS,
        )


def _chart(
    name: str, speed: float, points: Sequence[PointResult], fitted: Fit, scale: float, text: dict[str, Text]
) -> Chart:
    """Return the picture of one curve: points with U, the fit, and its band ±U."""
    pitches = [p.point.settings["pitch"].value for p in points]
    low, high = min(pitches), max(pitches)
    x = [low + (high - low) * i / 60 for i in range(61)]
    y, covariance = fitted.predict([value / scale for value in x])
    U = 2 * covariance.diagonal() ** 0.5

    def line(key: str, values: Any) -> Curve:
        return Curve(name=text[key], x=tuple(x), y=tuple(float(v) for v in values))

    measured = Curve(
        name=text["pitot_3d.measured"],
        x=tuple(pitches),
        y=tuple(p.error.value for p in points),
        style="points",
        U=tuple(p.U for p in points),
    )
    return Chart(
        key=f"{name}_{speed:g}",
        title=text["pitot_3d.chart"].format(name=name, speed=f"{speed:g}"),
        x_label=text["pitot_3d.pitch"],
        x_unit="deg",
        y_label=Text(zh=name, en=name),
        y_unit="1",
        curves=(
            measured,
            line("pitot_3d.fit", y),
            line("pitot_3d.lower", y - U),
            line("pitot_3d.upper", y + U),
        ),
    )
