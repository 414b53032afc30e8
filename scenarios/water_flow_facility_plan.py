"""The shape of a sheet for the verification of a gravimetric water rig itself, and the rig's markings."""

from __future__ import annotations

from dataclasses import dataclass, field

from scenarios.limits import Limit
from scenarios.procedure import Nameplate as CommonNameplate
from scenarios.record import Rating
from scenarios.references import Reference
from scenarios.sheet import Duration, Effect, Number, Percent, Prescribed
from scenarios.water_rig_plan import Appearance, Mass, RigPlan
from uncertainty.quantity import Quantity
from uncertainty.text import Text, catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """Plan the check of the balance with in-place weights."""

    title: Text
    """Title of the item."""
    loads: tuple[Number, ...]
    """Numbers of weights."""
    repeats: Number
    """Weighings per load."""
    mpe: Limit
    """MPE of the balance."""
    step: str
    """Step to which the error is rounded, kg."""
    creep_time: Duration
    """Time for which the largest load stands."""
    creep_limit: Mass
    """Largest change of the indication in that time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Plan the check of the timer against a frequency standard."""

    title: Text
    """Title of the item."""
    time: Duration
    """Time of one measurement."""
    repeats: Number
    """Measurements."""
    mpe: Prescribed
    """MPE of the timer, ppm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diversion:
    """Plan the timing-error test of the diverter: bursts against one long run."""

    title: Text
    """Title of the item."""
    flows: tuple[Number, ...]
    """Flows as shares of the largest flow."""
    bursts: Number
    """Bursts that are weighed together."""
    burst: Duration
    """Time of one burst."""
    pause: Duration
    """Time between two bursts."""
    repeats: Number
    """Comparisons per flow."""
    limit: Percent
    """Largest |Δt| + U, of the shortest run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steadiness:
    """Plan the stability of the flow."""

    title: Text
    """Title of the item."""
    samples: Number
    """Means of a second that are looked at."""
    limit: Percent
    """Largest standard deviation, of the flow."""
    warming: Prescribed
    """Largest change of the water's temperature over the item, K."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tightness:
    """Plan the search for leaks: the full tank stands while water runs through the bypass."""

    title: Text
    """Title of the item."""
    time: Duration
    """Time between two weighings."""
    limit: Mass
    """Largest change of the mass in that time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facility:
    """Plan the uncertainty of the facility."""

    title: Text
    """Title of the item."""
    limit: dict[str, Percent]
    """Class of the facility -> largest U (k = 2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Hold the inputs of the budgets that do not come from readings or certificates."""

    resolution: Effect
    """Resolution of the difference of two weighings, g."""
    noise: Effect
    """Repeatability of the difference of two weighings, g."""
    creep: Effect
    """Creep of the balance, % of the load."""
    time_resolution: Effect
    """Resolution of a time, s."""
    steadiness: Effect
    """Difference of the mean flows of bursts and long run that the line meter does not see, %."""
    levels: Effect
    """Linearity and creep of the balance at the two levels of the tank, long run against bursts, g."""
    buoyancy: Effect
    """Correction for buoyancy, % of the mass."""
    density: Effect
    """Density of the water, %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Hold the `[procedure]` part."""

    appearance: Appearance
    """Inspection by eye."""
    rig: RigPlan
    """The rig."""
    weighing: Weighing
    """Balance."""
    timing: Timing
    """Timer."""
    diversion: Diversion
    """Diverter."""
    steadiness: Steadiness
    """Stability of the flow."""
    tightness: Tightness
    """Leaks."""
    facility: Facility
    """Uncertainty of the facility."""
    budget: Effects
    """Budgets."""
    references: dict[str, Reference] = field(default_factory=dict)
    """"weights" (mass of one in-place weight) and "frequency" (its frequency)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate(CommonNameplate):
    """Hold the markings of a rig."""

    maximum_flow: Quantity
    """Largest flow."""
    minimum_flow: Quantity
    """Least flow."""

    def ratings(self) -> tuple[Rating, ...]:
        """Return the rated properties for the record."""
        text = catalogue("scenarios")
        return tuple(
            Rating(name=text[f"water_flow_facility.{name}"], quantity=getattr(self, name))
            for name in ("maximum_flow", "minimum_flow")
        )
