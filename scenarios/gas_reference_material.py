"""Certification of a batch of gas reference materials: weighed, compared, studied between bottles and over months.

ISO 6142-1 (gravimetric preparation), ISO 6143 (comparison), JJF 1343-2022 (homogeneity, stability, certified value);
the numbers live in the sheet. U = k √(u_char² + u_bb² + u_lts² + u_sts²).
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.evaluation import Observed, expected
from scenarios.gas_reference_material_bench import Measuring, Session, Weighed
from scenarios.gas_reference_material_forecast import (
    DAY_S,
    MONTH_S,
    STAGES,
    certified_values,
    forecast,
    point_of,
    relative,
    transport,
)
from scenarios.gas_reference_material_model import gravimetric_budget, masses
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
from scenarios.procedure import Outcome, ProcedureAborted
from uncertainty.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Generator

    from drivers.reading import Reading
    from scenarios.procedure import Desk, Process
    from scenarios.record import Finding, PointResult
    from scenarios.sheet import Sheet
    from uncertainty.budget import Budget

__all__ = ["Nameplate", "Plan", "forecast", "verify"]

# -- the procedure ------------------------------------------------------------------------------------------------


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


class _Run(Measuring):
    """Hold the state of one certification; each public method is one item of the procedure."""

    def __init__(self, desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> None:
        super().__init__(desk, sheet, plan, device, total=len(STAGES) * len(plan.components))
        self.words = Words(sheet, plan)
        self.prepared: dict[str, PointResult] = {}
        self.between: dict[str, Between] = {}
        self.trends: dict[str, Trend] = {}
        self.sessions: list[Session] = []

    # -- gravimetry ---------------------------------------------------------------------------------------------------

    def prepare(self) -> Process:
        """Weigh the evacuated cylinder, let the parent gases in one after the other, and weigh after each."""
        plan, rack = self.plan.weighing, self.desk.instrument("device")
        self.tell(plan.title, None)
        weighed = [(yield from self.desk.attempt("weighing/evacuated", Weighed, partial(self.weigh, "evacuated")))]
        for name, parent in self.plan.parents.items():
            self.tell(plan.title, parent.label)
            mass = parent.mass.to("g")
            yield from self.desk.attempt(f"fill/{name}", float, partial(self.fill, name, mass))
            yield from self.desk.wait(plan.equilibration.to("s"))
            step = f"weighing/{name}"
            weighed.append((yield from self.desk.attempt(step, Weighed, partial(self.weigh, name))))
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
            point=point_of(stage, component, max(1, len(values))),
            readings=readings,
            errors=values,
            reference_value=value,
            indication=value,
            budget=budget,
            step="0.0001",
        )

    # -- comparison ---------------------------------------------------------------------------------------------------

    def compare(self) -> Process:
        """Compare the mixture with reference mixtures, and hold the value against the one by weighing."""
        plan = self.plan.comparison
        self.tell(plan.title, None)
        rolled = partial(self.desk.instrument("device").roll, plan.rolling.to("s"))
        yield from self.desk.attempt("rolling", type(None), rolled)
        streams = [("reference", place + 1) for place in range(len(plan.references))] + [("cylinder", 1)]
        session = yield from self.session("comparison", streams)
        area, stream = relative(self.plan)
        drift = area * math.sqrt(2 / plan.control_injections.value)
        points, fits = [], {}
        findings: list[Finding] = []
        for component in self.plan.components:
            certified, u = certified_values(self.plan, component)
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
            sessions.append((yield from self.session(f"homogeneity/{replicate + 1}", streams)))
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
            self.sessions.append((yield from self.session(f"stability/{number + 1}", streams)))
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
                u_sts=value * transport(plan, component),
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
