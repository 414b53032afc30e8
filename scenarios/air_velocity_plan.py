"""The shape of an air-velocity sheet's `[procedure]` part, and the markings of an anemometer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from scenarios.procedure import Nameplate as CommonNameplate
from scenarios.record import Rating
from scenarios.references import Reference
from scenarios.sheet import Duration, Effect, In, Number, Percent, Prescribed
from uncertainty.quantity import Quantity
from uncertainty.text import Text, catalogue

Speed = Annotated[Prescribed, In("m/s")]
Area = Annotated[Prescribed, In("m**2")]
Difference = Annotated[Prescribed, In("Pa")]
Temperature = Annotated[Prescribed, In("degC")]
Pressure = Annotated[Prescribed, In("kPa")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """Plan the inspection by eye."""

    title: Text
    """Title of the item."""
    question: Text
    """What is asked of the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Air:
    """Say which air is expected, for planning before anything is measured."""

    temperature: Temperature
    """Temperature."""
    pressure: Pressure
    """Pressure."""
    humidity: Percent
    """Relative humidity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tunnel:
    """Describe the section in which the anemometer stands."""

    area: Area
    """Cross-section."""
    blockage: Number
    """Rise of the speed at a body, relative, by the share of the section that it takes."""
    exponent: Number
    """Isentropic exponent of air."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zero:
    """Plan the zero of the manometer."""

    limit: Difference
    """Largest magnitude right after it was taken, and at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Plan the check of the reference tube by the laser Doppler anemometer, which looks at the same place."""

    title: Text
    """Title of the item."""
    averaging: Duration
    """Time over which the laser Doppler anemometer takes a mean at each speed."""
    tube: Text
    """Title of the item with the tube's coefficient."""
    from_speed: Speed
    """Least speed at which the coefficient of the tube is stated."""
    limit: Percent
    """Largest difference of the two, beside what the zero of the manometer may do."""
    zero: Number
    """How many standard uncertainties of the manometer's zero may show in that difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Starting:
    """Plan the search for the starting speed of a wheel."""

    title: Text
    """Title of the item."""
    step: Speed
    """Step by which the speed is raised."""
    limit: dict[str, Speed]
    """Accuracy class -> largest starting speed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """Plan the error of indication."""

    title: Text
    """Title of the item."""
    speeds: tuple[Speed, ...]
    """Speeds, rising; those above the range of the anemometer are left out."""
    readings: Number
    """Readings at each speed."""
    averaging: Duration
    """Time over which each is a mean."""
    settling: Duration
    """Time to wait after the tunnel has settled."""
    timeout: Duration
    """Longest time for the tunnel to settle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Hold a maximum permissible error that grows with the speed: offset + slope·v."""

    offset: Speed
    """Part that does not depend on speed."""
    slope: Percent
    """Part in proportion to it."""

    def at(self, speed: float) -> float:
        """Return it at a speed (m/s), m/s."""
        return self.offset.to("m/s") + self.slope.to("1") * abs(speed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plausibility:
    """Hold what the instruments of the bench may differ by before one of them is distrusted."""

    tunnel: Percent
    """Reference speed against the one that the tunnel indicates."""
    speed: Speed
    """Part of that which does not depend on speed."""
    temperature: Annotated[Prescribed, In("K")]
    """Air of the section against the room's logger."""
    pressure: Percent
    """Static pressure of the section against the room's logger."""
    humidity: Percent
    """Relative humidity of the section against the room's logger, in % of saturation."""
    error: Percent
    """Largest error of an anemometer that can be believed, of the speed."""
    scatter: Percent
    """Largest spread of the reference speeds of one point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Hold the inputs of the budget that come neither from the readings nor from certificates."""

    zero: Effect
    """Zero and linearity of the manometer, Pa."""
    gain: Effect
    """Gain of the manometer, % of the differential pressure."""
    temperature: Effect
    """Temperature of the stream, K."""
    pressure: Effect
    """Static pressure, Pa."""
    humidity: Effect
    """Relative humidity, %."""
    uniformity: Effect
    """Speed at the anemometer by that at the tube, %."""
    stability: Effect
    """The same, from one setting to the next, %."""
    blockage: Effect
    """Correction for blockage, % of the correction."""
    laser: Effect
    """Speed by the laser Doppler anemometer, %."""
    succession: Effect
    """Laser and tube look one after the other: a single ratio of the two, %."""
    resolution: Effect
    """Resolution of the anemometer, m/s."""
    repeatability: Effect
    """Experimental standard deviation of a single error, m/s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Hold the `[procedure]` part of an air-velocity sheet."""

    appearance: Appearance
    """Visual inspection."""
    air: Air
    """Air that is expected."""
    tunnel: Tunnel
    """Test section."""
    zero: Zero
    """Zero of the manometer."""
    check: Check
    """Check by the laser Doppler anemometer."""
    starting: Starting
    """Starting speed of cup and vane anemometers."""
    error: Error
    """Error of indication."""
    mpe: dict[str, Limits]
    """Accuracy class -> maximum permissible error."""
    rounding: dict[str, Speed]
    """Accuracy class -> step of the error that is judged."""
    plausibility: Plausibility
    """What is believed of the instruments."""
    budget: Effects
    """Inputs of the budget."""
    references: dict[str, Reference] = field(default_factory=dict)
    """The reference tube as "pitot": certified "C"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate(CommonNameplate):
    """Hold what is marked on an anemometer."""

    principle: Literal["cup", "vane", "hot_wire"]
    """Kind of anemometer."""
    smallest_speed: Quantity
    """Lower end of its range."""
    largest_speed: Quantity
    """Upper end of its range."""
    frontal_area: Quantity
    """Area that it shows to the stream."""

    def ratings(self) -> tuple[Rating, ...]:
        """Return the rated properties for the record."""
        text = catalogue("scenarios")
        return (
            Rating(name=text["air_velocity.smallest_speed"], quantity=self.smallest_speed),
            Rating(name=text["air_velocity.largest_speed"], quantity=self.largest_speed),
            Rating(name=text["air_velocity.frontal_area"], quantity=self.frontal_area),
        )
