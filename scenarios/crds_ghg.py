"""Calibration and verification of ring-down analysers for CO2, CH4 and N2O, at a station or on the move.

Short-term precision, response and memory, inlet pressure, water correction, calibration with tanks on one scale
(ISO 6143), adjustment, target gas, and a verdict against the compatibility goals of the network.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from drivers.analyser_crds import settings_of
from scenarios import crds_ghg_charts as charts
from scenarios.crds_ghg_bench import WORKING, Segment
from scenarios.crds_ghg_humidity import Humidity
from scenarios.crds_ghg_model import adjusted_budget, calibrate, calibration_budget, seen
from scenarios.crds_ghg_plan import Nameplate, Plan
from scenarios.crds_ghg_points import (
    calibration_points,
    forecast,
    measurand,
    tanks,
    target,
    verification_points,
    water_points,
)
from scenarios.evaluation import Observed
from scenarios.record import Figure, Finding, Series
from uncertainty.conformity import Verdict
from uncertainty.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Generator

    from scenarios.procedure import Desk, Outcome
    from scenarios.sheet import Sheet
    from uncertainty.fits import Fit

    Process = Generator[Any, Any, Any]

__all__ = ["Nameplate", "Plan", "forecast", "verify"]


def verify(desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> Generator[Any, Any, Outcome]:
    """Calibrate a ring-down analyser, adjust it, and verify it against the compatibility goals.

    Raises:
        ProcedureAborted: instruments contradict each other, a cylinder runs low, or an influence quantity is out of
            range; all valves are shut.
    """
    run = _Run(desk, sheet, plan, device)
    run.inspect("appearance", plan.appearance.title, plan.appearance.question)
    yield from run.observe("conditions/start")
    try:
        yield from run.warm_up()
        yield from run.response()
        yield from run.inlet_effect()
        yield from run.allan()
        yield from run.water()
        yield from run.observe("conditions/middle")
        yield from run.calibration()
        yield from run.drift()
        yield from run.verdict()
    finally:
        yield from desk.at_end(partial(_shut, desk))
    yield from run.observe("conditions/end")
    return run.outcome()


def _shut(desk: Desk) -> Process:
    """Shut the valve whatever becomes of the humidifier."""
    try:
        yield from desk.instrument("humidifier").make_safe()
    finally:
        yield from desk.instrument("selector").make_safe()


class _Run(Humidity):
    """Hold the items that rest on certificates."""

    def __init__(self, desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> None:
        points = sum(
            len(of(plan, key))
            for key in plan.components
            for of in (calibration_points, water_points, verification_points)
        )
        super().__init__(desk, sheet, plan, device, total=points)
        self.functions: dict[str, tuple[float, float]] = {}
        self.visits: list[Segment] = []

    def tank(self, step: str, name: str) -> Generator[Any, Any, Segment]:
        """Measure one tank."""
        flush, average = self.plan.flush.to("s"), self.plan.average.to("s")
        return (yield from self.measure(step, name, wait_s=flush, average_s=average))

    # -- calibration --------------------------------------------------------------------------------------------------

    def calibration(self) -> Process:
        """Measure the tanks in cycles, fit a line for each component, and put the lines into the analyser."""
        plan = self.plan.calibration
        cycles: list[dict[str, Segment]] = []
        for cycle in range(1, round(plan.cycles.value) + 1):
            measured = {}
            for name in plan.tanks:
                self.tell(plan.title, self.plan.references[name].name)
                measured[name] = yield from self.tank(f"calibration/{cycle}/{name}", name)
            cycles.append(measured)
        for key in self.plan.components:
            self._line(key, cycles)
        yield from self.desk.attempt("calibration/put", type(None), self._adjust_analyser)

    def _adjust_analyser(self) -> Process:
        yield from self.desk.instrument("device").set_calibration(self.functions)

    def _line(self, key: str, cycles: list[dict[str, Segment]]) -> None:
        """Fit and report the calibration of one component."""
        plan, component = self.plan.calibration, self.plan.components[key]
        column, known = f"{key}_raw", tanks(self.plan, key)
        readings = [float(np.mean([cycle[name].value(column) for cycle in cycles])) for name in plan.tanks]
        found = calibrate(self.plan, key, known, readings)
        self.functions[key] = float(found.b[0]), float(found.b[1])
        results = []
        for point in calibration_points(self.plan, key):
            name = point.key.rpartition("/")[2]
            place = plan.tanks.index(name)
            at = known[place].value
            observed = Observed(
                point=point,
                # Every tank has its share in every point of the line: the readings are those of all cycles.
                readings=tuple(cycle[other].readings[column] for cycle in cycles for other in plan.tanks),
                errors=tuple(cycle[name].value(column) - at for cycle in cycles),
                reference_value=Quantity(value=at, unit=component.unit),
                indication=Quantity(value=readings[place], unit=component.unit),
                budget=calibration_budget(self.plan, key, at, known, readings, found),
                step=component.step,
            )
            results.append(self.evaluate(observed, plan.title))
        residuals = (np.array(readings) - found.predict(found.x)[0]) / found.b[1]
        order = np.argsort(found.x)
        chart = charts.calibration(
            key, component, found.x[order].tolist(), residuals[order].tolist(), [result.U for result in results]
        )
        self.finish(
            f"calibration_{key}",
            self.text["crds_ghg.of_component"].format(title=plan.title, component=component.name),
            method=self._method(key, found),
            findings=(self._gamma(found),),
            points=tuple(results),
            figure=None,
            charts=(chart,),
            measurand=measurand(self.plan, "calibration", key),
        )

    def _method(self, key: str, found: Fit) -> Any:
        unit = self.plan.components[key].unit.replace("umol", "µmol")
        return self.text["crds_ghg.method_calibration"].format(
            cycles=f"{self.plan.calibration.cycles.value:g}",
            offset=f"{found.b[0]:.4f}",
            slope=f"{found.b[1]:.6f}",
            unit=unit,
        )

    def _gamma(self, found: Fit) -> Finding:
        limit = self.plan.calibration.gamma.value
        return Finding(
            label=self.text["crds_ghg.gamma"],
            value=self.text["crds_ghg.plain"].format(value=f"{found.gamma:.2f}"),
            limit=self.text["crds_ghg.plain_at_most"].format(value=f"{limit:g}"),
            verdict=Verdict.PASS if found.gamma <= limit else Verdict.FAIL,
        )

    # -- target gas ---------------------------------------------------------------------------------------------------

    def drift(self) -> Process:
        """Measure the target gas again and again, with air in between."""
        plan = self.plan.drift
        busy = self.plan.flush.to("s") + self.plan.average.to("s")
        for visit in range(1, round(plan.visits.value) + 1):
            self.tell(plan.title, self.plan.references[plan.target].name)
            self.visits.append((yield from self.tank(f"drift/{visit}", plan.target)))
            if visit < plan.visits.value:
                yield from self.let_flow(f"drift/{visit}/between", WORKING)
                rest = partial(self._rest, plan.interval.to("s") - busy)
                yield from self.desk.attempt(f"drift/{visit}/between", type(None), rest)
        assert self.installed is not None  # water() came before
        held = settings_of(self.functions, self.installed.coefficients, self.installed.scale_percent)
        yield from self.desk.attempt("drift/held", type(None), partial(self._held, held))
        findings, drawn = [], []
        hours = [(visit.time_s - self.visits[0].time_s) / 3600 for visit in self.visits]
        for key, component in self.plan.components.items():
            results = [visit.value(key) for visit in self.visits]
            label = self.text["crds_ghg.span_of_target"].format(component=component.name, hours=f"{hours[-1]:.1f}")
            limit = component.drift_limit.to(component.unit)
            findings.append(self.finding(label, max(results) - min(results), limit, component.unit, component.step))
            value = self._target_value(key)
            drawn.append(charts.target(key, component, hours, [result - value for result in results]))
        self.finish("drift", plan.title, findings=tuple(findings), charts=tuple(drawn))

    def _rest(self, seconds: float) -> Process:
        yield from self.desk.wait(seconds)

    def _held(self, settings: dict[str, float]) -> Process:
        yield from self.desk.instrument("device").confirm(settings)

    def _target_value(self, key: str) -> float:
        """Return what the target gas should read, in the component's unit."""
        gas = target(self.plan, key)
        return float(seen(gas.value, gas.d13c, self.plan.natural_d13c.to("1"), self.plan.vpdb.value))

    # -- verdict ------------------------------------------------------------------------------------------------------

    def verdict(self) -> Process:
        """Judge the adjusted analyser, dry and at the humidities of the sheet."""
        yield from ()
        plan = self.plan.verification
        checked = {f"{h.to('%'):g}": place for place, h in enumerate(self.plan.water.check)}
        for key, component in self.plan.components.items():
            gas, value = target(self.plan, key), self._target_value(key)
            results = [visit.value(key) for visit in self.visits]
            mean = float(np.mean(results))
            evaluated = []
            points = verification_points(self.plan, key)
            for point in points:
                humidity, wet, dry = point.settings["humidity"].value, 0.0, 0.0
                if humidity:
                    wet, dry = self.left[key][checked[f"{humidity:g}"]]
                observed = Observed(
                    point=point,
                    readings=tuple(visit.readings[key] for visit in self.visits),
                    errors=tuple(result - value + wet - dry for result in results),
                    reference_value=Quantity(value=value, unit=component.unit),
                    indication=Quantity(value=mean + wet - dry, unit=component.unit),
                    budget=adjusted_budget(self.plan, key, gas, reading=mean, wet=wet, dry=dry, humidity=humidity),
                    step=component.step,
                )
                evaluated.append(self.evaluate(observed, plan.title))
            self.finish(
                f"verification_{key}",
                self.text["crds_ghg.of_component"].format(title=plan.title, component=component.name),
                method=self.text["crds_ghg.method_verification"],
                points=tuple(evaluated),
                figure=Figure(
                    x="humidity",
                    x_label=self.text["crds_ghg.humidity"],
                    logarithmic=False,
                    series=(Series(name=component.name, points=tuple(point.key for point in points)),),
                ),
                measurand=measurand(self.plan, "verification", key),
            )
