"""The planned points of an R 144 verification: which gas, which limit, which budget, before and after the readings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scenarios import gas_model as model
from scenarios.flue_gas_r144_plan import UNIT, Level, Nameplate, Plan
from scenarios.gas_points import Gases
from scenarios.planning import forecast_point
from scenarios.procedure import PlanRefused
from scenarios.record import Measurand, TestPoint
from scenarios.references import find
from uncertainty.quantity import Quantity
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenarios.flue_gas_r144_plan import Errors, Stability
    from scenarios.procedure import Forecast
    from scenarios.sheet import Sheet
    from uncertainty.budget import Budget


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
    other: str = ""
    """Reference against which it is held (cross-sensitivity)."""


class Points(Gases[Level]):
    """Plan all points of one device."""

    def __init__(self, sheet: Sheet, plan: Plan, device: Nameplate) -> None:
        """Check gases and device against each other.

        Raises:
            PlanRefused: a gas is too uncertain, or outside of its window.
            SheetError: a gas is missing, not connected, or lacks a certified value.
        """
        super().__init__(plan, device)
        self.sheet, self.plan, self.device = sheet, plan, device
        self.text = catalogue("scenarios")
        self.response_time = Measurand(name=self._words("response_time"), symbol="t", unit="s", kind="value")
        self.variation = Measurand(name=self._words("variation"), symbol="δ", unit=UNIT)
        self.washout_s = plan.response.dead_volume.to("l") / (plan.supply.flow.to("l/min") / 60.0)
        """Delay of the selector's dead volume, s."""
        self.step = f"{plan.rounding.to(UNIT):g}"
        self.fine_step = f"{plan.rounding.to(UNIT) / 10:g}"
        for level in plan.levels:
            for component in device.components:
                self._suits(level, component)
        for gas in plan.adjustment:
            plan.supply.inlet(gas)
            find(plan.references, gas)
        if plan.type_tests is not None:
            self._mixtures_suit()

    def _words(self, key: str, **values: object) -> Text:
        return self.text[f"flue_gas_r144.{key}"].format(**values)

    # -- gases --------------------------------------------------------------------------------------------------------

    def _suits(self, level: Level, component: str) -> None:
        gas = self.serving(level, component)
        self.plan.supply.inlet(gas)
        certified, upper = self.certified(gas, component), self.device.upper(component)
        x, U = certified.quantity.to(UNIT).value, certified.U.to(UNIT).value
        low, high = level.least.to("1") * upper, level.most.to("1") * upper
        if not low * (1 - 1e-9) <= x <= high * (1 + 1e-9):
            raise PlanRefused(
                f"{gas}: {x:g} µmol/mol {component} is outside of {low:g} to {high:g} µmol/mol, the window of the "
                f"{level.label.en} gas for a range of {upper:g} µmol/mol; connect another cylinder"
            )
        allowed = self.plan.gas_uncertainty.to("1") * x
        if U > allowed * (1 + 1e-9):
            raise PlanRefused(
                f"{gas}: U = {U:.3g} µmol/mol of {component} exceeds {allowed:.3g} µmol/mol, what a test gas may have; "
                "connect a better one"
            )

    def _mixtures_suit(self) -> None:
        assert self.plan.type_tests is not None
        plan = self.plan.type_tests.cross_sensitivity
        for gas in (plan.without, *(influence.together for influence in plan.influences)):
            self.plan.supply.inlet(gas)
            for component in self.device.components:
                x = self.certified(gas, component).quantity.to(UNIT).value
                wanted = plan.content.to("1") * self.device.upper(component)
                if abs(x - wanted) > plan.content_tolerance.to("1") * wanted:
                    raise PlanRefused(
                        f"{gas}: {x:g} µmol/mol {component} is not {wanted:g} µmol/mol, the content for "
                        "cross-sensitivity; connect another cylinder"
                    )
        for influence in plan.influences:
            self.plan.supply.inlet(influence.alone)
            self.content(influence.alone, influence.component)

    def content(self, gas: str, influence: str) -> Quantity:
        """Return the content of an influencing component in a gas, as its certificate or label states it.

        Raises:
            PlanRefused: it is not what the manual lists as the largest permissible content, within ten percent.
        """
        marked = next((c.upper for c in self.device.influences if c.component == influence), None)
        if marked is None:
            raise PlanRefused(f"device: its manual lists no largest content of {influence}; take it off the plan")
        stated = self.certified(gas, influence).quantity
        if abs(stated.to(UNIT).value / marked.to(UNIT).value - 1) > 0.1:
            raise PlanRefused(
                f"{gas}: {stated} of {influence} is not the {marked} that the manual lists; connect another cylinder"
            )
        return stated

    # -- points -------------------------------------------------------------------------------------------------------

    def errors(self, item: str, plan: Errors) -> Iterator[Planned]:
        """Yield the points of a determination of errors."""
        for component in self.device.components:
            for level in self.plan.levels:
                gas = self.serving(level, component)
                x = self.certified(gas, component).quantity.to(UNIT).value
                point = TestPoint(
                    key=f"{item}/{component}/{level.key}",
                    label=Text(zh=f"{component} {level.label.zh}", en=f"{component}, {level.label.en}"),
                    settings={"fraction": Quantity(value=x, unit=UNIT)},
                    repeats=round(plan.repeats.value),
                    mpe=Quantity(value=plan.mpe.at(x, UNIT), unit=UNIT),
                    about={"component": component},
                )
                yield Planned(point=point, component=component, gas=gas, level=level.key)

    def stability(self, plan: Stability, day: int) -> Iterator[Planned]:
        """Yield the points of one day of the stability test."""
        for component in self.device.components:
            for key in plan.levels:
                level = self.level(key)
                gas = self.serving(level, component)
                x = self.certified(gas, component).quantity.to(UNIT).value
                point = TestPoint(
                    key=f"stability/{component}/{key}/{day}",
                    label=self._words("on_day", gas=component, level=level.label, number=day),
                    settings={"fraction": Quantity(value=x, unit=UNIT)},
                    repeats=1,
                    mpe=Quantity(value=plan.mpe.at(x, UNIT), unit=UNIT),
                    about={"component": component},
                )
                yield Planned(point=point, component=component, gas=gas, level=key)

    def responses(self) -> Iterator[Planned]:
        """Yield the points of the response time."""
        plan = self.plan.response
        for component in self.device.components:
            gas = self.serving(self.level(plan.level), component)
            point = TestPoint(
                key=f"response/{component}",
                label=Text(zh=component, en=component),
                settings={"fraction": self.certified(gas, component).quantity},
                repeats=1,
                mpe=Quantity(value=plan.limit.to("s"), unit="s"),
                about={"component": component, "quantity": "response"},
            )
            yield Planned(point=point, component=component, gas=gas)

    def variations(self) -> Iterator[Planned]:
        """Yield the points of the cross-sensitivity."""
        assert self.plan.type_tests is not None
        plan = self.plan.type_tests.cross_sensitivity
        for influence in plan.influences:
            for gas, other in ((influence.alone, self.plan.supply.zero), (influence.together, plan.without)):
                together = gas == influence.together
                for component in self.device.components:
                    x = self.certified(gas, component).quantity.to(UNIT).value if together else 0.0
                    content = self.certified(gas, influence.component).quantity
                    kind = "together" if together else "alone"
                    point = TestPoint(
                        key=f"cross_sensitivity/{component}/{influence.component}/{kind}",
                        label=self._words(kind, gas=component, influence=influence.component),
                        settings={"fraction": Quantity(value=x, unit=UNIT), "influence_content": content.to("%")},
                        repeats=1,
                        mpe=Quantity(value=plan.share.value * plan.mpe.at(x, UNIT), unit=UNIT),
                        about={"component": component, "quantity": "cross", "influence": influence.component},
                    )
                    yield Planned(point=point, component=component, gas=gas, other=other)

    def variation_budget(self, planned: Planned, y: float, y_0: float) -> Budget:
        """Return the budget of a variation of the indication; `y` with and `y_0` without the influencing component."""
        effects, component = self.plan.budget, planned.component
        certified = labels = None
        if planned.other != self.plan.supply.zero:
            certified = (self.certified(planned.gas, component), self.certified(planned.other, component))
            labels = (find(self.plan.references, planned.gas).name, find(self.plan.references, planned.other).name)
        return model.variation_budget(
            rep=self.of(effects.repeatability, component),
            drift=self.of(effects.drift, component),
            n=round(self.plan.supply.samples.value),
            y=y,
            y_0=y_0,
            certified=certified,
            labels=labels,
        )

    def response_budget(self, component: str, t: float, slope: float) -> Budget:
        """Return the budget of a response time `t` (s) at a slope of the trace (µmol/mol per s)."""
        effects = self.plan.budget
        rep = self.of(effects.repeatability, component)
        return model.response_budget(clock=effects.clock, washout=effects.washout, rep=rep, t=t, slope=slope)

    @property
    def count(self) -> int:
        """Return how many points there are."""
        per_item = len(self.device.components) * len(self.plan.levels)
        count = per_item + len(self.device.components)
        tests = self.plan.type_tests
        if tests is not None:
            count += per_item + 2 * len(tests.cross_sensitivity.influences) * len(self.device.components)
            days = round(tests.stability.days.value) + 1
            count += days * len(tests.stability.levels) * len(self.device.components)
        return count

    # -- before the run -----------------------------------------------------------------------------------------------

    def forecasts(self) -> tuple[Forecast, ...]:
        """Return the expected uncertainty of every point, in the order of the procedure."""
        plan = self.plan
        exposure = plan.supply.purge.to("s")
        found = [self._error_forecast(p, exposure) for p in self.errors("error", plan.error)]
        for planned in self.responses():
            x, limit = planned.point.settings["fraction"].to(UNIT).value, plan.response.limit.to("s")
            budget = self.response_budget(planned.component, 0.0, model.slowest(x, limit))
            duration = exposure + plan.response.lead.to("s") + plan.response.length.to("s")
            found.append(forecast_point(self.sheet, planned.point, budget, duration, measurand=self.response_time))
        if plan.type_tests is None:
            return tuple(found)
        tests = plan.type_tests
        found += [self._error_forecast(p, exposure) for p in self.errors("intrinsic_error", tests.intrinsic_error)]
        for planned in self.variations():
            x = planned.point.settings["fraction"].value
            budget = self.variation_budget(planned, x, self._other_fraction(planned))
            found.append(forecast_point(self.sheet, planned.point, budget, exposure, measurand=self.variation))
        for day in range(round(tests.stability.days.value) + 1):
            found += [self._error_forecast(p, exposure) for p in self.stability(tests.stability, day)]
        return tuple(found)

    def _other_fraction(self, planned: Planned) -> float:
        if planned.other == self.plan.supply.zero:
            return 0.0
        return self.certified(planned.other, planned.component).quantity.to(UNIT).value

    def _error_forecast(self, planned: Planned, exposure_s: float) -> Forecast:
        certified, effects = self.certified(planned.gas, planned.component), self.plan.budget
        budget = model.error_budget(
            certified,
            find(self.plan.references, planned.gas).name,
            rep=self.of(effects.repeatability, planned.component),
            purge=effects.purge,
            y=certified.quantity.to(UNIT).value,
            n=planned.point.repeats,
        )
        return forecast_point(self.sheet, planned.point, budget, exposure_s * planned.point.repeats)
