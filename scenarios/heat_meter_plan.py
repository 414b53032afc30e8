"""The shape of a heat meter sheet's `[procedure]` part, its formula limits, and the markings of a heat meter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from scenarios.procedure import Nameplate as CommonNameplate
from scenarios.record import Rating
from scenarios.references import Reference
from scenarios.sheet import Duration, Effect, Number, Percent, Prescribed
from scenarios.water_rig_plan import Appearance, Celsius, Handling, RigPlan, Temperature, WaterEffects
from uncertainty.quantity import Quantity
from uncertainty.text import Text, catalogue

Side = Literal["return", "supply"]
"""Pipe of the flow sensor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """Hold a limit of the form constant + factor·ratio."""

    constant: Percent
    """Constant part."""
    factor: Percent
    """What the ratio (qp/q, or Δθmin/Δθ) is multiplied by."""

    def at(self, ratio: float) -> float:
        """Return the limit at a ratio, %, to the second decimal as tables print it."""
        return round(self.constant.to("%") + self.factor.to("%") * ratio, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Hold the MPE of an accuracy class by sub-assembly; a complete meter has their arithmetic sum."""

    flow: Formula
    """Flow sensor, over qp/q."""
    flow_cap: Percent
    """Largest MPE of the flow sensor."""
    pair: Formula
    """Pair of sensors, over Δθmin/Δθ."""
    calculator: Formula
    """Calculator, over Δθmin/Δθ."""

    def of_flow(self, qp_over_q: float) -> float:
        """Return E_f, %."""
        return min(self.flow_cap.to("%"), self.flow.at(qp_over_q))

    def whole(self, qp_over_q: float, least_over_difference: float) -> float:
        """Return E = E_f + E_t + E_c, %."""
        of_heat = self.pair.at(least_over_difference) + self.calculator.at(least_over_difference)
        return round(self.of_flow(qp_over_q) + of_heat, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowPoint:
    """Hold one flow."""

    key: str
    """Key, e.g. "0.9qp"."""
    label: Text
    """What people call it."""
    share: Number
    """Flow as a share of `of`."""
    of: Literal["qp", "qi"] = "qp"
    """Permanent flow, or least flow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Hold one pair of temperatures."""

    key: str
    """Key, e.g. "min"."""
    label: Text
    """What people call it."""
    supply: Celsius
    """Temperature of the supply."""
    back: Celsius
    """Temperature of the return."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholePoint(Place):
    """Hold one combination of temperatures and flow."""

    share: Number
    """Flow as a share of `of`."""
    of: Literal["qp", "qi"] = "qp"
    """Permanent flow, or least flow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowPart:
    """Plan the flow sensor."""

    title: Text
    """Title of the item."""
    points: tuple[FlowPoint, ...]
    """Flows."""
    further: Number
    """Further runs where the first one fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairPart:
    """Plan the pair of sensors."""

    title: Text
    """Title of the item."""
    baths: tuple[Celsius, ...]
    """Three temperatures at which both resistances are measured."""
    places: tuple[Place, ...]
    """Places of the field that are reported with their budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalculatorPart:
    """Plan the calculator."""

    title: Text
    """Title of the item."""
    points: tuple[Place, ...]
    """Temperatures that the decades stand for."""
    pulses: Number
    """Pulses in place of the flow sensor's."""
    rate: Prescribed
    """Their rate, Hz."""
    patience: Duration
    """Wait until the calculator has looked at them all."""
    assignment: Temperature
    """Largest difference of an indicated temperature from that of its decade before the wires count as interchanged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholePart:
    """Plan the whole meter."""

    title: Text
    """Title of the item."""
    points: tuple[WholePoint, ...]
    """Combinations."""
    further: Number
    """Further runs where the first one fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BathPlan:
    """Say when a bath counts as settled."""

    delay: Duration
    """Wait before the first look."""
    between: Duration
    """Time between two looks."""
    timeout: Duration
    """Longest wait."""
    tolerance: Temperature
    """Largest difference of the reference thermometer from the set point."""
    stability: Temperature
    """Largest change from one look to the next."""
    own: Temperature
    """Largest difference of the bath's own indication from the reference thermometer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects(WaterEffects):
    """Hold the inputs of the budgets that do not come from readings or certificates."""

    repeatability: Effect | None = None
    """Experimental standard deviation of the volume of one run, L."""
    gradient: Effect
    """Temperature at a sensor above that at the reference thermometer, in one bath, K."""
    reading: Effect
    """Stability of a bath over the readings at one temperature, for one sensor, K."""
    resistance: Effect
    """Measured resistance, %."""
    coefficient: Effect
    """Heat coefficient at the pressure that the water really has, %; for the whole meter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Titles:
    """Name the items that have no plan of their own."""

    marking: Text
    """Markings."""
    balance: Text
    """Check of the balance."""
    sum_of_parts: Text
    """Whole meter against its parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Hold the `[procedure]` part of a heat meter sheet."""

    appearance: Appearance
    """Inspection by eye."""
    titles: Titles
    """Titles of further items."""
    rig: RigPlan
    """The rig with hot water."""
    handling: Handling
    """What people do before and after."""
    bath: BathPlan
    """The baths."""
    flow: FlowPart
    """Flow sensor."""
    pair: PairPart
    """Pair of sensors."""
    calculator: CalculatorPart
    """Calculator."""
    whole: WholePart
    """Whole meter."""
    pressure: Prescribed
    """Pressure for which the heat coefficient is taken, kPa."""
    mpe: dict[str, Limits]
    """Accuracy class -> MPE."""
    rounding: dict[str, Percent]
    """Accuracy class -> step to which an error is rounded before it is judged."""
    budget: Effects
    """Budgets."""
    references: dict[str, Reference] = field(default_factory=dict)
    """"facility", "weights" (of the rig), "thermometers" and "decades" (each "first" and "second")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate(CommonNameplate):
    """Hold the markings of a heat meter."""

    permanent_flow: Quantity
    """Permanent flow qp."""
    least_flow: Quantity
    """Least flow qi."""
    least_difference: Quantity
    """Least temperature difference Δθmin, K."""
    largest_difference: Quantity
    """Largest temperature difference Δθmax, K."""
    lowest_temperature: Quantity
    """θmin."""
    highest_temperature: Quantity
    """θmax."""
    diameter: Quantity
    """Nominal diameter."""
    k_factor: Quantity
    """Pulses per volume."""
    sensor: Quantity
    """Rated resistance of the sensors at 0 °C."""
    side: Side
    """Pipe of the flow sensor."""

    def ratings(self) -> tuple[Rating, ...]:
        """Return the rated properties for the record."""
        text = catalogue("scenarios")
        names = (
            "permanent_flow",
            "least_flow",
            "least_difference",
            "largest_difference",
            "lowest_temperature",
            "highest_temperature",
            "diameter",
            "k_factor",
            "sensor",
        )
        return tuple(Rating(name=text[f"heat_meter.{name}"], quantity=getattr(self, name)) for name in names)
