"""What a sheet says of a gravimetric water rig: how it settles, what its tank holds, when it is believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from scenarios.sheet import Duration, Effect, In, Number, Percent, Prescribed
from uncertainty.text import Text

Mass = Annotated[Prescribed, In("kg")]
Temperature = Annotated[Prescribed, In("K")]
Celsius = Annotated[Prescribed, In("degC")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """Say when a flow counts as reached."""

    tolerance: Percent
    """Largest difference of the line meter's mean from the flow that was set, of that flow."""
    stability: Percent
    """Largest standard deviation of the line meter's means of a second, of their mean."""
    samples: Number
    """Means of a second that are looked at."""
    delay: Duration
    """Wait before the first look."""
    timeout: Duration
    """Longest wait for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plausibility:
    """Say how far instruments of the rig may differ before one of them is not believed."""

    line: Percent
    """Largest difference of the line meter from the weighed flow, of the flow."""
    gate: Duration
    """Largest difference of the timer's gate from the diverter's run."""
    weight: Mass
    """Largest difference of two readings of the balance, of the same load."""
    temperature: Temperature
    """Largest difference of the water's temperature from that of the first run."""
    check: Percent
    """Largest error of the balance at the in-place weights, of their mass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RigPlan:
    """Describe the rig."""

    settling: Settling
    """When a flow counts as reached."""
    coldest: Celsius
    """Least permitted temperature of the water at the meter."""
    warmest: Celsius
    """Largest permitted temperature of the water at the meter."""
    plausibility: Plausibility
    """When its instruments are believed."""
    capacity: Mass
    """Water that is collected at most before the tank is drained."""
    least_mass: Mass
    """Water that a run collects at least."""
    shortest_run: Duration
    """Shortest run."""
    draining: Duration
    """Longest time that the full tank takes to run empty."""
    lift: Duration
    """Longest time that the lift of the in-place weights takes."""
    check_weights: Number
    """In-place weights for the check of the balance before and after."""
    weighing: Duration
    """Time that a weighing takes, for the forecast of durations."""

    def run_s(self, flow: float, rho: float) -> float:
        """Return how long a run takes at a flow (m³/h) of water of this density (kg/m³), s, in whole seconds."""
        needed = self.least_mass.to("kg") / (flow / 3600.0 * rho)
        return float(-(-max(self.shortest_run.to("s"), needed) // 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """Say what the people at the rig do before and after, for the plan of a day."""

    mount: Duration
    """Mounting the meter, filling and venting the line."""
    dismount: Duration
    """Draining the line and taking the meter out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterEffects:
    """Hold the inputs of the budget of weighed water that do not come from readings or certificates."""

    buoyancy: Effect
    """Correction for buoyancy, % of the mass."""
    density: Effect
    """Density of the water, %."""
    temperature: Effect | None = None
    """Thermometer at the meter, K."""
    resolution: Effect | None = None
    """Resolution of the difference of two weighings, g."""
    drift: Effect | None = None
    """Repeatability and drift of the difference of two weighings, g."""
    creep: Effect | None = None
    """Creep of the balance, % of the mass."""
    linearity: Effect | None = None
    """Linearity of the balance, % of the mass."""
    evaporation: Effect | None = None
    """Water that evaporates between two weighings, g."""
    count: Effect | None = None
    """Timing of the pulses against the gate, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """Plan the inspection by eye."""

    title: Text
    """Title of the item."""
    question: Text
    """What is asked of the operator."""
