"""Compare several teams at one stack, and from what they agree on find the error of the installed velocity meter.

All teams traverse the same plane in the same windows. Each result is divided by the installed meter's reading over the
same seconds, which takes the drift of the load out of it. The assigned value is the weighted mean of the largest
consistent subset; what all teams share (composition, pressure, points, wall) is added afterwards. Numbers live in the
sheet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from drivers.reading import Reading
from scenarios.evaluation import Observed, expected
from scenarios.method_2f import co2_mass_flow
from scenarios.planning import check, forecast_point
from scenarios.procedure import Forecast, Outcome, ProcedureAborted
from scenarios.record import Chart, Curve, Figure, Finding, Level, PointResult, Series, TestPoint
from scenarios.references import find
from scenarios.running import Running
from scenarios.sheet import Sheet, SheetError
from scenarios.stack_flow_comparison_model import (
    GasState,
    Sampling,
    Window,
    common_inputs,
    error_model,
    factor_model,
    flow_inputs,
    flow_model,
    reduce,
    repeatability,
    sampling,
    team_budget,
)
from scenarios.stack_flow_comparison_plan import Load, Nameplate, Plan, Team
from uncertainty.budget import Budget
from uncertainty.comparison import ReferenceValue, largest_consistent_subset
from uncertainty.conformity import Verdict
from uncertainty.quantity import Quantity
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from drivers.stack_team import Traverse
    from scenarios.procedure import Desk

    Process = Generator[Any, Any, Any]

__all__ = ["Nameplate", "Plan", "forecast", "verify"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Hold one window of all teams."""

    readings: tuple[Reading, ...]
    """The installed meter at the beginning, the replies of the teams, the installed meter's means."""
    windows: dict[str, Window]
    """Role -> what the team found, with a coefficient of 1."""
    meter: float
    """Mean of the installed meter over the window, m/s."""
    start_s: float
    """Bench time at which the window began, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Hold the comparison at one load."""

    load: Load
    """The load."""
    measured: tuple[Measured, ...]
    """Its windows."""
    gas: GasState
    """State of the gas."""
    whole: Reading
    """Mean of the installed meter from the beginning of the first window to the end of the last, m/s."""
    values: dict[str, float]
    """Role -> ratio to the installed meter."""
    u: dict[str, float]
    """Role -> standard uncertainty of what is the team's own."""
    assigned: ReferenceValue
    """Weighted mean of the largest consistent subset."""
    repeated: bool
    """Whether the vote was repeated among the probes that resolve the direction of the flow."""


# -- the plan -----------------------------------------------------------------------------------------------------


def _mpe(plan: Plan, speed: float) -> Quantity:
    for limit in plan.mpe:
        if speed > limit.from_speed.to("m/s"):
            return Quantity(value=limit.mpe.to("%"), unit="%")
    raise SheetError("procedure.mpe", f"no limit for {speed:g} m/s")


def _point(plan: Plan, device: Nameplate, load: Load, quantity: str, n: int) -> TestPoint:
    share = load.load.to("%")
    speed = device.full_speed.to("m/s").value * share / 100
    return TestPoint(
        key=f"{quantity}/{load.key}",
        label=load.label,
        settings={"load": Quantity(value=share, unit="%")},
        repeats=n,
        mpe=_mpe(plan, speed) if quantity == "error" else None,
        about={"quantity": quantity},
    )


def _final(plan: Plan, quantity: str, gas: GasState, assigned: tuple[float, float], speed: float) -> Budget:
    """Return the budget of one of the three results of a load; `assigned` is the value with its u."""
    sampled = sampling(plan.field, round(plan.traverse.points.value))
    inputs = common_inputs(plan, *assigned, sampled)
    wall = sampled.wall_factor
    if quantity == "error":
        return Budget(model=partial(error_model, gas=gas, wall=wall), inputs=tuple(inputs), unit="%", name="e")
    if quantity == "K_v":
        return Budget(model=partial(factor_model, gas=gas, wall=wall), inputs=tuple(inputs), unit="1", name="K_v")
    model = partial(flow_model, gas=gas, wall=wall, speed=speed, diameter=plan.diameter.to("m"))
    return Budget(model=model, inputs=(*inputs, *flow_inputs(plan)), unit="m^3/s", name="Q_n")


NOMINAL = GasState(temperature=323.15, pressure=101.0e3, water=0.12, co2=0.115, o2=0.07)
"""Gas of the forecast."""


def forecast(sheet: Sheet, plan: Plan, device: Nameplate) -> tuple[Forecast, ...]:
    """Return the expected uncertainty per point, if the teams that resolve the direction of the flow agree.

    Raises:
        PlanRefused: the expected U of the installed meter's error exceeds its share of the MPE.
        SheetError: a certificate, a limit or a measurand is missing.
    """
    for name in ("K_v", "normal_flow"):
        if name not in sheet.measurands:
            raise SheetError(f"measurands.{name}", "missing; the procedure states results of this kind")
    own = []
    for team in plan.teams.values():
        c = find(plan.references, team.reference).value("coefficient").quantity.value
        budget = team_budget(plan, team, ratio=1.0 / c, temperature=NOMINAL.temperature, tangent=0.2, rep=None)
        if team.kind == "3d":
            own.append(expected(budget, sheet.evaluation).u)
    if len(own) < 2:
        raise SheetError("procedure.teams", "fewer than two teams with five-hole probes cannot outvote a swirl")
    u = math.fsum(value**-2 for value in own) ** -0.5
    n = round(plan.traverse.windows.value)
    duration = n * plan.traverse.window.to("s")
    result = []
    for quantity in ("error", "K_v", "normal_flow"):
        for load in plan.loads:
            speed = device.full_speed.to("m/s").value * load.load.to("1")
            budget = _final(plan, quantity, NOMINAL, (1.0, u), speed)
            measurand = None if quantity == "error" else sheet.measurands[quantity]
            point = _point(plan, device, load, quantity, n)
            spent = duration if quantity == "error" else 0.0
            result.append(forecast_point(sheet, point, budget, spent, measurand=measurand))
    return check(sheet, result)


# -- the procedure ------------------------------------------------------------------------------------------------


def verify(desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> Generator[Any, Any, Outcome]:
    """Compare the teams at every load: protocol, traverses, comparison, error and factor of the meter, flow.

    Raises:
        ProcedureAborted: a result cannot be true; the instrument is named.
    """
    run = _Comparison(desk, sheet, plan, device)
    run.inspect("protocol", plan.protocol.title, plan.protocol.question)
    yield from run.observe("conditions/start")
    yield from run.measure()
    yield from run.observe("conditions/end")
    run.report()
    return run.outcome(remarks=(run.text["stack_flow_comparison.remark"],))


class _Comparison(Running[Plan, Nameplate]):
    """Hold the state of one comparison."""

    def __init__(self, desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> None:
        super().__init__(desk, sheet, plan, device, total=3 * len(plan.loads))
        self._points = round(plan.traverse.points.value)
        self._places = 2 * self._points
        self._raw: list[tuple[Load, GasState, tuple[Measured, ...], Reading]] = []

    # -- in the field -------------------------------------------------------------------------------------------------

    def measure(self) -> Process:
        """Traverse at every load."""
        desk, traverse = self.desk, self.plan.traverse
        yield from desk.attempt("teams", bool, self._outfits)
        for load in self.plan.loads:
            self.tell(self.plan.title_comparison, load.label)
            yield from desk.state(f"load/{load.key}", partial(self._reach, load), traverse.settling.to("s"))
            gas = yield from desk.attempt(f"gas/{load.key}", GasState, partial(self._gas, load.key))
            measured = []
            for i in range(round(traverse.windows.value)):
                step = f"{load.key}/{i + 1}"
                measured.append((yield from desk.attempt(step, Measured, partial(self._window, step, gas))))
            begin, end = measured[0].start_s, measured[-1].start_s + traverse.window.to("s")
            whole = yield from desk.attempt(
                f"{load.key}/whole", Reading, partial(self._whole, f"{load.key}/whole", begin, end)
            )
            self._raw.append((load, gas, tuple(measured), whole))

    def _outfits(self) -> Generator[Any, Any, bool]:
        """Set every outfit, and see that it has the kind of probe that its team is registered with."""
        for role, team in self.plan.teams.items():
            outfit = self.desk.instrument(role)
            kind = yield from outfit.kind.read()
            if kind != team.kind:
                raise ProcedureAborted(
                    f"{role}: works with a probe of kind {kind!r}, but is registered with {team.kind!r}; check which "
                    "probe is mounted and its certificate"
                )
            yield from outfit.points.set(self._points)
            yield from outfit.window.set(self.plan.traverse.window.to("s"))
        return True

    def _reach(self, load: Load) -> Process:
        traverse = self.plan.traverse
        yield from self.desk.instrument("plant").reach(load.load.to("%"), traverse.ramp.to("s"))
        yield from self.desk.wait(traverse.settling.to("s"))

    def _gas(self, key: str) -> Generator[Any, Any, GasState]:
        gas = yield from self.desk.instrument("plant").gas()
        found = {}
        for name in ("temperature", "pressure", "water", "co2", "o2"):
            found[name] = self.desk.keep(f"gas/{key}/{name}", getattr(gas, name)).indication.value
        rooms = [r.indication.to("Pa").value for r in self.conditions if r.name == "pressure"]
        limit = self.plan.plausibility.pressure.to("1")
        if rooms and abs(found["pressure"] / rooms[0] - 1) > limit:
            raise ProcedureAborted(
                f"plant or environment: static pressure {found['pressure']:g} Pa in the stack, {rooms[0]:g} Pa on the "
                f"platform: more than {100 * limit:g} % apart; check both"
            )
        return GasState(**found)

    def _window(self, step: str, gas: GasState) -> Generator[Any, Any, Measured]:
        """Have all teams traverse at once, and read the installed meter over the same parts of the window."""
        desk, plan = self.desk, self.plan
        window = plan.traverse.window.to("s")
        begin = desk.now
        first = desk.keep(f"{step}/begin", (yield from desk.instrument("device").speed.read()))
        for role in plan.teams:
            yield from desk.instrument(role).start()
        yield from desk.wait(window)
        readings = []
        traverses: dict[str, Traverse] = {}
        for role in plan.teams:
            traverse = yield from desk.instrument(role).data(self._places, window)
            readings.append(desk.keep(f"{step}/{role}", traverse.record))
            self._believe(role, traverse, begin, gas)
            traverses[role] = traverse
        self._agreed_temperature(traverses, gas)
        means = yield from desk.instrument("device").means(begin, begin + window, self._places)
        for i, mean in enumerate(means):
            desk.keep(f"{step}/meter/{i + 1}", mean)
        speeds = [mean.indication.value for mean in means]
        self._alive(speeds)
        windows = {
            role: reduce(plan.teams[role].kind, traverse, speeds, gas, (1.0, self._f1_slope(role)))
            for role, traverse in traverses.items()
        }
        return Measured(
            readings=(first, *readings, *means),
            windows=windows,
            meter=sum(speeds) / len(speeds),
            start_s=begin,
        )

    def _whole(self, step: str, begin: float, end: float) -> Generator[Any, Any, Reading]:
        (mean,) = yield from self.desk.instrument("device").means(begin, end, 1)
        return self.desk.keep(step, mean)

    def _f1_slope(self, role: str) -> float:
        team = self.plan.teams[role]
        if team.kind != "3d":
            return 1.0
        return find(self.plan.references, team.reference).value("f1_slope").quantity.value

    def _believe(self, role: str, traverse: Traverse, begin: float, gas: GasState) -> None:
        """Refuse a traverse that cannot be one of this stack in this window.

        Raises:
            ProcedureAborted: an old one, a blocked hose, a wrong thermometer, a null that is none.
        """
        rules = self.plan.plausibility
        clock = traverse.record.indication.value
        if abs(clock - begin) > rules.clock.to("s"):
            raise ProcedureAborted(
                f"{role}: its traverse began at {clock:.1f} s, the window at {begin:.1f} s; set its clock, "
                "and see that it was started"
            )
        if min(traverse.pressure) <= 0.0:
            raise ProcedureAborted(
                f"{role}: a pressure of {min(traverse.pressure):g} Pa in the stream; check hoses, leaks and zero"
            )
        away = max(abs(t - gas.temperature) for t in traverse.temperature)
        if away > rules.temperature.to("delta_degC"):
            raise ProcedureAborted(
                f"{role} or plant: a temperature {away:.1f} K from the plant's {gas.temperature:g} K; check "
                "its thermocouple"
            )
        if max(map(abs, traverse.yaw)) > rules.yaw.to("deg"):
            raise ProcedureAborted(
                f"{role}: a yaw null at {max(map(abs, traverse.yaw)):.1f} deg, more than {rules.yaw.to('deg'):g} deg; "
                "check hoses 2 and 3"
            )

    def _agreed_temperature(self, traverses: dict[str, Traverse], gas: GasState) -> None:
        """Hold the plant's temperature against all teams together, who know it better than one of them."""
        limit = self.plan.plausibility.mean_temperature.to("delta_degC")
        mean = sum(sum(t.temperature) / len(t.temperature) for t in traverses.values()) / len(traverses)
        if abs(mean - gas.temperature) > limit:
            raise ProcedureAborted(
                f"plant: its temperature is {gas.temperature:.1f} K, the teams' mean {mean:.1f} K: more than "
                f"{limit:g} K apart; check its transmitter"
            )

    def _alive(self, speeds: Sequence[float]) -> None:
        """Refuse an installed meter that stands still or jumps."""
        mean = sum(speeds) / len(speeds)
        if max(speeds) == min(speeds):
            raise ProcedureAborted(
                f"device: reads {mean:.4f} m/s in all {len(speeds)} parts of a window: it is stuck; "
                "look at it and its bus"
            )
        if mean <= 0.0 or max(abs(s / mean - 1) for s in speeds) > 0.3:
            raise ProcedureAborted(
                f"device: reads {min(speeds):g} m/s to {max(speeds):g} m/s within one window; "
                "check the meter and its bus"
            )

    # -- at the desk --------------------------------------------------------------------------------------------------

    def report(self) -> None:
        """Compare the teams, then state the meter's error and factor and the flow."""
        compared = self._compare()
        self._comparison_item(compared)
        errors = [self._result(c, "error", self.plan.title_meter) for c in compared]
        figure = Figure(
            x="load",
            x_label=self.text["stack_flow_comparison.load"],
            logarithmic=False,
            series=(Series(name=self.plan.title_meter, points=tuple(p.point.key for p in errors)),),
        )
        self.finish("meter", self.plan.title_meter, points=tuple(errors), figure=figure)
        factors = [self._result(c, "K_v", self.plan.title_factor) for c in compared]
        self.finish(
            "factor",
            self.plan.title_factor,
            points=tuple(factors),
            findings=tuple(self._precision(c) for c in compared),
            measurand=self.sheet.measurands["K_v"],
        )
        flows = [self._result(c, "normal_flow", self.plan.title_flow) for c in compared]
        findings = [self._carbon(c, f) for c, f in zip(compared, flows, strict=True)]
        self.finish(
            "flow",
            self.plan.title_flow,
            points=tuple(flows),
            findings=tuple(findings),
            measurand=self.sheet.measurands["normal_flow"],
        )

    def _compare(self) -> list[Compared]:
        plan = self.plan
        pooled: dict[str, tuple[float, float]] = {}
        for role in plan.teams:
            squares, dof = 0.0, 0
            for load, _, measured, _ in self._raw:
                ratios = [m.windows[role].ratio for m in measured]
                mean = sum(ratios) / len(ratios)
                self._steady(role, load, ratios, mean)
                squares += sum((100 * (r / mean - 1)) ** 2 for r in ratios)
                dof += len(ratios) - 1
            pooled[role] = math.sqrt(squares / dof), float(dof)
        compared = []
        for load, gas, measured, whole in self._raw:
            values, u = {}, {}
            for role, team in plan.teams.items():
                n = len(measured)
                budget = team_budget(
                    plan,
                    team,
                    ratio=sum(m.windows[role].ratio for m in measured) / n,
                    temperature=gas.temperature,
                    tangent=sum(m.windows[role].tangent for m in measured) / n,
                    rep=repeatability(*pooled[role], n),
                )
                found = expected(budget, self.sheet.evaluation)
                values[role], u[role] = found.value, found.u
                low, high = plan.plausibility.ratio
                if not low <= found.value <= high:
                    raise ProcedureAborted(
                        f"{role} or device: {found.value:.3g} times the installed meter at {load.label.en} cannot be; "
                        "check probe, hoses and coefficient"
                    )
            assigned, repeated = self._vote(load, values, u)
            compared.append(
                Compared(
                    load=load,
                    measured=measured,
                    gas=gas,
                    whole=whole,
                    values=values,
                    u=u,
                    assigned=assigned,
                    repeated=repeated,
                )
            )
        return compared

    def _steady(self, role: str, load: Load, ratios: Sequence[float], mean: float) -> None:
        limit = self.plan.plausibility.window.to("1")
        worst = max(abs(r / mean - 1) for r in ratios)
        if worst > limit:
            raise ProcedureAborted(
                f"{role} or device: one window at {load.label.en} lies {100 * worst:.2g} % from the mean of its "
                f"windows, more than {100 * limit:g} %; look for leaks and blocked holes, and repeat the load"
            )

    def _vote(self, load: Load, values: dict[str, float], u: dict[str, float]) -> tuple[ReferenceValue, bool]:
        """Return the assigned value, and whether the vote had to be repeated among those who resolve the direction.

        A largest consistent subset with fewer than two five-hole probes may agree on nothing but the swirl. Then the
        vote is repeated among the five-hole probes alone, and the record says so.

        Raises:
            ProcedureAborted: not even two of these agree.
        """
        teams, level = list(self.plan.teams.values()), self.plan.consistency.value
        x, s = list(values.values()), list(u.values())
        assigned = largest_consistent_subset(x, s, level=level)
        if sum(teams[i].kind == "3d" for i in assigned.members) >= 2:
            return assigned, False
        able = [i for i, team in enumerate(teams) if team.kind == "3d"]
        again = largest_consistent_subset([x[i] for i in able], [s[i] for i in able], level=level)
        if len(again.members) < 2:
            names = ", ".join(teams[i].name.en for i in assigned.members)
            raise ProcedureAborted(
                f"comparison: at {load.label.en} no two five-hole probes agree, and the largest consistent subset "
                f"({names}) may agree on a swirl. Look for the cause before anything is assigned"
            )
        return replace(again, members=tuple(able[i] for i in again.members)), True

    def _result(self, c: Compared, quantity: str, title: Text) -> PointResult:
        """Evaluate one result of a load."""
        n = len(c.measured)
        speed = c.whole.indication.value
        budget = _final(self.plan, quantity, c.gas, (c.assigned.value, c.assigned.u), speed)
        roles = list(self.plan.teams)
        each = []
        for m in c.measured:
            # Each window with the members' weights of the whole.
            weights = [c.u[roles[i]] ** -2 for i in c.assigned.members]
            parts = [
                m.windows[roles[i]].ratio * c.values[roles[i]] / _mean_ratio(c, roles[i]) for i in c.assigned.members
            ]
            x = sum(w * p for w, p in zip(weights, parts, strict=True)) / sum(weights)
            each.append(float(budget.model(x=x, **{q.name: 0.0 for q in budget.inputs if q.name != "x"})))
        readings = tuple(reading for m in c.measured for reading in m.readings)
        observed = Observed(
            point=_point(self.plan, self.device, c.load, quantity, n),
            readings=(*readings, c.whole),
            errors=tuple(each),
            reference_value=Quantity(value=speed * c.assigned.value, unit="m/s"),
            indication=Quantity(value=speed, unit="m/s"),
            budget=budget,
            step=f"{self.plan.rounding.to('%'):g}" if quantity == "error" else "0.0001",
            signed=quantity == "error",
        )
        return self.evaluate(observed, title)

    # -- findings -----------------------------------------------------------------------------------------------------

    def _comparison_item(self, compared: Sequence[Compared]) -> None:
        text, roles = self.text, list(self.plan.teams)
        sampled = sampling(self.plan.field, self._points)
        findings = [self._wall(sampled)]
        charts = []
        for c in compared:
            members = {roles[i] for i in c.assigned.members}
            names = [self.plan.teams[role].name for role in roles if role in members]
            listed = Text(zh="、".join(n.zh for n in names), en=", ".join(n.en for n in names))
            findings.append(
                Finding(
                    label=text[
                        "stack_flow_comparison.subset_again" if c.repeated else "stack_flow_comparison.subset"
                    ].format(load=c.load.label),
                    value=listed,
                    limit=text["stack_flow_comparison.subset_limit"].format(
                        p=f"{c.assigned.probability:.2f}", level=f"{self.plan.consistency.value:g}"
                    ),
                    verdict=Verdict.PASS,
                )
            )
            scores = {role: self._score(c, role, role in members) for role in roles}
            for role, (d, U) in scores.items():
                findings.append(self._team_finding(c, self.plan.teams[role], d, U, role in members))
            charts.append(self._chart(c, scores))
        self.finish("comparison", self.plan.title_comparison, findings=tuple(findings), charts=tuple(charts))

    def _score(self, c: Compared, role: str, member: bool) -> tuple[float, float]:
        """Return the degree of equivalence of a team: difference and its U, % of the assigned value."""
        d, U = c.assigned.degree_of_equivalence(c.values[role], c.u[role], member=member)
        return 100 * d / c.assigned.value, 100 * U / c.assigned.value

    def _team_finding(self, c: Compared, team: Team, d: float, U: float, member: bool) -> Finding:
        """Say how a team stands; a result outside of the subset is set aside, which decides nothing about the meter."""
        score = d / U
        key = "satisfactory" if abs(score) <= 1 else "unsatisfactory"
        judged = self.text[f"stack_flow_comparison.{key}"]
        return Finding(
            label=self.text["stack_flow_comparison.team_at"].format(team=team.name, load=c.load.label),
            value=Text(
                zh=f"d = {d:+.2f} %，U(d) = {U:.2f} %，En = {score:+.2f}（{judged.zh}）",
                en=f"d = {d:+.2f} %, U(d) = {U:.2f} %, En = {score:+.2f} ({judged.en})",
            ),
            limit=None if member else self.text["stack_flow_comparison.set_aside"],
            verdict=Verdict.PASS,
        )

    def _wall(self, sampled: Sampling) -> Finding:
        value = f"{sampled.wall_factor:.4f} ± {2 * sampled.u / sampled.mean**2:.4f}"
        return Finding(
            label=self.text["stack_flow_comparison.wall"].format(points=self._places, fields=self.plan.field.fields),
            value=Text(zh=value, en=value),
            limit=None,
            verdict=Verdict.PASS,
        )

    def _precision(self, c: Compared) -> Finding:
        roles = list(self.plan.teams)
        means = []
        for m in c.measured:
            parts = [m.windows[roles[i]].ratio / _mean_ratio(c, roles[i]) for i in c.assigned.members]
            means.append(sum(parts) / len(parts))
        mean = sum(means) / len(means)
        s = 100 * math.sqrt(sum((m - mean) ** 2 for m in means) / (len(means) - 1)) / mean
        limit = self.plan.precision.to("%")
        return Finding(
            label=self.text["stack_flow_comparison.precision_at"].format(load=c.load.label),
            value=Text(zh=f"{s:.2f} %", en=f"{s:.2f} %"),
            limit=Text(zh=f"≤ {limit:g} %", en=f"≤ {limit:g} %"),
            verdict=Verdict.PASS if s <= limit else Verdict.FAIL,
        )

    def _carbon(self, c: Compared, flow: PointResult) -> Finding:
        tonnes = 3.6 * float(co2_mass_flow(flow.error.value, c.gas.co2))
        value = f"{tonnes:.1f} t/h"
        return Finding(
            label=self.text["stack_flow_comparison.carbon_at"].format(load=c.load.label, co2=f"{100 * c.gas.co2:.2f}"),
            value=Text(zh=value, en=value),
            limit=None,
            verdict=Verdict.PASS,
        )

    def _chart(self, c: Compared, scores: dict[str, tuple[float, float]]) -> Chart:
        text = self.text
        roles = list(self.plan.teams)
        curves = []
        for kind in ("3d", "s_type", "l_type"):
            places = [i for i, role in enumerate(roles) if self.plan.teams[role].kind == kind]
            if not places:
                continue
            curves.append(
                Curve(
                    name=text[f"stack_flow_comparison.kind_{kind}"],
                    x=tuple(float(i + 1) for i in places),
                    y=tuple(scores[roles[i]][0] for i in places),
                    style="points",
                    U=tuple(scores[roles[i]][1] for i in places),
                )
            )
        return Chart(
            key=f"teams_{c.load.key}",
            title=text["stack_flow_comparison.chart"].format(load=c.load.label),
            x_label=text["stack_flow_comparison.team"],
            x_unit="1",
            y_label=text["stack_flow_comparison.difference"],
            y_unit="%",
            curves=tuple(curves),
            levels=(Level(name=text["stack_flow_comparison.assigned"], value=0.0),),
        )


def _mean_ratio(c: Compared, role: str) -> float:
    return sum(m.windows[role].ratio for m in c.measured) / len(c.measured)
