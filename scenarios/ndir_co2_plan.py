"""The shape of an infrared analyser sheet's `[procedure]` part (JJG 635, 968, 688 alike), and a device's markings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from scenarios.gas_steps import Supply
from scenarios.limits import Limit
from scenarios.procedure import Nameplate as CommonNameplate
from scenarios.record import Rating
from scenarios.references import Reference
from scenarios.sheet import Duration, Effect, Number, Percent, Prescribed
from uncertainty.quantity import Quantity
from uncertainty.text import Text, catalogue

UNIT = "umol/mol"
"""Unit of amount fractions."""
Form = Literal["error", "fiducial", "relative"]
"""How an error is stated: in µmol/mol, in percent of the span, or in percent of the certified value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Hold what every item has."""

    title: Text
    """Title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Item):
    """Plan what a person looks at or measures by hand."""

    question: Text
    """What is asked of the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Hold one test gas of each component."""

    key: str
    """Key, e.g. "20"."""
    label: Text
    """What people call it."""
    share: Percent
    """Certified value, of the component's span."""
    tolerance: Percent
    """How far it may be from that, of the span."""
    gases: tuple[str, ...]
    """References, which together have each component once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors(Item):
    """Plan the error of indication."""

    form: Form
    """How it is stated, and in which form the MPE is."""
    repeats: Number
    """Readings per gas."""
    mpe: dict[str, Limit]
    """Component -> maximum permissible error; in the form "fiducial" or "relative" only that part is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeatability(Item):
    """Plan the repeatability: zero gas and one test gas in turn."""

    level: str
    """Key of the level."""
    count: Number
    """Readings n."""
    limit: Percent
    """Largest relative experimental standard deviation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response(Item):
    """Plan the response time."""

    level: str
    """Key of the level."""
    repeats: Number
    """How often."""
    limit: Duration
    """Largest time to 90 %."""
    share: Percent
    """Share of the step."""
    dead_volume: Prescribed
    """Volume between selector valve and device that the flow washes out: its delay is taken off."""
    period: Duration
    """Time between two recorded values: that in which the device renews them."""
    lead: Duration
    """Time of zero gas that is recorded before the step."""
    length: Duration
    """Time that is recorded after it."""
    step: str
    """Step to which the time is rounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift(Item):
    """Plan the drift of zero and span: readings of both gases at equal intervals, the device untouched."""

    level: str
    """Key of the level for the span."""
    duration: Duration
    """How long."""
    interval: Duration
    """Time between two readings."""
    zero: Percent
    """Largest zero drift, of the span."""
    span: Percent
    """Largest span drift, of the span."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Influence:
    """Plan the influence of one component."""

    component: str
    """Component, e.g. "H2O"."""
    gas: str
    """Reference: the component in nitrogen."""
    on: tuple[str, ...]
    """Measured components that are watched."""
    limit: Percent
    """Largest variation of the indication, of the span."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interference(Item):
    """Plan the interference."""

    influences: tuple[Influence, ...]
    """Influencing components."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Hold the inputs of the budget that come neither from the readings nor from the gases' certificates."""

    repeatability: dict[str, Effect]
    """Component -> experimental standard deviation of one indication, resolution included, µmol/mol."""
    drift: dict[str, Effect]
    """Component -> drift of the zero between two gases that are held against each other, µmol/mol."""
    purge: Effect
    """What is left of the gas before, %, of the value."""
    clock: Effect
    """Moment of the first stored reading, s."""
    washout: Effect
    """Dead volume of the selector, s."""
    end: Effect
    """Drift of the device between step and end of the record, within its limit, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Hold the `[procedure]` part."""

    adjustment: tuple[str, ...]
    """References with which the spans are adjusted before anything is measured: others than the test gases, or the
    error of a gas would stay unseen where it was adjusted away."""
    appearance: Question
    """Inspection by eye."""
    insulation: Question | None = None
    """Insulation resistance, measured by hand; None where the regulation asks for none."""
    supply: Supply
    """How gases are let to the device."""
    gas_uncertainty: Percent
    """Largest expanded uncertainty of a test gas, of its value."""
    ranges: dict[str, Prescribed] = field(default_factory=dict)
    """Component -> least upper limit that a device must have; empty where the regulation prescribes none."""
    levels: tuple[Level, ...]
    """Test gases."""
    errors: Errors
    """Error of indication."""
    repeatability: Repeatability
    """Repeatability."""
    response: Response
    """Response time."""
    drift: Drift
    """Drift of zero and span."""
    interference: Interference | None = None
    """Interference; None where the regulation asks for none."""
    rounding: Prescribed
    """Step to which errors are rounded before they are judged, in the unit of the error."""
    budget: Effects
    """Budget."""
    references: dict[str, Reference] = field(default_factory=dict)
    """Gases, from the station's laboratory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Hold one measured component as marked."""

    component: str
    """Component, e.g. "CO2"."""
    upper: Quantity
    """Upper limit of the measuring range: the span R."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate(CommonNameplate):
    """Hold the markings of an analyser."""

    channels: tuple[Channel, ...]
    """Measured components."""
    warm_up: Quantity
    """Warm-up time that the manual states."""

    @property
    def components(self) -> tuple[str, ...]:
        """Measured components, in order."""
        return tuple(channel.component for channel in self.channels)

    def upper(self, component: str) -> float:
        """Return the span of a component, µmol/mol."""
        (channel,) = (c for c in self.channels if c.component == component)
        return channel.upper.to(UNIT).value

    def ratings(self) -> tuple[Rating, ...]:
        """Return the rated properties for the record."""
        text = catalogue("scenarios")
        return tuple(
            Rating(name=text["ndir_co2.range"].format(gas=c.component), quantity=c.upper) for c in self.channels
        )
