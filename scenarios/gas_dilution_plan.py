"""The shape of a dilution sheet's `[procedure]` part, and the markings of a diluter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from scenarios.procedure import Nameplate as CommonNameplate
from scenarios.record import Rating
from scenarios.references import Reference
from scenarios.sheet import Duration, Effect, In, Number, Percent, Prescribed
from uncertainty.quantity import Quantity
from uncertainty.text import Text, catalogue

Flow = Annotated[Prescribed, In("l/min")]
"""A standard flow, at 25 °C and 101.325 kPa."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """Plan the inspection by eye."""

    title: Text
    """Title of the item."""
    question: Text
    """What is asked of the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Plan the calibration of both controllers against the prover."""

    title_parent: Text
    """Title of the item for the controller of the parent gas."""
    title_diluent: Text
    """Title of the item for the controller of the diluent."""
    shares: tuple[Percent, ...]
    """Settings, in % of the total flow, rising."""
    strokes: Number
    """Strokes per measurement."""
    settle: Duration
    """Wait after a setting."""
    agree: Number
    """Largest ratio of the scatter about the fitted curve to the stated one that is believed."""
    reading: Percent
    """Largest difference of a controller's indication from its setpoint that is believed, % of the total flow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hysteresis:
    """Plan the comparison of rising and falling settings."""

    title: Text
    """Title of the item."""
    share: Percent
    """Setting at which it is looked for, % of the total flow."""
    limit: Percent
    """Largest permitted difference, % of the total flow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """Plan the determination of the conversion factor of the parent gas."""

    title: Text
    """Title of the item."""
    share: Percent
    """Setting at which it is determined, % of the total flow."""
    stated: Number
    """Factor against nitrogen as it follows from the maker's table."""
    agree: Percent
    """Largest difference from the stated factor that is believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge:
    """Plan the determination of the time in which the diluter's volumes are flushed."""

    title: Text
    """Title of the item."""
    high: Percent
    """Dilution before the step, %."""
    low: Percent
    """Dilution after the step, %."""
    trace: Duration
    """Length of the trace that is recorded."""
    near: Percent
    """Distance from the end value, in % of the step, within which the trace has to stay."""
    factor: Number
    """Multiple of the time found that is waited for at every blend."""
    limit: Duration
    """Largest permitted time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dilution:
    """Plan the blends."""

    title: Text
    """Title of the item."""
    dilutions: tuple[Percent, ...]
    """Shares of parent flow, %, falling."""
    readings: Number
    """Readings of the controllers at each blend."""
    interval: Duration
    """Time between two of them."""
    mpe: Percent
    """Maximum permissible relative error of the set fraction."""
    step: Percent
    """Step to which the error is rounded before it is judged."""
    best: Percent
    """Expanded relative uncertainty (k = 2) that a text names as the best achievable by this method."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Plan the comparison of one blend with an independent reference mixture, by an analyser as comparator."""

    title: Text
    """Title of the item."""
    readings: Number
    """Readings of the analyser per gas."""
    rounds: Number
    """How often both gases are measured in turn."""
    normalised_error: Number
    """Largest permitted |E_n|."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Hold the inputs of the budgets that do not come from the readings."""

    prover_temperature: Effect
    """Temperature in the prover, K."""
    prover_pressure: Effect
    """Pressure in the prover, kPa."""
    prover_leak: Effect
    """Flow past the piston that its calibration leaves unknown, ml/min."""
    strokes: Effect
    """Relative scatter of one stroke, %."""
    parent_setting: Effect
    """Reproducibility of a setting of the parent's controller, l/min."""
    diluent_setting: Effect
    """Reproducibility of a setting of the diluent's controller, l/min."""
    temperature: Effect
    """Change of a controller's flow by the room's temperature since its calibration, %."""
    impurity: Effect
    """Deviation of the component's fraction in the diluent from its estimate, µmol/mol."""
    comparator: Effect
    """Non-linearity and drift of the analyser between two nearly equal gases, %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Hold the `[procedure]` part of a dilution sheet."""

    appearance: Appearance
    """Inspection by eye."""
    component: str
    """Component, as certificates call it, e.g. "CO2"."""
    total_flow: Flow
    """Total flow of every blend."""
    diluent_gas_number: Number
    """Number of the diluent in the gas table of the diluent's controller."""
    diluent_gas: str
    """What that controller calls it."""
    compressibility: dict[str, Number]
    """Gas ("parent", "diluent") -> compressibility factor at the prover."""
    impurity: Prescribed
    """Estimate of the component's fraction in the diluent."""
    calibration: Calibration
    """Calibration of the controllers."""
    hysteresis: Hysteresis
    """Hysteresis."""
    conversion: Conversion
    """Gas conversion factor."""
    purge: Purge
    """Purge time."""
    dilution: Dilution
    """Blends."""
    verification: Verification
    """Comparison with an independent mixture."""
    budget: Effects
    """Inputs of the budgets."""
    references: dict[str, Reference] = field(default_factory=dict)
    """Gas mixtures "parent" and "check", and the cell of the prover ("prover"), with certified values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate(CommonNameplate):
    """Hold what is marked on a diluter."""

    total_flow: Quantity
    """Nominal total flow."""
    parent_range: Quantity
    """Full scale of the parent's controller."""
    diluent_range: Quantity
    """Full scale of the diluent's controller."""

    def ratings(self) -> tuple[Rating, ...]:
        """Return the rated properties for the record."""
        text = catalogue("scenarios")
        return tuple(
            Rating(name=text[f"gas_dilution.{name}"], quantity=quantity)
            for name, quantity in (
                ("total_flow", self.total_flow),
                ("parent_range", self.parent_range),
                ("diluent_range", self.diluent_range),
            )
        )
