"""The shape of a ring-down sheet's `[procedure]` part, and the markings of an analyser."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from scenarios.procedure import Nameplate as CommonNameplate
from scenarios.references import Reference
from scenarios.sheet import Duration, Effect, In, Number, Percent, Prescribed
from uncertainty.text import Text

Method = Literal["stepped", "droplet"]
"""How the water correction is found: at steady humidities, or while a droplet evaporates."""
Pressure = Annotated[Prescribed, In("kPa")]
Fraction = Annotated[Prescribed, In("mol/mol")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Hold the inputs of a component's budgets that come from neither readings nor certificates, in its unit."""

    scale: Effect
    """What all values on one scale have in common; contained in each certificate's U."""
    repeatability: Effect
    """Mean of one gas at a tank's averaging time, drift between neighbouring gases included; pooled."""
    bow: Effect
    """Deviation of the response from a straight line in the middle of the range."""
    wet: Effect
    """Difference of a humid from the neighbouring dry means in the water test; pooled."""
    settling: Effect
    """Cavity pressure that has not settled when a humidity is averaged."""
    inlet: Effect
    """Inlet pressure in use as against the calibration, with the largest permitted sensitivity."""
    uptake: Effect | None = None
    """What the humidifier's water takes up of the component, per % of humidity; None for one that hardly dissolves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """Plan one component."""

    name: Text
    """Name."""
    unit: str
    """Unit of its amount fractions."""
    goal: Fraction
    """Compatibility goal: maximum permissible error of the adjusted analyser."""
    step: str
    """Rounding step of printed errors."""
    low: Fraction
    """Lower end of the range over which the bow is stated."""
    high: Fraction
    """Upper end."""
    credible: Fraction
    """Largest difference of a delivered analyser's reading from a tank's value that is believed."""
    inlet_limit: Fraction
    """Largest permitted change with the inlet pressure, per kPa."""
    memory_limit: Fraction
    """Largest permitted rest of a change of tanks after the flush."""
    drift_limit: Fraction
    """Largest permitted span of the target gas's results."""
    precision: dict[str, Fraction]
    """Averaging time in s -> largest permitted Allan deviation."""
    budget: Effects
    """Budget."""
    isotopic: bool = False
    """Whether the analyser sees the light isotopologue alone, so that certificates must state δ13C."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmUp:
    """Plan the warm-up."""

    title: Text
    """Title."""
    timeout: Duration
    """Longest wait for the cavity's lock."""
    rest: Duration
    """Wait after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Plan response and memory."""

    title: Text
    """Title of the item."""
    before: str
    """Reference that flows before the change."""
    after: str
    """Reference that flows after it."""
    duration: Duration
    """How long the change is recorded."""
    t90: Duration
    """Largest permitted T90, delay included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inlet:
    """Plan the effect of the inlet pressure."""

    title: Text
    """Title of the item."""
    pressures: tuple[Pressure, ...]
    """Pressures, in order."""
    settling: Duration
    """Wait at each."""
    average: Duration
    """Averaging time at each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allan:
    """Plan short-term precision."""

    title: Text
    """Title of the item."""
    duration: Duration
    """Length of the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Water:
    """Plan the water correction."""

    title: Text
    """Title of the item."""
    method: Method
    """How it is found."""
    levels: tuple[Percent, ...]
    """Humidities at which it is found (stepped)."""
    check: tuple[Percent, ...]
    """Humidities at which it is checked afterwards."""
    dry_every: Number
    """Humid levels between two dry ones."""
    dwell: Duration
    """Time at each level, averaging included."""
    average: Duration
    """Averaging time at its end."""
    droplet: Duration
    """How long an evaporating droplet is recorded (droplet)."""
    share: Number
    """Share of the compatibility goal that the water correction may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Plan the calibration with tanks."""

    title: Text
    """Title of the item."""
    tanks: tuple[str, ...]
    """References, in the order of a cycle."""
    cycles: Number
    """Cycles."""
    gamma: Number
    """Largest permitted Γ of the fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Plan the target gas."""

    title: Text
    """Title of the item."""
    target: str
    """Reference that is measured again and again."""
    visits: Number
    """How often."""
    interval: Duration
    """From one visit to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Plan the final verdict."""

    title: Text
    """Title of the item."""
    humidities: tuple[Percent, ...]
    """Humidities of the air for which it is given, 0 for dry; those above 0 must be checked ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Plan the resolution of a moving analyser along its way."""

    speed: Annotated[Prescribed, In("km/h")]
    """Speed."""
    limit: Annotated[Prescribed, In("m")]
    """Largest permitted way during T90."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """Plan the inspection by eye."""

    title: Text
    """Title of the item."""
    question: Text
    """What is asked of the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plausibility:
    """Say what is believed."""

    cavity_pressure: Pressure
    """Largest difference of the indicated cavity pressure from its set point."""
    cavity_set_point: Pressure
    """That set point."""
    dry: Percent
    """Largest indicated water in dry gas."""
    humidity: Percent
    """Largest difference of the analyser's water from the humidifier's, of the value; `dry` comes on top."""
    inlet_pressure: Pressure
    """Largest difference of the analyser's inlet pressure from the humidifier's."""
    cylinder: Annotated[Prescribed, In("MPa")]
    """Least pressure of a cylinder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Hold the `[procedure]` part of a ring-down sheet."""

    appearance: Appearance
    """Inspection by eye."""
    components: dict[str, Component]
    """Components."""
    inlets: dict[str, int]
    """Reference, or "working", -> inlet of the gas selector."""
    flow: Annotated[Prescribed, In("l/min")]
    """Flow of every gas."""
    inlet_pressure: Pressure
    """Inlet pressure."""
    flush: Duration
    """Wait after a change of tanks."""
    average: Duration
    """Averaging time of a tank."""
    warm_up: WarmUp
    """Warm-up."""
    response: Response
    """Response and memory."""
    inlet: Inlet
    """Inlet pressure effect."""
    allan: Allan
    """Short-term precision."""
    water: Water
    """Water correction."""
    calibration: Calibration
    """Calibration."""
    drift: Drift
    """Target gas."""
    verification: Verification
    """Verdict."""
    plausibility: Plausibility
    """What is believed."""
    natural_d13c: Annotated[Prescribed, In("1")]
    """δ13C of the air that is to be measured."""
    vpdb: Number
    """13C/12C of the reference VPDB."""
    route: Route | None = None
    """Resolution along the way; None for a station."""
    references: dict[str, Reference] = field(default_factory=dict)
    """Gases with certified values, from the laboratory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate(CommonNameplate):
    """Hold the markings of an analyser."""
