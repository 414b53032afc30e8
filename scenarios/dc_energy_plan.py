"""The shape of a DC energy sheet's `[procedure]` part, and the markings of a DC energy meter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scenarios.procedure import Nameplate as CommonNameplate
from scenarios.record import Rating
from scenarios.sheet import Duration, Effect, Energy, Number, Percent
from uncertainty.quantity import Quantity
from uncertainty.text import Text, catalogue

Direction = Literal["import", "export"]
Method = Literal["pulse", "display"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Hold one load point of the basic error."""

    key: str
    """Key, e.g. "0.5In"."""
    label: Text
    """What people call it."""
    current: Number
    """Current as a multiple of the rated current, or of the maximum current if `of_maximum`."""
    of_maximum: bool = False
    """Whether `current` refers to the maximum current."""
    classes: tuple[str, ...] = ()
    """Accuracy classes to which the point applies; empty for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Hold the MPE from a relative current upwards."""

    from_current: Number
    """Smallest I/I_n to which the limit applies."""
    mpe: Percent
    """Maximum permissible error, as a positive number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicError:
    """Plan the basic error."""

    title: Text
    """Title of the item."""
    method: Method
    """How the energies are compared: by the meter's pulses, or by its display."""
    directions: tuple[Direction, ...]
    """Directions of energy."""
    loads: tuple[Load, ...]
    """Load points."""
    repeats: Number
    """Measurements per point."""
    near_low: Number
    """Lower bound of |error|/MPE from which further measurements are taken."""
    near_high: Number
    """Upper bound of |error|/MPE up to which further measurements are taken."""
    near_repeats: Number
    """Further measurements near the limit."""
    counts: Number
    """Smallest count of the reference per measurement (pulse method)."""
    window: Duration
    """Shortest measurement (pulse method)."""
    energy: Energy
    """Energy per measurement (display method)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Plan the check of the register against the reference (走字)."""

    title: Text
    """Title of the item."""
    energy: Energy
    """Energy to be registered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Starting:
    """Plan the starting test."""

    title: Text
    """Title of the item."""
    current: dict[str, Number]
    """Accuracy class -> starting current as a multiple of the rated current."""
    factor: Number
    """Permitted time, in nominal intervals between two pulses at the starting current."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Creep:
    """Plan the no-load test."""

    title: Text
    """Title of the item."""
    voltage: Number
    """Voltage as a multiple of the rated voltage."""
    constant: Number
    """K in Δt = K·10⁶ / (C U_n I_max) min, C in imp/kWh."""
    pulses: Number
    """Largest permitted number of pulses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """Plan the inspection by eye."""

    title: Text
    """Title of the item."""
    question: Text
    """What is asked of the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Hold the inputs of the budget that do not come from the readings."""

    reference_class: Effect
    """Accuracy of the reference standard, %."""
    calibration: Effect
    """Calibration of the reference standard, %."""
    temperature: Effect
    """Temperature of the reference standard, %."""
    thermal_emf: Effect
    """Thermal EMF in the shunt circuit, µV."""
    count: Effect
    """Count of the reference, in counts."""
    resolution: Effect
    """Display of the meter: difference of two readings, kWh (display method)."""
    synchronisation: Effect
    """Start and stop of the comparison, s (display method)."""
    repeatability: Effect
    """Experimental standard deviation of a single measurement, %."""
    lead: Effect | None = None
    """Correction between the point of metering and the point of reference, %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shunt:
    """Describe the shunt circuit of the standard, on which a thermal EMF acts."""

    voltage: Quantity
    """Rated voltage."""
    current: Quantity
    """Rated current."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """Say when a load counts as reached."""

    tolerance: Percent
    """Largest difference between the standard's indication and the setting, of the setting."""
    offset: Percent
    """What is permitted in addition, of the rated voltage or current."""
    timeout: Duration
    """Longest wait for it."""
    delay: Duration | None = None
    """Wait before the standard is looked at; None for none. A standard that indicates means goes on showing the state
    before until a whole period of its own has passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plausibility:
    """Say how far two instruments may differ before one of them is not believed."""

    power: Percent
    """Largest difference of the standard's power or energy from what the source is set to; the thermal EMF in the shunt
    circuit and twice the scatter of the mean come on top."""
    energy: Percent
    """Largest difference of the standard's energy from its own power, read at the end of the measurement; twice the
    scatter of the mean comes on top."""
    exchange: Duration
    """Longest time that reading the meter's display at start or stop may take, and the largest difference between the
    standard's clock and the bench's over one measurement by the display."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Hold the `[procedure]` part of a DC energy sheet."""

    appearance: Appearance
    """Inspection by eye."""
    warm_up: Duration
    """Warm-up at rated load."""
    settling: Settling
    """When a load counts as reached."""
    plausibility: Plausibility
    """How far instruments may differ before one is not believed."""
    creep: Creep
    """No-load test."""
    starting: Starting
    """Starting test."""
    basic_error: BasicError
    """Basic error."""
    register: Register
    """Register check."""
    mpe: dict[str, tuple[Limit, ...]]
    """Accuracy class -> limits, from the largest current downwards."""
    rounding: dict[str, Percent]
    """Accuracy class -> step to which the error is rounded before it is judged."""
    reference_constant: Number
    """Constant C_0 of the reference standard, imp/kWh."""
    shunt: Shunt
    """Shunt circuit of the standard."""
    budget: Effects
    """Budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate(CommonNameplate):
    """Hold the markings of a DC energy meter."""

    voltage: Quantity
    """Rated voltage U_n."""
    current: Quantity
    """Rated current I_n."""
    maximum_current: Quantity
    """Maximum current I_max."""
    constant: float
    """Constant C_L, imp/kWh."""

    def ratings(self) -> tuple[Rating, ...]:
        """Return the rated properties for the record."""
        text = catalogue("scenarios")
        return (
            Rating(name=text["dc_energy.rated_voltage"], quantity=self.voltage),
            Rating(name=text["dc_energy.rated_current"], quantity=self.current),
            Rating(name=text["dc_energy.maximum_current"], quantity=self.maximum_current),
            Rating(name=text["dc_energy.constant"], quantity=Quantity(value=self.constant, unit="imp/kWh")),
        )
