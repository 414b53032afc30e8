"""Four performance tests of type evaluation by OIML R 144-2 clause 1, each a public method of one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.evaluation import Observed, spread
from scenarios.flue_gas_r144_items import Verification
from scenarios.flue_gas_r144_plan import UNIT
from scenarios.gas_steps import plain, verdict
from scenarios.record import Chart, Curve, Finding, Level
from scenarios.references import find
from uncertainty.quantity import Quantity

if TYPE_CHECKING:
    from scenarios.flue_gas_r144_plan import Stability, TypeTests
    from scenarios.gas_steps import Taken
    from scenarios.procedure import Process
    from scenarios.record import PointResult


class TypeEvaluation(Verification):
    """Add the performance tests to an initial verification."""

    def performance(self, tests: TypeTests) -> Process:
        """Make all of them."""
        yield from self.errors("intrinsic_error", tests.intrinsic_error)
        yield from self.repeatability()
        yield from self.cross_sensitivity()
        yield from self.stability(tests.stability)

    def repeatability(self) -> Process:
        """Read each test gas n times in a row."""
        assert self.plan.type_tests is not None
        plan = self.plan.type_tests.repeatability
        self.tell(plan.title, None)
        count = round(plan.count.value)
        findings = []
        for level in self.plan.levels:
            for gas in level.gases:
                step = f"repeatability/{level.key}/{gas}"
                yield from self.bench.let(step, gas)
                components = self.points.measured(gas)

                taken = yield from self.bench.block(step, gas, components, count)
                for component in components:
                    x = find(self.plan.references, gas).value(component).quantity.to(UNIT).value
                    limit = plan.share.value * plan.mpe.at(x, UNIT)
                    s = spread(taken.blocks[component])
                    findings.append(
                        Finding(
                            label=self.words("s_at", gas=component, value=f"{x:g}", n=count),
                            value=plain(f"{s:.3f} µmol/mol"),
                            limit=plain(f"≤ {limit:.3f} µmol/mol"),
                            verdict=verdict(s <= limit),
                        )
                    )
        self.finish("repeatability", plan.title, clause=plan.clause, findings=tuple(findings))

    def cross_sensitivity(self) -> Process:
        """Hold indications with an influencing component against those without, alone and in a mixture."""
        assert self.plan.type_tests is not None
        plan = self.plan.type_tests.cross_sensitivity
        self.tell(plan.title, None)
        components = self.device.components
        gases = [plan.without, self.plan.supply.zero]
        for influence in plan.influences:
            gases += [influence.alone, influence.together]
        taken: dict[str, Taken] = {}
        for gas in gases:
            step = f"cross_sensitivity/{gas}"
            yield from self.bench.let(step, gas)
            taken[gas] = yield from self.bench.read(step, gas, components, block=True)
        results = []
        for planned in self.points.variations():
            with_it, without = taken[planned.gas], taken[planned.other]
            component = planned.component
            budget = self.points.variation_budget(planned, with_it.values[component], without.values[component])
            observed = Observed(
                point=planned.point,
                readings=(*without.readings, *with_it.readings),
                errors=(budget.gum().value,),
                reference_value=Quantity(value=without.values[component], unit=UNIT),
                indication=Quantity(value=with_it.values[component], unit=UNIT),
                budget=budget,
                step=self.points.fine_step,
            )
            results.append(self.evaluate(observed, plan.title))
        self.finish(
            "cross_sensitivity",
            plan.title,
            clause=plan.clause,
            method=self.words("method_cross"),
            points=tuple(results),
            measurand=self.points.variation,
        )

    def stability(self, plan: Stability) -> Process:
        """Read the lowest and the highest gas every day for a week, without touching the device."""
        results: list[PointResult] = []
        interval = plan.interval.to("s")
        begin = yield from self.bench.begin("stability")
        for day in range(round(plan.days.value) + 1):
            self.tell(plan.title, self.words("day", number=day))
            if day:
                yield from self.bench.rest(f"stability/{day}")
                yield from self.bench.until(f"stability/{day}", begin + day * interval)
                yield from self.observe(f"stability/{day}/conditions")
                yield from self.bench.fed()
            taken: dict[tuple[str, str], Taken] = {}
            for key in plan.levels:
                for gas in self.points.level(key).gases:
                    step = f"stability/{day}/{key}/{gas}"
                    yield from self.bench.let(step, gas)
                    found = yield from self.bench.read(step, gas, self.points.measured(gas))
                    taken |= {(key, component): found for component in found.values}
            for planned in self.points.stability(plan, day):
                seen = [taken[planned.level, planned.component]]
                results.append(self.evaluated(planned.point, planned.gas, planned.component, seen, plan.title))
        self.finish(
            "stability",
            plan.title,
            clause=plan.clause,
            method=self.words("method_stability"),
            points=tuple(results),
            charts=(self._drift(results),),
        )

    def _drift(self, results: list[PointResult]) -> Chart:
        curves: dict[str, list[tuple[float, float, float]]] = {}
        for result in results:
            _, component, _, day = result.point.key.split("/")
            assert result.point.mpe is not None
            share = 100 / result.point.mpe.value
            name = f"{component} {result.reference_value.value:g}"
            curves.setdefault(name, []).append((float(day), share * result.error.value, share * result.U))
        return Chart(
            key="drift",
            title=self.words("drift_chart"),
            x_label=self.words("time"),
            x_unit="d",
            y_label=self.words("of_mpe"),
            y_unit="%",
            curves=tuple(
                Curve(
                    name=plain(name),
                    x=tuple(x for x, _, _ in seen),
                    y=tuple(y for _, y, _ in seen),
                    U=tuple(u for _, _, u in seen),
                )
                for name, seen in curves.items()
            ),
            levels=(Level(name=plain("+MPE"), value=100.0), Level(name=plain("−MPE"), value=-100.0)),
        )
