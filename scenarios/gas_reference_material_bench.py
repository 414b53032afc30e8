"""How a batch of gas mixtures is weighed, filled and compared: the measurements of which its certification consists."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from drivers.gas_comparator import Areas
from drivers.reading import Reading
from scenarios.air import air_density
from scenarios.evaluation import spread
from scenarios.gas_reference_material_forecast import MONTH_S
from scenarios.gas_reference_material_model import State
from scenarios.gas_reference_material_plan import Nameplate, Plan
from scenarios.procedure import ProcedureAborted
from scenarios.references import find
from scenarios.running import Running

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """Hold the weighings of one state of the cylinder."""

    readings: tuple[Reading, ...]
    """What the instruments said."""
    difference: float
    """Mean difference of the cylinder and the tare cylinder, as indicated, g."""
    gain: float
    """Conventional mass per indication, 1."""
    rho_air: float
    """Density of the air, kg/m³."""
    pressure: float
    """Absolute pressure in the cylinder, MPa."""

    @property
    def state(self) -> State:
        """What the measurement model needs."""
        return State(difference=self.difference, rho_air=self.rho_air, pressure=self.pressure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Hold one sequence of streams between two measurements of the control."""

    readings: tuple[Reading, ...]
    """Mean areas."""
    months: float
    """Middle of the sequence, months after the division; negative before."""
    responses: dict[str, tuple[float, ...]]
    """Component -> area of each stream relative to the control at the same time, 1."""
    places: tuple[float, ...]
    """Where each stream stands between the two controls, 0 to 1."""


class Measuring(Running[Plan, Nameplate]):
    """Weigh, fill and compare; the certification extends it with its items."""

    divided = math.inf
    """Bench time at which the mixture was divided into bottles, s."""

    def fill(self, name: str, mass: float) -> Generator[Any, Any, float]:
        """Let a parent gas in; returns when it was done, bench time in s."""
        rack = self.desk.instrument("device")
        yield from rack.load("nothing")
        yield from rack.fill(name, mass, timeout_s=4.0 * mass + 600.0)
        return self.desk.now

    def weigh(self, name: str) -> Generator[Any, Any, Weighed]:
        """Weigh the cylinder against the tare cylinder, and the weight."""
        plan, desk = self.plan.weighing, self.desk
        rack, room = desk.instrument("device"), desk.instrument("environment")
        step = f"weighing/{name}"
        air = []
        for quantity in (room.temperature, room.pressure, room.humidity):
            reading = yield from quantity.read()
            air.append(desk.keep(f"{step}/air/{reading.name}", reading))
        temperature = air[0].indication.to("degC").value
        wall = desk.keep(f"{step}/wall", (yield from rack.wall_temperature.read()))
        excess = wall.indication.to("degC").value - temperature
        if abs(excess) > plan.wall.to("delta_degC"):
            raise ProcedureAborted(
                f"device, environment: the cylinder's wall is {excess:+.2f} K from the room, more than "
                f"{plan.wall.to('delta_degC'):g} K; wait longer before it is weighed, and check both thermometers"
            )
        pressure = desk.keep(f"{step}/pressure", (yield from rack.pressure.read()))
        readings = [*air, wall, pressure]
        differences = []
        for cycle in range(round(plan.cycles.value)):
            cycle_step = f"{step}/{cycle + 1}"
            differences.append((yield from self._substitute(cycle_step, "cylinder", readings)))
        if spread(differences) > plan.scatter.to("g"):
            raise ProcedureAborted(
                f"balance: the differences of {name} scatter by {spread(differences) * 1e3:.1f} mg, more than "
                f"{plan.scatter.to('g') * 1e3:g} mg; check draughts, the carrier and the line to the balance"
            )
        weight = find(self.plan.references, plan.weight).value("mass").quantity.to("g").value
        gain = weight / (yield from self._substitute(f"{step}/weight", "tare and weight", readings))
        if abs(gain - 1) > plan.scale.value:
            raise ProcedureAborted(
                f"balance: {weight:g} g are indicated with {1 / gain - 1:.1e} too much, more than "
                f"{plan.scale.value:.1e}; adjust the balance and check the weight"
            )
        pressures = air[1].indication.to("Pa").value
        rho = air_density(temperature, pressures, air[2].indication.to("%").value)
        return Weighed(
            readings=tuple(readings),
            difference=sum(differences) / len(differences),
            gain=gain,
            rho_air=float(rho),
            pressure=pressure.indication.to("MPa").value,
        )

    def _substitute(self, step: str, load: str, readings: list[Reading]) -> Generator[Any, Any, float]:
        """Return the indication with a load minus that with the tare cylinder: tare, load, load, tare."""
        rack, balance = self.desk.instrument("device"), self.desk.instrument("balance")
        seen: list[float] = []
        for number, what in enumerate(("tare", load, load, "tare"), start=1):
            yield from rack.load(what)
            yield from self.desk.wait(self.plan.weighing.settle.to("s"))
            reading = self.desk.keep(f"{step}/{load}/{number}", (yield from balance.weight.read()))
            readings.append(reading)
            seen.append(reading.indication.to("g").value)
        first, *loads, last = seen
        return (sum(loads) - first - last) / 2

    def session(self, step: str, streams: Sequence[tuple[str, int]]) -> Generator[Any, Any, Session]:
        """Measure streams between two measurements of the control.

        Raises:
            ProcedureAborted: the injections of a stream scatter, or the control drifts too much.
        """
        plan = self.plan.comparison
        control = ("reference", round(plan.control.value))
        measured: list[Areas] = []
        for number, (kind, place) in enumerate((control, *streams, control)):
            count = plan.control_injections if number in (0, len(streams) + 1) else plan.injections
            inject = partial(self._inject, f"{step}/{number}", kind, place, round(count.value))
            measured.append((yield from self.desk.attempt(f"{step}/{number}", Areas, inject)))
        first, *own, last = measured
        span = last.time_s - first.time_s
        places = tuple((a.time_s - first.time_s) / span for a in own)
        responses = {}
        for number, component in enumerate(self.plan.components):
            start, end = (a.readings[number].indication.value for a in (first, last))
            drift = end / start - 1
            if abs(drift) > plan.drift.to("1"):
                raise ProcedureAborted(
                    f"analyser: {step}: {component} of the control changed by {100 * drift:+.2f} % over the sequence, "
                    f"more than {plan.drift.to('%'):g} %; let it settle, and check gases and flows"
                )
            responses[component] = tuple(
                a.readings[number].indication.value / (start * (1 + drift * f))
                for a, f in zip(own, places, strict=True)
            )
        return Session(
            readings=tuple(r for a in measured for r in a.readings),
            months=(0.5 * (first.time_s + last.time_s) - self.divided) / MONTH_S,
            responses=responses,
            places=places,
        )

    def _inject(self, step: str, kind: str, place: int, count: int) -> Generator[Any, Any, Areas]:
        plan, components = self.plan.comparison, self.plan.components
        yield from self.desk.instrument("device").connect(kind, place)
        analyser = self.desk.instrument("analyser")
        areas: Areas = yield from analyser.measure(components, count, round(plan.discard.value), plan.cycle.to("s"))
        for name, reading, values in zip(components, areas.readings, areas.values, strict=True):
            self.desk.keep(f"{step}/{name}", reading)
            if len(values) > 1 and min(values) == max(values):
                raise ProcedureAborted(
                    f"analyser: {step}: all areas of {name} in {kind} {place} are {values[0]:.6g}; real injections "
                    "differ: it is out of range, or repeats an old result"
                )
            scatter = spread(values) / reading.indication.value if reading.indication.value > 0 else math.inf
            if scatter > plan.scatter.to("1"):
                raise ProcedureAborted(
                    f"analyser: {step}: areas of {name} in {kind} {place} scatter by {100 * scatter:.2g} %, more than "
                    f"{plan.scatter.to('%'):g} %; check the gas supply and the line to the analyser"
                )
        return areas
