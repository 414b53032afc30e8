"""The shape of a five-hole probe sheet's `[procedure]` part, and the markings of such a probe."""

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
Angle = Annotated[Prescribed, In("deg")]
Method = Literal["nulling", "non_nulling"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """Plan the inspection by eye."""

    title: Text
    """Title of the item."""
    question: Text
    """What is asked of the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Averaging:
    """Say how long is averaged, and how long is waited."""

    manometer: Duration
    """Averaging time of the pressures."""
    lda: Duration
    """Duration of one mean of the reference speed."""
    settling: Duration
    """Longest wait for the tunnel's controller."""
    calm: Duration
    """Wait after that, until the last of the transient has gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Null:
    """Say when a probe counts as nulled."""

    limit: Angle
    """Largest angle to the null that a reading may show; what is left is corrected."""
    tries: Number
    """Readings within which the null must be found."""
    sensitivity: Prescribed
    """First guess of d[(P2 - P3)/(P1 - P2)]/d yaw, 1/deg; measured at the beginning of each speed."""
    trial: Angle
    """Turn from the null by which the sensitivity is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """Plan the rotational check of the yaw reference (R_ADO)."""

    title: Text
    """Title of the item."""
    repeats: Number
    """Pairs of nulls, from the first and from the opposite port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Say how far the curves of two speeds may differ."""

    inner: Percent
    """Largest difference of F2 at small pitch."""
    inner_pitch: Angle
    """Largest magnitude of a small pitch."""
    outer: Percent
    """Largest difference beyond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nulling:
    """Plan the calibration by yaw nulling."""

    title_f1: Text
    """Title of the item of F1."""
    title_f2: Text
    """Title of the item of F2."""
    title_curve: Text
    """Title of the item of the fitted curves."""
    title_agreement: Text
    """Title of the item in which the speeds are compared."""
    speeds: tuple[Speed, ...]
    """Speeds, in order."""
    pitches: tuple[Angle, ...]
    """Pitch angles, in order."""
    repeats: Number
    """Passes over all pitch angles at each speed."""
    agreement: Agreement
    """How far the curves of two speeds may differ."""
    degree: Number
    """Degree of the fitted polynomials."""
    check_pitches: tuple[Angle, ...]
    """Pitch angles between those measured at which the fitted F2 is stated with its U."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NonNulling:
    """Plan the calibration without nulling: the probe keeps its yaw, and the pressures tell the angles."""

    title: Text
    """Title of the item."""
    speed: Speed
    """Speed."""
    yaws: tuple[Angle, ...]
    """Yaw angles of the grid."""
    pitches: tuple[Angle, ...]
    """Pitch angles of the grid."""
    degree: Number
    """Total degree of the polynomials in the two angle coefficients."""
    checks: tuple[tuple[float, float], ...]
    """(yaw, pitch) of further points, degrees, at which the fitted surface is held against the reference."""
    agreement: Percent
    """Largest difference of the speeds by both procedures at the null without pitch."""
    angle_limit: Angle
    """Largest permitted error of the angles there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plausibility:
    """Say what two instruments may differ before one of them is not believed."""

    pitot: Percent
    """Largest difference of the LDA's speed from the Pitot tube's."""
    indicated: Percent
    """Largest difference of the LDA's speed from the controller's."""
    turbulence: Percent
    """Largest scatter of the LDA's single bursts."""
    temperature: Annotated[Prescribed, In("delta_degC")]
    """Largest difference of the stream's temperature from the room's."""
    pressure: Percent
    """Largest difference of the stream's static pressure from the room's."""
    repeat: Percent
    """Largest difference of a repeat of F2 from the mean of its point."""
    humidity: Percent
    """Largest difference of the stream's relative humidity from the room's, % relative humidity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Hold the inputs of the budget that do not come from the readings or from certificates."""

    position: Effect
    """Difference of the speed at the probe from that in the LDA's volume, %."""
    blockage: Effect
    """Correction for blockage, %."""
    temperature: Effect
    """Thermometer of the test section, K."""
    pressure: Effect
    """Barometer of the test section, Pa."""
    humidity: Effect
    """Hygrometer of the test section, % relative humidity."""
    channel: Effect
    """Difference of one channel's gain from the certified one, %."""
    zero: Effect
    """Zero of one channel after zeroing, Pa."""
    stage_pitch: Effect
    """Zero of the stage's pitch axis, deg."""
    flow_pitch: Effect
    """Inclination of the flow to the axis of the test section, deg."""
    backlash: Effect
    """Backlash of the stage, deg."""
    stage_yaw: Effect
    """Zero of the stage's yaw axis, deg."""
    null_yaw: Effect
    """Yaw from which the angles of a probe that is not nulled are counted, deg."""
    surface: dict[str, Effect]
    """Shape of the head -> what the fitted surface cannot follow without nulling, %."""
    repeatability: Effect
    """Pooled experimental standard deviation of a single F2, %: for the forecast; a run pools its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Hold the `[procedure]` part of a five-hole probe sheet."""

    methods: tuple[Method, ...]
    """Which procedures are carried out; nulling is always the first."""
    appearance: Appearance
    """Inspection by eye."""
    averaging: Averaging
    """Averaging times."""
    null: Null
    """When a probe counts as nulled."""
    offset: Offset
    """Rotational check."""
    nulling: Nulling
    """Calibration by yaw nulling."""
    non_nulling: NonNulling
    """Calibration without nulling."""
    plausibility: Plausibility
    """How far instruments may differ before one is not believed."""
    blockage: Percent
    """Increase of the speed at the probe by the probe itself, for which is corrected."""
    target: Percent
    """Largest expected U of F2, relative: the calibration is refused when it cannot be reached."""
    budget: Effects
    """Budget."""
    references: dict[str, Reference] = field(default_factory=dict)
    """"lda" with "factor", "manometer" with "gain", "pitot" with "coefficient"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate(CommonNameplate):
    """Hold the markings of a five-hole probe."""

    head: Literal["sphere", "prism"]
    """Shape of the head."""
    diameter: Quantity
    """Diameter of the head."""

    def ratings(self) -> tuple[Rating, ...]:
        """Return the rated properties for the record."""
        return (Rating(name=catalogue("scenarios")["pitot_3d.diameter"], quantity=self.diameter),)
