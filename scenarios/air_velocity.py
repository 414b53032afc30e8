"""Verification of anemometers (cup, vane, hot wire) in a wind tunnel by Pitot tube and micromanometer.

The speeds are taken upwards and downwards; at each, a laser Doppler anemometer looks at the reference tube's place, so
that the standard is never alone. See `scenarios/air_velocity_model.py` for the equations; numbers live in the sheet.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from drivers.reading import Reading
from scenarios.air_velocity_model import (
    Air,
    best_speed,
    budget,
    expected_air,
    expected_pressure,
    pressure_of,
    reference_uncertainty,
    rise,
    speed,
    uncertainty_curve,
)
from scenarios.air_velocity_plan import Nameplate, Plan
from scenarios.air_velocity_tube import Sight, observed
from scenarios.evaluation import Observed, spread
from scenarios.planning import check, forecast_point
from scenarios.procedure import Forecast, Outcome, ProcedureAborted
from scenarios.record import Chart, Curve, Figure, Finding, Level, PointResult, Series, TestPoint
from scenarios.references import find
from scenarios.running import Running
from scenarios.sheet import SheetError
from uncertainty.conformity import Verdict
from uncertainty.quantity import Quantity
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from collections.abc import Generator

    from scenarios.procedure import Desk, Process
    from scenarios.sheet import Sheet

__all__ = ["Nameplate", "Plan", "forecast", "verify"]

Direction = Literal["up", "down"]
DIRECTIONS: tuple[Direction, ...] = ("up", "down")


def say(key: str, **values: object) -> Text:
    """Return a text of this system."""
    return catalogue("scenarios")[f"air_velocity.{key}"].format(**values)


# -- the plan -----------------------------------------------------------------------------------------------------


def points(plan: Plan, device: Nameplate) -> tuple[TestPoint, ...]:
    """Return the planned points: upwards, then downwards.

    Raises:
        SheetError: the sheet does not know the accuracy class, or no speed lies in the range of the anemometer.
    """
    for table in ("mpe", "rounding"):
        known = getattr(plan, table)
        if device.accuracy_class not in known:
            raise SheetError(
                f"procedure.{table}", f"no class {device.accuracy_class!r}; the sheet knows {', '.join(known)}"
            )
    low, high = device.smallest_speed.to("m/s").value, device.largest_speed.to("m/s").value
    speeds = [one.to("m/s") for one in plan.error.speeds if low <= one.to("m/s") <= high]
    if not speeds:
        raise SheetError("procedure.error.speeds", f"none lies within {low:g} m/s to {high:g} m/s, the device's range")
    return tuple(
        TestPoint(
            key=f"error/{direction}/{at:g}",
            label=say(direction, speed=f"{at:g}"),
            settings={"speed": Quantity(value=at, unit="m/s")},
            repeats=round(plan.error.readings.value),
            mpe=Quantity(value=round(plan.mpe[device.accuracy_class].at(at), 6), unit="m/s"),
            about={"direction": direction},
        )
        for direction in DIRECTIONS
        for at in (speeds if direction == "up" else speeds[::-1])
    )


def forecast(sheet: Sheet, plan: Plan, device: Nameplate) -> tuple[Forecast, ...]:
    """Return the expected uncertainty per point, before the fan is switched on.

    Raises:
        PlanRefused: U exceeds its share of the MPE at a speed.
        SheetError: the sheet does not cover this device.
    """
    found = []
    for point in points(plan, device):
        at = point.settings["speed"].value
        planned = budget(
            plan,
            device,
            v_i=at,
            pressure=expected_pressure(plan, device, at),
            air=expected_air(plan),
            readings=point.repeats,
        )
        duration = point.repeats * plan.error.averaging.to("s") + plan.check.averaging.to("s")
        found.append(forecast_point(sheet, point, planned, duration + plan.error.settling.to("s")))
    return check(sheet, found)


# -- the procedure ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Hold one reading of anemometer and standard over the same time."""

    readings: tuple[Reading, ...]
    """What the instruments said."""
    indication: float
    """Indication of the anemometer, m/s."""
    pressure: float
    """Differential pressure of the tube, Pa."""
    air: Air
    """Air of the section."""


def verify(desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> Generator[Any, Any, Outcome]:
    """Verify an anemometer: appearance, starting speed, error up and down, check of the standard.

    Raises:
        ProcedureAborted: a speed is not reached, or the instruments of the bench contradict each other.
    """
    run = _Verification(desk, sheet, plan, device)
    run.inspect("appearance", plan.appearance.title, plan.appearance.question)
    yield from run.observe("conditions/start")
    try:
        yield from run.zero("start")
        yield from run.air_of_the_room("start")
        yield from run.starting()
        yield from run.errors()
        yield from run.zero("end")
        yield from run.air_of_the_room("end")
        run.conclude()
        run.tube()
    finally:
        yield from desk.at_end(run.make_safe)
    yield from run.observe("conditions/end")
    return run.outcome()


class _Verification(Running[Plan, Nameplate]):
    """Hold the state of one verification; each public method is one item or action of the procedure."""

    def __init__(self, desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate) -> None:
        self.points = points(plan, device)
        super().__init__(desk, sheet, plan, device, total=len(self.points))
        self.coefficient = find(plan.references, "pitot").value("C").quantity.value
        self.rise = rise(plan, device)
        self.zero_pa = (
            budget(plan, device, v_i=1.0, pressure=100.0, air=expected_air(plan), readings=1, only=("d_zero",))
            .inputs[0]
            .distribution.u
        )
        self.sights: dict[float, list[Sight]] = {}  # speed of the tunnel (m/s) -> laser and tube
        self.by_laser: list[tuple[float, float]] = []  # speed (m/s), difference of the LDA from the tube (%)

    def make_safe(self) -> Process:
        """Switch fan and laser off; the laser also when the fan cannot be."""
        try:
            yield from self.desk.instrument("tunnel").make_safe()
        finally:
            yield from self.desk.instrument("lda").make_safe()

    # -- before the points --------------------------------------------------------------------------------------------

    def zero(self, when: str) -> Process:
        """Take the zero of the manometer at the start, and look at it without flow.

        Raises:
            ProcedureAborted: it does not read zero.
        """
        tunnel, manometer = self.desk.instrument("tunnel"), self.desk.instrument("manometer")
        yield from tunnel.fan.set(False)
        yield from tunnel.speed.set(0.0)
        yield from tunnel.settle(self.plan.error.timeout.to("s"))
        yield from self.desk.wait(self.plan.error.settling.to("s"))
        if when == "start":
            yield from manometer.zero()
        averaging = self.plan.error.averaging.to("s")
        yield from manometer.time.set(averaging)
        (reading,) = yield from manometer.read(1, averaging)
        seen = self.desk.keep(f"zero/{when}", reading).indication.value
        limit = self.plan.zero.limit.to("Pa")
        if abs(seen) > limit:
            raise ProcedureAborted(
                f"manometer: {seen:+.3f} Pa without flow at the {when}, {limit:g} Pa are permitted; let it warm up, "
                "look for moisture in the hoses, or see whether the tunnel's fan really stands still"
            )

    def air_of_the_room(self, when: str) -> Process:
        """See that the tunnel's sensors agree with the room's logger while the air stands still.

        Raises:
            ProcedureAborted: they do not.
        """
        logger, limits = self.desk.instrument("environment"), self.plan.plausibility
        section = yield from self._air(f"room/{when}/section")
        temperature = self.desk.keep(f"room/{when}/temperature", (yield from logger.temperature.read()))
        pressure = self.desk.keep(f"room/{when}/pressure", (yield from logger.pressure.read()))
        humidity = self.desk.keep(f"room/{when}/humidity", (yield from logger.humidity.read()))
        room = Air(
            temperature=temperature.indication.to("degC").value,
            pressure=pressure.indication.to("Pa").value,
            humidity=humidity.indication.to("%").value,
        )
        if (
            abs(section.temperature - room.temperature) > limits.temperature.to("K")
            or abs(100.0 * (section.pressure / room.pressure - 1.0)) > limits.pressure.to("%")
            or abs(section.humidity - room.humidity) > limits.humidity.to("%")
        ):
            raise ProcedureAborted(
                f"tunnel and environment disagree without flow at the {when}: {section.temperature:.2f} °C, "
                f"{section.pressure / 1e3:.3f} kPa, {section.humidity:.1f} % in the section, "
                f"{room.temperature:.2f} °C, {room.pressure / 1e3:.3f} kPa, {room.humidity:.1f} % in the room"
            )

    def _air(self, step: str) -> Generator[Any, Any, Air]:
        readings = yield from self.desk.instrument("tunnel").air()
        temperature, pressure, humidity = (self.desk.keep(f"{step}/{r.name}", r).indication for r in readings)
        return Air(
            temperature=temperature.to("degC").value, pressure=pressure.to("Pa").value, humidity=humidity.to("%").value
        )

    def starting(self) -> Process:
        """Raise the speed until the wheel turns; a hot wire has none."""
        if self.device.principle == "hot_wire":
            return
        plan = self.plan.starting
        if self.device.accuracy_class not in plan.limit:
            raise SheetError("procedure.starting.limit", f"no class {self.device.accuracy_class!r}")
        self.tell(plan.title, None)
        limit = plan.limit[self.device.accuracy_class].to("m/s")
        found = yield from self.desk.attempt("starting", float | None, partial(self._start_wheel, limit))  # type: ignore[arg-type]
        finding = Finding(
            label=say("starting_speed"),
            value=say("not_started", speed=f"{2 * limit:g}") if found is None else say("started", speed=f"{found:.2f}"),
            limit=say("at_most", value=f"{limit:g} m/s"),
            verdict=Verdict.PASS if found is not None and found <= limit + 1e-9 else Verdict.FAIL,
        )
        self.finish("starting", plan.title, findings=(finding,))

    def _start_wheel(self, limit: float) -> Generator[Any, Any, float | None]:
        """Return the speed at which the wheel turns, m/s; None if it does not at twice the limit."""
        meter, step = self.desk.instrument("device"), self.plan.starting.step.to("m/s")
        for look in itertools.count(1):
            at = look * step
            if at > 2.0 * limit + 1e-9:
                return None
            yield from self._drive(at)
            first = self.desk.keep(f"starting/{look}/1", (yield from meter.speed.read()))
            yield from self.desk.wait(2.0)
            second = self.desk.keep(f"starting/{look}/2", (yield from meter.speed.read()))
            if first.indication.value > 0.0 and second.indication.value > 0.0:
                return at
        raise AssertionError("unreachable")

    # -- speeds -------------------------------------------------------------------------------------------------------

    def _drive(self, at: float) -> Process:
        """Let the tunnel keep a speed, and see that it says so.

        Raises:
            ProcedureAborted: it indicates another one.
        """
        tunnel, limits = self.desk.instrument("tunnel"), self.plan.plausibility
        yield from tunnel.speed.set(at)
        yield from tunnel.fan.set(True)
        yield from tunnel.settle(self.plan.error.timeout.to("s"))
        yield from self.desk.wait(self.plan.error.settling.to("s"))
        reading = yield from tunnel.indicated_speed.read()
        seen = self.desk.keep(f"drive/{at:g}/{self.desk.now:.0f}", reading).indication.value
        if abs(seen - at) > limits.tunnel.to("1") * at + limits.speed.to("m/s"):
            raise ProcedureAborted(
                f"tunnel: {seen:.3f} m/s are indicated where {at:g} m/s were set; check fan, controller and interlock"
            )

    def _speed(self, point: TestPoint) -> Process:
        """Bring the tunnel to a speed, and the manometer to its averaging time."""
        at = point.settings["speed"].value
        yield from self._drive(at)
        yield from self.desk.instrument("manometer").time.set(self.plan.error.averaging.to("s"))
        laser = self.desk.instrument("lda")
        yield from laser.time.set(self.plan.check.averaging.to("s"))
        yield from laser.laser.set(True)

    def errors(self) -> Process:
        """Measure the error at every speed, upwards and downwards."""
        plan = self.plan.error
        results: list[PointResult] = []
        for point in self.points:
            result = yield from self._measure(point)
            results.append(result)
        series = tuple(
            Series(
                name=say(f"series_{direction}"),
                points=tuple(point.key for point in self.points if point.about["direction"] == direction),
            )
            for direction in DIRECTIONS
        )
        self.finish(
            "error",
            plan.title,
            method=say("method"),
            points=tuple(results),
            figure=Figure(x="speed", x_label=say("speed"), logarithmic=False, series=series),
        )

    def _measure(self, point: TestPoint) -> Generator[Any, Any, PointResult]:
        self.tell(self.plan.error.title, point.label)
        yield from self.desk.state(point.key, partial(self._speed, point), self.plan.error.timeout.to("s"))
        looks = []
        for number in range(1, point.repeats + 1):
            step = f"{point.key}/{number}"
            looks.append((yield from self.desk.attempt(step, Look, partial(self._look, step, point))))
        seen = yield from self.desk.attempt(f"{point.key}/lda", tuple[Reading, ...], partial(self._by_laser, point))
        laser = float(seen[0].indication.value)
        n = len(looks)
        speeds = [self._reference(look.pressure, look.air) for look in looks]
        errors = tuple(look.indication - there for look, there in zip(looks, speeds, strict=True))
        self._believe(point, speeds, errors, laser)
        v_i, there = sum(look.indication for look in looks) / n, sum(speeds) / n
        air = Air(
            temperature=sum(look.air.temperature for look in looks) / n,
            pressure=sum(look.air.pressure for look in looks) / n,
            humidity=sum(look.air.humidity for look in looks) / n,
        )
        # The pressure of the mean speed: the model then gives the mean error, to the last digit.
        pressure = pressure_of(there / (1.0 + self.rise), air, self.coefficient, self.plan.tunnel.exponent.value)
        sight = Sight(speed=laser, pressure=pressure, air=air, readings=seen)
        self.sights.setdefault(point.settings["speed"].value, []).append(sight)
        finding = Observed(
            point=point,
            readings=tuple(reading for look in looks for reading in look.readings),
            errors=errors,
            reference_value=Quantity(value=there, unit="m/s"),
            indication=Quantity(value=v_i, unit="m/s"),
            budget=budget(
                self.plan,
                self.device,
                v_i=v_i,
                pressure=pressure,
                air=air,
                readings=n,
                observed=spread(errors),
            ),
            step=f"{self.plan.rounding[self.device.accuracy_class].to('m/s'):g}",
        )
        return self.evaluate(finding, self.plan.error.title)

    def _look(self, step: str, point: TestPoint) -> Generator[Any, Any, Look]:
        """Let anemometer and manometer take means over the same time."""
        meter, manometer = self.desk.instrument("device"), self.desk.instrument("manometer")
        averaging = self.plan.error.averaging.to("s")
        began = self.desk.now
        yield from meter.start(averaging)
        (pressure,) = yield from manometer.read(1, averaging)
        took = self.desk.now - began
        if not 0.999 * averaging <= took <= averaging + 1.0:
            raise ProcedureAborted(
                f"manometer: a mean over {averaging:g} s came after {took:.2f} s at {step}: it is not over the "
                "time of the anemometer's; check its averaging time and its line"
            )
        indication = yield from meter.mean(averaging + 5.0)
        self.desk.keep(f"{step}/indication", indication)
        self.desk.keep(f"{step}/pressure", pressure)
        air = yield from self._air(f"{step}/air")
        if not pressure.indication.value > 0.0:
            raise ProcedureAborted(
                f"manometer: {pressure.indication.value:+.4f} Pa at {point.settings['speed']}: no speed follows from "
                "that; check the hoses"
            )
        return Look(
            readings=(indication, pressure),
            indication=indication.indication.value,
            pressure=pressure.indication.value,
            air=air,
        )

    def _reference(self, pressure: float, air: Air) -> float:
        """Return the reference speed at the anemometer, m/s."""
        return float(speed(pressure, air, self.coefficient, self.plan.tunnel.exponent.value)) * (1.0 + self.rise)

    def _by_laser(self, point: TestPoint) -> Generator[Any, Any, tuple[Reading, ...]]:
        """Return mean speed, scatter and count of bursts of the laser at the tube's place."""
        found = yield from self.desk.instrument("lda").read(self.plan.check.averaging.to("s"))
        return tuple(
            self.desk.keep(f"{point.key}/lda/{reading.name}", reading)
            for reading in (found.speed, found.scatter, found.bursts)
        )

    def _believe(self, point: TestPoint, speeds: list[float], errors: tuple[float, ...], laser: float) -> None:
        """See that tube, laser, tunnel and anemometer do not contradict each other.

        Raises:
            ProcedureAborted: they do; the message names the suspects.
        """
        limits, at = self.plan.plausibility, point.settings["speed"].value
        there = sum(speeds) / len(speeds)
        at_tube = there / (1.0 + self.rise)
        # What a wrong zero of the manometer does to the speed, m/s.
        zero = self.plan.check.zero.value * self.zero_pa / (expected_air(self.plan).density * at)
        difference = laser - at_tube
        self.by_laser.append((at, 100.0 * difference / at_tube))
        permitted = self.plan.check.limit.to("1") * at_tube + zero
        if abs(difference) > permitted:
            raise ProcedureAborted(
                f"manometer and lda disagree at {point.key}: {at_tube:.4f} m/s by the tube, {laser:.4f} m/s by "
                f"the laser, {permitted:.4f} m/s are permitted; check manometer, hoses, tube, seeding, tunnel's sensors"
            )
        if max(speeds) - min(speeds) > limits.scatter.to("1") * there + 2.0 * zero:
            raise ProcedureAborted(
                f"manometer: speeds from {min(speeds):.4f} m/s to {max(speeds):.4f} m/s at {point.key}: the tunnel or "
                "the manometer is not steady"
            )
        if abs(there - at) > limits.tunnel.to("1") * at + limits.speed.to("m/s") + zero:
            raise ProcedureAborted(
                f"manometer and tunnel disagree at {point.key}: {there:.4f} m/s by the tube; check both"
            )
        for value in errors:
            if abs(value) > limits.error.to("1") * at + limits.speed.to("m/s"):
                raise ProcedureAborted(
                    f"device: an error of {value:+.3f} m/s at {point.key} is more than any anemometer has; check "
                    "where it stands, and its line"
                )

    # -- what follows -------------------------------------------------------------------------------------------------

    def conclude(self) -> None:
        """Tell how the standard stood against the laser, and at which speed it is at its best."""
        worst = max(self.by_laser, key=lambda pair: abs(pair[1]))
        low, high = self.points[0].settings["speed"].value, max(p.settings["speed"].value for p in self.points)
        speeds, expanded = uncertainty_curve(self.plan, self.device, low, high)
        best = best_speed(speeds, expanded)
        least = reference_uncertainty(self.plan, self.device, best)
        findings = (
            Finding(
                label=say("laser"),
                value=say("laser_found", difference=f"{worst[1]:+.2f}", speed=f"{worst[0]:g}"),
                limit=say("laser_limit", limit=f"{self.plan.check.limit.to('%'):g}"),
                verdict=Verdict.PASS,
            ),
            Finding(
                label=say("best"),
                value=say("best_found", speed=f"{best:.1f}", U=f"{least:.3f}"),
                limit=None,
                verdict=Verdict.PASS,
            ),
        )
        self.finish(
            "check",
            self.plan.check.title,
            findings=findings,
            charts=(_uncertainty(speeds, expanded, best), self._laser()),
        )

    def tube(self) -> None:
        """State the coefficient of the tube by the laser, at each speed at which the manometer can tell."""
        title, results = self.plan.check.tube, []
        for at, sights in sorted(self.sights.items()):
            if at >= self.plan.check.from_speed.to("m/s"):
                label = say("tube_point", speed=f"{at:g}")
                results.append(self.evaluate(observed(self.plan, at, sights, label, self.coefficient), title))
        self.finish("tube", title, points=tuple(results), measurand=self.sheet.measurands["tube"])

    def _laser(self) -> Chart:
        return Chart(
            key="laser",
            title=say("laser_over_speed"),
            x_label=say("speed"),
            x_unit="m/s",
            y_label=say("laser_difference"),
            y_unit="%",
            curves=(
                Curve(
                    name=say("laser_difference"),
                    x=tuple(at for at, _ in self.by_laser),
                    y=tuple(difference for _, difference in self.by_laser),
                    style="points",
                ),
            ),
        )


def _uncertainty(speeds: tuple[float, ...], expanded: tuple[float, ...], best: float) -> Chart:
    return Chart(
        key="uncertainty",
        title=say("over_speed"),
        x_label=say("speed"),
        x_unit="m/s",
        y_label=say("reference_uncertainty"),
        y_unit="m/s",
        curves=(Curve(name=say("reference_uncertainty"), x=speeds, y=expanded),),
        levels=(Level(name=say("best_level", speed=f"{best:.1f}"), value=best, axis="x"),),
        log_x=True,
    )
