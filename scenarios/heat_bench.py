"""Two baths with their reference thermometers: settle them, and read thermometers and sensors.

Roles: "bath1" (supply sensor) and "bath2" (return sensor), "readout" with a thermometer in each and an input for each
sensor under test.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from scenarios.procedure import ProcedureAborted

if TYPE_CHECKING:
    from collections.abc import Generator

    from drivers.reading import Reading
    from scenarios.heat_meter_plan import BathPlan
    from scenarios.procedure import Desk, Process

ROLES = ("bath1", "bath2")
"""Roles of the baths."""


def twice(desk: Desk, step: str, measured: Any) -> Generator[Any, Any, Reading]:
    """Read a temperature (a driver's property), and see that a second reading says the same within 0.05 K."""
    reading: Reading = desk.keep(step, (yield from measured.read()))
    value = reading.indication.value
    yield from measured.read(expect=(value - 0.05, value + 0.05))
    return reading


class Baths:
    """Run the two baths for one procedure."""

    def __init__(self, desk: Desk, plan: BathPlan) -> None:
        """Begin.

        Args:
            desk: the bench.
            plan: when a bath counts as settled.
        """
        self.desk, self.plan = desk, plan

    def settle(self, step: str, first: float, second: float) -> Process:
        """Bring both baths to their temperatures (°C) and wait until they rest.

        Raises:
            ProcedureAborted: a bath does not come there, or its own indication contradicts the thermometer.
        """
        key = f"baths/{step}/{first:g}/{second:g}"
        yield from self.desk.state(key, lambda: self._settle(step, (first, second)), self.plan.timeout.to("s"))

    def _settle(self, step: str, wanted: tuple[float, float]) -> Process:
        plan = self.plan
        for role, theta in zip(ROLES, wanted, strict=True):
            yield from self.desk.instrument(role).hold(theta)
        deadline = self.desk.now + plan.timeout.to("s")
        yield from self.desk.wait(plan.delay.to("s"))
        last: tuple[float, ...] | None = None
        for look in itertools.count(1):
            readings = yield from self.temperatures(f"{step}/settling/{look}")
            seen = tuple(reading.indication.value for reading in readings)
            there = all(abs(own - theta) <= plan.tolerance.to("K") for own, theta in zip(seen, wanted, strict=True))
            rests = last is not None and all(
                abs(own - before) <= plan.stability.to("K") for own, before in zip(seen, last, strict=True)
            )
            if there and rests:
                yield from self._own_indications(step, seen)
                return
            if self.desk.now > deadline:
                said = ", ".join(
                    f"{role} {own:.3f} °C instead of {theta:g} °C"
                    for role, own, theta in zip(ROLES, seen, wanted, strict=True)
                )
                raise ProcedureAborted(
                    f"{step}: {said} by the readout after {plan.timeout.to('s'):g} s, or not at rest; check the baths "
                    "and the thermometers of the readout"
                )
            last = seen
            yield from self.desk.wait(plan.between.to("s"))

    def _own_indications(self, step: str, seen: tuple[float, ...]) -> Process:
        """Hold each bath's own indication against the thermometer in it."""
        slack = self.plan.own.to("K")
        for role, theta in zip(ROLES, seen, strict=True):
            reading = yield from self.desk.instrument(role).indicated.read()
            own = self.desk.keep(f"{step}/{role}/own", reading).indication.value
            if abs(own - theta) > slack:
                raise ProcedureAborted(
                    f"{role}: {step}: it indicates {own:.3f} °C, the thermometer of the readout {theta:.3f} °C; check "
                    "which thermometer is in which bath, and the readout"
                )

    def temperatures(self, step: str) -> Generator[Any, Any, tuple[Reading, Reading]]:
        """Read both thermometers."""
        readout = self.desk.instrument("readout")
        first = self.desk.keep(f"{step}/bath1", (yield from readout.bath1.read()))
        second = self.desk.keep(f"{step}/bath2", (yield from readout.bath2.read()))
        return first, second

    def sensors(self, step: str) -> Generator[Any, Any, tuple[Reading, ...]]:
        """Read both thermometers, both sensors, and the thermometers again, which must not have moved.

        Raises:
            ImplausibleReading: they have.
        """
        readout = self.desk.instrument("readout")
        first, second = yield from self.temperatures(step)
        one = self.desk.keep(f"{step}/sensor1", (yield from readout.sensor1.read()))
        two = self.desk.keep(f"{step}/sensor2", (yield from readout.sensor2.read()))
        slack = 2.0 * self.plan.stability.to("K")
        for measured, before in ((readout.bath1, first), (readout.bath2, second)):
            value = before.indication.value
            yield from measured.read(expect=(value - slack, value + slack))
        return first, second, one, two

    def believe_rest(self, step: str, before: tuple[Reading, Reading], after: tuple[Reading, Reading]) -> None:
        """See that the baths have rested from one look to the other.

        Raises:
            ProcedureAborted: one of them has not.
        """
        slack = 5.0 * self.plan.stability.to("K")
        for role, first, last in zip(ROLES, before, after, strict=True):
            change = last.indication.value - first.indication.value
            if abs(change) > slack:
                raise ProcedureAborted(
                    f"{role}: {step}: its temperature has changed by {change:+.3f} K by the readout, more than "
                    f"{slack:g} K; check the bath, and its thermometer at the readout"
                )

    def off(self) -> Process:
        """Switch both baths off."""
        for role in ROLES:
            yield from self.desk.instrument(role).output.set(False)
