"""What a ring-down analyser does without any certificate: warm-up, response and memory, inlet pressure, precision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios import crds_ghg_charts as charts
from scenarios.crds_ghg_bench import WORKING, GasBench
from scenarios.procedure import ProcedureAborted
from scenarios.record import Finding
from uncertainty.conformity import Verdict
from uncertainty.rounding import round_to_step
from uncertainty.statistics import allan_deviation

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from uncertainty.text import Text

    Process = Generator[Any, Any, Any]

LEVEL_S = 60
"""Time over which the levels before and after a change of tanks are averaged, s."""
LOOK_S = 60.0
"""How often the warm-up is looked at, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Hold a recorded change of tanks."""

    seconds: tuple[float, ...]
    """Time after the change, s, (n,)."""
    courses: dict[str, tuple[float, ...]]
    """Component -> share of the change, 1, (n,)."""
    changes: dict[str, float]
    """Component -> size of the change, in its unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stability:
    """Hold Allan deviations."""

    taus: tuple[float, ...]
    """Averaging times, s, (n,)."""
    deviations: dict[str, tuple[float, ...]]
    """Component -> Allan deviation, in its unit, (n,)."""


class Dynamics(GasBench):
    """Hold the items that need no certificate."""

    def finding(self, label: Text, value: float, limit: float, unit: str, step: str) -> Finding:
        """Return a finding |value| <= limit, both printed with a unit."""
        spelt = unit.replace("umol", "µmol").replace("1/kPa", "kPa⁻¹")
        return Finding(
            label=label,
            value=self.text["crds_ghg.value"].format(value=round_to_step(repr(value), step), unit=spelt),
            limit=self.text["crds_ghg.at_most"].format(value=f"{limit:g}", unit=spelt),
            verdict=Verdict.PASS if abs(value) <= limit else Verdict.FAIL,
        )

    def warm_up(self) -> Process:
        """Wait until the cavity is locked, and a while longer."""
        plan = self.plan.warm_up
        self.tell(plan.title, None)
        yield from self.let_flow("warm_up", WORKING)
        waited = yield from self.desk.attempt("warm_up/lock", float, self._lock)
        yield from self.desk.state("warm_up/rest", lambda: self.desk.wait(plan.rest.to("s")))
        finding = self.finding(self.text["crds_ghg.locked_after"], waited / 60, plan.timeout.to("min"), "min", "1")
        self.finish("warm_up", plan.title, findings=(finding,))

    def _lock(self) -> Generator[Any, Any, float]:
        device, begin, plan = self.desk.instrument("device"), self.desk.now, self.plan.warm_up
        while not (yield from device.locked()):
            if self.desk.now - begin > plan.timeout.to("s"):
                raise ProcedureAborted(
                    f"device: its cavity is not locked after {plan.timeout.to('min'):g} min; check its pump and heater"
                )
            yield from self.desk.wait(LOOK_S)
        return self.desk.now - begin

    # -- response -----------------------------------------------------------------------------------------------------

    def response(self) -> Process:
        """Change from one tank to another, and look at delay, T90 and what is left after the flush."""
        plan = self.plan.response
        self.tell(plan.title, None)
        yield from self.let_flow("response", plan.before)
        found = yield from self.desk.attempt("response/step", Step, self._step)
        seconds = np.array(found.seconds)
        flush = self.plan.flush.to("s")
        slowest, findings = 0.0, []
        for key in self.plan.components:
            slowest = max(slowest, _time_to(seconds, np.array(found.courses[key]), 0.9))
        findings.append(self.finding(self.text["crds_ghg.t90"], slowest, plan.t90.to("s"), "s", "1"))
        for key, component in self.plan.components.items():
            course = np.array(found.courses[key])
            after = (seconds >= flush) & (seconds < flush + LEVEL_S)
            rest = abs(float(1.0 - course[after].mean()) * found.changes[key])
            label = self.text["crds_ghg.rest_after_flush"].format(
                component=component.name, seconds=f"{flush:g}", change=f"{abs(found.changes[key]):.1f}"
            )
            limit = component.memory_limit.to(component.unit)
            findings.append(self.finding(label, rest, limit, component.unit, component.step))
        if self.plan.route is not None:
            way = slowest * self.plan.route.speed.to("m/s")
            findings.append(
                self.finding(
                    self.text["crds_ghg.way"].format(speed=f"{self.plan.route.speed.to('km/h'):g}"),
                    way,
                    self.plan.route.limit.to("m"),
                    "m",
                    "1",
                )
            )
        keep = seconds <= 3 * max(slowest, 10.0)
        drawn = {key: np.array(found.courses[key])[keep].tolist() for key in self.plan.components}
        chart = charts.response(seconds[keep].tolist(), drawn, self.plan, plan.t90.to("s"))
        self.finish("response", plan.title, findings=tuple(findings), charts=(chart,))

    def _step(self) -> Generator[Any, Any, Step]:
        plan = self.plan.response
        selector = self.desk.instrument("selector")
        yield from self.desk.wait(self.plan.flush.to("s") + LEVEL_S)
        changed = self.desk.now
        self._set = None  # whoever repeats this begins at the gas before
        yield from selector.select(self.inlet(plan.after), self.plan.flow.to("l/min"))
        yield from self.desk.wait(plan.duration.to("s"))
        count = round(plan.duration.to("s")) + LEVEL_S
        records = yield from self.fetch("response", count)
        yield from self.still_flows("response", plan.after)
        # The last record is at most a second old; each stands for the second before it.
        seconds = self.desk.now - changed - 0.5 - np.arange(count)[::-1] - 0.5
        courses, changes = {}, {}
        for key in self.plan.components:
            course = records.column(f"{key}_raw")
            begin, end = float(course[seconds < 0].mean()), float(course[-LEVEL_S:].mean())
            changes[key] = end - begin
            courses[key] = tuple(((course[seconds > 0] - begin) / (end - begin)).tolist())
        self.keep("response", records)
        return Step(seconds=tuple(seconds[seconds > 0].tolist()), courses=courses, changes=changes)

    # -- inlet pressure -----------------------------------------------------------------------------------------------

    def inlet_effect(self) -> Process:
        """Measure one gas at several inlet pressures."""
        plan = self.plan.inlet
        self.tell(plan.title, None)
        seen: dict[str, list[float]] = {key: [] for key in self.plan.components}
        pressures = [pressure.to("kPa") for pressure in plan.pressures]
        for number, kpa in enumerate(pressures, 1):
            segment = yield from self.measure(
                f"inlet/{number}",
                WORKING,
                wait_s=plan.settling.to("s"),
                average_s=plan.average.to("s"),
                pressure=kpa,
            )
            for key in self.plan.components:
                seen[key].append(segment.value(f"{key}_raw"))
        findings = []
        for key, component in self.plan.components.items():
            slope = float(np.polyfit(pressures, seen[key], 1)[0])
            label = self.text["crds_ghg.inlet_effect"].format(component=component.name)
            limit = component.inlet_limit.to(component.unit)
            findings.append(self.finding(label, slope, limit, f"{component.unit}/kPa", component.step))
        self.finish("inlet", plan.title, findings=tuple(findings))

    # -- precision ----------------------------------------------------------------------------------------------------

    def allan(self) -> Process:
        """Record one gas and look at its Allan deviation."""
        plan = self.plan.allan
        self.tell(plan.title, None)
        yield from self.let_flow("allan", WORKING)
        found = yield from self.desk.attempt("allan/record", Stability, self._record)
        taus = np.array(found.taus)
        findings, drawn = [], []
        for key, component in self.plan.components.items():
            deviations = np.array(found.deviations[key])
            for at, limit in component.precision.items():
                place = int(np.argmin(abs(taus - float(at))))
                label = self.text["crds_ghg.precision"].format(component=component.name, seconds=f"{taus[place]:g}")
                findings.append(
                    self.finding(
                        label, float(deviations[place]), limit.to(component.unit), component.unit, component.step
                    )
                )
            best = int(np.argmin(deviations))
            findings.append(
                Finding(
                    label=self.text["crds_ghg.best"].format(component=component.name),
                    value=self.text["crds_ghg.value"].format(value=f"{taus[best]:g}", unit="s"),
                    limit=None,
                    verdict=Verdict.PASS,
                )
            )
            drawn.append(charts.allan(key, component, found.taus, found.deviations[key]))
        self.finish("allan", plan.title, findings=tuple(findings), charts=tuple(drawn))

    def _record(self) -> Generator[Any, Any, Stability]:
        duration = self.plan.allan.duration.to("s")
        yield from self.desk.wait(self.plan.flush.to("s") + duration)
        records = yield from self.fetch("allan", round(duration))
        yield from self.still_flows("allan", WORKING)
        self.keep("allan", records)
        factors = sorted({round(10 ** (i / 6)) for i in range(40)} | _wanted(self))
        factors = [m for m in factors if m <= len(records.values) // 4]
        taus: NDArray[np.float64] = np.zeros(0)
        deviations = {}
        for key in self.plan.components:
            taus, spread, _ = allan_deviation(records.column(f"{key}_raw"), 1.0, factors)
            deviations[key] = tuple(spread.tolist())
        return Stability(taus=tuple(taus.tolist()), deviations=deviations)


def _wanted(run: Dynamics) -> set[int]:
    """Return the averaging times for which the sheet gives limits, s."""
    return {round(float(at)) for component in run.plan.components.values() for at in component.precision}


def _time_to(seconds: NDArray[np.float64], course: NDArray[np.float64], share: float) -> float:
    """Return when a course first reaches a share of the change, s; straight between two records."""
    above = int(np.argmax(course >= share))
    if not course[above] >= share:
        return float(seconds[-1])
    if above == 0:
        return float(seconds[0])
    low, high = course[above - 1], course[above]
    return float(seconds[above - 1] + (share - low) / (high - low) * (seconds[above] - seconds[above - 1]))
