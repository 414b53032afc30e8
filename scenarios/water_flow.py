"""Verification of flow meters with pulse output on a gravimetric water rig (numbers live in the sheet).

Water is collected through a diverter into a tank on a balance while a timer counts the meter's pulses in the diverter's
gate by double chronometry. The error of indication of volume is E = (V - V_s)/V_s, V_s from the weighed water, the lift
of the air and the density at the meter (`scenarios.water_model`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from scenarios.air import air_density
from scenarios.evaluation import Observed, input_quantity, spread
from scenarios.planning import check, forecast_point
from scenarios.procedure import ProcedureAborted, Step
from scenarios.record import Chart, Curve, Figure, Finding, Series, TestPoint
from scenarios.references import find
from scenarios.running import Running
from scenarios.sheet import SheetError
from scenarios.water_flow_plan import Nameplate, Plan
from scenarios.water_model import density, expansion, lift, relative_error, reynolds
from scenarios.water_rig import Rig
from uncertainty.budget import Budget
from uncertainty.conformity import Verdict
from uncertainty.quantity import Quantity
from uncertainty.text import catalogue

if TYPE_CHECKING:
    from collections.abc import Generator

    from scenarios.procedure import Desk, Forecast, Outcome, Process
    from scenarios.record import PointResult
    from scenarios.references import Reference
    from scenarios.sheet import Sheet
    from scenarios.water_flow_plan import FlowPoint
    from scenarios.water_rig import Collected
    from scenarios.water_rig_plan import WaterEffects
    from uncertainty.inputs import InputQuantity

__all__ = ["Nameplate", "Plan", "forecast", "steps", "verify"]

EXPECTED_DEGC, EXPECTED_KPA, EXPECTED_AIR = 20.0, 300.0, 1.2
"""Water and air for which durations and uncertainties are forecast."""
LIFT_S = 5.0
"""Time that the lift of the in-place weights usually takes, for the plan of a day, s."""


# -- budget -------------------------------------------------------------------------------------------------------


def weighed_inputs(effects: WaterEffects, facility: Reference, repeats: int) -> tuple[InputQuantity, ...]:
    """Return the inputs that every volume of weighed water has, from the sheet and the facility's certificate.

    Args:
        effects: the sheet's.
        facility: certificate of the rig: "weighing" (%) and "diversion_time" (ms).
        repeats: runs whose mean is taken; what is drawn anew in each run counts 1/√n.
    """
    text = catalogue("scenarios")
    named = (
        ("d_b", effects.buoyancy, "%"),
        ("d_rho", effects.density, "%"),
        ("d_T", effects.temperature, "K"),
        ("d_creep", effects.creep, "%"),
        ("d_lin", effects.linearity, "%"),
        ("m_evap", effects.evaporation, "g"),
    )
    of_each_run = (
        ("m_res", effects.resolution, "g"),
        ("m_drift", effects.drift, "g"),
        ("d_count", effects.count, "s"),
    )
    share = 1.0 / math.sqrt(repeats)
    return (
        facility.value("weighing").input("e_w", text["water_flow.input_weighing"], unit="%"),
        facility.value("diversion_time").input("t_d", text["water_flow.input_diversion"], unit="ms"),
        *(input_quantity(name, effect, unit=unit) for name, effect, unit in named if effect is not None),
        *(
            input_quantity(name, effect, unit=unit, factor=share)
            for name, effect, unit in of_each_run
            if effect is not None
        ),
    )


def budget(
    plan: Plan,
    *,
    volume: float,
    mass: float,
    gate: float,
    rho: float,
    beta: float,
    factor: float,
    repeats: int,
    observed: float = 0.0,
) -> Budget:
    """Return the budget of a point; see `water_model.relative_error` for the values.

    `observed` is the experimental standard deviation of the repeats, %. Three runs say little about it, so the pooled
    value of the sheet stands, unless the readings contradict it (more than three times as large).
    """
    inputs = list(weighed_inputs(plan.budget, find(plan.references, "facility"), repeats))
    effect = plan.budget.repeatability
    if effect is not None:
        relative = 100.0 / (volume * 1000.0)  # % per litre of a run
        pooled = input_quantity("d_rep", effect, unit="L").distribution.u * relative
        contradiction = observed / pooled if observed > 3.0 * pooled else 1.0
        scale = relative * contradiction / math.sqrt(repeats)
        inputs.append(replace(input_quantity("d_rep", effect, unit="L", factor=scale), unit="%"))
    model = partial(relative_error, volume=volume, mass=mass, gate=gate, rho=rho, beta=beta, factor=factor)
    return Budget(model=model, inputs=tuple(inputs), unit="%", name="E")


# -- the plan -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hold one planned flow."""

    point: TestPoint
    """The plan."""
    flow: float
    """Flow, m³/h."""
    run_s: float
    """Time of one run into the tank, s."""
    mass_kg: float
    """Water that a run collects, kg."""


def windows(plan: Plan, device: Nameplate) -> tuple[Window, ...]:
    """Return the planned flows, in order.

    Raises:
        SheetError: the sheet does not know the accuracy class, or a run does not fit into the tank.
    """
    name = device.accuracy_class
    for table, known in (("mpe", plan.mpe), ("rounding", plan.rounding), ("errors.repeats", plan.errors.repeats)):
        if name not in known:
            raise SheetError(f"procedure.{table}", f"no class {name!r}; the sheet knows {', '.join(known)}")
    return tuple(_window(plan, device, flow) for flow in plan.errors.flows)


def _window(plan: Plan, device: Nameplate, planned: FlowPoint) -> Window:
    flow = planned.share.value * device.maximum_flow.to("m**3/h").value
    zones = plan.mpe[device.accuracy_class]
    high = flow >= device.transition_flow.to("m**3/h").value * (1 - 1e-9)
    rho = density(EXPECTED_DEGC, EXPECTED_KPA)
    run_s = plan.rig.run_s(flow, rho)
    mass = flow / 3600.0 * rho * run_s
    if mass > plan.rig.capacity.to("kg"):
        raise SheetError(
            "procedure.rig.capacity",
            f"a run of {run_s:g} s at {flow:g} m³/h collects {mass:.0f} kg, more than the tank is to hold; "
            "shorten the run or use a larger rig",
        )
    number = reynolds(flow, device.diameter.to("mm").value, EXPECTED_DEGC)
    point = TestPoint(
        key=f"error/{planned.key}",
        label=planned.label,
        settings={
            "flow": Quantity(value=flow, unit="m**3/h"),
            "reynolds": Quantity(value=float(f"{number:.3g}"), unit="1"),
        },
        repeats=round(plan.errors.repeats[device.accuracy_class].value),
        mpe=Quantity(value=(zones.high if high else zones.low).to("%"), unit="%"),
    )
    return Window(point=point, flow=flow, run_s=run_s, mass_kg=mass)


def forecast(sheet: Sheet, plan: Plan, device: Nameplate) -> tuple[Forecast, ...]:
    """Return the expected uncertainty per flow, before any water runs.

    Raises:
        PlanRefused: the expected U of a flow exceeds its share of the MPE.
        SheetError: the sheet does not know the accuracy class, a run does not fit, or a reference is missing.
    """
    rho, beta = density(EXPECTED_DEGC, EXPECTED_KPA), expansion(EXPECTED_DEGC, EXPECTED_KPA)
    factor = lift(rho, EXPECTED_AIR)
    found = []
    for window in windows(plan, device):
        planned = budget(
            plan,
            volume=window.mass_kg / rho,
            mass=window.mass_kg / factor,
            gate=window.run_s,
            rho=rho,
            beta=beta,
            factor=factor,
            repeats=window.point.repeats,
        )
        per_run = window.run_s + 2.0 * plan.rig.weighing.to("s")
        found.append(
            forecast_point(
                sheet, window.point, planned, plan.rig.settling.delay.to("s") + window.point.repeats * per_run
            )
        )
    return check(sheet, found)


def steps(sheet: Sheet, plan: Plan, device: Nameplate) -> tuple[Step, ...]:
    """Return the steps of a verification with their durations and what they hold, for the plan of a day.

    The tank stands on the balance, so whoever fills, drains or weighs it holds the balance; a flow settles without it.

    Raises:
        SheetError: as `windows`.
    """
    text, rig = catalogue("scenarios"), plan.rig
    weigh, settle, drain = rig.weighing.to("s"), rig.settling.delay.to("s"), rig.draining.to("s")
    full = rig.capacity.to("kg")
    found = [
        Step(name=text["water_flow.step_mount"], duration_s=plan.handling.mount.to("s"), holds=("rig", "person")),
        Step(name=plan.titles.balance, duration_s=2.0 * (weigh + LIFT_S), holds=("rig", "balance")),
    ]
    level = 0.0
    for window in windows(plan, device):
        found.append(Step(name=text["water_flow.step_settle"], duration_s=settle, holds=("rig",)))
        seconds = 0.0
        for _ in range(window.point.repeats):
            if level + window.mass_kg > full:
                seconds += drain * level / full + weigh
                level = 0.0
            level += window.mass_kg
            seconds += window.run_s + 2.0 * weigh
        found.append(Step(name=text["water_flow.step_run"], duration_s=seconds, holds=("rig", "balance")))
    seconds = drain * level / full + 2.0 * (weigh + LIFT_S)
    found.append(Step(name=plan.titles.balance, duration_s=seconds, holds=("rig", "balance")))
    found.append(
        Step(name=text["water_flow.step_dismount"], duration_s=plan.handling.dismount.to("s"), holds=("rig", "person"))
    )
    return tuple(found)


# -- the procedure ------------------------------------------------------------------------------------------------


def verify(desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> Generator[Any, Any, Outcome]:
    """Verify a flow meter: appearance, balance, error of indication at each flow, repeatability, K-factor, balance.

    Raises:
        ProcedureAborted: a flow is not reached, or instruments contradict each other; the line is shut.
    """
    run = _Run(desk, sheet, plan, device)
    run.inspect("appearance", plan.appearance.title, plan.appearance.question)
    yield from run.observe("conditions/start")
    yield from run.identify()
    rig = desk.instrument("rig")
    try:
        yield from run.balance("balance/start")
        yield from run.errors()
        # Shut before the tank is drained for the last time.
        yield from run.balance("balance/end")
    finally:
        yield from desk.at_end(rig.make_safe)
    run.report_balance()
    yield from run.observe("conditions/end")
    return run.outcome()


class _Run(Running[Plan, Nameplate]):
    """Hold the state of one verification; each public method is one item or action of the procedure."""

    def __init__(self, desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> None:
        self.windows = windows(plan, device)
        super().__init__(desk, sheet, plan, device, total=len(self.windows))
        self.rig = Rig(desk, plan.rig)
        self.found: dict[str, float] = {}
        self.factors: list[tuple[str, float, float]] = []

    def identify(self) -> Process:
        """See that the meter in the line is the one of the nameplate.

        Raises:
            ProcedureAborted: its K-factor is another one.
        """
        reading = yield from self.desk.instrument("device").k_factor.read()
        marked = self.device.k_factor.to("1/m**3").value
        told = self.desk.keep("identify/k_factor", reading).indication.to("1/m**3").value
        if abs(told / marked - 1.0) > 1e-9:
            raise ProcedureAborted(
                f"device: its K-factor is {told:.9g} 1/m³, the nameplate says {marked:.9g} 1/m³; "
                "check which meter is in the line, and its settings"
            )

    def balance(self, step: str) -> Process:
        """Check the balance by in-place weights."""
        self.tell(self.plan.titles.balance, None)
        mass = find(self.plan.references, "weights").value("mass").quantity.to("kg").value
        self.found[step] = yield from self.rig.check_balance(step, mass)

    def report_balance(self) -> None:
        """Report both checks as one item."""
        limit = f"±{self.plan.rig.plausibility.check.to('%'):g} %"
        self.finish(
            "balance",
            self.plan.titles.balance,
            findings=tuple(
                Finding(
                    label=self.text[f"water_flow.{step.replace('/', '_')}"],
                    value=self.text["water_flow.plain"].format(value=f"{error:+.4f} %"),
                    limit=self.text["water_flow.plain"].format(value=limit),
                    verdict=Verdict.PASS,
                )
                for step, error in self.found.items()
            ),
        )

    def errors(self) -> Process:
        """Measure the error at every flow."""
        plan = self.plan.errors
        results, findings = [], []
        for window in self.windows:
            self.tell(plan.title, window.point.label)
            yield from self.rig.flow(window.point.key, window.flow)
            runs = []
            for number in range(1, window.point.repeats + 1):
                step = f"{window.point.key}/{number}"
                runs.append((yield from self.rig.collect(step, window.flow, window.run_s)))
            result = self._point(window, runs)
            results.append(result)
            findings.append(self._repeatability(window, result))
        points = tuple(results)
        self.finish(
            "errors",
            plan.title,
            method=self.text["water_flow.method"],
            findings=tuple(findings),
            points=points,
            figure=Figure(
                x="flow",
                x_label=self.text["water_flow.flow"],
                logarithmic=True,
                series=(Series(name=self.text["water_flow.error"], points=tuple(r.point.key for r in points)),),
            ),
            charts=(self._over_reynolds(points),),
        )
        self._k_factor()

    def _point(self, window: Window, runs: list[Collected]) -> PointResult:
        device = self.device
        k_factor = device.k_factor.to("1/m**3").value
        air = self._air()
        factors = [lift(density(run.temperature_degc), air) for run in runs]
        volumes = [run.pulses() / k_factor for run in runs]
        references = [run.mass_kg * factor / run.rho for run, factor in zip(runs, factors, strict=True)]
        errors = tuple(100.0 * (v / s - 1.0) for v, s in zip(volumes, references, strict=True))
        n = len(runs)
        flow = sum(run.flow(factor) for run, factor in zip(runs, factors, strict=True)) / n
        warmth = sum(run.temperature_degc for run in runs) / n
        pressure = sum(run.pressure_kpa for run in runs) / n
        number = reynolds(flow, device.diameter.to("mm").value, warmth)
        mean = 1.0 + sum(errors) / n / 100.0
        rho, volume = density(warmth, pressure), sum(volumes) / n
        factor = sum(factors) / n
        self.factors.append((window.point.key, k_factor * mean, flow))
        return self.evaluate(
            Observed(
                point=replace(
                    window.point,
                    settings={
                        "flow": Quantity(value=float(f"{flow:.5g}"), unit="m**3/h"),
                        "reynolds": Quantity(value=float(f"{number:.3g}"), unit="1"),
                    },
                ),
                readings=tuple(reading for run in runs for reading in run.readings),
                errors=errors,
                reference_value=Quantity(value=sum(references) / n, unit="m**3"),
                indication=Quantity(value=volume, unit="m**3"),
                budget=budget(
                    self.plan,
                    volume=volume,
                    # One run that stands for all: its error is the mean of theirs.
                    mass=volume / mean * rho / factor,
                    gate=sum(run.gate_s for run in runs) / n,
                    rho=rho,
                    beta=expansion(warmth, pressure),
                    factor=factor,
                    repeats=n,
                    observed=spread(errors),
                ),
                step=f"{self.plan.rounding[device.accuracy_class].to('%'):g}",
            ),
            self.plan.errors.title,
        )

    def _air(self) -> float:
        """Return the density of the air at the start, kg/m³."""
        seen = {reading.name: reading.indication for reading in self.conditions}
        return float(
            air_density(
                seen["temperature"].to("degC").value, seen["pressure"].to("Pa").value, seen["humidity"].to("%").value
            )
        )

    def _repeatability(self, window: Window, result: PointResult) -> Finding:
        assert window.point.mpe is not None  # every flow has one
        limit = self.plan.errors.repeatability.value * window.point.mpe.value
        found = spread(result.errors)
        return Finding(
            label=self.text["water_flow.repeatability"].format(point=window.point.label),
            value=self.text["water_flow.plain"].format(value=f"{found:.3f} %"),
            limit=self.text["water_flow.at_most"].format(value=f"{limit:.3f} %"),
            verdict=Verdict.PASS if found <= limit else Verdict.FAIL,
        )

    def _k_factor(self) -> None:
        """Report the K-factor that was found, and its linearity (JJG: K = (K_max + K_min)/2)."""
        values = [k for _, k, _ in self.factors]
        high, low = max(values), min(values)
        text = self.text
        self.finish(
            "k_factor",
            self.plan.titles.k_factor,
            findings=(
                Finding(
                    label=text["water_flow.mean_k"],
                    value=text["water_flow.plain"].format(value=f"{(high + low) / 2:.7g} 1/m³"),
                    limit=None,
                    verdict=Verdict.PASS,
                ),
                Finding(
                    label=text["water_flow.linearity"],
                    value=text["water_flow.plain"].format(value=f"±{100 * (high - low) / (high + low):.3f} %"),
                    limit=None,
                    verdict=Verdict.PASS,
                ),
            ),
        )

    def _over_reynolds(self, points: tuple[PointResult, ...]) -> Chart:
        text = self.text
        ordered = sorted(points, key=lambda result: result.point.settings["reynolds"].value)
        return Chart(
            key="reynolds",
            title=text["water_flow.over_reynolds"],
            x_label=text["water_flow.reynolds"],
            x_unit="1",
            y_label=text["water_flow.error"],
            y_unit="%",
            curves=(
                Curve(
                    name=text["water_flow.error"],
                    x=tuple(result.point.settings["reynolds"].value for result in ordered),
                    y=tuple(result.error.value for result in ordered),
                    style="points",
                    U=tuple(result.U for result in ordered),
                ),
            ),
            log_x=True,
        )
