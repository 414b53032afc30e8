"""What every procedure does alike at a gravimetric water rig: hold a flow, collect and weigh water, check the balance.

Roles: "rig" (line, diverter, tank), "balance" below the tank, "timer" with the diverter's gate and the meter's pulses.
Every number is held against another instrument's: the line meter against the weighed flow, the gate against the run
that was asked for, a weight against a second reading, the balance against in-place weights.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drivers.reading import Reading
from scenarios.evaluation import spread
from scenarios.procedure import ProcedureAborted
from scenarios.water_model import density, tanaka_density

if TYPE_CHECKING:
    from collections.abc import Generator

    from drivers.pulse_timer import Mode
    from scenarios.procedure import Desk, Process
    from scenarios.water_rig_plan import RigPlan

__all__ = ["Collected", "Rig", "tanaka_density"]

RUN_SLACK_S = 5.0
"""How much longer than planned a run of the diverter may take, s: blade, messages."""
NEW_READING_S = 1.0
"""Time after which a weight is a new one, s: the balance's stability time."""
PULSE_WAIT_S = 30.0
"""Longest time that the timer waits for the first pulse after its gate, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """Hold one run, or several bursts in one, of water into the tank."""

    readings: tuple[Reading, ...]
    """What the instruments said, in order."""
    mass_kg: float
    """Difference of the balance's indications, kg."""
    gate_s: float
    """Time for which the timer's gate was open, s."""
    whole: int
    """Whole pulses of the meter by double chronometry; 0 in gate mode."""
    whole_s: float
    """Time that they took, s."""
    line_m3_per_h: float
    """Mean of the line meter meanwhile, m³/h."""
    temperature_degc: float
    """Temperature at the meter, °C."""
    pressure_kpa: float
    """Absolute pressure at the meter, kPa."""

    @property
    def rho(self) -> float:
        """Density of the water at the meter, kg/m³."""
        return density(self.temperature_degc, self.pressure_kpa)

    def pulses(self) -> float:
        """Return the pulses that belong to the time of the gate: whole pulses, scaled by the two times."""
        return self.whole * self.gate_s / self.whole_s

    def flow(self, factor: float) -> float:
        """Return the mean flow, m³/h; `factor` corrects the indication of the balance for buoyancy, 1."""
        return self.mass_kg * factor / self.rho / self.gate_s * 3600.0


class Rig:
    """Run the rig for one procedure."""

    def __init__(self, desk: Desk, plan: RigPlan, role: str = "rig") -> None:
        """Begin.

        Args:
            desk: the bench.
            plan: what the sheet says of the rig.
            role: role of its controller; "device" where the rig itself is verified.
        """
        self.desk, self.plan, self.role = desk, plan, role
        self._temperature: float | None = None

    # -- flow ---------------------------------------------------------------------------------------------------------

    def flow(self, step: str, flow: float) -> Process:
        """Bring the bench into the state of a steady flow (m³/h).

        Raises:
            ProcedureAborted: it is not reached, or not steady.
        """
        yield from self.desk.state(f"{step}/flow/{flow:g}", lambda: self._settle(step, flow))

    def shut(self, step: str) -> Process:
        """Bring the bench into the state of a shut line."""
        yield from self.desk.state(f"{step}/shut", lambda: self.desk.instrument(self.role).make_safe())

    def _settle(self, step: str, flow: float) -> Process:
        rig, settling = self.desk.instrument(self.role), self.plan.settling
        yield from rig.flow.set(flow)
        yield from rig.output.set(True)
        deadline = self.desk.now + settling.timeout.to("s")
        yield from self.desk.wait(settling.delay.to("s"))
        samples = round(settling.samples.value)
        for look in itertools.count(1):
            reading, flows = yield from rig.flow_trace(samples)
            mean = self.desk.keep(f"{step}/settling/{look}", reading).indication.value
            off = abs(mean / flow - 1.0) * 100.0
            restless = 100.0 * spread(flows) / flow
            if off <= settling.tolerance.to("%") and restless <= settling.stability.to("%"):
                return
            if self.desk.now > deadline:
                raise ProcedureAborted(
                    f"{self.role}: {step}: {mean:.6g} m³/h instead of {flow:.6g} m³/h, standard deviation "
                    f"{restless:.3g} %, after {settling.timeout.to('s'):g} s; check pump or head, valves "
                    "and the line meter"
                )
            yield from self.desk.wait(5.0)

    # -- weighing -----------------------------------------------------------------------------------------------------

    def weigh(self, step: str) -> Generator[Any, Any, Reading]:
        """Read the balance once it is stable, and see that a second reading says the same.

        Raises:
            InstrumentError: it is not stable in time, or the second reading differs.
        """
        balance = self.desk.instrument("balance")
        reading: Reading = self.desk.keep(step, (yield from balance.weight.read()))
        value, slack = reading.indication.value, self.plan.plausibility.weight.to("g")
        yield from balance.weight_now.read(expect=(value - slack, value + slack))
        return reading

    def _water(self, step: str) -> Generator[Any, Any, tuple[Reading, Reading]]:
        """Read temperature and pressure at the meter."""
        rig = self.desk.instrument(self.role)
        slack = self.plan.plausibility.temperature.to("K")
        known = self._temperature
        if known is None:
            known = (yield from rig.temperature.read()).indication.value
            low, high = self.plan.coldest.to("degC"), self.plan.warmest.to("degC")
            if not low <= known <= high:
                raise ProcedureAborted(
                    f"{self.role}: {step}: the water has {known:g} °C, outside of {low:g} °C to {high:g} °C; "
                    "heat or cool the sump and start again"
                )
        warmth = self.desk.keep(
            f"{step}/temperature", (yield from rig.temperature.read(expect=(known - slack, known + slack)))
        )
        self._temperature = known
        return warmth, self.desk.keep(f"{step}/pressure", (yield from rig.pressure.read()))

    # -- collecting ---------------------------------------------------------------------------------------------------

    def collect(
        self, step: str, flow: float, seconds: float, *, count: int = 1, pause_s: float = 2.0, mode: Mode = "DOUB"
    ) -> Generator[Any, Any, Collected]:
        """Collect water for a time, or in several bursts, and weigh it; drains the tank before if there is no room.

        Args:
            step: key of the measurement.
            flow: flow that was set, m³/h.
            seconds: time of one run, s.
            count: runs that are weighed together.
            pause_s: time between them, s.
            mode: how the timer counts.

        Raises:
            ProcedureAborted: two instruments contradict each other; both are named.
        """
        return (
            yield from self.desk.attempt(
                step, Collected, lambda: self._collect(step, flow, seconds, count, pause_s, mode)
            )
        )

    def collect_now(self, step: str, flow: float, seconds: float) -> Generator[Any, Any, Collected]:
        """Collect water as `collect` does, as a part of an attempt that is somebody else's."""
        return (yield from self._collect(step, flow, seconds, 1, 2.0, "DOUB"))

    def _collect(
        self, step: str, flow: float, seconds: float, count: int, pause_s: float, mode: Mode
    ) -> Generator[Any, Any, Collected]:
        desk, plan = self.desk, self.plan
        rig, timer = desk.instrument(self.role), desk.instrument("timer")
        warmth, pressure = yield from self._water(step)
        rho = density(warmth.indication.value, pressure.indication.value)
        # A reading of its own: the last one of the run before would tie the two runs together.
        yield from desk.wait(NEW_READING_S)
        before = yield from self.weigh(f"{step}/before")
        planned = flow / 3600.0 * rho * seconds * count
        if before.indication.value / 1000.0 + planned > plan.capacity.to("kg"):
            yield from rig.drain(plan.draining.to("s"))
            before = yield from self.weigh(f"{step}/drained")
        yield from timer.arm(mode, count)
        begin, whole_run = desk.now, (seconds + pause_s) * count - pause_s
        yield from rig.start_runs(seconds, count, pause_s)
        yield from desk.wait(0.5 * whole_run)
        warmth, pressure = yield from self._water(f"{step}/meanwhile")
        yield from desk.wait(max(0.0, begin + whole_run - 2.0 - desk.now))
        trace, _ = yield from rig.flow_trace(max(1, min(400, int(whole_run) - 2)))
        desk.keep(f"{step}/line", trace)
        left = begin + whole_run - desk.now
        yield from rig.finish_runs(max(0.0, left - 0.5), left + count + RUN_SLACK_S)
        timed = yield from timer.fetch(PULSE_WAIT_S)
        for reading in timed:
            desk.keep(f"{step}/{reading.name}", reading)
        after = yield from self.weigh(f"{step}/after")
        pulses, gate, whole, whole_time = (reading.indication.value for reading in timed)
        collected = Collected(
            readings=(before, trace, *timed, warmth, pressure, after),
            mass_kg=(after.indication.value - before.indication.value) / 1000.0,
            gate_s=gate,
            whole=round(whole),
            whole_s=whole_time,
            line_m3_per_h=trace.indication.value,
            temperature_degc=warmth.indication.value,
            pressure_kpa=pressure.indication.value,
        )
        self._believe(step, collected, seconds * count, pulses, count, mode)
        return collected

    def _believe(
        self, step: str, collected: Collected, planned_s: float, pulses: float, count: int, mode: Mode
    ) -> None:
        """Hold what the instruments say of one run against each other.

        Raises:
            ProcedureAborted: two of them differ by more than they may.
        """
        limits = self.plan.plausibility
        late = collected.gate_s - planned_s
        if abs(late) > count * limits.gate.to("s"):
            raise ProcedureAborted(
                f"timer: {step}: its gate was open for {collected.gate_s:.6g} s, the diverter of the {self.role} was "
                f"asked for {planned_s:.6g} s; check the switch at the diverter, and the timer"
            )
        if mode == "DOUB" and not (collected.whole > 0 and abs(pulses - collected.whole) <= 1.0):
            raise ProcedureAborted(
                f"timer: {step}: {pulses:.0f} pulses in the gate, but {collected.whole} whole pulses; check the pulse "
                "line from the device to the timer, and the pulse output of the device"
            )
        weighed = collected.flow(1.001)
        # Each run of the diverter may collect for longer than its gate says, by as much as the gate may differ.
        permitted = limits.line.to("%") + 100.0 * count * limits.gate.to("s") / planned_s * (count > 1)
        if not abs(collected.line_m3_per_h / weighed - 1.0) * 100.0 <= permitted:
            raise ProcedureAborted(
                f"balance: {step}: it says {weighed:.6g} m³/h, the line meter of the {self.role} "
                f"{collected.line_m3_per_h:.6g} m³/h; check the balance, the diverter, the line meter, and the tank "
                "for leaks"
            )

    # -- balance ------------------------------------------------------------------------------------------------------

    def load(self, step: str, weights: int) -> Generator[Any, Any, tuple[Reading, Reading]]:
        """Weigh the tank without and with in-place weights, and raise them again."""
        rig, lift = self.desk.instrument(self.role), self.plan.lift.to("s")
        before = yield from self.weigh(f"{step}/before")
        yield from rig.set_weights(weights, lift)
        loaded = yield from self.weigh(f"{step}/loaded")
        yield from rig.set_weights(0, lift)
        return before, loaded

    def check_balance(self, step: str, mass_kg: float) -> Generator[Any, Any, float]:
        """Return the relative error of the balance at the in-place weights of the sheet, %.

        Args:
            step: key of the measurement.
            mass_kg: certified mass of one weight, kg.

        Raises:
            ProcedureAborted: it is larger than the sheet permits: the balance is not that of its certificate any more.
        """
        return (yield from self.desk.attempt(step, float, lambda: self._check(step, mass_kg)))

    def _check(self, step: str, mass_kg: float) -> Generator[Any, Any, float]:
        weights, plan = round(self.plan.check_weights.value), self.plan
        rig = self.desk.instrument(self.role)
        yield from rig.drain(plan.draining.to("s"))
        before, loaded = yield from self.load(step, weights)
        certified = weights * mass_kg
        error = 100.0 * ((loaded.indication.value - before.indication.value) / 1000.0 / certified - 1.0)
        if not abs(error) <= plan.plausibility.check.to("%"):
            raise ProcedureAborted(
                f"balance: {step}: {error:+.4f} % at {certified:.6g} kg of in-place weights of the {self.role}, more "
                f"than {plan.plausibility.check.to('%'):g} %; check the balance, and the weights and their lift"
            )
        return error
