"""The shape of a sonic-nozzle sheet's `[procedure]` part, and the markings of a gas meter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from scenarios.procedure import Nameplate as CommonNameplate
from scenarios.record import Rating
from scenarios.references import Reference
from scenarios.sheet import Duration, Effect, In, Number, Percent, Prescribed
from uncertainty.quantity import Quantity
from uncertainty.text import Text, catalogue

Principle = Literal["turbine", "rotary", "ultrasonic"]
Length = Annotated[Prescribed, In("mm")]
Pressure = Annotated[Prescribed, In("kPa")]
Temperature = Annotated[Prescribed, In("degC")]
Difference = Annotated[Prescribed, In("K")]
Volume = Annotated[Prescribed, In("m**3")]
Speed = Annotated[Prescribed, In("m/s")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """Plan the inspection by eye."""

    title: Text
    """Title of the item."""
    question: Text
    """What is asked of the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gas:
    """Say which gas is expected, for planning before anything is measured."""

    kind: Literal["air", "natural_gas"]
    """Moist air of the room, or natural gas that a chromatograph analyses."""
    pressure: Pressure
    """Absolute pressure."""
    temperature: Temperature
    """Temperature."""
    humidity: Percent
    """Relative humidity of air; 0 for natural gas."""
    composition: dict[str, float] = field(default_factory=dict)
    """Amount fractions of natural gas by formula."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """Describe the nozzle bank and how it may be used."""

    slope: Number
    """b of C_d = a - b Re^-1/2, by which a certified value is carried to another Reynolds number."""
    lowest_reynolds: Number
    """Smallest throat Reynolds number at which that curve holds."""
    highest_reynolds: Number
    """Largest one."""
    transition_low: Number
    """Throat Reynolds number from which the boundary layer may turn turbulent."""
    transition_high: Number
    """Throat Reynolds number up to which it may."""
    back_pressure_ratio: Number
    """Largest ratio of pressures behind and before the nozzles at which they count as choked."""
    manifold: Length
    """Diameter of the pipe before each nozzle."""
    recovery: Number
    """Recovery factor of the thermometer before the nozzles."""
    line_volume: Volume
    """Volume between the meter and the nozzles."""
    combination: Percent
    """Largest difference of a nozzle combination from the flow that is wanted."""
    common_share: Number
    """Correlation of the certified discharge coefficients: the share of variance that all of them have in common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakTest:
    """Plan the leak test of the line between meter and nozzles."""

    title: Text
    """Title of the item."""
    rest: Duration
    """Time before the first look."""
    duration: Duration
    """Time between the two looks."""
    limit: Percent
    """Largest leak, of the mass flow at q_min; a larger one ends the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeroFlow:
    """Plan the check of an ultrasonic meter without flow."""

    title: Text
    """Title of the item."""
    looks: Number
    """Indications of velocity and speed of sound."""
    velocity: Speed
    """Largest magnitude of the mean velocity at rest."""
    sound: Percent
    """Largest difference of the speed of sound from the one computed from the gas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """Say when a flow counts as settled."""

    look: Duration
    """Time between two looks at the pipe."""
    pressure: Percent
    """Largest change of the pressures between two looks."""
    temperature: Difference
    """Largest change of the temperatures between two looks."""
    timeout: Duration
    """Time after which the run is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowPoint:
    """Hold one flow."""

    key: str
    """Key, e.g. "0.4qmax"."""
    label: Text
    """What people call it."""
    of: Literal["max", "min", "transition"]
    """Flow of the nameplate to which `factor` refers."""
    factor: Number
    """Multiple of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """Plan the error of indication."""

    title: Text
    """Title of the item."""
    points: tuple[FlowPoint, ...]
    """Flows, in the order in which they are taken."""
    runs: dict[str, Number]
    """Accuracy class -> runs at each flow."""
    window: Duration
    """Shortest run."""
    pulses: Number
    """Fewest pulses per run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zones:
    """Hold maximum permissible errors above and below the transition flow."""

    upper: Percent
    """From q_t to q_max."""
    lower: Percent
    """From q_min to below q_t."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """Plan what is concluded from all flows together."""

    title: Text
    """Title of the item."""
    repeatability: Number
    """Largest experimental standard deviation at a flow, as a share of its MPE."""
    weighted_mean: dict[str, Percent]
    """Accuracy class -> largest magnitude of the weighted mean error."""
    weight_turn: Number
    """Share of q_max up to which the weight of a flow grows; above, it falls."""
    stability: Percent
    """Largest difference between the first flow and its repetition at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plausibility:
    """Hold what the instruments of the bench may differ by before one of them is distrusted."""

    pressure: Percent
    """Pressures without flow: transmitters among each other, and (air) against the room's logger."""
    temperature: Difference
    """Temperatures without flow, likewise; with flow, meter against nozzles."""
    room: Difference
    """Change of the room's temperature during the run, where its air is the gas."""
    loss: Percent
    """Largest pressure loss between meter and nozzles, of the pressure."""
    flow: Percent
    """Counted pulses against the flow that the meter indicates."""
    error: Percent
    """Largest error of a meter that can be believed."""
    molar_mass: Percent
    """Difference of two analyses in molar mass."""
    exchange: Duration
    """Longest time for the exchange of messages between the start of transmitters and counter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Hold the inputs of the budget that come neither from the readings nor from certificates."""

    curve: Effect
    """Carrying the certified C_d to another Reynolds number, %."""
    settling: Effect
    """Slow way of C_d to its inherent value, %."""
    transition: Effect
    """C_d within the transition of the boundary layer, %."""
    critical_flow_function: Effect
    """C*, %."""
    inlet_pressure: Effect
    """Pressure before the nozzles, %."""
    inlet_temperature: Effect
    """Temperature before the nozzles, K."""
    meter_pressure: Effect
    """Pressure at the meter, %."""
    meter_temperature: Effect
    """Temperature at the meter, K."""
    density: Effect
    """Equation of state for the density at the meter, %."""
    composition: Effect
    """Composition or humidity, as molar mass, %."""
    volume: Effect
    """Volume of the line, %."""
    pack_pressure: Effect
    """Change of the pressure over a run, %."""
    pack_temperature: Effect
    """Change of the temperature over a run, K."""
    leak: Effect
    """Leak of the line, kg/s."""
    count: Effect
    """Place of the edges that bound a count, pulses."""
    time: Effect
    """Time base of the counter, %."""
    repeatability: Effect
    """Experimental standard deviation of a single run, %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Hold the `[procedure]` part of a sonic-nozzle sheet."""

    appearance: Appearance
    """Visual inspection."""
    gas: Gas
    """Gas that is expected."""
    bank: Bank
    """Nozzle bank."""
    leak: LeakTest
    """Leak test."""
    conditioning: Duration
    """Time for which gas flows through the nozzles of the first point before it counts."""
    settling: Settling
    """When a flow counts as settled."""
    error: Error
    """Error of indication."""
    mpe: dict[str, Zones]
    """Accuracy class -> maximum permissible errors."""
    rounding: dict[str, Percent]
    """Accuracy class -> step of the error that is judged."""
    assessment: Assessment
    """What is concluded from all flows."""
    plausibility: Plausibility
    """What is believed of the instruments."""
    budget: Effects
    """Inputs of the budget."""
    zero_flow: ZeroFlow | None = None
    """Check of an ultrasonic meter without flow."""
    references: dict[str, Reference] = field(default_factory=dict)
    """The nozzles by "nozzle_1", "nozzle_2", ...: certified "d" (throat diameter), "Cd" and "Re" (of that Cd)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate(CommonNameplate):
    """Hold what is marked on a gas meter."""

    principle: Principle
    """Kind of meter."""
    largest_flow: Quantity
    """q_max."""
    smallest_flow: Quantity
    """q_min."""
    transition_flow: Quantity
    """q_t."""
    constant: float
    """Pulses per m³."""
    bore: Quantity
    """Diameter of the meter's tube."""

    def ratings(self) -> tuple[Rating, ...]:
        """Return the rated properties for the record."""
        text = catalogue("scenarios")
        return (
            Rating(name=text["gas_sonic_nozzle.largest_flow"], quantity=self.largest_flow),
            Rating(name=text["gas_sonic_nozzle.smallest_flow"], quantity=self.smallest_flow),
            Rating(name=text["gas_sonic_nozzle.transition_flow"], quantity=self.transition_flow),
            Rating(name=text["gas_sonic_nozzle.constant"], quantity=Quantity(value=self.constant, unit="1/m**3")),
            Rating(name=text["gas_sonic_nozzle.bore"], quantity=self.bore),
        )

    def flow(self, point: FlowPoint) -> float:
        """Return the flow that a point wants, m³/h."""
        rated = {"max": self.largest_flow, "min": self.smallest_flow, "transition": self.transition_flow}[point.of]
        return rated.to("m**3/h").value * point.factor.value
