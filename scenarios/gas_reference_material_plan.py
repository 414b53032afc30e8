"""The shape of a sheet's `[procedure]` part for gas reference materials, and the label of a batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from scenarios.procedure import Nameplate as CommonNameplate
from scenarios.record import Rating
from scenarios.references import Reference
from scenarios.sheet import Duration, Effect, In, Number, Percent, Prescribed
from uncertainty.quantity import Quantity
from uncertainty.text import Text, catalogue

Fraction = Annotated[Prescribed, In("umol/mol")]
Mass = Annotated[Prescribed, In("g")]
Volume = Annotated[Prescribed, In("cm**3")]
Temperature = Annotated[Prescribed, In("delta_degC")]
MolarMass = Annotated[Prescribed, In("g/mol")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """Plan the inspection by eye."""

    title: Text
    """Title of the item."""
    question: Text
    """What is asked of the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtomicWeight:
    """Hold a standard atomic weight, which is an interval for many elements."""

    value: MolarMass
    """Middle of the interval."""
    half_width: MolarMass
    """Half of its width; a rectangular distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """Describe a parent gas with its purity table."""

    label: Text
    """What it is."""
    mass: Mass
    """Mass that is to be let in."""
    main: str
    """Gas that makes up the rest to 1 (a pure gas), or whose fraction the certificate states (a premix)."""
    diluent: str | None = None
    """Parent gas in which a premix was made: the rest to 1 is this, with its impurities; None for a pure gas."""
    premix: str | None = None
    """Reference that certifies the main gas of a premix."""
    detection_limits: dict[str, Fraction] = field(default_factory=dict)
    """Impurity that was looked for and not found -> limit of detection; x = LOD/2, rectangular from 0 to LOD."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """Plan the weighings of the cylinder against the tare cylinder."""

    title: Text
    """Title of the item."""
    cycles: Number
    """Cycles tare, cylinder, cylinder, tare."""
    settle: Duration
    """Time from a load to its weighing."""
    equilibration: Duration
    """Time from a filling to the weighing."""
    wall: Temperature
    """Largest difference between the cylinder's wall and the room."""
    scatter: Mass
    """Largest experimental standard deviation of the cycles' differences."""
    sensitivity: Number
    """Largest relative deviation of one state's sensitivity from the mean of all states."""
    scale: Number
    """Largest relative deviation of the balance's sensitivity from 1."""
    metering: Percent
    """Largest deviation of a weighed mass from what was to be let in."""
    weight: str
    """Reference that is the weight."""
    volume_difference: Volume
    """Outer volume of the cylinder minus that of the tare cylinder, without pressure."""
    expansion: Annotated[Prescribed, In("cm**3/MPa")]
    """How much the cylinder swells under pressure."""
    density: Annotated[Prescribed, In("kg/m**3")]
    """Conventional density of the weights with which balances are adjusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Plan the comparison with reference mixtures (ISO 6143)."""

    title: Text
    """Title of the item."""
    rolling: Duration
    """Time for which the cylinder is rolled before anything is drawn from it."""
    references: tuple[str, ...]
    """References, in the order of their places in the rack, 1, 2, ..."""
    control: Number
    """Place of the reference that begins and ends every sequence."""
    injections: Number
    """Injections that count, per stream."""
    control_injections: Number
    """Injections of the control that count."""
    discard: Number
    """Injections before them that do not."""
    cycle: Duration
    """Time of one injection."""
    scatter: Percent
    """Largest experimental standard deviation of the injections of one stream."""
    drift: Percent
    """Largest change of the control over a sequence."""
    degree: Number
    """Degree of the analysis function."""
    gamma: Number
    """Largest weighted deviation of a calibration function, Γ."""
    agreement: Number
    """Largest difference of the two values, in its combined standard uncertainties, for agreement."""
    contradiction: Number
    """Difference above which one of the two instruments is not believed and nothing is certified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Homogeneity:
    """Plan the study between bottles."""

    title: Text
    """Title of the item."""
    bottles: tuple[int, ...]
    """Bottles that are compared."""
    replicates: Number
    """Sequences, one a day."""
    p: Number
    """Probability of the F test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stability:
    """Plan the study over time."""

    title: Text
    """Title of the item."""
    bottles: tuple[int, ...]
    """Bottles that are compared."""
    months: tuple[Number, ...]
    """When, in months after the division."""
    validity: Number
    """Months after preparation for which the values are certified."""
    p: Number
    """Probability of the t test of the slope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certification:
    """Plan the certified values."""

    title: Text
    """Title of the item."""
    largest: Percent
    """Largest relative expanded uncertainty for which a batch is worth making."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Hold the inputs of the budgets that do not come from the readings."""

    weighing: Effect
    """Experimental standard deviation of one cycle's difference, g."""
    handling: Effect
    """What the handling of one filling adds to the cylinder or takes from it, g."""
    sensitivity: Effect
    """Sensitivity of the balance between weight and cylinder, relative, 1."""
    volume: Effect
    """Difference of the outer volumes, cm³."""
    expansion: Effect
    """Swelling of the cylinder, cm³/MPa."""
    air: Effect
    """Density of the air, relative, %."""
    adsorption: dict[str, Effect]
    """Component -> share that stays on the wall; rectangular about its half-width, i.e. from 0 to twice that, %."""
    injection: Effect
    """Experimental standard deviation of one area, relative, %."""
    stream: Effect
    """Deviation of one stream on one day, relative, %."""
    transport: dict[str, Effect]
    """Component -> change by transport, relative, % (u_sts)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Hold the `[procedure]` part of a sheet for gas reference materials."""

    components: tuple[str, ...]
    """Components that are certified, as the analyser names them, in its order."""
    appearance: Appearance
    """Inspection by eye."""
    atomic_weights: dict[str, AtomicWeight]
    """Element -> standard atomic weight."""
    parents: dict[str, Parent]
    """Parent gases in the order in which they are let in."""
    weighing: Weighing
    """Gravimetric preparation."""
    comparison: Comparison
    """Comparison with reference mixtures."""
    homogeneity: Homogeneity
    """Study between bottles."""
    stability: Stability
    """Study over time."""
    certification: Certification
    """Certified values."""
    budget: Effects
    """Budgets."""
    references: dict[str, Reference] = field(default_factory=dict)
    """The laboratory's weight, premixes and reference mixtures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate(CommonNameplate):
    """Hold the label of a batch."""

    bottles: int
    """Number of bottles."""
    bottle_volume_l: float
    """Water volume of a bottle, l."""

    def ratings(self) -> tuple[Rating, ...]:
        """Return what is on the label, for the record."""
        text = catalogue("scenarios")
        return (
            Rating(name=text["gas_reference_material.bottles"], quantity=Quantity(value=self.bottles, unit="1")),
            Rating(name=text["gas_reference_material.volume"], quantity=Quantity(value=self.bottle_volume_l, unit="L")),
        )
