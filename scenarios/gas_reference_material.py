"""Certification of a batch of gas reference materials: weighed, compared, studied between bottles and over months.

ISO 6142-1 (gravimetric preparation), ISO 6143 (comparison), JJF 1343-2022 (homogeneity, stability, certified value);
the numbers live in the sheet. U = k √(u_char² + u_bb² + u_lts² + u_sts²).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from drivers.gas_comparator import Areas
from drivers.reading import Reading
from scenarios.air import air_density
from scenarios.evaluation import Observed, expected, input_quantity, spread
from scenarios.gas_reference_material_model import (
    State,
    gravimetric_budget,
    masses,
    planned_states,
)
from scenarios.gas_reference_material_plan import Nameplate, Plan
from scenarios.gas_reference_material_report import Words
from scenarios.gas_reference_material_studies import (
    Between,
    Compared,
    Parts,
    Trend,
    between_bottles,
    certified_budget,
    compare,
    trend,
)
from scenarios.planning import forecast_point
from scenarios.procedure import Forecast, Outcome, PlanRefused, ProcedureAborted
from scenarios.record import Finding, TestPoint
from scenarios.references import find
from scenarios.running import Running
from scenarios.sheet import SheetError
from uncertainty.quantity import Quantity
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from scenarios.procedure import Desk, Process
    from scenarios.record import PointResult
    from scenarios.sheet import Sheet
    from uncertainty.budget import Budget

__all__ = ["Nameplate", "Plan", "forecast", "verify"]

DAY_S = 86400.0
MONTH_S = 365.2425 / 12 * DAY_S
STAGES = ("gravimetry", "comparison", "certified")


def _point(stage: str, component: str, repeats: int) -> TestPoint:
    return TestPoint(
        key=f"{stage}/{component}",
        label=Text(zh=component, en=component),
        settings={},
        repeats=repeats,
        mpe=None,
        about={"component": component, "stage": "customer" if stage == "certified" else "cylinder"},
    )


def _transport(plan: Plan, component: str) -> float:
    """Return u_sts of a component, relative, 1."""
    if component not in plan.budget.transport:
        raise SheetError(f"procedure.budget.transport.{component}", "missing; say what transport does to it")
    return input_quantity("d_sts", plan.budget.transport[component], unit="%").distribution.u / 100


def _relative(plan: Plan) -> tuple[float, float]:
    """Return what the sheet says of one area and of one stream on one day, relative standard deviations, 1."""
    e = plan.budget
    return (
        input_quantity("s", e.injection, unit="%").distribution.u / 100,
        input_quantity("s", e.stream, unit="%").distribution.u / 100,
    )


# -- before anything is filled ------------------------------------------------------------------------------------


def _planned_parts(plan: Plan, sheet: Sheet, component: str) -> Parts:
    """Return what the certified value's budget is expected to be."""
    gum = expected(gravimetric_budget(plan, component, planned_states(plan), 1.0), sheet.evaluation)
    area, stream = _relative(plan)
    n, h, s = plan.comparison, plan.homogeneity, plan.stability
    control = area / math.sqrt(2 * n.control_injections.value)
    one = math.hypot(math.hypot(area / math.sqrt(n.injections.value), stream), control)
    nu = len(h.bottles) * (h.replicates.value - 1)
    bottles = one / math.sqrt(len(s.bottles))
    months = np.array([m.value for m in s.months])
    slope = math.hypot(bottles, control) / math.sqrt(float(((months - months.mean()) ** 2).sum()))
    return Parts(
        value=gum.value,
        u_char=gum.u,
        u_bb=gum.value * one / math.sqrt(h.replicates.value) * (2 / nu) ** 0.25,
        u_lts=gum.value * slope * s.validity.value,
        dof_lts=len(months) - 2,
        u_sts=gum.value * _transport(plan, component),
    )


def forecast(sheet: Sheet, plan: Plan, device: Nameplate) -> tuple[Forecast, ...]:
    """Return the expected uncertainties, before any gas is filled.

    Raises:
        PlanRefused: a certified value's expected U is larger than the batch is worth.
        SheetError: an effect, a reference or an atomic weight is missing.
    """
    words = Words(sheet, plan)
    n = plan.comparison
    streams = 2 + len(n.references) + 1
    each = (n.injections.value + n.discard.value) * n.cycle.to("s")
    durations = {
        "gravimetry": (len(plan.parents) + 1) * plan.weighing.equilibration.to("s"),
        "comparison": n.rolling.to("s") + streams * each,
        "certified": max(m.value for m in plan.stability.months) * MONTH_S,
    }
    result = []
    for stage in STAGES:
        for component in plan.components:
            parts = _planned_parts(plan, sheet, component)
            budget = {
                "gravimetry": partial(gravimetric_budget, plan, component, planned_states(plan), 1.0),
                "comparison": partial(_planned_comparison, plan, component, parts.value),
                "certified": partial(certified_budget, parts, words.parts),
            }[stage]()
            point = _point(stage, component, 1)
            result.append(
                forecast_point(
                    sheet,
                    point,
                    budget,
                    durations[stage] / len(plan.components),
                    measurand=words.measurand(stage),
                )
            )
            U = result[-1].U
            if stage == "certified" and U > plan.certification.largest.to("1") * parts.value * (1 + 1e-9):
                raise PlanRefused(
                    f"{point.key}: expected U = {100 * U / parts.value:.2g} % is larger than "
                    f"{plan.certification.largest.to('%'):g} %, for which the batch is worth making; take a larger "
                    "mass of the parent gas, a better premix, or a longer stability study"
                )
    return tuple(result)


def _planned_comparison(plan: Plan, component: str, value: float) -> Budget:
    certified, u = _certified(plan, component)
    places = [x / value for x in certified] + [1.0]
    area, stream = _relative(plan)
    covariance = np.diag(
        [(y * math.hypot(area / math.sqrt(plan.comparison.injections.value), stream)) ** 2 for y in places]
    )
    return compare(certified, u, places, covariance, round(plan.comparison.degree.value)).budget


def _certified(plan: Plan, component: str) -> tuple[list[float], list[float]]:
    """Return certified values of the reference mixtures and their standard uncertainties, µmol/mol."""
    values = [find(plan.references, key).value(component) for key in plan.comparison.references]
    return (
        [v.quantity.to("umol/mol").value for v in values],
        [v.U.to("umol/mol").value / v.k for v in values],
    )


# -- the procedure ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """Hold the weighings of one state of the cylinder."""

    readings: tuple[Reading, ...]
    """What the instruments said."""
    difference: float
    """Mean difference of the cylinder and the tare cylinder, as indicated, g."""
    gain: float
    """Conventional mass per indication, 1."""
    rho_air: float
    """Density of the air, kg/m³."""
    pressure: float
    """Absolute pressure in the cylinder, MPa."""

    @property
    def state(self) -> State:
        """What the measurement model needs."""
        return State(difference=self.difference, rho_air=self.rho_air, pressure=self.pressure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Hold one sequence of streams between two measurements of the control."""

    readings: tuple[Reading, ...]
    """Mean areas."""
    months: float
    """Middle of the sequence, months after the division; negative before."""
    responses: dict[str, tuple[float, ...]]
    """Component -> area of each stream relative to the control at the same time, 1."""
    places: tuple[float, ...]
    """Where each stream stands between the two controls, 0 to 1."""


def verify(desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> Generator[Any, Any, Outcome]:
    """Prepare, compare and study a batch, and certify it.

    Raises:
        ProcedureAborted: an instrument contradicts itself or another one, or the room leaves its conditions.
    """
    run = _Run(desk, sheet, plan, device)
    run.inspect("appearance", plan.appearance.title, plan.appearance.question)
    yield from run.observe("conditions/start")
    rack = desk.instrument("device")
    try:
        yield from desk.instrument("analyser").confirm_components(plan.components)
        yield from run.prepare()
        yield from run.compare()
        yield from run.divide()
        yield from run.study_bottles()
        yield from run.study_time()
        run.certify()
    finally:
        yield from desk.at_end(rack.make_safe)
    yield from run.observe("conditions/end")
    return run.outcome(remarks=(run.words.validity(),))


class _Run(Running[Plan, Nameplate]):
    """Hold the state of one certification; each public method is one item of the procedure."""

    def __init__(self, desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> None:
        super().__init__(desk, sheet, plan, device, total=len(STAGES) * len(plan.components))
        self.words = Words(sheet, plan)
        self.divided = math.inf
        self.prepared: dict[str, PointResult] = {}
        self.between: dict[str, Between] = {}
        self.trends: dict[str, Trend] = {}
        self.sessions: list[Session] = []

    # -- gravimetry ---------------------------------------------------------------------------------------------------

    def prepare(self) -> Process:
        """Weigh the evacuated cylinder, let the parent gases in one after the other, and weigh after each."""
        plan, rack = self.plan.weighing, self.desk.instrument("device")
        self.tell(plan.title, None)
        weighed = [(yield from self.desk.attempt("weighing/evacuated", Weighed, partial(self._weigh, "evacuated")))]
        for name, parent in self.plan.parents.items():
            self.tell(plan.title, parent.label)
            mass = parent.mass.to("g")
            yield from self.desk.attempt(f"fill/{name}", float, partial(self._fill, name, mass))
            yield from self.desk.wait(plan.equilibration.to("s"))
            step = f"weighing/{name}"
            weighed.append((yield from self.desk.attempt(step, Weighed, partial(self._weigh, name))))
        yield from rack.load("nothing")
        gain = sum(w.gain for w in weighed) / len(weighed)
        for w in weighed:
            if abs(w.gain / gain - 1) > plan.sensitivity.value:
                raise ProcedureAborted(
                    f"balance: its sensitivity changed by {w.gain / gain - 1:.1e} between weighings, more than "
                    f"{plan.sensitivity.value:.1e}; check the balance and its weight, and make the mixture anew"
                )
        states = tuple(w.state for w in weighed)
        found = masses(self.plan, states, gain)
        for name, mass in found.items():
            asked = self.plan.parents[name].mass.to("g")
            if abs(mass / asked - 1) > plan.metering.to("1"):
                raise ProcedureAborted(
                    f"balance, device: {mass:.4f} g of {name} were weighed where {asked:g} g were to be let in; one of "
                    "the two is wrong: check balance, valves and parent cylinder"
                )
        readings = tuple(reading for w in weighed for reading in w.readings)
        points = []
        for component in self.plan.components:
            budget = gravimetric_budget(self.plan, component, states, gain)
            observed = self._observed("gravimetry", component, readings, budget, ())
            points.append(self.evaluate(observed, plan.title))
            self.prepared[component] = points[-1]
        self.finish(
            "gravimetry",
            plan.title,
            method=self.words["method_gravimetry"],
            findings=tuple(self.words.mass(name, mass) for name, mass in found.items()),
            points=tuple(points),
            measurand=self.words.measurand("gravimetry"),
        )

    def _observed(
        self, stage: str, component: str, readings: tuple[Reading, ...], budget: Budget, values: tuple[float, ...]
    ) -> Observed:
        value = Quantity(value=expected(budget, self.sheet.evaluation).value, unit="umol/mol")
        return Observed(
            point=_point(stage, component, max(1, len(values))),
            readings=readings,
            errors=values,
            reference_value=value,
            indication=value,
            budget=budget,
            step="0.0001",
        )

    def _fill(self, name: str, mass: float) -> Generator[Any, Any, float]:
        rack = self.desk.instrument("device")
        yield from rack.load("nothing")
        yield from rack.fill(name, mass, timeout_s=4.0 * mass + 600.0)
        return self.desk.now

    def _weigh(self, name: str) -> Generator[Any, Any, Weighed]:
        """Weigh the cylinder against the tare cylinder, and the weight."""
        plan, desk = self.plan.weighing, self.desk
        rack, room = desk.instrument("device"), desk.instrument("environment")
        step = f"weighing/{name}"
        air = []
        for quantity in (room.temperature, room.pressure, room.humidity):
            reading = yield from quantity.read()
            air.append(desk.keep(f"{step}/air/{reading.name}", reading))
        temperature = air[0].indication.to("degC").value
        wall = desk.keep(f"{step}/wall", (yield from rack.wall_temperature.read()))
        excess = wall.indication.to("degC").value - temperature
        if abs(excess) > plan.wall.to("delta_degC"):
            raise ProcedureAborted(
                f"device, environment: the cylinder's wall is {excess:+.2f} K from the room, more than "
                f"{plan.wall.to('delta_degC'):g} K; wait longer before it is weighed, and check both thermometers"
            )
        pressure = desk.keep(f"{step}/pressure", (yield from rack.pressure.read()))
        readings = [*air, wall, pressure]
        differences = []
        for cycle in range(round(plan.cycles.value)):
            cycle_step = f"{step}/{cycle + 1}"
            differences.append((yield from self._substitute(cycle_step, "cylinder", readings)))
        if spread(differences) > plan.scatter.to("g"):
            raise ProcedureAborted(
                f"balance: the differences of {name} scatter by {spread(differences) * 1e3:.1f} mg, more than "
                f"{plan.scatter.to('g') * 1e3:g} mg; check draughts, the carrier and the line to the balance"
            )
        weight = find(self.plan.references, plan.weight).value("mass").quantity.to("g").value
        gain = weight / (yield from self._substitute(f"{step}/weight", "tare and weight", readings))
        if abs(gain - 1) > plan.scale.value:
            raise ProcedureAborted(
                f"balance: {weight:g} g are indicated with {1 / gain - 1:.1e} too much, more than "
                f"{plan.scale.value:.1e}; adjust the balance and check the weight"
            )
        pressures = air[1].indication.to("Pa").value
        rho = air_density(temperature, pressures, air[2].indication.to("%").value)
        return Weighed(
            readings=tuple(readings),
            difference=sum(differences) / len(differences),
            gain=gain,
            rho_air=float(rho),
            pressure=pressure.indication.to("MPa").value,
        )

    def _substitute(self, step: str, load: str, readings: list[Reading]) -> Generator[Any, Any, float]:
        """Return the indication with a load minus that with the tare cylinder: tare, load, load, tare."""
        rack, balance = self.desk.instrument("device"), self.desk.instrument("balance")
        seen: list[float] = []
        for number, what in enumerate(("tare", load, load, "tare"), start=1):
            yield from rack.load(what)
            yield from self.desk.wait(self.plan.weighing.settle.to("s"))
            reading = self.desk.keep(f"{step}/{load}/{number}", (yield from balance.weight.read()))
            readings.append(reading)
            seen.append(reading.indication.to("g").value)
        first, *loads, last = seen
        return (sum(loads) - first - last) / 2

    # -- comparison ---------------------------------------------------------------------------------------------------

    def compare(self) -> Process:
        """Compare the mixture with reference mixtures, and hold the value against the one by weighing."""
        plan = self.plan.comparison
        self.tell(plan.title, None)
        rolled = partial(self.desk.instrument("device").roll, plan.rolling.to("s"))
        yield from self.desk.attempt("rolling", type(None), rolled)
        streams = [("reference", place + 1) for place in range(len(plan.references))] + [("cylinder", 1)]
        session = yield from self._session("comparison", streams)
        area, stream = _relative(self.plan)
        drift = area * math.sqrt(2 / plan.control_injections.value)
        points, fits = [], {}
        findings: list[Finding] = []
        for component in self.plan.components:
            certified, u = _certified(self.plan, component)
            y = np.array(session.responses[component])
            own = (area**2 / plan.injections.value + stream**2) * y**2
            common = drift * np.array(session.places) * y
            found = compare(certified, u, y.tolist(), np.diag(own) + np.outer(common, common), round(plan.degree.value))
            observed = self._observed("comparison", component, session.readings, found.budget, ())
            point = self.evaluate(observed, plan.title)
            points.append(point)
            fits[component] = found
            findings += self._agreement(component, found, point)
        self.finish(
            "comparison",
            plan.title,
            method=self.words["method_comparison"],
            findings=tuple(findings),
            points=tuple(points),
            charts=(self.words.residuals(fits),),
            measurand=self.words.measurand("comparison"),
        )

    def _agreement(self, component: str, found: Compared, point: PointResult) -> list[Finding]:
        """Hold the two values of one component against each other.

        Raises:
            ProcedureAborted: they contradict each other.
        """
        plan, prepared = self.plan.comparison, self.prepared[component]
        u = math.hypot(point.standard_uncertainty, prepared.standard_uncertainty)
        apart = point.error.value - prepared.error.value
        if abs(apart) > plan.contradiction.value * u:
            raise ProcedureAborted(
                f"balance, analyser, device: {component}: {point.error.value:.2f} µmol/mol by comparison and "
                f"{prepared.error.value:.2f} µmol/mol by weighing differ by {abs(apart) / u:.1f} combined standard "
                "uncertainties; nothing is certified: look for the cause in weighing, purity, mixing and comparison"
            )
        return [self.words.gamma(component, found.fit.gamma), self.words.agreement(component, apart, u)]

    def _session(self, step: str, streams: Sequence[tuple[str, int]]) -> Generator[Any, Any, Session]:
        """Measure streams between two measurements of the control.

        Raises:
            ProcedureAborted: the injections of a stream scatter, or the control drifts too much.
        """
        plan = self.plan.comparison
        control = ("reference", round(plan.control.value))
        measured: list[Areas] = []
        for number, (kind, place) in enumerate((control, *streams, control)):
            count = plan.control_injections if number in (0, len(streams) + 1) else plan.injections
            inject = partial(self._inject, f"{step}/{number}", kind, place, round(count.value))
            measured.append((yield from self.desk.attempt(f"{step}/{number}", Areas, inject)))
        first, *own, last = measured
        span = last.time_s - first.time_s
        places = tuple((a.time_s - first.time_s) / span for a in own)
        responses = {}
        for number, component in enumerate(self.plan.components):
            start, end = (a.readings[number].indication.value for a in (first, last))
            drift = end / start - 1
            if abs(drift) > plan.drift.to("1"):
                raise ProcedureAborted(
                    f"analyser: {step}: {component} of the control changed by {100 * drift:+.2f} % over the sequence, "
                    f"more than {plan.drift.to('%'):g} %; let it settle, and check gases and flows"
                )
            responses[component] = tuple(
                a.readings[number].indication.value / (start * (1 + drift * f))
                for a, f in zip(own, places, strict=True)
            )
        return Session(
            readings=tuple(r for a in measured for r in a.readings),
            months=(0.5 * (first.time_s + last.time_s) - self.divided) / MONTH_S,
            responses=responses,
            places=places,
        )

    def _inject(self, step: str, kind: str, place: int, count: int) -> Generator[Any, Any, Areas]:
        plan, components = self.plan.comparison, self.plan.components
        yield from self.desk.instrument("device").connect(kind, place)
        analyser = self.desk.instrument("analyser")
        areas: Areas = yield from analyser.measure(components, count, round(plan.discard.value), plan.cycle.to("s"))
        for name, reading, values in zip(components, areas.readings, areas.values, strict=True):
            self.desk.keep(f"{step}/{name}", reading)
            if len(values) > 1 and min(values) == max(values):
                raise ProcedureAborted(
                    f"analyser: {step}: all areas of {name} in {kind} {place} are {values[0]:.6g}; real injections "
                    "differ: it is out of range, or repeats an old result"
                )
            scatter = spread(values) / reading.indication.value if reading.indication.value > 0 else math.inf
            if scatter > plan.scatter.to("1"):
                raise ProcedureAborted(
                    f"analyser: {step}: areas of {name} in {kind} {place} scatter by {100 * scatter:.2g} %, more than "
                    f"{plan.scatter.to('%'):g} %; check the gas supply and the line to the analyser"
                )
        return areas

    # -- the batch ----------------------------------------------------------------------------------------------------

    def divide(self) -> Process:
        """Divide the mixture into the bottles of the batch.

        Raises:
            ProcedureAborted: there are fewer bottles than the label says.
        """
        self.tell(self.words["dividing"], None)
        bottles, self.divided = yield from self.desk.attempt("division", tuple[int, float], self._divide)
        if bottles != self.device.bottles:
            raise ProcedureAborted(
                f"device: {bottles} bottles where the label says {self.device.bottles}; check the batch and its label"
            )

    def _divide(self) -> Generator[Any, Any, tuple[int, float]]:
        bottles = yield from self.desk.instrument("device").divide(timeout_s=7200.0)
        return bottles, self.desk.now

    def study_bottles(self) -> Process:
        """Compare bottles with each other, once a day."""
        plan = self.plan.homogeneity
        sessions = []
        for replicate in range(round(plan.replicates.value)):
            self.tell(plan.title, self.words["replicate"].format(number=replicate + 1))
            yield from self.desk.wait(DAY_S)
            streams = [("bottle", number) for number in plan.bottles]
            sessions.append((yield from self._session(f"homogeneity/{replicate + 1}", streams)))
        findings: list[Finding] = []
        for component in self.plan.components:
            groups = list(zip(*(s.responses[component] for s in sessions), strict=True))
            found = self.between[component] = between_bottles(groups, plan.p.value)
            findings += self.words.homogeneity(component, found)
        self.finish(
            "homogeneity",
            plan.title,
            method=self.words["method_homogeneity"],
            findings=tuple(findings),
            charts=(self.words.bottles(plan.bottles, [s.responses for s in sessions]),),
        )

    def study_time(self) -> Process:
        """Compare bottles with the control over months."""
        plan = self.plan.stability
        for number, month in enumerate(plan.months):
            self.tell(plan.title, self.words["month"].format(month=f"{month.value:g}"))
            due = self.divided + month.value * MONTH_S
            if due > self.desk.now:
                yield from self.desk.wait(due - self.desk.now)
            yield from self.observe(f"conditions/{number + 1}")
            streams = [("bottle", bottle) for bottle in plan.bottles]
            self.sessions.append((yield from self._session(f"stability/{number + 1}", streams)))
        times = [s.months for s in self.sessions]
        findings: list[Finding] = []
        for component in self.plan.components:
            values = [sum(s.responses[component]) / len(plan.bottles) for s in self.sessions]
            found = self.trends[component] = trend(times, values, plan.p.value)
            findings += self.words.stability(component, found, plan.validity.value)
        self.finish(
            "stability",
            plan.title,
            method=self.words["method_stability"],
            findings=tuple(findings),
            charts=(self.words.trends(self.trends),),
        )

    def certify(self) -> None:
        """Put the certified values together."""
        plan = self.plan
        readings = tuple(reading for s in self.sessions for reading in s.readings)
        points = []
        for component in plan.components:
            prepared, over = self.prepared[component], self.trends[component]
            value = prepared.error.value
            parts = Parts(
                value=value,
                u_char=prepared.standard_uncertainty,
                u_bb=value * self.between[component].u,
                u_lts=value * over.u(plan.stability.validity.value),
                dof_lts=over.dof,
                u_sts=value * _transport(plan, component),
            )
            own = tuple(reading for reading in readings if reading.name == component)
            budget = certified_budget(parts, self.words.parts)
            points.append(
                self.evaluate(self._observed("certified", component, own, budget, ()), plan.certification.title)
            )
        self.finish(
            "certified",
            plan.certification.title,
            method=self.words["method_certified"],
            points=tuple(points),
            measurand=self.words.measurand("certified"),
        )
