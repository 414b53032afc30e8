"""The planned points of an infrared analyser's verification: which gas, which limit, which budget."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from scenarios import gas_model as model
from scenarios.gas_points import Gases
from scenarios.gas_steps import plain
from scenarios.ndir_co2_plan import UNIT, Influence, Level, Nameplate, Plan
from scenarios.planning import forecast_point
from scenarios.procedure import PlanRefused
from scenarios.record import Measurand, TestPoint
from scenarios.references import find
from scenarios.sheet import SheetError
from uncertainty.budget import Budget
from uncertainty.quantity import Quantity
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenarios.procedure import Forecast
    from scenarios.sheet import Sheet

FORMS = {"error": model.indication_error, "fiducial": model.fiducial_error, "relative": model.relative_error}
"""Form of an error -> its model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """Hold one point with what serves it."""

    point: TestPoint
    """The plan."""
    component: str
    """Component."""
    gas: str
    """Reference that is read."""
    level: str = ""
    """Key of the level; empty where there is none."""
    influence: Influence | None = None
    """Influence (interference)."""


class Points(Gases[Level]):
    """Plan all points of one device."""

    def __init__(self, sheet: Sheet, plan: Plan, device: Nameplate) -> None:
        """Check gases and device against each other.

        Raises:
            PlanRefused: a gas is too uncertain or of another content, or a range is too small.
            SheetError: a gas is missing, not connected, or lacks a certified value.
        """
        super().__init__(plan, device)
        self.sheet, self.plan, self.device = sheet, plan, device
        self.text = catalogue("scenarios")
        self.unit = "%" if plan.errors.form != "error" else UNIT
        if sheet.measurand.unit != self.unit:
            raise SheetError(
                "measurand.unit",
                f"{sheet.measurand.unit!r} does not fit errors in the form {plan.errors.form!r}: give {self.unit!r}",
            )
        self.step = f"{plan.rounding.to(self.unit):g}"
        self.response_time = Measurand(name=self.words("response_time"), symbol="t", unit="s", kind="value")
        self.drift_of_span = Measurand(name=self.words("drift"), symbol="Δ", unit="%")
        self.variation = Measurand(name=self.words("variation"), symbol="δ", unit="%")
        self.washout_s = plan.response.dead_volume.to("l") / (plan.supply.flow.to("l/min") / 60.0)
        """Delay of the selector's dead volume, s."""
        self.looks = round(plan.drift.duration.to("s") / plan.drift.interval.to("s"))
        """Readings of the drift after the first."""
        for component, least in plan.ranges.items():
            if component in device.components and device.upper(component) < least.to(UNIT) * (1 - 1e-9):
                raise PlanRefused(
                    f"device: its range of {component} ends at {device.upper(component):g} µmol/mol, less than "
                    f"{least.to(UNIT):g} µmol/mol, the least that {least.source} permits"
                )
        for level in plan.levels:
            for component in device.components:
                self._suits(level, component)
        for gas in plan.adjustment:
            plan.supply.inlet(gas)
            find(plan.references, gas)
        for influence in () if plan.interference is None else plan.interference.influences:
            plan.supply.inlet(influence.gas)
            self.certified(influence.gas, influence.component)

    def words(self, key: str, **values: object) -> Text:
        """Return a sentence of this system."""
        return self.text[f"ndir_co2.{key}"].format(**values)

    # -- gases --------------------------------------------------------------------------------------------------------

    def fraction(self, gas: str, component: str) -> float:
        """Return a certified value, µmol/mol."""
        return self.certified(gas, component).quantity.to(UNIT).value

    def _suits(self, level: Level, component: str) -> None:
        gas = self.serving(level, component)
        self.plan.supply.inlet(gas)
        certified, upper = self.certified(gas, component), self.device.upper(component)
        x, U = certified.quantity.to(UNIT).value, certified.U.to(UNIT).value
        middle, off = level.share.to("1") * upper, level.tolerance.to("1") * upper
        if abs(x - middle) > off * (1 + 1e-9):
            raise PlanRefused(
                f"{gas}: {x:g} µmol/mol {component} is further than {off:g} µmol/mol from {middle:g} µmol/mol, the "
                f"content at {level.label.en}; connect another cylinder"
            )
        allowed = self.plan.gas_uncertainty.to("1") * x
        if U > allowed * (1 + 1e-9):
            raise PlanRefused(
                f"{gas}: U = {U:.3g} µmol/mol of {component} exceeds {allowed:.3g} µmol/mol, what a test gas may have; "
                "connect a better one"
            )

    # -- points -------------------------------------------------------------------------------------------------------

    def mpe(self, component: str, x: float) -> float:
        """Return the MPE at a certified value (µmol/mol), in the unit of the error.

        Raises:
            SheetError: the sheet has none for the component, or not in the declared form.
        """
        form = self.plan.errors.form
        try:
            limit = self.plan.errors.mpe[component]
        except KeyError:
            raise SheetError("procedure.errors.mpe", f"none for {component}") from None
        if form == "error":
            return limit.at(x, UNIT, span=self.device.upper(component))
        part = limit.fiducial if form == "fiducial" else limit.relative
        if part is None or limit.absolute is not None or None not in (limit.fiducial, limit.relative):
            raise SheetError(f"procedure.errors.mpe.{component}", f"give it as {form} alone, as errors are stated so")
        return part.to("%")

    def errors(self) -> Iterator[Planned]:
        """Yield the points of the error of indication."""
        plan = self.plan.errors
        for component in self.device.components:
            for level in self.plan.levels:
                gas = self.serving(level, component)
                x = self.fraction(gas, component)
                point = TestPoint(
                    key=f"error/{component}/{level.key}",
                    label=Text(zh=f"{component} {level.label.zh}", en=f"{component}, {level.label.en}"),
                    settings={"fraction": Quantity(value=x, unit=UNIT)},
                    repeats=round(plan.repeats.value),
                    mpe=Quantity(value=self.mpe(component, x), unit=self.unit),
                    about={"component": component, "quantity": plan.form},
                )
                yield Planned(point=point, component=component, gas=gas, level=level.key)

    def error_budget(self, planned: Planned, y: float, n: int, observed: float = 0.0) -> Budget:
        """Return the budget of an error; `y` is the mean of `n` indications, µmol/mol, `observed` their spread."""
        effects, form = self.plan.budget, self.plan.errors.form
        span = {"span": self.device.upper(planned.component)} if form == "fiducial" else {}
        return model.error_budget(
            self.certified(planned.gas, planned.component),
            find(self.plan.references, planned.gas).name,
            rep=self.of(effects.repeatability, planned.component),
            purge=effects.purge,
            y=y,
            n=n,
            observed=observed,
            form=FORMS[form],
            unit=self.unit,
            symbol=self.sheet.measurand.symbol,
            **span,
        )

    def responses(self) -> Iterator[Planned]:
        """Yield the points of the response time."""
        plan = self.plan.response
        for component in self.device.components:
            gas = self.serving(self.level(plan.level), component)
            point = TestPoint(
                key=f"response/{component}",
                label=plain(component),
                settings={"fraction": Quantity(value=self.fraction(gas, component), unit=UNIT)},
                repeats=round(plan.repeats.value),
                mpe=Quantity(value=plan.limit.to("s"), unit="s"),
                about={"component": component, "quantity": "response"},
            )
            yield Planned(point=point, component=component, gas=gas)

    def response_budget(self, planned: Planned, t: float, slope: float) -> Budget:
        """Return the budget of a response time `t` (s) at a slope of the trace (µmol/mol per s)."""
        effects = self.plan.budget
        return model.response_budget(
            clock=effects.clock,
            washout=effects.washout,
            rep=self.of(effects.repeatability, planned.component),
            t=t,
            slope=slope,
            n=planned.point.repeats,
            end=effects.end,
        )

    def drifts(self) -> Iterator[Planned]:
        """Yield the points of the drift: zero and span of each component at each look."""
        plan = self.plan.drift
        for component in self.device.components:
            gas = self.serving(self.level(plan.level), component)
            for what, limit, x in (("zero", plan.zero, 0.0), ("span", plan.span, self.fraction(gas, component))):
                for look in range(1, self.looks + 1):
                    hours = look * plan.interval.to("h")
                    point = TestPoint(
                        key=f"drift/{component}/{what}/{look}",
                        label=self.words(f"{what}_at", gas=component, hours=f"{hours:g}"),
                        settings={"fraction": Quantity(value=x, unit=UNIT)},
                        repeats=1,
                        mpe=Quantity(value=limit.to("%"), unit="%"),
                        about={"component": component, "quantity": f"{what}_drift"},
                    )
                    yield Planned(point=point, component=component, gas=gas, level=str(look))

    def drift_budget(self, planned: Planned, change: float) -> Budget:
        """Return the budget of a drift, % of the span; `change` of the indication (less that of the zero), µmol/mol.

        A span drift is made of four blocks of indications, a zero drift of two. The same cylinders serve all the time;
        the drift of a span is proportional to what is truly in them.
        """
        rep = self.of(self.plan.budget.repeatability, planned.component)
        n, span = round(self.plan.supply.samples.value), self.device.upper(planned.component)
        if planned.point.about["quantity"] == "zero_drift":
            form = partial(model.change, span=span, y=change)
            return Budget(model=form, inputs=(model.repeatability(rep, n / 2.0),), unit="%", name="Δ")
        certified = self.certified(planned.gas, planned.component)
        stated = certified.quantity.to(UNIT).value
        return Budget(
            model=partial(model.proportional_change, span=span, y=change, stated=stated),
            inputs=(
                certified.input("c", find(self.plan.references, planned.gas).name, unit=UNIT),
                model.repeatability(rep, n / 4.0),
            ),
            unit="%",
            name="Δ",
        )

    def variations(self) -> Iterator[Planned]:
        """Yield the points of the interference."""
        if self.plan.interference is None:
            return
        for influence in self.plan.interference.influences:
            for component in influence.on:
                content = self.certified(influence.gas, influence.component).quantity
                point = TestPoint(
                    key=f"interference/{component}/{influence.component}",
                    label=plain(f"{influence.component} → {component}"),
                    settings={"influence_content": content.to("%")},
                    repeats=1,
                    mpe=Quantity(value=influence.limit.to("%"), unit="%"),
                    about={
                        "component": component,
                        "quantity": "cross_fiducial",
                        "influence": influence.component,
                    },
                )
                yield Planned(point=point, component=component, gas=influence.gas, influence=influence)

    def variation_budget(self, planned: Planned, y: float, y_0: float) -> Budget:
        """Return the budget of an interference, % of the span; `y` with and `y_0` without the component, µmol/mol.

        The indication without it is the mean of two blocks, before and after, so that a steady drift cancels.
        """
        effects, component = self.plan.budget, planned.component
        n = round(self.plan.supply.samples.value)
        assert planned.influence is not None
        content = self.certified(planned.gas, planned.influence.component)
        return Budget(
            model=partial(
                model.proportional_change,
                span=self.device.upper(component),
                y=y - y_0,
                stated=content.quantity.to(UNIT).value,
            ),
            inputs=(
                content.input("c", find(self.plan.references, planned.gas).name, unit=UNIT),
                model.repeatability(self.of(effects.repeatability, component), n / 1.5),
                model.drift(self.of(effects.drift, component)),
            ),
            unit="%",
            name="δ",
        )

    # -- before the run -----------------------------------------------------------------------------------------------

    def forecasts(self) -> tuple[Forecast, ...]:
        """Return the expected uncertainty of every point, in the order of the procedure."""
        plan, sheet = self.plan, self.sheet
        exposure = plan.supply.purge.to("s")
        found = []
        for p in self.errors():
            budget = self.error_budget(p, p.point.settings["fraction"].value, p.point.repeats)
            found.append(forecast_point(sheet, p.point, budget, exposure * p.point.repeats))
        for p in self.responses():
            slope = model.slowest(p.point.settings["fraction"].value, plan.response.limit.to("s"))
            budget = self.response_budget(p, 0.0, slope)
            duration = p.point.repeats * (exposure + plan.response.lead.to("s") + plan.response.length.to("s"))
            found.append(forecast_point(sheet, p.point, budget, duration, measurand=self.response_time))
        found += [
            forecast_point(sheet, p.point, self.drift_budget(p, 0.0), 4 * exposure, measurand=self.drift_of_span)
            for p in self.drifts()
        ]
        for p in self.variations():
            budget = self.variation_budget(p, 0.0, 0.0)
            found.append(forecast_point(sheet, p.point, budget, 3 * exposure, measurand=self.variation))
        return tuple(found)

    @property
    def count(self) -> int:
        """Return how many points there are."""
        return sum(1 for points in (self.errors, self.responses, self.drifts, self.variations) for _ in points())
