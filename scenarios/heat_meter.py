"""Verification of heat meters (JJG 225, EN 1434): by sub-assemblies and whole (numbers live in the sheet).

Pair of sensors: both resistances in baths at three temperatures, Callendar-Van Dusen fit of each, error over the whole
field of return temperature and difference. Flow sensor: on the gravimetric rig with hot water. Calculator: decades and
pulses in place of sensors and flow sensor. Whole meter: sensors in two baths, flow sensor on the rig.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from drivers.reading import Reading
from scenarios.air import air_density
from scenarios.evaluation import Observed
from scenarios.heat_bench import Baths, twice
from scenarios.heat_meter_budget import (
    calculator_budget,
    calculator_point,
    flow_budget,
    flow_point,
    limits,
    pair_budget,
    pair_point,
    ratio,
    whole_budget,
    whole_point,
)
from scenarios.heat_meter_forecast import EXPECTED_DEGC, EXPECTED_KPA, forecast, steps
from scenarios.heat_meter_model import MJ_PER_KWH, field_errors, fit, heat_coefficient, resistance, temperature
from scenarios.heat_meter_plan import Nameplate, Plan
from scenarios.procedure import ProcedureAborted
from scenarios.record import Chart, Curve, Figure, Finding, Level, Series
from scenarios.references import find
from scenarios.running import Running
from scenarios.water_model import density, expansion, lift
from scenarios.water_rig import Collected, Rig
from uncertainty.conformity import Verdict
from uncertainty.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from scenarios.heat_meter_model import VanDusen
    from scenarios.heat_meter_plan import FlowPoint, Place, Side, WholePoint
    from scenarios.procedure import Desk, Outcome, Process
    from scenarios.record import PointResult, TestPoint
    from scenarios.sheet import Sheet
    from uncertainty.budget import Budget
    from uncertainty.text import Text

__all__ = ["Nameplate", "Plan", "forecast", "steps", "verify"]

# -- the procedure ------------------------------------------------------------------------------------------------


def verify(desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> Generator[Any, Any, Outcome]:
    """Verify a heat meter: appearance, markings, pair, flow sensor, calculator, whole meter, sum of its parts.

    Raises:
        ProcedureAborted: a flow or a temperature is not reached, or instruments contradict each other.
    """
    run = _Run(desk, sheet, plan, device)
    run.inspect("appearance", plan.appearance.title, plan.appearance.question)
    yield from run.observe("conditions/start")
    yield from run.marking()
    try:
        yield from run.pair()
        yield from run.balance("balance/start")
        yield from run.flow()
        yield from run.calculator()
        if run.registers:
            yield from run.whole()
        yield from run.balance("balance/end")
    finally:
        yield from desk.at_end(run.leave)
    run.report_balance()
    if run.registers:
        run.sum_of_parts()
    yield from run.observe("conditions/end")
    return run.outcome()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heated:
    """Hold one run of the whole meter."""

    collected: Collected
    """The water."""
    supply: float
    """Temperature of the supply's bath, °C."""
    back: float
    """Temperature of the return's bath, °C."""
    pulses: float
    """Pulses that the calculator has taken."""
    energy_kwh: float
    """Energy that it has registered, kWh."""
    readings: tuple[Reading, ...]
    """What the instruments said."""


class _Run(Running[Plan, Nameplate]):
    """Hold the state of one verification; each public method is one item or action of the procedure."""

    def __init__(self, desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> None:
        points = (plan.pair.places, plan.flow.points, plan.calculator.points, plan.whole.points)
        super().__init__(desk, sheet, plan, device, total=sum(len(part) for part in points))
        self.limits = limits(plan, device)
        self.rig, self.baths = Rig(desk, plan.rig), Baths(desk, plan.bath)
        self.pressure = plan.pressure.to("kPa")
        self.rated = device.sensor.to("ohm").value
        self.k_factor = device.k_factor.to("1/m**3").value
        self.step = f"{plan.rounding[device.accuracy_class].to('%'):g}"
        self.checks: dict[str, float] = {}
        self.fits: tuple[VanDusen, VanDusen] | None = None
        self.registers = True

    def leave(self) -> Process:
        """Shut the line and switch the baths off."""
        yield from self.desk.instrument("rig").make_safe()
        yield from self.baths.off()
        yield from self.desk.instrument("decade").disconnect()

    def _finding(self, key: str, value: str, limit: str | None = None, *, good: bool = True, **fields: Any) -> Finding:
        text = self.text
        return Finding(
            label=text[f"heat_meter.{key}"].format(**fields),
            value=text["heat_meter.plain"].format(value=value),
            limit=None if limit is None else text["heat_meter.at_most"].format(value=limit),
            verdict=Verdict.PASS if good else Verdict.FAIL,
        )

    def _attempt(self, key: str, steps: Callable[[], Generator[Any, Any, tuple[Reading, ...]]]) -> Process:
        return (yield from self.desk.attempt(key, tuple[Reading, ...], steps))

    # -- before -------------------------------------------------------------------------------------------------------

    def marking(self) -> Process:
        """See that the meter in the line is the one of the nameplate.

        Raises:
            ProcedureAborted: it is another one.
        """
        meter, device = self.desk.instrument("device"), self.device
        name, side = yield from meter.marking()
        told = self.desk.keep("marking/k_factor", (yield from meter.k_factor.read())).indication.to("1/m**3").value
        if abs(told / self.k_factor - 1.0) > 1e-9 or name != device.accuracy_class:
            raise ProcedureAborted(
                f"device: it says class {name} and {told:.9g} 1/m³, the nameplate class {device.accuracy_class} and "
                f"{self.k_factor:.9g} 1/m³; check which meter is in the line"
            )
        marked = "RET" if device.side == "return" else "SUPP"
        text = self.text
        self.finish(
            "marking",
            self.plan.titles.marking,
            findings=(
                Finding(
                    label=text["heat_meter.side"],
                    value=text[f"heat_meter.side_{side}"],
                    limit=text[f"heat_meter.side_{marked}"],
                    verdict=Verdict.PASS if side == marked else Verdict.FAIL,
                ),
            ),
        )

    def balance(self, step: str) -> Process:
        """Check the balance by in-place weights."""
        self.tell(self.plan.titles.balance, None)
        mass = find(self.plan.references, "weights").value("mass").quantity.to("kg").value
        self.checks[step] = yield from self.rig.check_balance(step, mass)

    def report_balance(self) -> None:
        """Report both checks as one item."""
        limit = f"{self.plan.rig.plausibility.check.to('%'):g} %"
        self.finish(
            "balance",
            self.plan.titles.balance,
            findings=tuple(
                self._finding(step.replace("/", "_"), f"{error:+.4f} %", limit) for step, error in self.checks.items()
            ),
        )

    # -- pair ---------------------------------------------------------------------------------------------------------

    def pair(self) -> Process:
        """Measure both sensors at three temperatures, fit, and look at the whole field."""
        plan = self.plan.pair
        self.tell(plan.title, None)
        read: list[tuple[Reading, ...]] = []
        for bath in plan.baths:
            theta = bath.to("degC")
            yield from self.baths.settle(f"pair/{theta:g}", theta, theta)
            read.append((yield from self._attempt(f"pair/{theta:g}", partial(self.baths.sensors, f"pair/{theta:g}"))))
        columns = [[readings[index].indication.value for readings in read] for index in range(4)]
        thetas, ohms = columns[:2], columns[2:]
        self._believe_sensors(thetas, ohms)
        supply, back = (fit(own, ohm) for own, ohm in zip(thetas, ohms, strict=True))
        self.fits = (supply, back)
        everything = tuple(reading for readings in read for reading in readings)
        points = tuple(self._pair_result(place, thetas, everything) for place in plan.places)
        self.finish(
            "pair",
            plan.title,
            method=self.text["heat_meter.method_pair"],
            findings=(*self._coefficients(), self._worst(thetas)),
            points=points,
            charts=(self._field_chart(thetas),),
        )

    def _believe_sensors(self, thetas: Sequence[Sequence[float]], ohms: Sequence[Sequence[float]]) -> None:
        """Hold the sensors against the thermometers: what is far from both is neither.

        Raises:
            ProcedureAborted: a sensor and the thermometer of its bath differ by more than a broken one would.
        """
        for name, own, ohm in zip(("first", "second"), thetas, ohms, strict=True):
            for theta, r in zip(own, ohm, strict=True):
                seen = float(temperature(r, self.rated))
                if not abs(seen - theta) <= self.plan.calculator.assignment.to("K"):
                    raise ProcedureAborted(
                        f"readout: {name} bath at {theta:.3f} °C, but the sensor of the device has {r:.3f} ohm "
                        f"({seen:.3f} °C); check readout, wires and immersion, and the sensors of the device"
                    )

    def _field(self, theta_r: Any, difference: Any) -> Any:
        assert self.fits is not None
        return field_errors(*self.fits, self.rated, theta_r, difference)

    def _pair_result(
        self, place: Place, thetas: Sequence[Sequence[float]], readings: tuple[Reading, ...]
    ) -> PointResult:
        supply, back = place.supply.to("degC"), place.back.to("degC")
        error = float(self._field(np.asarray([[back]]), np.asarray([supply - back]))[0, 0])
        difference = supply - back
        return self.evaluate(
            Observed(
                point=pair_point(self.plan, self.device, place),
                readings=readings,
                errors=(error,),
                reference_value=Quantity(value=difference, unit="K"),
                indication=Quantity(value=difference * (1.0 + error / 100.0), unit="K"),
                budget=pair_budget(self.plan, thetas, supply, back, error),
                step=self.step,
            ),
            self.plan.pair.title,
        )

    def _coefficients(self) -> tuple[Finding, ...]:
        assert self.fits is not None
        return tuple(
            self._finding(f"coefficients_{name}", f"R0 = {own.r0:.3f} Ω, A = {own.a:.5e} 1/K, B = {own.b:.3e} 1/K²")
            for name, own in zip(("supply", "return"), self.fits, strict=True)
        )

    def _worst(self, thetas: Sequence[Sequence[float]]) -> Finding:
        """Find the place of the field where the pair is nearest to its limit, or furthest beyond it."""
        device = self.device
        low, high = device.lowest_temperature.to("degC").value, device.highest_temperature.to("degC").value
        least, most = device.least_difference.to("K").value, device.largest_difference.to("K").value
        theta_r = np.linspace(low, high - least, 61)[:, None]
        difference = np.geomspace(least, min(most, high - low), 41)
        errors = self._field(theta_r, difference)
        mpe = np.array([self.limits.pair.at(least / own) for own in difference])
        shares = np.where(theta_r + difference <= high + 1e-9, np.abs(errors) / mpe, -1.0)
        row, column = np.unravel_index(int(np.argmax(shares)), shares.shape)
        back, span = float(theta_r[row, 0]), float(difference[column])
        error = float(errors[row, column])
        budget = pair_budget(self.plan, thetas, back + span, back, error)
        U = budget.gum(p=self.sheet.evaluation.p, k=self.sheet.evaluation.k).U
        return self._finding(
            "worst",
            f"θf = {back + span:.1f} °C, θr = {back:.1f} °C: {error:+.2f} %, U = {U:.2f} %",
            f"{mpe[column]:.2f} %",
            good=abs(error) <= mpe[column],
        )

    def _field_chart(self, thetas: Sequence[Sequence[float]]) -> Chart:
        device, text = self.device, self.text
        low, high = device.lowest_temperature.to("degC").value, device.highest_temperature.to("degC").value
        least, most = device.least_difference.to("K").value, device.largest_difference.to("K").value
        curves = []
        for difference in (least, 3.0 * least, min(most, 0.5 * (high - low))):
            theta_r = np.linspace(low, high - difference, 13)
            errors = self._field(theta_r[:, None], np.asarray([difference]))[:, 0]
            bars = [
                pair_budget(self.plan, thetas, float(t) + difference, float(t), float(e)).gum(k=2.0).U
                for t, e in zip(theta_r, errors, strict=True)
            ]
            curves.append(
                Curve(
                    name=text["heat_meter.difference"].format(value=f"{difference:g}"),
                    x=tuple(float(t) for t in theta_r),
                    y=tuple(float(e) for e in errors),
                    U=tuple(float(bar) for bar in bars),
                )
            )
        mpe = self.limits.pair.at(1.0)
        return Chart(
            key="field",
            title=text["heat_meter.field"],
            x_label=text["heat_meter.return_temperature"],
            x_unit="degC",
            y_label=text["heat_meter.pair_error"],
            y_unit="%",
            curves=tuple(curves),
            levels=(
                Level(name=text["heat_meter.limit_least"], value=mpe),
                Level(name=text["heat_meter.limit_least"], value=-mpe),
            ),
        )

    # -- flow sensor --------------------------------------------------------------------------------------------------

    def _air(self) -> float:
        seen = {reading.name: reading.indication for reading in self.conditions}
        return float(
            air_density(
                seen["temperature"].to("degC").value, seen["pressure"].to("Pa").value, seen["humidity"].to("%").value
            )
        )

    def _values(self, runs: Sequence[Collected]) -> tuple[dict[str, float], tuple[float, ...], float]:
        """Return values that stand for all runs, the relative error of volume of each (%), and the mean flow (m³/h)."""
        air, n = self._air(), len(runs)
        factors = [lift(density(run.temperature_degc), air) for run in runs]
        volumes = [run.pulses() / self.k_factor for run in runs]
        references = [run.mass_kg * factor / run.rho for run, factor in zip(runs, factors, strict=True)]
        errors = tuple(100.0 * (v / s - 1.0) for v, s in zip(volumes, references, strict=True))
        flow = sum(run.flow(factor) for run, factor in zip(runs, factors, strict=True)) / n
        warmth, pressure = (
            sum(run.temperature_degc for run in runs) / n,
            sum(run.pressure_kpa for run in runs) / n,
        )
        rho, volume, factor = density(warmth, pressure), sum(volumes) / n, sum(factors) / n
        mean = 1.0 + sum(errors) / n / 100.0
        return (
            {
                "volume": volume,
                "mass": volume / mean * rho / factor,
                "gate": sum(run.gate_s for run in runs) / n,
                "rho": rho,
                "beta": expansion(warmth, pressure),
                "factor": factor,
            },
            errors,
            flow,
        )

    def _further(self, point: TestPoint, errors: Sequence[float], further: int) -> int:
        """Return how many more runs are due: none inside the limit, `further` outside of it after the first."""
        assert point.mpe is not None
        return further if len(errors) == 1 and abs(errors[0]) > point.mpe.value else 0

    def _two_of_three(self, result: PointResult) -> tuple[Finding, ...]:
        """Say how many of several runs were inside, where more than one was made."""
        if len(result.errors) < 2:
            return ()
        assert result.point.mpe is not None
        mpe = result.point.mpe.value
        inside = sum(abs(error) <= mpe for error in result.errors)
        return (
            self._finding(
                "inside",
                f"{inside}/{len(result.errors)}",
                good=3 * inside >= 2 * len(result.errors),
                point=result.point.label,
            ),
        )

    def flow(self) -> Process:
        """Measure the flow sensor at every flow."""
        plan = self.plan.flow
        results: list[PointResult] = []
        findings: list[Finding] = []
        for planned in plan.points:
            result = yield from self._flow(planned)
            results.append(result)
            findings += self._two_of_three(result)
        self.finish(
            "flow",
            plan.title,
            method=self.text["heat_meter.method_flow"],
            findings=tuple(findings),
            points=tuple(results),
            figure=Figure(
                x="flow",
                x_label=self.text["heat_meter.flow"],
                logarithmic=True,
                series=(Series(name=self.text["heat_meter.flow_error"], points=tuple(r.point.key for r in results)),),
            ),
        )

    def _flow(self, planned: FlowPoint) -> Generator[Any, Any, PointResult]:
        point = flow_point(self.plan, self.device, planned)
        flow = point.settings["flow"].value
        seconds = self.plan.rig.run_s(flow, density(EXPECTED_DEGC, EXPECTED_KPA))
        self.tell(self.plan.flow.title, point.label)
        yield from self.rig.flow(point.key, flow)
        runs: list[Collected] = []
        left = 1
        while left:
            runs.append((yield from self.rig.collect(f"{point.key}/{len(runs) + 1}", flow, seconds)))
            water, errors, mean = self._values(runs)
            left += self._further(point, errors, round(self.plan.flow.further.value)) - 1
        return self.evaluate(
            Observed(
                point=replace(point, settings={"flow": Quantity(value=float(f"{mean:.5g}"), unit="m**3/h")}),
                readings=tuple(reading for run in runs for reading in run.readings),
                errors=errors,
                reference_value=Quantity(value=water["mass"] * water["factor"] / water["rho"], unit="m**3"),
                indication=Quantity(value=water["volume"], unit="m**3"),
                budget=flow_budget(self.plan, water, len(runs)),
                step=self.step,
            ),
            self.plan.flow.title,
        )

    # -- calculator ---------------------------------------------------------------------------------------------------

    def calculator(self) -> Process:
        """Give the calculator resistances and pulses, and hold its energy against the heat coefficient."""
        plan = self.plan.calculator
        yield from self.rig.shut("calculator")
        results: list[PointResult] = []
        assignment = True
        for place in plan.points:
            result, right = yield from self._calculator(place)
            assignment = assignment and right
            if result is None:
                break
            results.append(result)
        yield from self.desk.instrument("decade").disconnect()
        text = self.text
        self.registers = len(results) == len(plan.points)
        findings = [
            Finding(
                label=text["heat_meter.assignment"],
                value=text["heat_meter.as_marked" if assignment else "heat_meter.interchanged"],
                limit=text["heat_meter.as_marked"],
                verdict=Verdict.PASS if assignment else Verdict.FAIL,
            )
        ]
        if self.registers:
            findings.append(self._installed(results[-1]))
        else:
            findings.append(self._finding("registered", "0 kWh", good=False))
        self.finish(
            "calculator",
            plan.title,
            method=text["heat_meter.method_calculator"],
            findings=tuple(findings),
            points=tuple(results),
        )

    def _installed(self, result: PointResult) -> Finding:
        """Say for which pipe the calculator computes: the error of the other one is known beforehand."""
        supply, back = (result.point.settings[name].value for name in ("theta_f", "theta_r"))
        side = self.device.side
        other: Side = "supply" if side == "return" else "return"
        own = heat_coefficient(supply, back, side, self.pressure)
        wrong = 100.0 * (heat_coefficient(supply, back, other, self.pressure) / own - 1.0)
        error = result.error.value
        mixed_up = abs(error - wrong) < abs(error)
        text = self.text
        return Finding(
            label=text["heat_meter.computes_for"].format(wrong=f"{wrong:+.2f} %"),
            value=text["heat_meter.other_pipe" if mixed_up else "heat_meter.as_marked"],
            limit=text["heat_meter.as_marked"],
            verdict=Verdict.FAIL if mixed_up else Verdict.PASS,
        )

    def _calculator(self, place: Place) -> Generator[Any, Any, tuple[PointResult | None, bool]]:
        """Measure the calculator at one pair of temperatures; no result where it registers nothing at all."""
        plan, device = self.plan.calculator, self.device
        point = calculator_point(self.plan, device, place)
        self.tell(plan.title, point.label)
        supply, back = place.supply.to("degC"), place.back.to("degC")
        ohms = tuple(round(float(resistance(theta, self.rated)), 3) for theta in (supply, back))
        pulses = round(plan.pulses.value)
        meter = self.desk.instrument("device")

        def steps() -> Generator[Any, Any, tuple[Reading, ...]]:
            yield from self.desk.instrument("decade").connect(*ohms)
            warm = yield from twice(self.desk, f"{point.key}/supply", meter.supply)
            cold = yield from twice(self.desk, f"{point.key}/return", meter.back)
            yield from meter.start()
            yield from self.desk.instrument("pulses").burst(pulses, plan.rate.to("Hz"))
            yield from self.desk.wait(plan.patience.to("s"))
            taken, energy = yield from meter.stop()
            self.desk.keep(f"{point.key}/pulses", taken)
            self.desk.keep(f"{point.key}/energy", energy)
            return warm, cold, taken, energy

        warm, cold, taken, energy = yield from self._attempt(point.key, steps)
        if taken.indication.value != pulses:
            raise ProcedureAborted(
                f"device: {point.key}: its calculator took {taken.indication.value:.0f} pulses of {pulses} that pulses "
                "gave; check the line from the pulse source to the device, and that no water flows"
            )
        # What the decades stand for is a millionth beside the planned temperatures: they have steps.
        exact = [float(temperature(ohm, self.rated)) for ohm in ohms]
        slack = plan.assignment.to("K")
        right = all(
            abs(reading.indication.value - theta) <= slack for reading, theta in zip((warm, cold), exact, strict=True)
        )
        volume, k = pulses / self.k_factor, heat_coefficient(exact[0], exact[1], device.side, self.pressure)
        kwh = energy.indication.to("kWh").value
        if not kwh:
            return None, right
        reference = volume * k * (exact[0] - exact[1]) / MJ_PER_KWH
        budget = calculator_budget(self.plan, energy_kwh=kwh, volume=volume, k=k, supply=exact[0], back=exact[1])
        result = self.evaluate(
            Observed(
                point=point,
                readings=(warm, cold, taken, energy),
                errors=(100.0 * (kwh / reference - 1.0),),
                reference_value=Quantity(value=reference, unit="kWh"),
                indication=Quantity(value=kwh, unit="kWh"),
                budget=budget,
                step=self.step,
            ),
            plan.title,
        )
        return result, right

    # -- whole meter --------------------------------------------------------------------------------------------------

    def whole(self) -> Process:
        """Measure the whole meter at every combination."""
        plan = self.plan.whole
        results: list[PointResult] = []
        findings: list[Finding] = []
        for planned in plan.points:
            result = yield from self._whole(planned)
            results.append(result)
            findings += self._two_of_three(result)
        self.finish(
            "whole",
            plan.title,
            method=self.text["heat_meter.method_whole"],
            findings=tuple(findings),
            points=tuple(results),
        )

    def _whole(self, planned: WholePoint) -> Generator[Any, Any, PointResult]:
        point = whole_point(self.plan, self.device, planned)
        flow = point.settings["flow"].value
        supply, back = planned.supply.to("degC"), planned.back.to("degC")
        self.tell(self.plan.whole.title, point.label)
        yield from self.baths.settle(point.key, supply, back)
        yield from self.rig.flow(point.key, flow)
        seconds = self.plan.rig.run_s(flow, density(EXPECTED_DEGC, EXPECTED_KPA))
        runs: list[Heated] = []
        left = 1
        while left:
            step = f"{point.key}/{len(runs) + 1}"
            runs.append((yield from self.desk.attempt(step, Heated, partial(self._heat, step, flow, seconds))))
            water, of_volume, mean = self._values([run.collected for run in runs])
            heats = [run.energy_kwh * MJ_PER_KWH * self.k_factor / run.pulses for run in runs]
            warm, cold = (sum(getattr(run, name) for run in runs) / len(runs) for name in ("supply", "back"))
            k = heat_coefficient(warm, cold, self.device.side, self.pressure)
            errors = tuple(
                100.0 * ((1.0 + e / 100.0) * heat / (k * (warm - cold)) - 1.0)
                for e, heat in zip(of_volume, heats, strict=True)
            )
            left += self._further(point, errors, round(self.plan.whole.further.value)) - 1
        heat = sum(heats) / len(runs)
        budget: Budget = whole_budget(self.plan, heat=heat, k=k, difference=warm - cold, water=water, repeats=len(runs))
        reference = water["mass"] * water["factor"] / water["rho"] * k * (warm - cold) / MJ_PER_KWH
        return self.evaluate(
            Observed(
                point=replace(
                    point,
                    settings={
                        "flow": Quantity(value=float(f"{mean:.5g}"), unit="m**3/h"),
                        "theta_f": Quantity(value=round(warm, 3), unit="degC"),
                        "theta_r": Quantity(value=round(cold, 3), unit="degC"),
                    },
                ),
                readings=tuple(reading for run in runs for reading in run.readings),
                errors=errors,
                reference_value=Quantity(value=reference, unit="kWh"),
                indication=Quantity(value=heat * water["volume"] / MJ_PER_KWH, unit="kWh"),
                budget=budget,
                step=self.step,
            ),
            self.plan.whole.title,
        )

    def _heat(self, step: str, flow: float, seconds: float) -> Generator[Any, Any, Heated]:
        """Run water through the meter in test mode, weigh it, and read the baths before and after."""
        meter = self.desk.instrument("device")
        before = yield from self.baths.temperatures(f"{step}/before")
        yield from meter.start()
        collected = yield from self.rig.collect_now(f"{step}/water", flow, seconds)
        taken, energy = yield from meter.stop()
        self.desk.keep(f"{step}/pulses", taken)
        self.desk.keep(f"{step}/energy", energy)
        after = yield from self.baths.temperatures(f"{step}/after")
        self.baths.believe_rest(step, before, after)
        if taken.indication.value < 0.9 * collected.whole or taken.indication.value <= 0.0:
            raise ProcedureAborted(
                f"device: {step}: its calculator took {taken.indication.value:.0f} pulses while the timer counted "
                f"{collected.whole}; check the test mode of the device, and the timer"
            )
        means = [0.5 * (a.indication.value + b.indication.value) for a, b in zip(before, after, strict=True)]
        return Heated(
            collected=collected,
            supply=means[0],
            back=means[1],
            pulses=taken.indication.value,
            energy_kwh=energy.indication.to("kWh").value,
            readings=(*before, *collected.readings, taken, energy, *after),
        )

    # -- the sum ------------------------------------------------------------------------------------------------------

    def sum_of_parts(self) -> None:
        """Report the limits of the complete meter, and what its parts would make at each combination."""
        assert self.fits is not None
        device = self.device
        permanent = device.permanent_flow.to("m**3/h").value
        parts = {item.key: item.points for item in self.items}
        findings = []
        for result in parts["whole"]:
            flow, supply, back = (result.point.settings[name].value for name in ("flow", "theta_f", "theta_r"))
            difference = supply - back
            nearest = min(parts["flow"], key=lambda own: abs(own.point.settings["flow"].value / flow - 1.0))
            computed = min(
                parts["calculator"],
                key=lambda own: abs(
                    (own.point.settings["theta_f"].value - own.point.settings["theta_r"].value) / difference - 1.0
                ),
            )
            of_pair = float(self._field(np.asarray([[back]]), np.asarray([difference]))[0, 0])
            total = nearest.error.value + of_pair + computed.error.value
            whole = self.limits.whole(permanent / flow, ratio(device, difference))
            label: Text = result.point.label
            findings.append(
                self._finding("sum", f"{total:+.2f} %", f"{whole:.2f} %", good=abs(total) <= whole, point=label)
            )
        self.finish("sum_of_parts", self.plan.titles.sum_of_parts, findings=tuple(findings))
