"""The shape of an R 144 sheet's `[procedure]` part, and the markings of a flue-gas analyser."""

from __future__ import annotations

from dataclasses import dataclass, field

from scenarios.gas_steps import Supply
from scenarios.limits import Limit
from scenarios.procedure import Nameplate as CommonNameplate
from scenarios.record import Rating
from scenarios.references import Reference
from scenarios.sheet import Duration, Effect, Number, Percent, Prescribed
from uncertainty.quantity import Quantity
from uncertainty.text import Text, catalogue

UNIT = "umol/mol"
"""Unit of amount fractions: the number is that of R 144's ppm of volume, as for ideal gases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Hold one of the test gases of each component."""

    key: str
    """Key, e.g. "low"."""
    label: Text
    """What people call it."""
    least: Percent
    """Smallest certified value, of the component's upper limit."""
    most: Percent
    """Largest certified value, of the component's upper limit."""
    gases: tuple[str, ...]
    """References, which together have each component once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Hold what every item has."""

    title: Text
    """Title."""
    clause: str | None = None
    """Document and clause, where its text was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance(Item):
    """Plan the external examination."""

    question: Text
    """What is asked of the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mains(Item):
    """Plan the check of the supply."""

    below: Percent
    """Permitted deviation of the voltage downwards, of its nominal value."""
    above: Percent
    """Permitted deviation upwards."""
    frequency: Percent
    """Permitted deviation of the frequency, of its nominal value."""
    source: Percent
    """Largest difference of what the bench's source measures from what it is set to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lockout(Item):
    """Plan the check of the warm-up lockout."""

    off: Duration
    """Time without voltage."""
    attempt: Duration
    """Time after switching on at which a measurement is attempted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors(Item):
    """Plan a determination of errors."""

    repeats: Number
    """Measurements per gas."""
    mpe: Limit
    """Maximum permissible error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tightness(Item):
    """Plan the leak check and the check of the flow device, which share a dead end."""

    flow_title: Text
    """Title of the check of the flow device."""
    settle: Duration
    """Time in the dead end before the flow is read."""
    flow_clause: str | None = None
    """Document and clause of the check of the flow device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response(Item):
    """Plan the response time."""

    limit: Duration
    """Largest time to the share of the step."""
    share: Percent
    """Share of the step."""
    level: str
    """Key of the level whose gases are used."""
    dead_volume: Prescribed
    """Volume between selector valve and device that the flow washes out: its delay is taken off."""
    period: Duration
    """Time between two recorded readings: that in which the device renews them."""
    lead: Duration
    """Time of zero gas that is recorded before the step."""
    length: Duration
    """Time that is recorded after it."""
    step: str
    """Step to which the time is rounded, e.g. "0.1"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeatability(Item):
    """Plan the repeatability."""

    count: Number
    """Consecutive measurements n."""
    share: Number
    """Largest experimental standard deviation, as a share of the MPE."""
    mpe: Limit
    """The MPE that is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Influence:
    """Name the gases for one influencing component."""

    component: str
    """Component, e.g. "CO2"."""
    alone: str
    """Reference: the component in nitrogen."""
    together: str
    """Reference: the component with the measured ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossSensitivity(Item):
    """Plan the cross-sensitivity."""

    share: Number
    """Largest variation of the indication, as a share of the MPE."""
    mpe: Limit
    """The MPE that is meant."""
    without: str
    """Reference: the measured components without any influencing one."""
    content: Percent
    """Content of the measured components in the mixtures, of their upper limits."""
    content_tolerance: Percent
    """How far a mixture's content may be from that, of the content."""
    influences: tuple[Influence, ...]
    """Influencing components."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stability(Item):
    """Plan the stability with time."""

    days: Number
    """Duration, d."""
    interval: Duration
    """Time between two measurements."""
    levels: tuple[str, ...]
    """Keys of the levels: those of the smallest and of the largest content."""
    mpe: Limit
    """The MPE that is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeTests:
    """Plan the performance tests of type evaluation that this bench makes."""

    intrinsic_error: Errors
    """Intrinsic error."""
    repeatability: Repeatability
    """Repeatability."""
    cross_sensitivity: CrossSensitivity
    """Cross-sensitivity."""
    stability: Stability
    """Stability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Hold the inputs of the budget that come neither from the readings nor from the gases' certificates."""

    repeatability: dict[str, Effect]
    """Component -> experimental standard deviation of one indication, resolution included, µmol/mol."""
    drift: dict[str, Effect]
    """Component -> drift of the zero between two gases that are compared with each other, µmol/mol."""
    purge: Effect
    """What is left of the gas before, %, of the value."""
    clock: Effect
    """Moment of the first stored reading, s."""
    washout: Effect
    """Dead volume of the selector, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Hold the `[procedure]` part of an R 144 sheet; without `type_tests` it is an initial verification alone."""

    appearance: Appearance
    """External examination."""
    mains: Mains
    """Check of the supply."""
    lockout: Lockout
    """Check of the warm-up lockout."""
    supply: Supply
    """How gases are let to the device."""
    gas_uncertainty: Percent
    """Largest expanded uncertainty of a test gas, of its value."""
    levels: tuple[Level, ...]
    """Test gases."""
    adjustment: tuple[str, ...]
    """References with which the spans are adjusted before anything is measured: others than the test gases, or the
    error of a gas would stay unseen where it was adjusted away."""
    error: Errors
    """Error on verification."""
    tightness: Tightness
    """Leak check and flow device."""
    response: Response
    """Response time."""
    rounding: Prescribed
    """Step to which errors are rounded before they are judged."""
    pressure_stability: Prescribed
    """How far the ambient pressure may be from its middle during a run."""
    budget: Effects
    """Budget."""
    type_tests: TypeTests | None = None
    """Performance tests of type evaluation."""
    references: dict[str, Reference] = field(default_factory=dict)
    """Gases, from the station's laboratory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Hold one measured component as marked."""

    component: str
    """Component, e.g. "NO2"."""
    upper: Quantity
    """Upper limit of the measuring range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate(CommonNameplate):
    """Hold the markings of a flue-gas analyser, and what its manual states."""

    channels: tuple[Channel, ...]
    """Measured components."""
    voltage: Quantity
    """Nominal voltage of the supply."""
    frequency: Quantity
    """Nominal frequency of the supply."""
    warm_up: Quantity
    """Warm-up time that the manual states."""
    leak: Quantity
    """Largest flow with the inlet closed that the manual permits."""
    influences: tuple[Channel, ...] = ()
    """Influencing components with their largest permissible content, as the manual lists them."""

    @property
    def components(self) -> tuple[str, ...]:
        """Measured components, in order."""
        return tuple(channel.component for channel in self.channels)

    def upper(self, component: str) -> float:
        """Return the upper limit of a component's range, µmol/mol."""
        (channel,) = (c for c in self.channels if c.component == component)
        return channel.upper.to(UNIT).value

    def ratings(self) -> tuple[Rating, ...]:
        """Return the rated properties for the record."""
        text = catalogue("scenarios")
        return (
            *(
                Rating(name=text["flue_gas_r144.range"].format(gas=c.component), quantity=c.upper)
                for c in self.channels
            ),
            Rating(name=text["flue_gas_r144.voltage"], quantity=self.voltage),
            Rating(name=text["flue_gas_r144.frequency"], quantity=self.frequency),
            Rating(name=text["flue_gas_r144.warm_up_time"], quantity=self.warm_up),
        )
