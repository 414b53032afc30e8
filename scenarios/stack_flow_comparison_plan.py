"""The shape of a stack-flow comparison's `[procedure]` part, and the markings of the installed meter."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Literal

from scenarios.procedure import Nameplate as CommonNameplate
from scenarios.record import Rating
from scenarios.references import Reference
from scenarios.sheet import Duration, Effect, In, Number, Percent, Prescribed
from uncertainty.quantity import Quantity
from uncertainty.text import Text, catalogue

Kind = Literal["3d", "s_type", "l_type"]
Metre = Annotated[Prescribed, In("m")]
Speed = Annotated[Prescribed, In("m/s")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """Plan a question to the operator."""

    title: Text
    """Title of the item."""
    question: Text
    """What is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """Describe one team."""

    name: Text
    """Name."""
    kind: Kind
    """Kind of probe."""
    reference: str
    """Key of its probe's certificate among the laboratory's references; it states "coefficient"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Plan one load."""

    key: str
    """Key, e.g. "full"."""
    label: Text
    """What people call it."""
    load: Percent
    """Load of the plant, of full load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Hold the MPE of the installed meter from a speed upwards."""

    from_speed: Speed
    """Smallest speed to which the limit applies."""
    mpe: Percent
    """Maximum permissible error, as a positive number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traverse:
    """Plan the traverses."""

    points: Number
    """Points on each of two diameters."""
    window: Duration
    """Duration of one traverse; all teams traverse in the same windows."""
    windows: Number
    """Windows per load."""
    settling: Duration
    """Wait after a load is reached."""
    ramp: Duration
    """Longest wait for a load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Say which speed fields are thinkable in the plane: by Monte Carlo they give the sampling uncertainty."""

    fields: int
    """Fields that are drawn."""
    exponent: tuple[float, float]
    """Range of n of the power law (1 - r/R)^(1/n)."""
    skew: tuple[float, float]
    """Range of the relative skew at the wall."""
    bump: tuple[float, float]
    """Range of the relative height of a jet."""
    bump_radius: tuple[float, float]
    """Range of the jet's distance from the axis, in radii."""
    bump_width: float
    """Width of the jet, in radii."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plausibility:
    """Say what cannot be true."""

    temperature: Annotated[Prescribed, In("delta_degC")]
    """Largest difference of a team's temperature from the plant's."""
    mean_temperature: Annotated[Prescribed, In("delta_degC")]
    """Largest difference of the teams' mean temperature from the plant's."""
    pressure: Percent
    """Largest difference of the plant's static pressure from the room's."""
    yaw: Annotated[Prescribed, In("deg")]
    """Largest yaw that a null may show."""
    clock: Duration
    """Largest difference between the start of a window and what an outfit's clock says of it."""
    window: Percent
    """Largest difference of one window's ratio from the mean of its team."""
    ratio: tuple[float, float]
    """Range of a team's speed by the installed meter's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Hold the inputs of the budgets that do not come from readings or certificates."""

    team_pressure: Effect
    """A team's manometers, %."""
    team_temperature: Effect
    """A team's thermometer, K."""
    team_yaw: Effect
    """A team's yaw reference (five-hole probes), deg."""
    team_position: Effect
    """Depth of a team's points, %."""
    pressure: Effect
    """Static pressure, common to all teams, Pa."""
    water: Effect
    """Water fraction, common to all teams, 1."""
    co2: Effect
    """CO2 fraction, common to all teams, 1."""
    o2: Effect
    """O2 fraction, common to all teams, 1."""
    temperature: Effect
    """Plant's temperature, for the conversion to normal conditions, K."""
    diameter: Effect
    """Inner diameter, m."""
    meter_noise: Effect
    """Noise of the installed meter in its mean at one load, %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Hold the `[procedure]` part of a stack-flow comparison."""

    protocol: Inspection
    """Question about the protocol."""
    title_comparison: Text
    """Title of the item of the comparison between the teams."""
    title_meter: Text
    """Title of the item of the installed meter's error."""
    title_factor: Text
    """Title of the item of its factor K_v."""
    title_flow: Text
    """Title of the item of the flow."""
    teams: dict[str, Team]
    """Role -> team."""
    loads: tuple[Load, ...]
    """Loads, in order."""
    traverse: Traverse
    """Traverses."""
    diameter: Metre
    """Inner diameter of the stack, as measured."""
    field: Field
    """Speed fields that are thinkable."""
    consistency: Number
    """Probability below which the results of a set of teams do not agree."""
    precision: Percent
    """Largest relative standard deviation of K_v between windows."""
    mpe: tuple[Limit, ...]
    """Limits of the installed meter, from the largest speed downwards."""
    rounding: Percent
    """Step to which its error is rounded before it is judged."""
    plausibility: Plausibility
    """What cannot be true."""
    budget: Effects
    """Budgets."""
    references: dict[str, Reference] = dataclasses.field(default_factory=dict)
    """Certificates of the teams' probes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate(CommonNameplate):
    """Hold the markings of an installed velocity meter."""

    full_speed: Quantity
    """Speed at full load."""

    def ratings(self) -> tuple[Rating, ...]:
        """Return the rated properties for the record."""
        name = catalogue("scenarios")["stack_flow_comparison.full_speed"]
        return (Rating(name=name, quantity=self.full_speed),)
