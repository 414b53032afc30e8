"""The shape of a sheet's `[procedure]` part for gas meters of large ducts and gas grids."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from scenarios.procedure import Nameplate as CommonNameplate
from scenarios.references import Reference
from scenarios.sheet import Duration, Effect, In, Number, Percent, Prescribed
from uncertainty.text import Text

Flow = Annotated[Prescribed, In("m**3/h")]
Quantity = Literal["energy", "carbon"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """Plan the inspection by eye."""

    title: Text
    """Title of the item."""
    question: Text
    """What is asked of the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duct:
    """Plan the traverses of one duct."""

    label: Text
    """What flows in it."""
    gas: str
    """Reference that states the composition of the dry gas."""
    components: tuple[str, ...]
    """Gases that it states; the rest is nitrogen."""
    claimed: Percent
    """Expanded uncertainty (k = 2) that is claimed for the installed meter."""
    speed: Annotated[Prescribed, In("m/s")]
    """Expected mean speed, for the forecast."""
    diameter: Annotated[Prescribed, In("mm")]
    """Expected diameter, for the forecast; the measured one counts."""
    temperature: Annotated[Prescribed, In("degC")]
    """Expected temperature, for the forecast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traverse:
    """Plan the comparison of installed meters with traverses."""

    title: Text
    """Title of the item."""
    ducts: dict[str, Duct]
    """Ducts, by their names at unit and server."""
    places: tuple[Number, ...]
    """Places on a radius by the radius, 0 to 1; used on both sides of both diameters."""
    exponent: Number
    """n of the profile (1 - r/R)^(1/n) for which the rule of the places is corrected."""
    repeats: Number
    """Traverses."""
    averaging: Duration
    """Time of one reading."""
    probe: str
    """Reference that is the probe."""
    saturation: Number
    """Partial pressure of water by that of saturation."""
    turbulence: Percent
    """What turbulence adds to a speed from a differential pressure."""
    scatter: Percent
    """Largest experimental standard deviation of the traverses."""
    closing: Percent
    """Largest change of probe by meter at the inner places of the first duct, from the beginning to the end."""
    null: Annotated[Prescribed, In("1")]
    """Largest |P2 - P3| by P1 - P2 at which the probe counts as nulled."""
    yaw: Annotated[Prescribed, In("deg")]
    """Largest angle of the flow to the axis for which the probe is calibrated."""
    agreement: Percent
    """Largest difference of the meter from the traverse that can be true: beyond it, one instrument is not believed."""
    normal_temperature: Annotated[Prescribed, In("K")]
    """Temperature of the normal state."""
    normal_pressure: Annotated[Prescribed, In("kPa")]
    """Pressure of the normal state."""
    largest: Percent
    """Largest expanded uncertainty of a traverse for which it is worth being made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """Describe one metered stream of the grid."""

    start: str
    """Node from which it comes; "env" for outside."""
    end: str
    """Node to which it goes; "env" for outside."""
    flow: Flow
    """Expected flow."""
    u: Percent
    """Standard uncertainty of its meter, of the reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """Describe one analysed content of a node's gas."""

    node: str
    """Node."""
    quantity: Quantity
    """What is analysed: net calorific value, MJ/m³, or carbon, kg/m³."""
    value: Prescribed
    """Expected value."""
    u: Percent
    """Standard uncertainty of the analyser, of the reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Plan the reconciliation of the gas grid."""

    title: Text
    """Title of the item."""
    nodes: tuple[str, ...]
    """Nodes whose volumes are balanced."""
    mixers: tuple[str, ...]
    """Nodes at which gases mix: energy and carbon are balanced there, too."""
    meters: dict[str, Meter]
    """Tag -> metered stream."""
    analyses: dict[str, Analysis]
    """Tag -> analysed content."""
    p: Number
    """Probability of the global test."""
    limit: Number
    """Standardised adjustment above which a meter is suspect."""
    most: Number
    """How many meters may be taken out to explain a contradiction."""
    shown: Percent
    """Share of the variance from which on a meter is a line of its own in a budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Hold the inputs of the traverses' budget that do not come from references."""

    manometer: Effect
    """Calibration of the manometer, %."""
    diameter: Effect
    """Measured diameter, %."""
    saturation: Effect
    """Partial pressure of water by that of saturation, 1."""
    temperature: Effect
    """Temperature of the gas, K."""
    pressure: Effect
    """Static pressure, kPa."""
    turbulence: Effect
    """What turbulence adds to a speed, %."""
    sampling: Effect
    """What the places say of the mean over the cross-section, %."""
    yaw: Effect
    """Nulling and yaw scale, %."""
    repeatability: Effect
    """Experimental standard deviation of one traverse, %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Hold the `[procedure]` part of a sheet for gas meters of large ducts."""

    appearance: Appearance
    """Inspection by eye."""
    traverse: Traverse
    """Comparison with traverses."""
    grid: Grid
    """Reconciliation of the grid."""
    budget: Effects
    """Budget of the traverses."""
    references: dict[str, Reference] = field(default_factory=dict)
    """The laboratory's probe, and the analyses of the gases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate(CommonNameplate):
    """Hold the label of the plant's data server."""
