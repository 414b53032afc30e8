"""Verification of gas meters against a bank of critical nozzles, in air or natural gas (numbers live in the sheet).

The gas goes through the meter under test and then through nozzles whose throats are sonic; their mass flow follows from
stagnation pressure and temperature alone. See `scenarios/gas_sonic_nozzle_model.py` for the equations.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from drivers.errors import InstrumentTimeout
from drivers.reading import Reading
from scenarios import gas_properties as gas
from scenarios.evaluation import Observed, spread
from scenarios.gas_properties import KELVIN, GasError
from scenarios.gas_sonic_nozzle_findings import linearity, over_reynolds, over_time, repeatability, say, weighted_mean
from scenarios.gas_sonic_nozzle_model import (
    CertifiedNozzle,
    Fluid,
    Run,
    budget,
    nozzles,
    stagnation,
    standard,
)
from scenarios.gas_sonic_nozzle_plan import Nameplate, Plan
from scenarios.gas_sonic_nozzle_windows import Window, by_class, expected_fluid, planned_run, windows
from scenarios.planning import check, forecast_point
from scenarios.procedure import Forecast, Outcome, ProcedureAborted
from scenarios.record import Figure, Finding, PointResult, Series
from scenarios.running import Running
from uncertainty.conformity import Verdict
from uncertainty.quantity import Quantity
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Generator

    from drivers.gas_transmitters import Means, PipeState
    from scenarios.procedure import Desk, Process
    from scenarios.sheet import Sheet

__all__ = ["Nameplate", "Plan", "forecast", "verify"]

# -- the plan -----------------------------------------------------------------------------------------------------


def forecast(sheet: Sheet, plan: Plan, device: Nameplate) -> tuple[Forecast, ...]:
    """Return the expected uncertainty per flow, before anything is opened.

    Raises:
        PlanRefused: U exceeds its share of the MPE at a flow, or no combination of nozzles gives it.
        SheetError: the sheet does not cover this device, or a certificate is missing.
    """
    known = nozzles(plan.references)
    return check(
        sheet,
        [
            forecast_point(
                sheet,
                window.point,
                budget(plan, known, planned_run(plan, window, device), repeats=window.point.repeats),
                window.duration * window.point.repeats,
            )
            for window in windows(plan, device)
        ],
    )


# -- the procedure ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Hold the readings of one run."""

    readings: tuple[Reading, ...]
    """What the instruments said."""
    mean: tuple[float, float, float, float]
    """Means: pressure (Pa) and temperature (K) at the meter, both before the nozzles."""
    first: tuple[float, float, float, float]
    """The same over the first seconds."""
    last: tuple[float, float, float, float]
    """The same over the last seconds."""
    span: float
    """Time between the middles of first and last seconds, s."""
    pulses: float
    """Pulses counted."""
    time: float
    """Time between their edges, s."""
    began: float
    """Bench time, s."""


def verify(desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> Generator[Any, Any, Outcome]:
    """Verify a gas meter: appearance, leak, zero flow, error of indication, what follows from all flows.

    Raises:
        ProcedureAborted: the rig leaks, does not settle, is not choked, or its instruments contradict each other.
    """
    run = _Verification(desk, sheet, plan, device)
    run.inspect("appearance", plan.appearance.title, plan.appearance.question)
    yield from run.observe("conditions/start")
    bank = desk.instrument("bank")
    try:
        yield from run.at_rest()
        yield from run.analyse("start")
        yield from run.leak()
        yield from run.zero_flow()
        yield from run.errors()
        yield from run.analyse("end")
        run.assess()
    finally:
        yield from desk.at_end(bank.make_safe)
    yield from run.observe("conditions/end")
    return run.outcome()


class _Verification(Running[Plan, Nameplate]):
    """Hold the state of one verification; each public method is one item or action of the procedure."""

    def __init__(self, desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> None:
        self.windows = windows(plan, device)
        super().__init__(desk, sheet, plan, device, total=len(self.windows))
        self.known: dict[int, CertifiedNozzle] = nozzles(plan.references)
        self.fluid = expected_fluid(plan)
        self.results: list[tuple[Window, PointResult, Run]] = []
        self.room_degc = plan.gas.temperature.to("degC")
        self.again: tuple[float, float] | None = None  # error of the first flow at first and at the end, %
        self.course: list[tuple[float, float]] = []  # bench time and error of each run at the first flow

    # -- before the flow --------------------------------------------------------------------------------------------

    def at_rest(self) -> Process:
        """See that the transmitters agree while nothing flows.

        Raises:
            ProcedureAborted: they do not agree with each other, or (air) with the room's logger.
        """
        yield from self.desk.instrument("bank").shut_all()
        yield from self.desk.wait(self.plan.settling.look.to("s"))
        state, back = yield from self.desk.instrument("transmitters").look()
        p, T, p1, T1 = self._keep_state("at_rest", state)
        self.desk.keep("at_rest/back_pressure", back)
        limit, kelvin = self.plan.plausibility.pressure.to("%"), self.plan.plausibility.temperature.to("K")
        pairs = [("transmitters", "before the nozzles", p1, T1)]
        if self.fluid.is_air:
            logger = self.desk.instrument("environment")
            room = self.desk.keep("at_rest/room_pressure", (yield from logger.pressure.read()))
            warmth = self.desk.keep("at_rest/room_temperature", (yield from logger.temperature.read()))
            self.room_degc = warmth.indication.value
            pairs.append(
                ("environment", "of the room", room.indication.to("Pa").value, warmth.indication.value + KELVIN)
            )
        for other, what, pressure, temperature in pairs:
            if abs(100.0 * (p / pressure - 1.0)) > limit or abs(T - temperature) > kelvin:
                raise ProcedureAborted(
                    f"transmitters and {other} disagree: without flow the meter stands at "
                    f"{p / 1e3:.3f} kPa and {T - KELVIN:.2f} °C, and "
                    f"{pressure / 1e3:.3f} kPa and {temperature - KELVIN:.2f} °C are read {what}; "
                    f"more than {limit:g} % or {kelvin:g} K apart: check both"
                )

    def analyse(self, when: str) -> Process:
        """Find out what flows: the room's humidity, or the composition of the natural gas.

        Raises:
            ProcedureAborted: the analysis differs from the one at the start.
        """
        if self.plan.gas.kind == "air":
            yield from self._humidity(f"analysis/{when}")
            return
        found = yield from self.desk.attempt(f"analysis/{when}", dict[str, float], partial(self._analysis, when))
        try:
            fluid = Fluid(composition=gas.composition({name: share / 100.0 for name, share in found.items()}))
        except GasError as problem:
            raise ProcedureAborted(f"chromatograph: {problem}") from None
        if when != "start":
            before, now = gas.molar_mass(self.fluid.composition), gas.molar_mass(fluid.composition)
            if abs(100.0 * (now / before - 1.0)) > self.plan.plausibility.molar_mass.to("%"):
                raise ProcedureAborted(
                    f"chromatograph: molar mass {1e3 * now:.4f} g/mol at the end, {1e3 * before:.4f} g/mol at the "
                    "start: the gas has changed, or the analysis is wrong"
                )
            return
        self.fluid = fluid

    def _analysis(self, when: str) -> Generator[Any, Any, dict[str, float]]:
        found = yield from self.desk.instrument("chromatograph").analyse(timeout_s=900.0)
        return {
            name: self.desk.keep(f"analysis/{when}/{name}", reading).indication.value for name, reading in found.items()
        }

    def _humidity(self, step: str) -> Process:
        """Read the air of the room, which is the air of the rig."""
        found = yield from self.desk.attempt(f"{step}/room", float, partial(self._water, step))
        self.fluid = Fluid(composition=gas.AIR, water=found)

    def _water(self, step: str) -> Generator[Any, Any, float]:
        logger, limits = self.desk.instrument("environment"), self.plan.plausibility
        found = []
        for measured, slack in (
            (logger.humidity, 2.0),  # %
            (logger.pressure, limits.pressure.to("1") * 100.0),  # kPa
            (logger.temperature, limits.temperature.to("K")),
        ):
            reading = self.desk.keep(f"{step}/{measured.declared.name}", (yield from measured.read()))
            seen = reading.indication.value
            yield from measured.read(expect=(seen - slack, seen + slack))  # what changed on the way does not come twice
            found.append(reading)
        humidity, pressure, temperature = found
        return gas.water_fraction(
            temperature.indication.to("K").value, pressure.indication.to("Pa").value, humidity.indication.to("%").value
        )

    def leak(self) -> Process:
        """Shut the line at both ends and see how its content changes.

        Raises:
            ProcedureAborted: it leaks more than a share of the smallest flow.
        """
        plan = self.plan.leak
        self.tell(plan.title, None)
        rate = yield from self.desk.attempt("leak", float, self._leak_rate)
        smallest = min(window.standard.mass_flow for window in self.windows)
        share = 100.0 * abs(rate) / smallest
        limit = plan.limit.to("%")
        if share > limit:
            raise ProcedureAborted(
                f"bank: the line between meter and nozzles leaks {rate:.3g} kg/s, {share:.3g} % of the smallest flow; "
                f"{limit:g} % is permitted: look for the leak"
            )
        finding = Finding(
            label=say("leak_rate"),
            value=say("leak_share", share=f"{share:.4f}"),
            limit=say("at_most", value=f"{limit:g} %"),
            verdict=Verdict.PASS,
        )
        self.finish("leak", plan.title, findings=(finding,))

    def _leak_rate(self) -> Generator[Any, Any, float]:
        """Return the mass that leaves the shut line, kg/s, corrected for its temperature."""
        bank, transmitters, plan = self.desk.instrument("bank"), self.desk.instrument("transmitters"), self.plan.leak
        yield from bank.isolated.set(True)
        yield from self.desk.wait(plan.rest.to("s"))
        duration = plan.duration.to("s")
        yield from transmitters.start(duration)
        means: Means = yield from transmitters.means(duration, duration + 60.0)
        yield from bank.isolated.set(False)
        for index, reading in enumerate(means.readings):
            self.desk.keep(f"leak/{index}", reading)
        densities = [self._line_density(_numbers(state)) for state in (means.first, means.last)]
        return self.plan.bank.line_volume.to("m**3") * (densities[0] - densities[1]) / means.span_s

    def _line_density(self, state: tuple[float, float, float, float]) -> float:
        """Return the mean density of the line between meter and nozzles, kg/m³."""
        p, T, p1, T1 = state
        return self.fluid.density(0.5 * (p + p1), 0.5 * (T + T1))

    def zero_flow(self) -> Process:
        """Look at an ultrasonic meter while nothing flows."""
        plan = self.plan.zero_flow
        if plan is None or self.device.principle != "ultrasonic":
            return
        self.tell(plan.title, None)
        velocity, sound, computed = yield from self.desk.attempt(
            "zero_flow", tuple[float, float, float], self._paths_at_rest
        )
        limit, share = plan.velocity.to("m/s"), plan.sound.to("%")
        difference = 100.0 * (sound / computed - 1.0)
        findings = (
            Finding(
                label=say("velocity_at_rest"),
                value=Text(zh=f"{1e3 * velocity:+.2f} mm/s", en=f"{1e3 * velocity:+.2f} mm/s"),
                limit=say("at_most", value=f"{1e3 * limit:g} mm/s"),
                verdict=Verdict.PASS if abs(velocity) <= limit else Verdict.FAIL,
            ),
            Finding(
                label=say("sound"),
                value=say("sound_found", seen=f"{sound:.2f}", computed=f"{computed:.2f}", d=f"{difference:+.3f}"),
                limit=say("at_most", value=f"{share:g} %"),
                verdict=Verdict.PASS if abs(difference) <= share else Verdict.FAIL,
            ),
        )
        self.finish("zero_flow", plan.title, findings=findings)

    def _paths_at_rest(self) -> Generator[Any, Any, tuple[float, float, float]]:
        assert self.plan.zero_flow is not None  # zero_flow() has asked
        meter, looks = self.desk.instrument("device"), round(self.plan.zero_flow.looks.value)
        yield from self.desk.wait(self.plan.settling.look.to("s"))
        velocities, sounds = [], []
        for look in range(1, looks + 1):
            velocity = self.desk.keep(f"zero_flow/velocity/{look}", (yield from meter.velocity.read()))
            yield from meter.velocity.read(expect=(velocity.indication.value - 1e-3, velocity.indication.value + 1e-3))
            sound = self.desk.keep(f"zero_flow/sound/{look}", (yield from meter.sound.read()))
            yield from meter.sound.read(expect=(sound.indication.value - 0.5, sound.indication.value + 0.5))
            velocities.append(velocity.indication.value)
            sounds.append(sound.indication.value)
            yield from self.desk.wait(1.0)
        state, _ = yield from self.desk.instrument("transmitters").look()
        p, T, _, _ = self._keep_state("zero_flow", state)
        return sum(velocities) / looks, sum(sounds) / looks, self.fluid.sound_speed(p, T)

    # -- error of indication ------------------------------------------------------------------------------------------

    def errors(self) -> Process:
        """Measure the error at every flow, and once more at the first one at the end."""
        plan = self.plan.error
        first = self.windows[0]
        yield from self.desk.state("conditioning", lambda: self._condition(first), self.plan.conditioning.to("s"))
        for window in self.windows:
            self.results.append((yield from self._measure(window)))
        runs = yield from self._runs(first, "return", first.point.repeats)
        self.again = (
            sum(self.results[0][1].errors) / len(self.results[0][1].errors),
            sum(run.error for run in runs) / len(runs),
        )
        keys = tuple(window.point.key for window, _, _ in sorted(self.results, key=lambda found: found[0].flow))
        self.finish(
            "error",
            plan.title,
            method=say(f"method_{self.plan.gas.kind}"),
            points=tuple(result for _, result, _ in self.results),
            figure=Figure(
                x="flow",
                x_label=say("flow"),
                logarithmic=False,
                series=(Series(name=say("error_curve"), points=keys),),
            ),
            charts=(over_reynolds(self.results), over_time(self.course, first.point.label)),
        )

    def _condition(self, first: Window) -> Process:
        yield from self._open(first)
        yield from self.desk.wait(self.plan.conditioning.to("s"))

    def _flow(self, window: Window) -> Process:
        """Bring the rig to a flow and let it settle."""
        yield from self.desk.state(
            f"flow/{self.plan.gas.kind}/{window.point.about['nozzles']}",
            lambda: self._open(window),
            self.plan.settling.timeout.to("s"),
        )

    def _open(self, window: Window) -> Process:
        """Open the nozzles of a flow, and wait until the pipe is steady.

        Raises:
            ProcedureAborted: it does not become steady in time.
        """
        bank, plan = self.desk.instrument("bank"), self.plan.settling
        self.tell(self.plan.error.title, window.point.label)
        yield from bank.open_nozzles(window.combination)
        yield from bank.pump.set(True)
        deadline = self.desk.now + plan.timeout.to("s")
        before: tuple[float, ...] | None = None
        for look in itertools.count(1):
            yield from self.desk.wait(plan.look.to("s"))
            state, back = yield from self.desk.instrument("transmitters").look()
            now = self._keep_state(f"settling/{window.point.key}/{self.desk.now:.0f}/{look}", state)
            if before is not None and self._steady(before, now):
                self._choked(window.point.key, back.indication.to("Pa").value, now[2])
                return
            if self.desk.now > deadline:
                raise ProcedureAborted(
                    f"bank: at {window.flow:g} m³/h the pipe is not steady after {plan.timeout.to('s'):g} s: the last "
                    f"two looks differ by more than {plan.pressure.to('%'):g} % or {plan.temperature.to('K'):g} K; "
                    "check the supply"
                )
            before = now

    def _steady(self, before: tuple[float, ...], now: tuple[float, ...]) -> bool:
        plan = self.plan.settling
        pressures = all(abs(100.0 * (now[i] / before[i] - 1.0)) <= plan.pressure.to("%") for i in (0, 2))
        return pressures and all(abs(now[i] - before[i]) <= plan.temperature.to("K") for i in (1, 3))

    def _measure(self, window: Window) -> Generator[Any, Any, tuple[Window, PointResult, Run]]:
        point = window.point
        if self.plan.gas.kind == "air":
            yield from self._humidity(point.key)
        taken = yield from self._take(window, point.key, point.repeats)
        runs = [self._evaluated(window, one) for one in taken]
        mean = _mean(runs)
        errors = tuple(run.error for run in runs)
        observed = Observed(
            point=point,
            readings=tuple(reading for one in taken for reading in one.readings),
            errors=errors,
            reference_value=Quantity(value=mean.volume, unit="m**3"),
            indication=Quantity(value=mean.indicated, unit="m**3"),
            budget=budget(self.plan, self.known, mean, repeats=len(runs), observed=spread(errors)),
            step=f"{by_class(self.plan.rounding, self.device, 'rounding').to('%'):g}",
        )
        return window, self.evaluate(observed, self.plan.error.title), mean

    def _runs(self, window: Window, key: str, count: int) -> Generator[Any, Any, list[Run]]:
        taken = yield from self._take(window, key, count)
        return [self._evaluated(window, one) for one in taken]

    def _take(self, window: Window, key: str, count: int) -> Generator[Any, Any, list[Taken]]:
        """Take some runs at a flow."""
        yield from self._flow(window)
        taken = []
        for number in range(1, count + 1):
            step = f"{key}/{number}"
            taken.append((yield from self.desk.attempt(step, Taken, partial(self._run, step, window))))
        if window is self.windows[0]:
            self.course += [(one.began, self._evaluated(window, one).error) for one in taken]
        return taken

    def _run(self, step: str, window: Window) -> Generator[Any, Any, Taken]:
        """Count pulses and take means of the pipe over the same time."""
        counter, transmitters = self.desk.instrument("counter"), self.desk.instrument("transmitters")
        began, duration = self.desk.now, window.duration
        yield from transmitters.start(duration)
        started = self.desk.now
        yield from counter.start(duration)
        if self.desk.now - began > self.plan.plausibility.exchange.to("s"):
            raise ProcedureAborted(
                f"counter: {self.desk.now - began:.2f} s between the start of the transmitters and of the counter, "
                f"{self.plan.plausibility.exchange.to('s'):g} s are permitted: they would not see the same flow"
            )
        try:
            pulses, time = yield from counter.count(duration, started, 2.0 * duration + 60.0)
        except InstrumentTimeout:
            # Pulses that do not come have two causes; nozzles that have shut are the one that can be seen.
            yield from self._still_open(step, window)
            raise
        yield from self._still_open(step, window)
        means: Means = yield from transmitters.means(duration, 60.0)
        flow = yield from self.desk.instrument("device").flow.read()
        readings = tuple(
            self.desk.keep(f"{step}/{index}", reading)
            for index, reading in enumerate((pulses, time, *means.readings, flow))
        )
        taken = Taken(
            readings=readings,
            mean=_numbers(means.mean),
            first=_numbers(means.first),
            last=_numbers(means.last),
            span=means.span_s,
            pulses=pulses.indication.value,
            time=time.indication.value,
            began=began,
        )
        self._believe(step, window, taken, means.back_pressure.indication.to("Pa").value, flow.indication.value)
        return taken

    def _still_open(self, step: str, window: Window) -> Process:
        """See that the nozzles of a run are open at its end, and that the room is what it was.

        Raises:
            ProcedureAborted: they are not, or the room has changed.
        """
        opened = yield from self.desk.instrument("bank").open_now()
        if opened != window.combination:
            raise ProcedureAborted(
                f"bank: after {step} nozzles {', '.join(map(str, opened)) or 'none'} are open instead of "
                f"{window.point.about['nozzles']}; check the valves and the bank's supply"
            )
        if not self.fluid.is_air:
            return
        reading = yield from self.desk.instrument("environment").temperature.read()
        now, limit = self.desk.keep(f"{step}/room", reading).indication.value, self.plan.plausibility.room.to("K")
        if abs(now - self.room_degc) > limit:
            raise ProcedureAborted(
                f"environment: the room was at {self.room_degc:.2f} °C and is at {now:.2f} °C after {step}, more than "
                f"{limit:g} K apart: the gas of the rig is the room's air; wait until the room is steady"
            )

    def _believe(self, step: str, window: Window, taken: Taken, back: float, flow: float) -> None:
        """See that the instruments of a run do not contradict each other.

        Raises:
            ProcedureAborted: they do; the message names the suspect.
        """
        limits = self.plan.plausibility
        p, T, p1, T1 = taken.mean
        self._choked(step, back, p1)
        counted = taken.pulses / self.device.constant / taken.time * 3600.0
        if abs(100.0 * (counted / flow - 1.0)) > limits.flow.to("%"):
            raise ProcedureAborted(
                f"counter and device disagree: {counted:.6g} m³/h by pulses at {step}, {flow:.6g} m³/h by the "
                f"meter's own indication, more than {limits.flow.to('%'):g} % apart: check the pulse line and its "
                "constant"
            )
        loss = 100.0 * (1.0 - p1 / p)
        if not -limits.pressure.to("%") <= loss <= limits.loss.to("%") or abs(T1 - T) > limits.temperature.to("K"):
            raise ProcedureAborted(
                f"transmitters: at {step} {p / 1e3:.3f} kPa and {T - KELVIN:.2f} °C at the meter, {p1 / 1e3:.3f} kPa "
                f"and {T1 - KELVIN:.2f} °C before the nozzles: such a line does not exist; check the transmitters"
            )
        for edge in (taken.first, taken.last):
            near = all(abs(100.0 * (edge[i] / taken.mean[i] - 1.0)) <= limits.pressure.to("%") for i in (0, 2))
            if not near or any(abs(edge[i] - taken.mean[i]) > limits.temperature.to("K") for i in (1, 3)):
                raise ProcedureAborted(
                    f"transmitters: at {step} begin or end differ from the mean by more than "
                    f"{limits.pressure.to('%'):g} % or {limits.temperature.to('K'):g} K: the flow was not steady"
                )
        error = self._evaluated(window, taken).error
        if abs(error) > limits.error.to("%"):
            raise ProcedureAborted(
                f"counter: an error of {error:.3g} % at {step} is more than any meter has "
                f"({limits.error.to('%'):g} %); check pulse line, nozzles and constant"
            )

    def _choked(self, step: str, back: float, before: float) -> None:
        """See that the pressure behind the nozzles is low enough for a sonic throat.

        Raises:
            ProcedureAborted: it is not.
        """
        ratio, permitted = back / before, self.plan.bank.back_pressure_ratio.value
        if ratio > permitted:
            raise ProcedureAborted(
                f"bank: at {step} the back-pressure ratio is {ratio:.3f} by the transmitters, above {permitted:g}: the "
                "nozzles may not be choked and their flow is not known; check the pump, or use fewer nozzles"
            )

    def _evaluated(self, window: Window, taken: Taken) -> Run:
        """Work out the error of one run."""
        fluid, bank = self.fluid, self.plan.bank
        p, T, p1, T1 = taken.mean
        density = fluid.density(p, T)
        # A first value of the exponent does: p0 exceeds p1 by some 1e-4 of it.
        exponent = fluid.sound_speed(p1, T1) ** 2 * fluid.density(p1, T1) / p1
        area = sum(self.known[number].area_m2 for number in window.combination) / len(window.combination)
        p0, T0 = stagnation(bank, area, p1, T1, exponent)
        mass = standard(bank, self.known, window.combination, fluid, p0, T0)
        change = self._line_density(taken.last) - self._line_density(taken.first)
        pack = bank.line_volume.to("m**3") * change / taken.span
        through = mass.mass_flow + pack
        volume = through * taken.time / density
        indicated = taken.pulses / self.device.constant
        bore = self.device.bore.to("m").value
        return Run(
            error=100.0 * (indicated / volume - 1.0),
            pulses=taken.pulses,
            duration=taken.time,
            standard=mass,
            pack=pack,
            density=density,
            temperature=T,
            volume=volume,
            indicated=indicated,
            reynolds=4.0 * through / (math.pi * bore * fluid.viscosity(p, T)),
        )

    def _keep_state(self, step: str, state: PipeState) -> tuple[float, float, float, float]:
        for reading in state.readings:
            self.desk.keep(f"{step}/{reading.name}", reading)
        return _numbers(state)

    def assess(self) -> None:
        """Conclude from all flows together, and see that the rig was steady.

        Raises:
            ProcedureAborted: the first flow gives another error at the end: the rig has drifted.
        """
        plan = self.plan.assessment
        assert self.again is not None  # errors() has measured it
        change, stable = self.again[1] - self.again[0], plan.stability.to("%")
        if abs(change) > stable:
            raise ProcedureAborted(
                f"bank: the error at {self.windows[0].flow:g} m³/h was {self.again[0]:+.3f} % at first and is "
                f"{self.again[1]:+.3f} % now, more than {stable:g} % apart: nozzles, gas or meter have not come to "
                "rest; condition longer"
            )
        steady = Finding(
            label=say("stability", label=self.windows[0].point.label),
            value=Text(zh=f"{change:+.3f} %", en=f"{change:+.3f} %"),
            limit=say("at_most", value=f"{stable:g} %"),
            verdict=Verdict.PASS,
        )
        findings = (
            steady,
            *repeatability(self.plan, self.results),
            weighted_mean(self.plan, self.device, self.results),
            linearity(self.device, self.results),
        )
        self.finish("assessment", plan.title, findings=findings)


def _numbers(state: PipeState) -> tuple[float, float, float, float]:
    """Return pressures (Pa) and temperatures (K) of a state."""
    return (
        state.meter_pressure.indication.value * 1e3,
        state.meter_temperature.indication.value + KELVIN,
        state.inlet_pressure.indication.value * 1e3,
        state.inlet_temperature.indication.value + KELVIN,
    )


def _mean(runs: list[Run]) -> Run:
    """Return the mean of some runs."""
    n = len(runs)

    def mean(name: str) -> float:
        return sum(float(getattr(run, name)) for run in runs) / n

    return Run(
        error=mean("error"),
        pulses=mean("pulses"),
        duration=mean("duration"),
        standard=runs[-1].standard,
        pack=mean("pack"),
        density=mean("density"),
        temperature=mean("temperature"),
        volume=mean("volume"),
        indicated=mean("indicated"),
        reynolds=mean("reynolds"),
    )
