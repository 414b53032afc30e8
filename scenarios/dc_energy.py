"""Verification of DC energy meters by pulse comparison and by the display (JJG 842; numbers live in the sheet).

The meter under test and the reference standard see the same voltage and current from a phantom-load source. The error
of indication of energy is γ = (E_x - E_s) / E_s.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from drivers.errors import InstrumentTimeout
from drivers.reading import Reading
from scenarios.dc_energy_belief import believable, believe, read_display
from scenarios.dc_energy_plan import Method, Nameplate, Plan
from scenarios.evaluation import Observed, expected, input_quantity, spread, within
from scenarios.procedure import Forecast, Outcome, PlanRefused, ProcedureAborted
from scenarios.record import Figure, Finding, PointResult, Series, TestPoint
from scenarios.running import Running
from scenarios.sheet import Sheet, SheetError
from uncertainty.budget import Budget
from uncertainty.conformity import Verdict
from uncertainty.quantity import Quantity
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from scenarios.procedure import Desk
    from uncertainty.inputs import InputQuantity

    Process = Generator[Any, Any, Any]
    Value = float | NDArray[Any]


# -- measurement model --------------------------------------------------------------------------------------------


def relative_error(
    d_class: Value = 0.0,
    d_cal: Value = 0.0,
    d_T: Value = 0.0,
    d_lead: Value = 0.0,
    e_th: Value = 0.0,
    d_count: Value = 0.0,
    d_res: Value = 0.0,
    d_sync: Value = 0.0,
    d_rep: Value = 0.0,
    *,
    E_x: float,
    E_s: float,
    V_sh: float,
    counts: float,
    duration: float,
) -> Value:
    """Return the relative error of indication γ, %.

    Args:
        d_class: error of the reference standard within its class, %.
        d_cal: error of its calibration, %.
        d_T: its temperature effect, %.
        d_lead: correction between the points of metering and reference, %.
        e_th: thermal EMF in the shunt circuit, µV.
        d_count: error of the reference count, counts.
        d_res: error of the difference of two display readings, kWh.
        d_sync: difference of the two measuring intervals, s.
        d_rep: error of the mean from repeatability, %.
        E_x: energy indicated by the meter, kWh.
        E_s: energy indicated by the standard, kWh.
        V_sh: voltage of the shunt at the load point, µV.
        counts: count of the reference.
        duration: measuring interval, s.
    """
    relative = (d_class + d_cal + d_T + d_lead) / 100 + e_th / V_sh + d_count / counts + d_sync / duration
    return 100 * ((E_x + d_res) / (E_s * (1 + relative)) - 1) + d_rep


def budget(
    plan: Plan,
    *,
    method: Method,
    E_x: float,
    E_s: float,
    current: float,
    duration: float,
    repeats: int,
    observed: float = 0.0,
) -> Budget:
    """Return the budget of a point: `current` in A (sign ignored), energies in kWh, `duration` in s.

    `observed` is the experimental standard deviation of the repeats, %. Two readings say little about it, so the
    pooled value of the sheet stands, unless the readings contradict it (more than three times as large).
    """
    e = plan.budget
    inputs: list[InputQuantity] = [
        input_quantity("d_class", e.reference_class, unit="%"),
        input_quantity("d_cal", e.calibration, unit="%"),
        input_quantity("d_T", e.temperature, unit="%"),
        input_quantity("e_th", e.thermal_emf, unit="uV"),
    ]
    if e.lead is not None:
        inputs.append(input_quantity("d_lead", e.lead, unit="%"))
    if method == "pulse":
        inputs.append(input_quantity("d_count", e.count, unit="1"))
    else:
        inputs.append(input_quantity("d_res", e.resolution, unit="kWh"))
        inputs.append(input_quantity("d_sync", e.synchronisation, unit="s"))
    repeatability = input_quantity("d_rep", e.repeatability, unit="%", factor=1 / math.sqrt(repeats))
    stated = repeatability.distribution.u * math.sqrt(repeats)
    contradiction = observed / stated if stated and observed > 3 * stated else 1.0
    inputs.append(input_quantity("d_rep", e.repeatability, unit="%", factor=contradiction / math.sqrt(repeats)))
    model = partial(
        relative_error,
        E_x=E_x,
        E_s=E_s,
        V_sh=plan.shunt.voltage.to("uV").value * abs(current) / plan.shunt.current.to("A").value,
        counts=E_s * plan.reference_constant.value,
        duration=duration,
    )
    return Budget(model=model, inputs=tuple(inputs), unit="%", name="γ")


# -- the plan -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hold one planned point with the measurement that serves it."""

    point: TestPoint
    """The plan."""
    method: Method
    """How the energies are compared."""
    turns: int
    """Pulses of the meter to count (pulse method)."""
    energy: float
    """Energy per measurement, kWh."""
    duration: float
    """Duration per measurement, s."""


def _mpe(plan: Plan, device: Nameplate, current: float) -> Quantity:
    relative = abs(current) / device.current.to("A").value
    for limit in plan.mpe[device.accuracy_class]:
        if relative >= limit.from_current.value * (1 - 1e-9):
            return Quantity(value=limit.mpe.to("%"), unit="%")
    raise SheetError(f"procedure.mpe.{device.accuracy_class}", f"no limit for {relative:g} I_n")


def _window(
    plan: Plan, device: Nameplate, key: str, label: Text, current: float, method: Method, energy: float, repeats: int
) -> Window:
    voltage = device.voltage.to("V").value
    kilowatts = voltage * abs(current) / 1000
    if method == "pulse":
        error = plan.basic_error
        enough = max(error.counts.value / plan.reference_constant.value, kilowatts * error.window.to("s") / 3600)
        turns = max(1, math.ceil(enough * device.constant - 1e-9))
        energy = turns / device.constant
    else:
        turns = 0
    point = TestPoint(
        key=key,
        label=label,
        settings={"voltage": Quantity(value=voltage, unit="V"), "current": Quantity(value=current, unit="A")},
        repeats=repeats,
        mpe=_mpe(plan, device, current),
    )
    return Window(point=point, method=method, turns=turns, energy=energy, duration=energy / kilowatts * 3600)


def windows(plan: Plan, device: Nameplate) -> tuple[Window, ...]:
    """Return the planned points of the basic error and of the register check, in order.

    Raises:
        SheetError: the sheet does not know the accuracy class.
    """
    for table in ("mpe", "rounding"):
        known = getattr(plan, table)
        if device.accuracy_class not in known:
            raise SheetError(
                f"procedure.{table}", f"no class {device.accuracy_class!r}; the sheet knows {', '.join(known)}"
            )
    error = plan.basic_error
    planned = []
    for direction in error.directions:
        for load in error.loads:
            if load.classes and device.accuracy_class not in load.classes:
                continue
            rated = device.maximum_current if load.of_maximum else device.current
            current = load.current.value * rated.to("A").value * (1 if direction == "import" else -1)
            planned.append(
                _window(
                    plan,
                    device,
                    f"basic_error/{direction}/{load.key}",
                    load.label,
                    current,
                    error.method,
                    error.energy.to("kWh"),
                    round(error.repeats.value),
                )
            )
    full = device.maximum_current.to("A").value
    label = catalogue("scenarios")["dc_energy.register_point"]
    planned.append(_window(plan, device, "register", label, full, "display", plan.register.energy.to("kWh"), 1))
    return tuple(planned)


def forecast(sheet: Sheet, plan: Plan, device: Nameplate) -> tuple[Forecast, ...]:
    """Return the expected uncertainty per point, before anything is energised.

    Raises:
        PlanRefused: the expected U of a point exceeds its share of the MPE; the message proposes an energy or a
            number of turns that would do, or says that none would.
        SheetError: the sheet does not know the accuracy class.
    """
    ratio = None if sheet.decision.maximum_ratio is None else sheet.decision.maximum_ratio.value
    result = []
    for window in windows(plan, device):
        U = _expected(plan, sheet, window, window.energy)
        mpe = window.point.mpe
        if mpe is not None and not within(ratio, U, mpe.value):
            raise PlanRefused(_refusal(plan, sheet, device, window, U, (ratio or 1.0) * mpe.value))
        result.append(Forecast(point=window.point, U=U, duration_s=window.duration * window.point.repeats))
    return tuple(result)


def _expected(plan: Plan, sheet: Sheet, window: Window, energy: float) -> float:
    planned = budget(
        plan,
        method=window.method,
        E_x=energy,
        E_s=energy,
        current=window.point.settings["current"].value,
        duration=window.duration * energy / window.energy,
        repeats=window.point.repeats,
    )
    return expected(planned, sheet.evaluation).U


def _refusal(plan: Plan, sheet: Sheet, device: Nameplate, window: Window, U: float, share: float) -> str:
    start = f"{window.point.key}: expected U = {U:.3f} % exceeds {share:.3f} % (its share of the MPE)"
    low, high = window.energy, window.energy * 1e4
    if _expected(plan, sheet, window, high) > share:
        return f"{start}; no longer measurement would do: a better reference standard is needed"
    while high / low > 1.001:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if _expected(plan, sheet, window, middle) > share else (low, middle)
    if window.method == "pulse":
        return f"{start} with {window.turns} turns; at least {math.ceil(high * device.constant)} turns would do"
    needed = math.ceil(high * 100) / 100
    return f"{start} with {window.energy:g} kWh; at least {needed:g} kWh would do"


# -- the procedure ------------------------------------------------------------------------------------------------


def verify(desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> Generator[Any, Any, Outcome]:
    """Verify a DC energy meter: appearance, creep, starting, basic error, register.

    Raises:
        ProcedureAborted: a load is not reached, or an influence quantity is out of range; sources are off.
    """
    run = _Run(desk, sheet, plan, device)
    run.inspect("appearance", plan.appearance.title, plan.appearance.question)
    yield from run.observe("conditions/start")
    source = desk.instrument("source")
    try:
        run.tell(catalogue("scenarios")["dc_energy.warm_up"], None)
        yield from run.load("warm_up", 1.0, device.current.to("A").value)
        yield from desk.state("warm_up/wait", lambda: desk.wait(plan.warm_up.to("s")))
        yield from run.creep()
        yield from run.starting()
        yield from run.observe("conditions/middle")
        yield from run.basic_error()
        yield from run.register()
    finally:
        yield from desk.at_end(source.make_safe)
    yield from run.observe("conditions/end")
    return run.outcome()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Hold one comparison of meter and standard."""

    readings: tuple[Reading, ...]
    """What the instruments said."""
    E_x: float
    """Energy indicated by the meter, kWh."""
    E_s: float
    """Energy indicated by the standard, kWh."""
    duration_s: float
    """Measuring interval, s."""

    @property
    def error(self) -> float:
        """Relative error of indication, %."""
        return 100 * (self.E_x / self.E_s - 1)


class _Run(Running[Plan, Nameplate]):
    """Hold the state of one verification; each public method is one item or action of the procedure."""

    def __init__(self, desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> None:
        self.windows = windows(plan, device)
        super().__init__(desk, sheet, plan, device, total=len(self.windows))

    def load(self, step: str, voltage_ratio: float, current: float) -> Process:
        """Bring the bench into the state of a load (`current` in A)."""
        voltage = voltage_ratio * self.device.voltage.to("V").value
        # The load is part of the key: devices of other ratings share a step's name, but not its load.
        yield from self.desk.state(
            f"{step}/{voltage:g}V/{current:g}A",
            lambda: self._energise(step, voltage, current),
            self.plan.warm_up.to("s"),
        )

    def _energise(self, step: str, voltage: float, current: float) -> Process:
        """Set a load and wait until the standard sees it."""
        source, settling = self.desk.instrument("source"), self.plan.settling
        yield from source.set_load(voltage, current)
        yield from source.output.set(True)
        deadline = self.desk.now + settling.timeout.to("s")
        if settling.delay is not None:
            yield from self.desk.wait(settling.delay.to("s"))
        for look in itertools.count(1):
            missed = yield from self._missed(f"{step}/settling/{look}", voltage, current)
            if not missed:
                return
            if self.desk.now > deadline:
                raise ProcedureAborted(
                    f"source: the standard reads {missed} after {settling.timeout.to('s'):g} s; check the wiring, "
                    "the range of the source and its interlock"
                )
            yield from self.desk.wait(0.5)

    def _missed(self, step: str, voltage: float, current: float) -> Generator[Any, Any, str]:
        """Look once whether the standard sees a load; return what it sees instead, empty if it does see it."""
        standard, settling, device = self.desk.instrument("standard"), self.plan.settling, self.device
        seen, missed = [], ""
        share, offset = settling.tolerance.to("%"), settling.offset.to("%")
        volts, amperes = yield from standard.read_load()
        for reading, setting, rated in (
            (volts, voltage, device.voltage.to("V").value),
            (amperes, current, device.current.to("A").value),
        ):
            indication = self.desk.keep(f"{step}/{reading.name}", reading).indication
            if abs(indication.value - setting) > (share * abs(setting) + offset * rated) / 100:
                missed = f"{indication} instead of {setting:g} {indication.unit}"
            seen.append(indication.value)
        power = voltage * current
        if power and not missed and abs(100 * (seen[0] * seen[1] / power - 1)) > believable(self.plan, current):
            missed = f"{seen[0] * seen[1]:.6g} W instead of {power:.6g} W"
        return missed

    def _confirm(self, step: str, voltage_ratio: float, current: float) -> Process:
        """See that a load was there to the end.

        Raises:
            ProcedureAborted: it is not there any more.
        """
        missed = yield from self._missed(f"{step}/end", voltage_ratio * self.device.voltage.to("V").value, current)
        if missed:
            raise ProcedureAborted(
                f"source: at the end of {step} the standard reads {missed}; check the source, its interlock and wiring"
            )

    def creep(self) -> Process:
        """Count pulses with voltage and no current."""
        plan, device = self.plan.creep, self.device
        self.tell(plan.title, None)
        power = device.voltage.to("V").value * device.maximum_current.to("A").value
        duration = 60 * plan.constant.value * 1e6 / (device.constant * power)
        yield from self.load("creep", plan.voltage.value, 0.0)
        pulses, _ = yield from self._pulses("creep", duration, (plan.voltage.value, 0.0), stop_at=None)
        limit = round(plan.pulses.value)
        finding = Finding(
            label=self.text["dc_energy.creep_pulses"],
            value=self.text["dc_energy.pulses_in"].format(n=pulses, minutes=f"{duration / 60:.1f}"),
            limit=self.text["dc_energy.pulses_at_most"].format(n=limit),
            verdict=Verdict.PASS if pulses <= limit else Verdict.FAIL,
        )
        self.finish("creep", plan.title, findings=(finding,))

    def starting(self) -> Process:
        """Wait for pulses at the starting current."""
        plan, device = self.plan.starting, self.device
        self.tell(plan.title, None)
        try:
            ratio = plan.current[device.accuracy_class].value
        except KeyError:
            raise SheetError("procedure.starting.current", f"no class {device.accuracy_class!r}") from None
        current = ratio * device.current.to("A").value
        interval = 3600 / (device.constant * device.voltage.to("V").value * current / 1000)
        permitted = plan.factor.value * interval
        yield from self.load("starting", 1.0, current)
        pulses, elapsed = yield from self._pulses("starting", permitted, (1.0, current), stop_at=1)
        if not pulses:
            yield from self._pulses_are_seen()
        started = self.text["dc_energy.started"].format(seconds=f"{elapsed:.0f}", current=f"{current:g}")
        finding = Finding(
            label=self.text["dc_energy.starting_pulse"],
            value=started if pulses else self.text["dc_energy.not_started"].format(current=f"{current:g}"),
            limit=self.text["dc_energy.within"].format(seconds=f"{permitted:.0f}"),
            verdict=Verdict.PASS if pulses else Verdict.FAIL,
        )
        self.finish("starting", plan.title, findings=(finding,))

    def _pulses_are_seen(self) -> Process:
        """See that pulses are counted at the rated load: a meter must not fail for a line that counts none.

        Raises:
            ProcedureAborted: none is counted there either.
        """
        device, step = self.device, "starting/pulse_line"
        current = device.current.to("A").value
        yield from self.load(step, 1.0, current)
        interval = 3600 / (device.constant * device.voltage.to("V").value * current / 1000)
        pulses, _ = yield from self._pulses(step, 10 * interval + 1, (1.0, current), stop_at=None)
        if not pulses:
            raise ProcedureAborted(
                f"standard: no pulse is counted at the rated load either, where one is due every {interval:.3g} s; "
                "check the pulse line, its input at the standard and the meter's pulse output"
            )

    def basic_error(self) -> Process:
        """Measure the error at every load point, with more measurements near the limit."""
        plan = self.plan.basic_error
        results = []
        series: dict[str, list[str]] = {}
        for window in self.windows:
            item, *rest = window.point.key.split("/")
            if item != "basic_error":
                continue
            results.append((yield from self._measure(window, plan.title)))
            series.setdefault(rest[0], []).append(window.point.key)
        figure = Figure(
            x="current",
            x_label=self.text["dc_energy.current"],
            logarithmic=True,
            series=tuple(Series(name=self.text[f"direction.{d}"], points=tuple(keys)) for d, keys in series.items()),
        )
        self.finish(
            "basic_error",
            plan.title,
            points=tuple(results),
            method=self.text[f"dc_energy.method_{plan.method}"],
            figure=figure,
        )

    def register(self) -> Process:
        """Compare the display with the reference."""
        plan = self.plan.register
        (window,) = (w for w in self.windows if w.point.key == "register")
        result = yield from self._measure(window, plan.title)
        self.finish("register", plan.title, points=(result,), method=self.text["dc_energy.method_display"])

    def _measure(self, window: Window, item: Text) -> Generator[Any, Any, PointResult]:
        plan, point = self.plan.basic_error, window.point
        self.tell(item, point.label)
        yield from self.load(point.key, 1.0, point.settings["current"].value)
        measured: list[Measured] = []
        planned = point.repeats
        extra = round(plan.near_repeats.value) if planned > 1 else 0
        while len(measured) < planned:
            step = f"{point.key}/{len(measured) + 1}"
            measured.append((yield from self.desk.attempt(step, Measured, partial(self._compare, step, window))))
            if len(measured) == planned == point.repeats and extra and self._wants_more(point, measured):
                planned += extra
        believe(self.plan, point, measured)
        n = len(measured)
        E_x, E_s = sum(m.E_x for m in measured) / n, sum(m.E_s for m in measured) / n
        errors = tuple(m.error for m in measured)
        observed = Observed(
            point=point,
            readings=tuple(reading for m in measured for reading in m.readings),
            errors=errors,
            reference_value=Quantity(value=E_s, unit="kWh"),
            indication=Quantity(value=E_x, unit="kWh"),
            budget=budget(
                self.plan,
                method=window.method,
                E_x=E_x,
                E_s=E_s,
                current=point.settings["current"].value,
                duration=sum(m.duration_s for m in measured) / n,
                repeats=n,
                observed=spread(errors),
            ),
            step=f"{self.plan.rounding[self.device.accuracy_class].to('%'):g}",
        )
        return self.evaluate(observed, item)

    def _wants_more(self, point: TestPoint, measured: list[Measured]) -> bool:
        if point.mpe is None:
            return False
        plan = self.plan.basic_error
        share = abs(sum(m.error for m in measured) / len(measured)) / point.mpe.value
        return plan.near_low.value <= share <= plan.near_high.value

    def _compare(self, step: str, window: Window) -> Generator[Any, Any, Measured]:
        """Compare the meter with the standard once."""
        if window.method == "pulse":
            return (yield from self._by_pulses(step, window))
        return (yield from self._by_display(step, window))

    def _by_pulses(self, step: str, window: Window) -> Generator[Any, Any, Measured]:
        standard = self.desk.instrument("standard")
        try:
            energy, elapsed, power = yield from standard.compare_and_read(
                window.turns, timeout_s=2 * window.duration + 60
            )
        except InstrumentTimeout:
            # Pulses that do not come have two causes; a load that has gone is the one that can be seen.
            yield from self._confirm(step, 1.0, window.point.settings["current"].value)
            raise
        sign = math.copysign(1.0, window.point.settings["current"].value)
        return Measured(
            readings=(
                self.desk.keep(f"{step}/energy", energy),
                self.desk.keep(f"{step}/elapsed", elapsed),
                self.desk.keep(f"{step}/power", power),
            ),
            E_x=window.turns / self.device.constant,
            E_s=sign * energy.indication.to("kWh").value,
            duration_s=elapsed.indication.to("s").value,
        )

    def _by_display(self, step: str, window: Window) -> Generator[Any, Any, Measured]:
        standard, meter = self.desk.instrument("standard"), self.desk.instrument("device")
        sign = math.copysign(1.0, window.point.settings["current"].value)
        register = meter.energy_import if sign > 0 else meter.energy_export
        before = yield from read_display(self.desk, self.plan, f"{step}/before", register, window)
        yield from standard.start()
        yield from self.desk.wait(window.duration)
        yield from standard.stop()
        after = yield from read_display(self.desk, self.plan, f"{step}/after", register, window)
        energy = self.desk.keep(f"{step}/energy", (yield from standard.energy.read()))
        held = energy.indication.value
        yield from standard.energy.read(expect=(held, held))
        slack = self.plan.plausibility.exchange.to("s")
        around = (window.duration - slack, window.duration + slack)
        elapsed = self.desk.keep(f"{step}/elapsed", (yield from standard.elapsed.read(expect=around)))
        power = self.desk.keep(f"{step}/power", (yield from standard.power.read()))
        return Measured(
            readings=(before, after, energy, elapsed, power),
            E_x=after.indication.to("kWh").value - before.indication.to("kWh").value,
            E_s=sign * energy.indication.to("kWh").value,
            duration_s=elapsed.indication.to("s").value,
        )

    def _pulses(
        self, step: str, duration: float, load: tuple[float, float], stop_at: int | None
    ) -> Generator[Any, Any, tuple[int, float]]:
        """Count pulses for `duration` s, or until `stop_at` of them were seen; returns them and the time it took.

        `load` is what must still be there at the end: voltage as a multiple of the rated one, current in A.
        """
        count = partial(self._count, step, duration, load, stop_at)
        return (yield from self.desk.attempt(f"{step}/count", tuple[int, float], count))

    def _count(
        self, step: str, duration: float, load: tuple[float, float], stop_at: int | None
    ) -> Generator[Any, Any, tuple[int, float]]:
        standard = self.desk.instrument("standard")
        yield from standard.reset_pulses()
        begin = self.desk.now
        end = begin + duration
        yield from standard.pulses.read(expect=(0, 1))  # cleared, not stuck at what it was
        for look in itertools.count(1):
            left = end - self.desk.now
            yield from self.desk.wait(left if stop_at is None else min(left, 1.0))
            seen = self.desk.keep(f"{step}/pulses/{look}", (yield from standard.pulses.read())).indication.value
            if self.desk.now >= end or (stop_at is not None and seen >= stop_at):
                break
        elapsed = self.desk.now - begin
        yield from standard.pulses.read(expect=(seen, seen + 1))  # what changed on the way does not come twice
        yield from self._confirm(step, *load)
        return round(seen), elapsed
