"""The shape of a water flow sheet's `[procedure]` part, and the markings of a flow meter with pulse output."""

from __future__ import annotations

from dataclasses import dataclass, field

from scenarios.procedure import Nameplate as CommonNameplate
from scenarios.record import Rating
from scenarios.references import Reference
from scenarios.sheet import Effect, Number, Percent
from scenarios.water_rig_plan import Appearance, Handling, RigPlan, WaterEffects
from uncertainty.quantity import Quantity
from uncertainty.text import Text, catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowPoint:
    """Hold one flow at which the error is measured."""

    key: str
    """Key, e.g. "0.4qmax"."""
    label: Text
    """What people call it."""
    share: Number
    """Flow as a share of the largest flow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zones:
    """Hold the MPE of an accuracy class."""

    high: Percent
    """From the transition flow upwards."""
    low: Percent
    """Below the transition flow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """Plan the error of indication."""

    title: Text
    """Title of the item."""
    flows: tuple[FlowPoint, ...]
    """Flows, from the largest downwards."""
    repeats: dict[str, Number]
    """Accuracy class -> runs per flow."""
    repeatability: Number
    """Largest experimental standard deviation of the errors at a flow, as a share of the MPE there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects(WaterEffects):
    """Hold the inputs of the budget that do not come from readings or certificates."""

    repeatability: Effect | None = None
    """Experimental standard deviation of the meter's volume in one run, pooled over earlier runs, L."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Titles:
    """Name the items that have no plan of their own."""

    balance: Text
    """Check of the balance by in-place weights."""
    k_factor: Text
    """K-factor and linearity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Hold the `[procedure]` part of a water flow sheet."""

    appearance: Appearance
    """Inspection by eye."""
    titles: Titles
    """Titles of further items."""
    rig: RigPlan
    """The rig."""
    handling: Handling
    """What people do before and after."""
    errors: Errors
    """Error of indication."""
    mpe: dict[str, Zones]
    """Accuracy class -> MPE."""
    rounding: dict[str, Percent]
    """Accuracy class -> step to which the error is rounded before it is judged."""
    budget: Effects
    """Budget."""
    references: dict[str, Reference] = field(default_factory=dict)
    """"facility" (relative error of weighing, diversion time) and "weights" (mass of one in-place weight)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate(CommonNameplate):
    """Hold the markings of a flow meter."""

    diameter: Quantity
    """Nominal diameter."""
    maximum_flow: Quantity
    """Largest flow q_max."""
    transition_flow: Quantity
    """Transition flow q_t."""
    minimum_flow: Quantity
    """Least flow q_min."""
    k_factor: Quantity
    """Pulses per volume."""

    def ratings(self) -> tuple[Rating, ...]:
        """Return the rated properties for the record."""
        text = catalogue("scenarios")
        names = ("diameter", "maximum_flow", "transition_flow", "minimum_flow", "k_factor")
        return tuple(Rating(name=text[f"water_flow.{name}"], quantity=getattr(self, name)) for name in names)
