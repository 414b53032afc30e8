"""What a five-hole probe's calibration does with its instruments: blow, zero, place, null, read, and disbelieve."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from scenarios.pitot_3d_model import Sample
from scenarios.pitot_3d_plan import Nameplate, Plan
from scenarios.procedure import ProcedureAborted
from scenarios.references import find
from scenarios.running import Running

if TYPE_CHECKING:
    from collections.abc import Generator

    from drivers.reading import Reading
    from scenarios.procedure import Desk
    from scenarios.sheet import Sheet

    Process = Generator[Any, Any, Any]

CHANNELS = 5
"""Channels of the manometer: P1 - P2, P2 - P3, P4 - P5, P1 - P4, and the Pitot tube."""


class ProbeBench(Running[Plan, Nameplate]):
    """Hold the instruments of the calibration and what has been found out about the probe so far."""

    def __init__(self, desk: Desk, sheet: Sheet, plan: Plan, device: Nameplate, *, total: int) -> None:
        """Take the bench; nothing is sent."""
        super().__init__(desk, sheet, plan, device, total=total)
        self.zero_yaw = 0.0
        """Stage's reading at the null without pitch from the first port, degrees."""
        self.sensitivity = plan.null.sensitivity.to("1/deg")
        """d[(P2 - P3)/(P1 - P2)]/d yaw, 1/deg."""
        self.room: dict[str, float] = {}
        """Indications of the room's influence quantities at the start."""
        self._nulls: dict[float, float] = {}
        self._looks = 0
        self._lda_factor = find(plan.references, "lda").value("factor").quantity.value
        self._pitot = find(plan.references, "pitot").value("coefficient").quantity.value

    def prepare(self) -> Process:
        """Set the averaging times, ask the probe what it is, light the laser."""
        desk, plan = self.desk, self.plan
        for reading in self.conditions:
            self.room[reading.name] = reading.indication.value
        yield from desk.attempt("identity", bool, self._markings)

        def light() -> Process:
            yield from desk.instrument("manometer").time.set(plan.averaging.manometer.to("s"))
            yield from desk.instrument("lda").time.set(plan.averaging.lda.to("s"))
            yield from desk.instrument("lda").factor.set(1.0)
            yield from desk.instrument("lda").laser.set(True)

        self._light = light

    def _markings(self) -> Generator[Any, Any, bool]:
        """See that the probe's chip says what its nameplate says."""
        probe = self.desk.instrument("device")
        head = yield from probe.head.read()
        diameter = self.desk.keep("identity/diameter", (yield from probe.diameter.read()))
        marked = self.device.diameter.to("mm").value
        if head != self.device.head or abs(diameter.indication.value - marked) > 0.05:
            raise ProcedureAborted(
                f"device: its chip says {head}, {diameter.indication}, but it is marked {self.device.head}, "
                f"{marked:g} mm; check which probe is connected"
            )
        return True

    def make_safe(self) -> Process:
        """Switch fan and laser off, whatever happens to one of them."""
        try:
            yield from self.desk.instrument("tunnel").make_safe()
        finally:
            yield from self.desk.instrument("lda").make_safe()

    # -- states -------------------------------------------------------------------------------------------------------

    def blow(self, speed: float) -> Process:
        """Bring the tunnel to a speed (m/s), wait until it is calm, and see that instruments agree."""
        yield from self.desk.state(f"speed/{speed:g}", lambda: self._blow(speed))
        key = f"speed/{speed:g}/look/{self._looks}"
        self._looks += 1
        self.sensitivity = yield from self.desk.attempt(key, float, lambda: self._look(speed))

    def _blow(self, speed: float) -> Process:
        desk, averaging = self.desk, self.plan.averaging
        yield from self._light()
        tunnel = desk.instrument("tunnel")
        yield from tunnel.speed.set(speed)
        yield from tunnel.fan.set(True)
        yield from tunnel.settle(averaging.settling.to("s"))
        yield from desk.wait(averaging.calm.to("s"))

    def _look(self, speed: float) -> Generator[Any, Any, float]:
        """Look at the stream before it is used: not turbulent, of the speed that was set; return the sensitivity."""
        desk, rules = self.desk, self.plan.plausibility
        step = f"speed/{speed:g}/look/{self._looks}"
        yield from self._zero()
        mean = yield from desk.instrument("lda").read(self.plan.averaging.lda.to("s"))
        seen = desk.keep(f"{step}/speed", mean.speed).indication.value
        scatter = desk.keep(f"{step}/scatter", mean.scatter).indication.value
        indicated = desk.keep(f"{step}/indicated", (yield from desk.instrument("tunnel").indicated_speed.read()))
        if scatter > rules.turbulence.to("1") * seen:
            raise ProcedureAborted(
                f"tunnel: the LDA sees a scatter of {100 * scatter / seen:.2g} % at {speed:g} m/s, more than "
                f"{rules.turbulence.to('%'):g} %; look at screens, seeding and what stands in the stream"
            )
        for name, value in (("the set speed", speed), ("the controller's", indicated.indication.value)):
            if abs(seen - value) > rules.indicated.to("1") * speed:
                raise ProcedureAborted(
                    f"lda and tunnel: the LDA reads {seen:.4g} m/s, but {name} is {value:.4g} m/s; check laser, "
                    "seeding, fan and controller"
                )
        return (yield from self._measure_sensitivity(step, speed))

    def _measure_sensitivity(self, step: str, speed: float) -> Generator[Any, Any, float]:
        """Turn the probe a little off its null and back: what a degree of yaw does is not known beforehand."""
        trial = self.plan.null.trial.to("deg")
        ratios = []
        for name, yaw in (("low", self.zero_yaw - trial), ("high", self.zero_yaw + trial)):
            yield from self.desk.instrument("stage").turn(yaw=yaw, pitch=0.0)
            p = yield from self._pressures(f"{step}/{name}", speed)
            ratios.append(p[1].indication.value / p[0].indication.value)
        slope = (ratios[1] - ratios[0]) / (2 * trial)
        guess = self.plan.null.sensitivity.to("1/deg")
        if not 0.3 * guess < slope < 3.0 * guess:
            raise ProcedureAborted(
                f"device, stage or manometer: (P2 - P3)/(P1 - P2) changes by {slope:.3g} per degree of yaw, "
                f"usual is about {guess:.3g}; "
                "check whether hoses are exchanged and the stage turns"
            )
        return slope

    def zero(self, key: str) -> Process:
        """Take the zero of the manometer."""

        def steps() -> Generator[Any, Any, bool]:
            yield from self._zero()
            return True

        yield from self.desk.attempt(key, bool, steps)

    def _zero(self) -> Process:
        yield from self.desk.instrument("manometer").zero()

    def approach(self, key: str, pitch: float) -> Process:
        """Incline the probe beyond an end of its range, from where a pass begins."""

        def steps() -> Generator[Any, Any, bool]:
            yield from self.desk.instrument("stage").turn(pitch=pitch)
            return True

        yield from self.desk.attempt(key, bool, steps)

    def upright(self) -> Generator[Any, Any, bool]:
        """Have the probe back in its first port."""
        yield from self.desk.instrument("stage").entry.set("upright")
        return True

    # -- one look at the probe ----------------------------------------------------------------------------------------

    def nulled(self, step: str, pitch: float, speed: float, port: str | None = None) -> Generator[Any, Any, Sample]:
        """Read the probe at its null; see `_place`. The next search at this pitch begins where this one ended."""
        sample = yield from self.desk.attempt(step, Sample, lambda: self._place(step, pitch, speed, port))
        self._nulls[pitch] = sample.yaw
        return sample

    def _place(self, step: str, pitch: float, speed: float, port: str | None) -> Generator[Any, Any, Sample]:
        """Incline the probe, turn it to its null, and read it there.

        Args:
            step: name in the journal.
            pitch: degrees.
            speed: that was set, m/s.
            port: port through which the probe is put in; None to leave it.

        Raises:
            ProcedureAborted: the null is not found, or instruments contradict each other.
        """
        stage, null = self.desk.instrument("stage"), self.plan.null
        if port is not None:
            yield from stage.entry.set(port)
        yaw = self._nulls.get(pitch, self.zero_yaw)
        tries = round(null.tries.value)
        for attempt in range(1, tries + 1):
            yield from stage.turn(yaw=yaw, pitch=pitch)
            sample = yield from self.read(f"{step}/{attempt}", yaw, pitch, speed)
            away = self.null_of(sample) - yaw
            if abs(away) <= null.limit.to("deg"):
                return sample
            yaw = round(yaw + max(-10.0, min(10.0, away)), 2)
        raise ProcedureAborted(
            f"device, stage or manometer: no yaw null within {tries} tries at a pitch of {pitch:+g} deg and "
            f"{speed:g} m/s; the last reading lies {away:.2g} deg from it; check hoses 2 and 3 and the stage"
        )

    def null_of(self, sample: Sample) -> float:
        """Return the yaw at which a sample says the null is, degrees."""
        return sample.yaw - sample.p23 / sample.at_null / self.sensitivity

    def read(self, step: str, yaw: float, pitch: float, speed: float) -> Generator[Any, Any, Sample]:
        """Read speed, pressures and air once, and hold them against each other."""
        desk, averaging = self.desk, self.plan.averaging
        mean = yield from desk.instrument("lda").read(averaging.lda.to("s"))
        reference = desk.keep(f"{step}/speed", mean.speed)
        pressures = yield from self._pressures(step, speed)
        yield from desk.instrument("stage").stands(yaw=yaw, pitch=pitch)
        air = yield from desk.instrument("tunnel").air()
        for reading in air:
            desk.keep(f"{step}/{reading.name}", reading)
        p12, p23, p45, p14, pitot = (reading.indication.value for reading in pressures)
        sample = Sample(
            readings=(reference, *pressures, *air),
            speed=reference.indication.value,
            p12=p12,
            p23=p23,
            p45=p45,
            p14=p14,
            temperature=air[0].indication.value,
            pressure=air[1].indication.value,
            humidity=air[2].indication.value,
            yaw=yaw,
            pitch=pitch,
        )
        self._believe(sample, pitot)
        return sample

    def _pressures(self, step: str, speed: float) -> Generator[Any, Any, tuple[Reading, ...]]:
        pressures = yield from self.desk.instrument("manometer").read(CHANNELS, self.plan.averaging.manometer.to("s"))
        for reading in pressures:
            self.desk.keep(f"{step}/{reading.name}", reading)
        p12, p23, p45, p14 = (reading.indication.value for reading in pressures[:4])
        fall = 0.5 * (p12 + p14) + 0.25 * (p23 + p45)
        if not 0.1 * speed**2 < fall < 2.0 * speed**2:
            raise ProcedureAborted(
                f"manometer: P1 less the mean of P2 to P5 is {fall:.4g} Pa at {speed:g} m/s, which cannot be; "
                "check the hoses, the range, and that the tunnel still blows"
            )
        return tuple(pressures)

    def _believe(self, sample: Sample, pitot: float) -> None:
        """Hold LDA, Pitot tube, tunnel and room against each other.

        Raises:
            ProcedureAborted: two of them contradict each other.
        """
        rules = self.plan.plausibility
        for name, seen, room, limit, unit in (
            ("temperature", sample.temperature, self.room.get("temperature"), rules.temperature.to("delta_degC"), "K"),
            ("humidity", sample.humidity, self.room.get("humidity"), rules.humidity.to("%"), "%"),
        ):
            if room is not None and abs(seen - room) > limit:
                raise ProcedureAborted(
                    f"tunnel or environment: {name} of the stream is {seen:g}, of the room {room:g}: more "
                    f"than {limit:g} {unit} apart; check the sensors of the test section"
                )
        pressure = self.room.get("pressure")
        if pressure is not None and abs(sample.pressure / (1e3 * pressure) - 1) > rules.pressure.to("1"):
            raise ProcedureAborted(
                f"tunnel or environment: static pressure is {sample.pressure:g} Pa, the room's {1e3 * pressure:g} Pa; "
                "check both barometers"
            )
        by_tube = self._pitot * math.sqrt(2 * max(pitot, 0.0) / sample.density)
        by_lda = sample.speed * self._lda_factor
        if abs(by_tube - by_lda) > rules.pitot.to("1") * by_lda:
            raise ProcedureAborted(
                f"lda or manometer: {by_lda:.4g} m/s by the LDA, {by_tube:.4g} m/s by the Pitot tube: more than "
                f"{rules.pitot.to('%'):g} % apart; check laser, seeding, hoses of channel {CHANNELS}, and the tunnel"
            )
