"""Check gas meters of large ducts on line: by traverses with a five-hole probe, and by reconciling the gas grid.

The traverse says what one installed meter is worth; the reconciliation needs no shutdown and says which of all meters
contradict the balances of volume, energy and carbon. The numbers live in the sheet.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from drivers.reading import Reading
from scenarios.evaluation import Observed, expected, spread
from scenarios.large_duct_gas_grid import UNITS, Balances, expected_values, flow_budget, reconciled
from scenarios.large_duct_gas_model import Traversed, planned, traverse_budget
from scenarios.large_duct_gas_plan import Nameplate, Plan
from scenarios.large_duct_gas_report import Words
from scenarios.planning import forecast_point
from scenarios.procedure import Forecast, Outcome, PlanRefused, ProcedureAborted
from scenarios.record import TestPoint
from scenarios.running import Running
from uncertainty.quantity import Quantity
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Generator

    from scenarios.large_duct_gas_grid import Found
    from scenarios.procedure import Desk, Process
    from scenarios.record import PointResult
    from scenarios.sheet import Sheet

__all__ = ["Nameplate", "Plan", "forecast", "verify"]

CHANNELS = 3
"""Channels of the manometer: P1 - P2, P2 - P3, P4 - P5."""


def _traverse_point(plan: Plan, name: str) -> TestPoint:
    return TestPoint(
        key=f"traverse/{name}",
        label=plan.traverse.ducts[name].label,
        settings={},
        repeats=round(plan.traverse.repeats.value),
        mpe=None,
        about={"stage": "traverse", "name": name},
    )


def _flow_point(name: str) -> TestPoint:
    return TestPoint(
        key=f"grid/{name}",
        label=Text(zh=name, en=name),
        settings={},
        repeats=1,
        mpe=None,
        about={"stage": "grid", "name": name},
    )


def forecast(sheet: Sheet, plan: Plan, device: Nameplate) -> tuple[Forecast, ...]:
    """Return the expected uncertainties, before a probe is put into a duct.

    Raises:
        PlanRefused: a traverse would be too uncertain to say anything about the meter.
        SheetError: an effect, a reference, a node or an analysis is missing.
    """
    words, t, grid = Words(sheet, plan), plan.traverse, plan.grid
    result = []
    places = 4 * len(t.places)
    for name in t.ducts:
        point = _traverse_point(plan, name)
        budget = traverse_budget(plan, name, planned(plan, name))
        duration = t.repeats.value * places * (t.averaging.to("s") + 20.0)
        found = forecast_point(sheet, point, budget, duration, measurand=words.measurand("traverse"))
        if found.U > t.largest.to("%") * (1 + 1e-9):
            raise PlanRefused(
                f"{point.key}: expected U = {found.U:.2g} % is larger than {t.largest.to('%'):g} %, for which a "
                "traverse is worth being made; take a better probe, more traverses, or an analysis of the gas "
                "at the same time"
            )
        result.append(found)
    balanced = reconciled(grid, Balances(grid), expected_values(grid))
    for place, name in enumerate(grid.meters):
        budget = flow_budget(grid, balanced, place)
        result.append(forecast_point(sheet, _flow_point(name), budget, 0.0, measurand=words.measurand("grid")))
    return tuple(result)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Hold what was seen at one place of a traverse."""

    readings: tuple[Reading, ...]
    """Pressures, angle and the meter's indication."""
    port: int
    """Diameter, 1 or 2."""
    r: float
    """Place by the radius, -1 to 1."""
    root: float
    """√(2 Δp) cos(yaw), √Pa."""
    meter: float
    """The meter's indication at the same time, m³/h."""


def verify(desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> Generator[Any, Any, Outcome]:
    """Check the meters of the ducts by traverses, and all meters of the grid by its balances.

    Raises:
        ProcedureAborted: an instrument contradicts itself or another one, or the room leaves its conditions.
    """
    run = _Run(desk, sheet, plan, device)
    run.inspect("appearance", plan.appearance.title, plan.appearance.question)
    yield from run.observe("conditions/start")
    yield from run.traverses()
    yield from run.grid()
    yield from run.observe("conditions/end")
    return run.outcome()


class _Run(Running[Plan, Nameplate]):
    """Hold the state of one check; each public method is one item of the procedure."""

    def __init__(self, desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> None:
        super().__init__(desk, sheet, plan, device, total=len(plan.traverse.ducts) + len(plan.grid.meters))
        self.words = Words(sheet, plan)
        self.first: dict[tuple[int, float], float] = {}
        """√(2 Δp) cos(yaw) by the meter's indication at places of the first duct, means of all traverses."""

    # -- traverses ----------------------------------------------------------------------------------------------------

    def traverses(self) -> Process:
        """Compare the meter of each duct with traverses."""
        t = self.plan.traverse
        points, findings, profiles = [], [], {}
        for name, duct in t.ducts.items():
            self.tell(t.title, duct.label)
            point, seen = yield from self._duct(name)
            points.append(point)
            findings.append(self.words.agreement(name, point))
            profiles[name] = seen
        yield from self._closing(next(iter(t.ducts)), self.first)
        self.finish(
            "traverse",
            t.title,
            method=self.words["method_traverse"],
            findings=tuple(findings),
            points=tuple(points),
            charts=tuple(self.words.profile(name, seen) for name, seen in profiles.items()),
            measurand=self.words.measurand("traverse"),
        )

    def _duct(self, name: str) -> Generator[Any, Any, tuple[PointResult, list[tuple[int, float, float]]]]:
        """Make the traverses of one duct; returns the point, and port, place and relative speed of every place."""
        t, desk = self.plan.traverse, self.desk
        yield from desk.state(f"traverse/{name}/hang", partial(self._ready, name))
        duct = yield from desk.attempt(f"traverse/{name}/duct", tuple[Reading, ...], partial(self._gas, name))
        temperature, pressure, diameter = (reading.indication for reading in duct)
        ratios, readings, seen = [], list(duct), []
        for number in range(round(t.repeats.value)):
            step = f"traverse/{name}/{number + 1}"
            yield from desk.state(f"{step}/ready", partial(self._ready, name))
            places = []
            for index, (port, r) in enumerate(self._places()):
                look = partial(self._place, f"{step}/{index}", name, port, r)
                places.append((yield from desk.attempt(f"{step}/{index}", Place, look)))
            ratio = sum(p.root / p.meter for p in places) / len(places)
            ratios.append(ratio)
            readings += [reading for p in places for reading in p.readings]
            seen += [(p.port, p.r, p.root / p.meter / ratio) for p in places]
            if name == next(iter(t.ducts)):
                for p in places:
                    self.first[p.port, p.r] = self.first.get((p.port, p.r), 0.0) + p.root / p.meter / t.repeats.value
        mean = sum(ratios) / len(ratios)
        errors = [ratio / mean - 1 for ratio in ratios]
        if spread(errors) > t.scatter.to("1"):
            raise ProcedureAborted(
                f"manometer, traverse, device: traverses of {name} scatter by {100 * spread(errors):.2g} %, more than "
                f"{t.scatter.to('%'):g} %; look at hoses, probe and the meter's line, and make them anew"
            )
        found = Traversed(
            ratio=mean,
            temperature=temperature.to("degC").value,
            pressure=pressure.to("Pa").value,
            diameter=diameter.to("mm").value,
        )
        budget = traverse_budget(self.plan, name, found)
        error = expected(budget, self.sheet.evaluation).value
        if abs(error) > t.agreement.to("%"):
            raise ProcedureAborted(
                f"manometer, traverse, device, environment: the meter of {name} differs from the traverse by "
                f"{error:+.1f} %, more than {t.agreement.to('%'):g} %: no meter in use is that wrong; look at the "
                "instruments first"
            )
        meter = [r.indication.to("m**3/h").value for r in readings if r.instrument == "device"]
        indicated = sum(meter) / len(meter)
        observed = Observed(
            point=_traverse_point(self.plan, name),
            readings=tuple(readings),
            errors=tuple(100 * ((1 + error / 100) * mean / ratio - 1) for ratio in ratios),
            reference_value=Quantity(value=indicated / (1 + error / 100), unit="m**3/h"),
            indication=Quantity(value=indicated, unit="m**3/h"),
            budget=budget,
            step="0.01",
        )
        return self.evaluate(observed, t.title), seen

    def _closing(self, name: str, first: dict[tuple[int, float], float]) -> Process:
        """Go back to the first duct and look at its inner places again.

        Raises:
            ProcedureAborted: something has changed since, and nobody knows when.
        """
        t, desk = self.plan.traverse, self.desk
        yield from desk.state(f"closing/{name}/hang", partial(self._ready, name))
        inner = min(p.value for p in t.places)
        places = [(port, r) for port, r in self._places() if abs(r) == inner]
        again = []
        for index, (port, r) in enumerate(places):
            step = f"closing/{index}"
            again.append((yield from desk.attempt(step, Place, partial(self._place, step, name, port, r))))
        then = sum(first[p.port, p.r] for p in again)
        change = sum(p.root / p.meter for p in again) / then - 1
        if abs(change) > t.closing.to("1"):
            raise ProcedureAborted(
                f"manometer, traverse, device: at the same places of {name} probe by meter are {100 * change:+.1f} % "
                f"from what they were at the beginning, more than {t.closing.to('%'):g} %: something drifted; look at "
                "the manometer first, and make all traverses anew"
            )

    def _places(self) -> list[tuple[int, float]]:
        """Return the places of one traverse: both diameters, from wall to wall."""
        radii = sorted(p.value for p in self.plan.traverse.places)
        line = [-r for r in reversed(radii)] + radii
        return list(itertools.product((1, 2), line))

    def _ready(self, name: str) -> Process:
        """Hang the unit on a duct, and zero the manometer: all that a traverse relies on."""
        manometer = self.desk.instrument("manometer")
        yield from self.desk.instrument("traverse").select(name)
        yield from manometer.zero()
        yield from manometer.time.set(self.plan.traverse.averaging.to("s"))

    def _gas(self, name: str) -> Generator[Any, Any, tuple[Reading, ...]]:
        unit, step = self.desk.instrument("traverse"), f"traverse/{name}"
        readings = []
        for quantity in (unit.temperature, unit.pressure, unit.diameter):
            reading = yield from quantity.read()
            readings.append(self.desk.keep(f"{step}/{reading.name}", reading))
            # What changed on the way does not come twice.
            held = reading.indication.value
            slack = 2e-3 * abs(held)
            yield from quantity.read(expect=(held - slack, held + slack))
        wanted = self.plan.traverse.ducts[name].diameter.to("mm")
        measured = readings[-1].indication.to("mm").value
        if abs(measured / wanted - 1) > 0.02:
            raise ProcedureAborted(
                f"traverse: a diameter of {measured:.0f} mm was measured at {name}, where {wanted:.0f} mm are known; "
                "is it hung on the right duct?"
            )
        return tuple(readings)

    def _place(self, step: str, name: str, port: int, r: float) -> Generator[Any, Any, Place]:
        """Look at one place."""
        t, desk = self.plan.traverse, self.desk
        unit, manometer, server = desk.instrument("traverse"), desk.instrument("manometer"), desk.instrument("device")
        seconds = t.averaging.to("s")
        yield from unit.go(port, r)
        pressures = yield from manometer.read(CHANNELS, seconds)
        meter = yield from server.duct_flow(name, seconds)
        yaw = yield from unit.yaw.read()
        readings = tuple(desk.keep(f"{step}/{reading.name}", reading) for reading in (*pressures, yaw, meter))
        dynamic, across, _ = (reading.indication.to("Pa").value for reading in pressures)
        angle, flow = yaw.indication.to("deg").value, meter.indication.to("m**3/h").value
        if not dynamic > 0 or not flow > 0:
            raise ProcedureAborted(
                f"manometer, device: {name}, port {port}, r/R {r:g}: P1 - P2 = {dynamic:.4g} Pa while the meter says "
                f"{flow:.0f} m³/h; look at probe, hoses and the gas flow"
            )
        if abs(across / dynamic) > t.null.value:
            raise ProcedureAborted(
                f"traverse, manometer: {name}, port {port}, r/R {r:g}: P2 - P3 is {across / dynamic:+.2f} of P1 - P2, "
                f"more than {t.null.value:g}: the probe is not nulled; look at its drive and hoses"
            )
        if abs(angle) > t.yaw.to("deg"):
            raise ProcedureAborted(
                f"traverse: {name}, port {port}, r/R {r:g}: the flow comes at {angle:+.1f}°, more than the "
                f"{t.yaw.to('deg'):g}° for which the probe is calibrated; choose another place on the duct"
            )
        return Place(
            readings=readings,
            port=port,
            r=r,
            root=math.sqrt(2 * dynamic) * math.cos(math.radians(angle)),
            meter=flow,
        )

    # -- grid ---------------------------------------------------------------------------------------------------------

    def grid(self) -> Process:
        """Reconcile an hour of the grid."""
        grid = self.plan.grid
        self.tell(grid.title, None)
        readings = yield from self.desk.attempt("grid", tuple[Reading, ...], self._hour)
        balances = Balances(grid)
        # Reconciled in 1000 m³/h, so that flows and contents are of one size.
        flows = len(grid.meters)
        values = [r.indication.value * (1e-3 if i < flows else 1.0) for i, r in enumerate(readings)]
        found = reconciled(grid, balances, values)
        points = []
        for place, name in enumerate(grid.meters):
            points.append(self._flow(name, place, found, readings[place]))
        self.finish(
            "grid",
            grid.title,
            method=self.words["method_grid"],
            findings=self.words.grid(found),
            points=tuple(points),
            charts=(self.words.adjustments(found),),
            measurand=self.words.measurand("grid"),
        )

    def _hour(self) -> Generator[Any, Any, tuple[Reading, ...]]:
        """Read the grid twice: what changed on the way does not come twice."""
        grid, server = self.plan.grid, self.desk.instrument("device")
        units = ["m**3/h"] * len(grid.meters) + [UNITS[a.quantity] for a in grid.analyses.values()]
        tags = (*grid.meters, *grid.analyses)
        readings = yield from server.hour(tags, units)
        kept = tuple(self.desk.keep(f"grid/{reading.name}", reading) for reading in readings)
        again = yield from server.hour(tags, units)
        for first, second in zip(kept, again, strict=True):
            if abs(first.indication.value - second.indication.value) > 0.02 * abs(first.indication.value):
                raise ProcedureAborted(
                    f"device: {first.name} is {first.indication} and a moment later {second.indication}, both means "
                    "over the same hour; check the line to the data server"
                )
        return kept

    def _flow(self, name: str, place: int, found: Found, reading: Reading) -> PointResult:
        budget = flow_budget(self.plan.grid, found, place)
        value = float(found.final.values[place]) * 1e3
        observed = Observed(
            point=_flow_point(name),
            readings=(reading,),
            errors=(),
            reference_value=Quantity(value=value, unit="m**3/h"),
            indication=Quantity(value=float(found.y[place]) * 1e3, unit="m**3/h"),
            budget=budget,
            step="0.1",
        )
        return self.evaluate(observed, self.plan.grid.title)
