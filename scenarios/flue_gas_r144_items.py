"""The items of an initial verification by OIML R 144-2 clause 2, each a public method of one run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from drivers.reading import Reading
from scenarios import gas_model as model
from scenarios.evaluation import Observed, spread
from scenarios.flue_gas_r144_plan import UNIT, Nameplate, Plan
from scenarios.flue_gas_r144_points import Points
from scenarios.gas_response import Stepped
from scenarios.gas_steps import GasBench, Taken, plain, verdict
from scenarios.procedure import ProcedureAborted
from scenarios.record import Chart, Curve, Figure, Finding, Level, PointResult, Series
from scenarios.references import find
from scenarios.running import Running
from uncertainty.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from scenarios.flue_gas_r144_plan import Errors
    from scenarios.procedure import Desk, Process
    from scenarios.record import TestPoint
    from scenarios.sheet import Sheet
    from uncertainty.text import Text

READY = "MEAS"
"""State of a device that measures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Hold what was seen of a device that is not measuring."""

    readings: tuple[Reading, ...]
    """What instruments said."""
    state: str
    """State that the device names."""
    locked: bool
    """Whether it gives no values."""


class Verification(Running[Plan, Nameplate]):
    """Hold the state of one verification; each public method is one item or action."""

    def __init__(self, desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> None:
        self.points = Points(sheet, plan, device)
        super().__init__(desk, sheet, plan, device, total=self.points.count)
        volts = device.voltage.to("V").value
        self._marked = (volts * (1 - plan.mains.below.to("1")), volts * (1 + plan.mains.above.to("1")))
        self.bench = GasBench(desk, plan.supply, self._marked)

    def words(self, key: str, **values: object) -> Text:
        """Return a sentence of this system."""
        return self.text[f"flue_gas_r144.{key}"].format(**values)

    # -- before anything is measured ----------------------------------------------------------------------------------

    def mains(self) -> Process:
        """Feed the device, and check voltage and frequency at its terminals."""
        plan, device = self.plan.mains, self.device
        self.tell(plan.title, None)
        volts, hertz = device.voltage.to("V").value, device.frequency.to("Hz").value

        def steps() -> Generator[Any, Any, tuple[Reading, ...]]:
            mains = self.desk.instrument("mains")
            yield from mains.feed(volts, hertz, True)
            found = []
            for name, measured, nominal in (
                ("voltage", mains.measured_voltage, volts),
                ("frequency", mains.measured_frequency, hertz),
            ):
                # What the source measures must be what it is set to; read twice, as a digit may change on the way.
                around = (
                    nominal * (1 - self.plan.mains.source.to("1")),
                    nominal * (1 + self.plan.mains.source.to("1")),
                )
                yield from measured.read(expect=around)
                found.append(self.desk.keep(f"mains/{name}", (yield from measured.read(expect=around))))
            return tuple(found)

        voltage, frequency = yield from self.desk.attempt("mains", tuple[Reading, ...], steps)
        off = plan.frequency.to("1") * hertz
        self.finish(
            "mains",
            plan.title,
            clause=plan.clause,
            findings=(
                self._between("supply_voltage", voltage.indication, self._marked),
                self._between("supply_frequency", frequency.indication, (hertz - off, hertz + off)),
            ),
        )

    def _between(self, key: str, found: Quantity, limits: tuple[float, float]) -> Finding:
        low, high = limits
        return Finding(
            label=self.words(key),
            value=plain(f"{found.value:g} {found.unit}"),
            limit=plain(f"{low:g} … {high:g} {found.unit}"),
            verdict=verdict(low <= found.value <= high),
        )

    def lockout(self) -> Process:
        """Switch the device off and on, attempt to measure, and wait until it is warm."""
        plan, device = self.plan.lockout, self.device
        self.tell(plan.title, None)
        early = yield from self.desk.attempt("lockout/early", Looked, lambda: self._restart("lockout/early"))
        warm_up = device.warm_up.to("s").value
        yield from self.desk.state("lockout/warm_up", lambda: self.desk.wait(warm_up), warm_up)
        late = yield from self.desk.attempt("lockout/late", Looked, lambda: self._look("lockout/late"))
        self.finish(
            "lockout",
            plan.title,
            clause=plan.clause,
            findings=(
                Finding(
                    label=self.words("early", seconds=f"{plan.attempt.to('s'):g}"),
                    value=self.words("locked" if early.locked else "not_locked"),
                    limit=self.words("locked"),
                    verdict=verdict(early.locked),
                ),
                Finding(
                    label=self.words("late", minutes=f"{warm_up / 60:g}"),
                    value=self.words("not_locked" if late.state == READY else "locked"),
                    limit=self.words("not_locked"),
                    verdict=verdict(late.state == READY),
                ),
            ),
        )
        if late.state != READY:
            raise ProcedureAborted(
                f"device: its state is {late.state}, not {READY}, {warm_up:g} s after switching on; it must be ready "
                "after the marked warm-up time"
            )

    def _restart(self, step: str) -> Generator[Any, Any, Looked]:
        mains, plan, device = self.desk.instrument("mains"), self.plan.lockout, self.device
        volts, hertz = device.voltage.to("V").value, device.frequency.to("Hz").value
        yield from mains.feed(volts, hertz, False)
        yield from self.desk.wait(plan.off.to("s"))
        yield from mains.feed(volts, hertz, True)
        yield from self.desk.wait(plan.attempt.to("s"))
        return (yield from self._look(step))

    def _look(self, step: str) -> Generator[Any, Any, Looked]:
        def steps() -> Generator[Any, Any, Looked]:
            instrument = self.desk.instrument("device")
            flow = self.desk.keep(f"{step}/flow", (yield from instrument.steady_flow()))
            state = yield from instrument.state()
            locked = True
            for component in self.device.components:
                locked = locked and (yield from instrument.locked(component))
            return Looked(readings=(flow,), state=state, locked=locked)

        looked: Looked = yield from self.bench.guarded(steps)
        return looked

    def adjust(self) -> Process:
        """Adjust zero and span as the manual says, before the errors are determined."""
        self.tell(self.words("adjustment"), None)
        yield from self.bench.stocked("stock")
        yield from self.bench.adjust("adjustment/zero", self.plan.supply.zero, {})
        for gas in self.plan.adjustment:
            reference = find(self.plan.references, gas)
            spans = {c: reference.value(c).quantity.to(UNIT).value for c in self.points.measured(gas)}
            yield from self.bench.adjust(f"adjustment/{gas}", gas, spans)

    # -- errors -------------------------------------------------------------------------------------------------------

    def errors(self, item: str, plan: Errors) -> Process:
        """Determine the errors at every test gas, in rounds from low to high."""
        taken: dict[tuple[str, str], list[Taken]] = {}
        for repeat in range(1, round(plan.repeats.value) + 1):
            self.tell(plan.title, self.words("round", number=repeat))
            for level in self.plan.levels:
                for gas in level.gases:
                    step = f"{item}/{repeat}/{level.key}/{gas}"
                    yield from self.bench.let(step, gas)
                    found = yield from self.bench.read(step, gas, self.points.measured(gas))
                    for component in found.values:
                        taken.setdefault((level.key, component), []).append(found)
        results, singles = [], []
        for planned in self.points.errors(item, plan):
            seen = taken[planned.level, planned.component]
            results.append(self.evaluated(planned.point, planned.gas, planned.component, seen, plan.title))
            assert planned.point.mpe is not None
            singles.append(max(abs(e) for e in results[-1].errors) / planned.point.mpe.value)
        largest = max(singles)
        finding = Finding(
            label=self.words("single"),
            value=plain(f"{100 * largest:.0f} %"),
            limit=plain("≤ 100 %"),
            verdict=verdict(largest <= 1 + 1e-9),
        )
        self.finish(
            item,
            plan.title,
            clause=plan.clause,
            method=self.words("method_error", n=round(plan.repeats.value)),
            findings=(finding,),
            points=tuple(results),
            figure=self._figure(results),
        )

    def evaluated(self, point: TestPoint, gas: str, component: str, seen: list[Taken], item: Text) -> PointResult:
        """Evaluate an error of indication from what was read at one gas.

        Args:
            point: the plan.
            gas: reference.
            component: which.
            seen: what was read, one entry per repeat.
            item: title of the item, for the progress.
        """
        reference = find(self.plan.references, gas)
        certified = reference.value(component)
        x = certified.quantity.to(UNIT).value
        indications = [taken.values[component] for taken in seen]
        errors = tuple(y - x for y in indications)
        y = sum(indications) / len(indications)
        effects = self.plan.budget
        observed = Observed(
            point=point,
            readings=tuple(reading for taken in seen for reading in taken.readings),
            errors=errors,
            reference_value=Quantity(value=x, unit=UNIT),
            indication=Quantity(value=y, unit=UNIT),
            budget=model.error_budget(
                certified,
                reference.name,
                rep=self.points.of(effects.repeatability, component),
                purge=effects.purge,
                y=y,
                n=len(errors),
                observed=spread(errors),
            ),
            step=self.points.step,
        )
        return self.evaluate(observed, item)

    def _figure(self, results: Iterable[PointResult]) -> Figure:
        series: dict[str, list[str]] = {}
        for result in results:
            series.setdefault(result.point.about["component"], []).append(result.point.key)
        return Figure(
            x="fraction",
            x_label=self.words("fraction"),
            logarithmic=True,
            series=tuple(Series(name=plain(component), points=tuple(keys)) for component, keys in series.items()),
        )

    # -- tightness, flow device, response -----------------------------------------------------------------------------

    def tightness(self) -> Process:
        """Close the device's inlet: what still flows is the leak, and the flow device must signal that it is little."""
        plan = self.plan.tightness
        self.tell(plan.title, None)
        step = "tightness"
        looked = yield from self.desk.attempt(step, Looked, lambda: self._dead_end(step))
        flow, limit = looked.readings[0].indication, self.device.leak.to("l/min").value
        self.finish(
            "leak",
            plan.title,
            clause=plan.clause,
            findings=(
                Finding(
                    label=self.words("leak"),
                    value=plain(f"{flow.value:.3f} L/min"),
                    limit=plain(f"≤ {limit:.3f} L/min"),
                    verdict=verdict(flow.value <= limit),
                ),
            ),
        )
        self.finish(
            "flow_device",
            plan.flow_title,
            clause=plan.flow_clause,
            findings=(
                Finding(
                    label=self.words("flow_device"),
                    value=self.words("signals" if looked.state == "FLOW" else "silent"),
                    limit=self.words("signals"),
                    verdict=verdict(looked.state == "FLOW"),
                ),
            ),
        )

    def _dead_end(self, step: str) -> Generator[Any, Any, Looked]:
        yield from self.desk.instrument("selector").stop()
        yield from self.desk.wait(self.plan.tightness.settle.to("s"))
        looked = yield from self._look(step)
        yield from self.desk.instrument("selector").sealed()
        return looked

    def response(self) -> Process:
        """Let the highest gas follow the zero gas, and find the time to its share in the device's own record."""
        plan = self.plan.response
        self.tell(plan.title, None)
        stepped: dict[str, Stepped] = {}
        for gas in self.points.level(plan.level).gases:
            step = f"response/{gas}"
            yield from self.bench.let(step, self.plan.supply.zero)
            record = partial(
                self.bench.stepped,
                step,
                gas,
                self.points.measured(gas),
                lead_s=plan.lead.to("s"),
                length_s=plan.length.to("s"),
                period_s=plan.period.to("s"),
            )
            found = yield from self.desk.attempt(step, Stepped, record)
            stepped |= dict.fromkeys(self.points.measured(gas), found)
        results, curves = [], []
        for planned in self.points.responses():
            component, found = planned.component, stepped[planned.component]
            t, slope = found.time_to(component, plan.share.to("1"))
            t -= self.points.washout_s
            times, shares = found.shares(component, 5 * t)
            curves.append(Curve(name=plain(component), x=times, y=shares))
            observed = Observed(
                point=planned.point,
                readings=found.readings,
                errors=(t,),
                reference_value=Quantity(value=t, unit="s"),
                indication=Quantity(value=t, unit="s"),
                budget=self.points.response_budget(component, t, slope),
                step=plan.step,
            )
            results.append(self.evaluate(observed, plan.title))
        chart = Chart(
            key="step",
            title=self.words("response_chart"),
            x_label=self.words("since_step"),
            x_unit="s",
            y_label=self.words("share"),
            y_unit="%",
            curves=tuple(curves),
            levels=(
                Level(name=plain("10 %"), value=10.0),
                Level(name=plain(f"{100 * plan.share.to('1'):g} %"), value=100 * plan.share.to("1")),
            ),
        )
        self.finish(
            "response",
            plan.title,
            clause=plan.clause,
            method=self.words("method_response"),
            points=tuple(results),
            charts=(chart,),
            measurand=self.points.response_time,
        )

    # -- conditions ---------------------------------------------------------------------------------------------------

    def pressure_was_stable(self) -> None:
        """See that the ambient pressure stayed where it was.

        Raises:
            ProcedureAborted: it did not.
        """
        seen = [r.indication.to("kPa").value for r in self.conditions if r.name == "pressure"]
        half = (max(seen) - min(seen)) / 2
        allowed = self.plan.pressure_stability.to("kPa")
        if half > allowed:
            raise ProcedureAborted(
                f"environment: the ambient pressure moved by ±{half:.2f} kPa during the run, more than ±{allowed:g} "
                "kPa; errors that were determined at different pressures cannot be held together"
            )
