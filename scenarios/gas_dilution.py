"""Verification of a dynamic diluter with mass flow controllers (ISO 6145-7; numbers live in the sheet).

Both controllers are calibrated against one piston prover, the purge time is found with an analyser, then blends are
made: the error of a set fraction is δ = x_set/x - 1 with x = Σ q_i x_i / Σ q_i. Every setting is approached from below,
in the calibration and in the blends alike, so hysteresis is in the curves and not in the uncertainty. At last one blend
is compared with an independent reference mixture, the analyser being the comparator.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from drivers.errors import ImplausibleReading, InstrumentTimeout
from drivers.reading import Reading
from scenarios.evaluation import Observed
from scenarios.gas_dilution_charts import correlation_chart, curve_chart, response_chart
from scenarios.gas_dilution_conversion import Ratio, conversion_budget
from scenarios.gas_dilution_model import (
    Curves,
    FlowPoint,
    blend_budget,
    cell_volume,
    curve,
    flow_budget,
    impurity,
    measured_flow,
    parent_fraction,
    produced,
)
from scenarios.gas_dilution_plan import Nameplate, Plan
from scenarios.gas_dilution_points import (
    GASES,
    PER_CENT,
    blend,
    blend_point,
    flow_point,
    forecast,
    setting_u,
    settings,
    shares,
)
from scenarios.gas_dilution_verification import Compared, confirm
from scenarios.procedure import Outcome, ProcedureAborted
from scenarios.record import Figure, Finding, PointResult, Series, TestPoint
from scenarios.running import Running
from uncertainty.conformity import Verdict
from uncertainty.quantity import Quantity
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from scenarios.procedure import Desk, Process
    from scenarios.sheet import Sheet
    from uncertainty.fits import Fit

__all__ = ["Nameplate", "Plan", "forecast", "verify"]

BELOW = 0.8
"""Share of a setting at which it is approached from below, 1."""


# -- the procedure ------------------------------------------------------------------------------------------------


def verify(desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> Generator[Any, Any, Outcome]:
    """Verify a diluter: appearance, controllers, conversion factor, hysteresis, purge time, blends, comparison.

    Raises:
        ProcedureAborted: the bench contradicts itself; the controllers are shut.
    """
    run = _Run(desk, sheet, plan, device)
    run.inspect("appearance", plan.appearance.title, plan.appearance.question)
    yield from run.observe("conditions/start")
    try:
        yield from desk.state("gas", run.choose_gas)
        fits = {}
        for gas in GASES:
            fits[gas] = yield from run.calibrate(gas)
        yield from run.conversion()
        run.hysteresis()
        yield from run.observe("conditions/middle")
        yield from run.purge()
        yield from run.dilution(Curves(parent=fits["parent"], diluent=fits["diluent"]))
        yield from run.verification()
    finally:
        yield from desk.at_end(run.make_safe)
    yield from run.observe("conditions/end")
    return run.outcome(run.remarks())


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Hold one flow by the prover."""

    readings: tuple[Reading, ...]
    """What the instruments said."""
    point: FlowPoint
    """What follows for the flow."""


class _Run(Running[Plan, Nameplate]):
    """Hold the state of one verification; each public method is one item or action of the procedure."""

    def __init__(self, desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> None:
        super().__init__(
            desk, sheet, plan, device, total=2 * len(plan.calibration.shares) + 1 + len(plan.dilution.dilutions)
        )
        self.parent, self.diluent = desk.instrument("parent_mfc"), desk.instrument("diluent_mfc")
        self.valves, self.prover = desk.instrument("device"), desk.instrument("standard")
        self.analyser = desk.instrument("analyser")
        self.total_flow = plan.total_flow.to("l/min")
        self.flows: dict[str, dict[float, float]] = {gas: {} for gas in GASES}
        self.falling: dict[str, float] = {}
        self.curves: Curves | None = None
        self.stands: dict[str, str] = {}
        self.wait_s = 0.0
        self.results: dict[float, PointResult] = {}
        self.known: dict[float, tuple[float, float]] = {}
        self.below_best: list[float] = []

    # -- valves and flows ---------------------------------------------------------------------------------------------

    def make_safe(self) -> Process:
        """Shut both controllers and the valves; each is tried, whatever becomes of the others."""
        problem: Exception | None = None
        for part in (self.parent, self.diluent, self.valves):
            try:
                yield from part.make_safe()
            except Exception as failure:  # the others must be tried as well; what failed is raised below
                problem = problem or failure
        if problem is not None:
            raise problem

    def choose_gas(self) -> Process:
        """Tell the diluent's controller its gas; that of the parent stays at nitrogen, whatever flows."""
        yield from self.diluent.choose_gas(round(self.plan.diluent_gas_number.value), self.plan.diluent_gas)

    def turn(self, **valves: str) -> Process:
        """Set the valves, and remember how they stand."""
        self.stands = valves
        yield from self.valves.route(**valves)

    def still(self) -> Process:
        """See that the valves stand as they were set."""
        yield from self.valves.confirm(**self.stands)

    def set_flows(self, parent: float, diluent: float) -> Process:
        """Set both controllers, l/min, each approached from below."""
        for controller, flow in ((self.parent, parent), (self.diluent, diluent)):
            yield from controller.set_flow(BELOW * flow)
        yield from self.desk.wait(3.0)
        for controller, flow in ((self.parent, parent), (self.diluent, diluent)):
            yield from controller.set_flow(flow)

    def read_flow(self, gas: str, setting: float) -> Generator[Any, Any, Reading]:
        """Read a controller, and see that it indicates what it was set to.

        Raises:
            ProcedureAborted: it indicates something else.
        """
        try:
            if gas == "parent":
                reading: Reading = yield from self.parent.flow(setting)
            else:
                reading = yield from self.diluent.flow(setting, self.plan.diluent_gas)
        except ImplausibleReading:
            yield from self.still()  # a line that is shut is not the controller's fault
            raise
        limit = self.plan.calibration.reading.to("%") / 100 * self.total_flow
        if abs(reading.indication.value - setting) > limit:
            raise ProcedureAborted(
                f"{reading.instrument}: indicates {reading.indication.value:.4g} l/min at a setpoint of {setting:.4g} "
                f"l/min, more than {limit:.3g} l/min off; check the supply of gas and the controller"
            )
        return reading

    def to_prover(self, gas: str, setting: float, *, inlet: str = "GAS", rising: bool = True) -> Process:
        """Send one line to the prover at a setting, l/min, and let it settle."""
        routes = {"parent": "OFF", "diluent": "OFF", gas: "PROV"}
        yield from self.turn(**routes, inlet=inlet, outlet="ZERO")
        flows = {"parent": 0.0, "diluent": 0.0, gas: setting}
        if rising:
            yield from self.set_flows(**flows)
        else:
            yield from (self.parent if gas == "parent" else self.diluent).set_flow(setting)
        yield from self.desk.wait(self.plan.calibration.settle.to("s"))

    def by_prover(self, step: str, gas: str, setting: float, *, z: str | None = None) -> Generator[Any, Any, Measured]:
        """Measure a flow once, with the controller's indication before and after."""
        strokes = round(self.plan.calibration.strokes.value)
        compressibility = self.plan.compressibility[z or gas].value
        before = self.desk.keep(f"{step}/before", (yield from self.read_flow(gas, setting)))
        expected = cell_volume(self.plan) / (setting * 1000) * 60
        try:
            found = yield from self.prover.measure(strokes, expected)
        except (InstrumentTimeout, ImplausibleReading):
            # Strokes that do not come have three causes; two of them can be asked.
            yield from self.still()
            yield from self.read_flow(gas, setting)
            raise
        readings = (
            self.desk.keep(f"{step}/time", found.time),
            self.desk.keep(f"{step}/temperature", found.temperature),
            self.desk.keep(f"{step}/pressure", found.pressure),
        )
        self._prover_in_room(found.temperature, found.pressure)
        after = self.desk.keep(f"{step}/after", (yield from self.read_flow(gas, setting)))
        yield from self.still()
        return Measured(
            readings=(before, *readings, after),
            point=FlowPoint(
                setting=setting,
                time=found.time.indication.value,
                strokes=strokes,
                temperature=found.temperature.indication.value,
                pressure=found.pressure.indication.value,
                compressibility=compressibility,
            ),
        )

    def _prover_in_room(self, temperature: Reading, pressure: Reading) -> None:
        """Hold the prover's temperature and pressure against the room's.

        Raises:
            ProcedureAborted: they are not those of the room.
        """
        room = {reading.name: reading.indication for reading in self.conditions}
        for reading, limit in ((temperature, 3.0), (pressure, 1.0)):
            seen = room.get(reading.name)
            if seen is not None and abs(reading.indication.value - seen.to(reading.indication.unit).value) > limit:
                raise ProcedureAborted(
                    f"standard: {reading.name} of {reading.indication} in the prover, environment: {seen} in the room; "
                    "check the sensors of the two against each other"
                )

    # -- items --------------------------------------------------------------------------------------------------------

    def calibrate(self, gas: str) -> Generator[Any, Any, Fit]:
        """Calibrate one controller against the prover; returns its curve.

        Raises:
            ProcedureAborted: the flows scatter about the curve by more than the sheet says.
        """
        plan = self.plan.calibration
        title = plan.title_parent if gas == "parent" else plan.title_diluent
        results, points = [], []
        for share, setting in zip(shares(self.plan), settings(self.plan), strict=True):
            point = flow_point(gas, share, setting)
            self.tell(title, point.label)
            yield from self.desk.state(point.key, partial(self.to_prover, gas, setting))
            measured = yield from self.desk.attempt(
                f"{point.key}/flow", Measured, partial(self.by_prover, point.key, gas, setting)
            )
            points.append(measured.point)
            results.append(self.flow_result(point, measured, title))
            self.flows[gas][share] = measured_flow(self.plan, measured.point) - setting
        share = self.plan.hysteresis.share.to("%")
        setting = self.total_flow * share / 100
        key = f"hysteresis/{gas}"
        yield from self.desk.state(key, partial(self.to_prover, gas, setting, rising=False))
        fallen = yield from self.desk.attempt(f"{key}/flow", Measured, partial(self.by_prover, key, gas, setting))
        self.falling[gas] = measured_flow(self.plan, fallen.point) - setting
        fitted = curve(self.plan, points, setting_u(self.plan, gas))
        if fitted.standard_deviation > plan.agree.value:
            raise ProcedureAborted(
                f"{gas}_mfc: its flows scatter about their curve by {fitted.standard_deviation:.2g} times what the "
                f"sheet says, more than {plan.agree.value:g}; check the controller, the prover and the line for leaks"
            )
        text = self.text["gas_dilution.method_prover"]
        chart = curve_chart(gas, results, fitted)
        self.finish(
            f"calibration_{gas}",
            title,
            points=tuple(results),
            method=text,
            charts=(chart,),
            measurand=self.sheet.measurands["flow"],
        )
        return fitted

    def flow_result(self, point: TestPoint, measured: Measured, title: Text) -> PointResult:
        """Evaluate one flow."""
        flow = measured_flow(self.plan, measured.point)
        observed = Observed(
            point=point,
            readings=measured.readings,
            errors=(100 * (measured.point.setting / flow - 1),),
            reference_value=Quantity(value=flow, unit="l/min"),
            indication=Quantity(value=measured.point.setting, unit="l/min"),
            budget=flow_budget(self.plan, measured.point),
            step="0.01",
        )
        return self.evaluate(observed, title)

    def conversion(self) -> Process:
        """Determine the conversion factor of the parent gas: the same setting with diluent, then with parent gas.

        Raises:
            ProcedureAborted: it is far from the stated one: another gas is in the line than is believed.
        """
        plan = self.plan.conversion
        share = plan.share.to("%")
        setting = self.total_flow * share / 100
        found: dict[str, Measured] = {}
        for gas, inlet in (("diluent", "PURG"), ("parent", "GAS")):
            key = f"conversion/{gas}"
            self.tell(plan.title, self.text[f"gas_dilution.with_{gas}"])
            yield from self.desk.state(key, partial(self.to_prover, "parent", setting, inlet=inlet))
            found[gas] = yield from self.desk.attempt(
                f"{key}/flow",
                Measured,
                partial(self.by_prover, key, "parent", setting, z=gas),
            )
        ratio = Ratio(diluent=found["diluent"].point, parent=found["parent"].point)
        factor, stated = ratio.factor(self.plan), plan.stated.value
        limit = plan.agree.to("%")
        if abs(factor / stated - 1) * 100 > limit:
            raise ProcedureAborted(
                f"parent_mfc: conversion factor {factor:.4f} where the parent gas should have {stated:.4f} ± "
                f"{limit:g} %; check which gas is connected, and that the line was purged"
            )
        point = TestPoint(
            key="conversion/factor",
            label=self.text["gas_dilution.factor"],
            settings={"flow": Quantity(value=setting, unit="l/min")},
            repeats=1,
            mpe=None,
            about={"quantity": "factor"},
        )
        observed = Observed(
            point=point,
            readings=(*found["diluent"].readings, *found["parent"].readings),
            errors=(factor,),
            reference_value=Quantity(value=stated, unit="1"),
            indication=Quantity(value=factor, unit="1"),
            budget=conversion_budget(self.plan, ratio),
            step="0.0001",
            signed=False,
        )
        result = self.evaluate(observed, plan.title)
        self.finish(
            "conversion",
            plan.title,
            points=(result,),
            method=self.text["gas_dilution.method_conversion"],
            measurand=self.sheet.measurands["factor"],
        )

    def hysteresis(self) -> None:
        """Hold falling against rising settings."""
        plan = self.plan.hysteresis
        share, limit = plan.share.to("%"), plan.limit.to("%")
        findings = []
        for gas in GASES:
            difference = 100 * (self.falling[gas] - self.flows[gas][share]) / self.total_flow
            findings.append(
                Finding(
                    label=self.text[f"gas_dilution.controller_{gas}"],
                    value=_percent(difference),
                    limit=Text(zh=f"±{limit:g} %", en=f"±{limit:g} %"),
                    verdict=Verdict.PASS if abs(difference) <= limit else Verdict.FAIL,
                )
            )
        self.finish(
            "hysteresis", plan.title, findings=tuple(findings), method=self.text["gas_dilution.method_hysteresis"]
        )

    def purge(self) -> Process:
        """Find the time in which the diluter is flushed, from the analyser's trace after a step of the blend.

        Raises:
            ProcedureAborted: the trace shows no step, or is not at rest at its end.
        """
        plan = self.plan.purge
        self.tell(plan.title, None)
        high, low = plan.high.to("%"), plan.low.to("%")
        yield from self.desk.state("purge/high", partial(self.to_outlet, high, plan.limit.to("s")))
        trace = yield from self.desk.attempt("purge/trace", tuple[float, ...], partial(self._trace, low))
        start, end = trace[0], sum(trace[-5:]) / 5
        step = end - start
        expected = parent_fraction(self.plan) * 1e4 * (low - high) / 100
        if not 0.8 <= step / expected <= 1.2:
            raise ProcedureAborted(
                f"analyser: a step of {step:.4g} umol/mol where one of {expected:.4g} umol/mol was set; check that it "
                "draws from the diluter's outlet, and the gas that is connected"
            )
        near = plan.near.to("%") / 100 * abs(step)
        beyond = [place for place, value in enumerate(trace) if abs(value - end) > near]
        found = float(beyond[-1] + 1)
        limit = plan.limit.to("s")
        if found > len(trace) - 10:
            raise ProcedureAborted(
                f"analyser: not at rest {len(trace)} s after a step of the blend; look for dead volumes and leaks"
            )
        self.wait_s = plan.factor.value * found
        finding = Finding(
            label=self.text["gas_dilution.purge_time"].format(near=f"{plan.near.to('%'):g}"),
            value=Text(zh=f"{found:.0f} s", en=f"{found:.0f} s"),
            limit=Text(zh=f"≤ {limit:g} s", en=f"≤ {limit:g} s"),
            verdict=Verdict.PASS if found <= limit else Verdict.FAIL,
        )
        self.finish(
            "purge",
            plan.title,
            findings=(finding,),
            method=self.text["gas_dilution.method_purge"].format(factor=f"{plan.factor.value:g}"),
            charts=(response_chart(trace, found, end),),
        )

    def to_outlet(self, share: float, wait_s: float) -> Process:
        """Make a blend, `share` in %, and let the outlet follow."""
        yield from self.turn(parent="MIX", diluent="MIX", inlet="GAS", outlet="BLEN")
        mixed = blend(self.plan, share)
        yield from self.set_flows(mixed.parent, mixed.diluent)
        yield from self.desk.wait(wait_s)

    def _trace(self, low: float) -> Generator[Any, Any, tuple[float, ...]]:
        """Step to another blend and return the analyser's readings every second, µmol/mol."""
        component, seconds = self.plan.component, self.plan.purge.trace.to("s")
        yield from self.analyser.start_trace(1.0)
        mixed = blend(self.plan, low)
        yield from self.set_flows(mixed.parent, mixed.diluent)
        yield from self.desk.wait(seconds)
        # Before the analyser is blamed for a step that does not come: do both gases flow?
        for gas, setting in (("parent", mixed.parent), ("diluent", mixed.diluent)):
            yield from self.read_flow(gas, setting)
        yield from self.still()
        found = yield from self.analyser.trace(component, 1.0)
        self.desk.keep("purge/trace", found.reading)
        return tuple(found.values)

    def dilution(self, curves: Curves) -> Process:
        """Make every blend and evaluate the error of its set fraction."""
        plan = self.plan.dilution
        self.curves = curves
        results = []
        for dilution in plan.dilutions:
            share = dilution.to("%")
            point = blend_point(self.plan, share)
            self.tell(plan.title, point.label)
            yield from self.desk.state(point.key, partial(self.to_outlet, share, self.wait_s))
            readings = yield from self.desk.attempt(
                f"{point.key}/readings", tuple[Reading, ...], partial(self._blend_readings, point.key, share)
            )
            results.append(self._blend_result(point, share, curves, readings))
        keys = tuple(result.point.key for result in results)
        chart = correlation_chart(self.plan, curves, [blend(self.plan, d.to("%")) for d in plan.dilutions])
        figure = Figure(
            x="dilution",
            x_label=self.text["gas_dilution.dilution"],
            logarithmic=True,
            series=(Series(name=self.text["gas_dilution.set_fraction"], points=keys),),
        )
        method = self.text["gas_dilution.method_dilution"].format(wait=f"{self.wait_s:.0f}")
        self.finish("dilution", plan.title, points=tuple(results), figure=figure, charts=(chart,), method=method)

    def _blend_readings(self, step: str, share: float) -> Generator[Any, Any, tuple[Reading, ...]]:
        plan, mixed = self.plan.dilution, blend(self.plan, share)
        readings = []
        for number in range(round(plan.readings.value)):
            if number:
                yield from self.desk.wait(plan.interval.to("s"))
            yield from self.still()
            for gas, setting in (("parent", mixed.parent), ("diluent", mixed.diluent)):
                reading = yield from self.read_flow(gas, setting)
                readings.append(self.desk.keep(f"{step}/{gas}/{number + 1}", reading))
            seen = yield from self.analyser.read(self.plan.component, expect=self._expected(share))
            readings.append(self.desk.keep(f"{step}/analyser/{number + 1}", seen))
        yield from self.still()
        return tuple(readings)

    def _expected(self, share: float) -> tuple[float, float]:
        """Return what the analyser can indicate of a blend, µmol/mol: within a fifth, and 1 % of the parent gas."""
        nominal = parent_fraction(self.plan) * 1e4
        return nominal * (0.8 * share / 100 - 0.01), nominal * (1.2 * share / 100 + 0.01)

    def _blend_result(self, point: TestPoint, share: float, curves: Curves, readings: Sequence[Reading]) -> PointResult:
        mixed, x_set = blend(self.plan, share), point.settings["fraction"].value / PER_CENT
        budget = blend_budget(self.plan, curves, mixed, x_set)
        error = float(budget.gum(p=self.sheet.evaluation.p, k=self.sheet.evaluation.k).value)
        x = x_set / (1 + error / 100)
        observed = Observed(
            point=point,
            readings=tuple(readings),
            errors=(error,),
            reference_value=Quantity(value=x * PER_CENT, unit="mmol/mol"),
            indication=Quantity(value=x_set * PER_CENT, unit="mmol/mol"),
            budget=budget,
            step=f"{self.plan.dilution.step.to('%'):g}",
        )
        result = self.evaluate(observed, self.plan.dilution.title)
        self.known[share] = (x, x * result.U / 100)
        if result.U < self.plan.dilution.best.to("%"):
            self.below_best.append(share)
        return result

    def verification(self) -> Process:
        """Compare the blend that is nearest to the check gas with it, the analyser being the comparator.

        Raises:
            ProcedureAborted: they differ so much that one of the gases cannot be what its certificate says.
        """
        plan, component = self.plan.verification, self.plan.component
        certified = self.plan.references["check"].value(component)
        x_check = certified.quantity.to("%").value
        share = min(self.known, key=lambda share: abs(self.known[share][0] - x_check))
        self.tell(plan.title, None)
        seen: dict[str, list[float]] = {"ZERO": [], "CHEC": [], "BLEN": []}
        for number in range(1, round(plan.rounds.value) + 1):
            for outlet in seen:
                key = f"verification/{number}/{outlet}"
                yield from self.desk.state(key, partial(self._offer, outlet, share))
                mean = partial(self._mean, key)
                seen[outlet].append((yield from self.desk.attempt(f"{key}/mean", float, mean)))
        x, U = self.known[share]
        compared = Compared(
            zero=tuple(seen["ZERO"]),
            check=tuple(seen["CHEC"]),
            blend=tuple(seen["BLEN"]),
            x_check=x_check,
            U_check=2 * certified.U.to("%").value / certified.k,
            x_blend=x,
            U_blend=U,
        )
        findings = confirm(self.plan, compared, share, impurity(self.plan))
        self.finish("verification", plan.title, findings=findings, method=self.text["gas_dilution.method_verification"])

    def _offer(self, outlet: str, share: float) -> Process:
        if outlet == "BLEN":
            yield from self.to_outlet(share, self.wait_s)
            return
        yield from self.turn(parent="MIX", diluent="MIX", inlet="GAS", outlet=outlet)
        yield from self.desk.wait(self.wait_s)

    def _mean(self, step: str) -> Generator[Any, Any, float]:
        values = []
        yield from self.still()
        for number in range(round(self.plan.verification.readings.value)):
            if number:
                yield from self.desk.wait(self.plan.dilution.interval.to("s"))
            reading = yield from self.analyser.read(self.plan.component)
            values.append(self.desk.keep(f"{step}/{number + 1}", reading).indication.value)
        yield from self.still()
        return math.fsum(values) / len(values)

    # -- remarks ------------------------------------------------------------------------------------------------------

    def remarks(self) -> tuple[Text, ...]:
        """Say how the blends hang together, and where U is smaller than a text says it can be."""
        if self.curves is None:
            return ()
        made = [dilution.to("%") for dilution in self.plan.dilution.dilutions]
        joint = produced(self.plan, self.curves, [blend(self.plan, share) for share in made])
        pairs = [
            f"r({a:g} %, {b:g} %) = {joint.correlation[i, i + 1]:.2f}"
            for i, (a, b) in enumerate(itertools.pairwise(made))
        ]
        said = [self.text["gas_dilution.correlated"].format(pairs="; ".join(pairs))]
        if self.below_best:
            best = self.plan.dilution.best
            said.append(
                self.text["gas_dilution.below_best"].format(
                    points=", ".join(f"{share:g} %" for share in self.below_best),
                    best=f"{best.to('%'):g}",
                    source=best.source,
                )
            )
        return tuple(said)


def _percent(value: float) -> Text:
    return Text(zh=f"{value:+.3f} %", en=f"{value:+.3f} %")
