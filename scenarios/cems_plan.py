"""The shape of a CEMS sheet's `[procedure]` part, and the markings of a CEMS."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from scenarios.cems_accuracy import Chain, Range
from scenarios.limits import Limit
from scenarios.procedure import Nameplate as CommonNameplate
from scenarios.references import Reference
from scenarios.sheet import Duration, Effect, Number, Percent, Prescribed
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """Plan the inspection by eye."""

    title: Text
    """Title of the item."""
    question: Text
    """What is asked of the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Say what a channel measures, and with which gases it is calibrated."""

    name: Text
    """What people call it."""
    gas: str
    """Component of the calibration gases, e.g. "NO" for the channel NOx."""
    unit: str
    """Unit in which it is stated: "umol/mol" or "%"."""
    full_scale: Prescribed
    """Full scale of the CEMS."""
    levels: dict[str, int]
    """Level ("low", "mid", "high") -> inlet of the selector; the reference's key is "<gas>_<level>"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component(Channel):
    """Plan one component."""

    error: Limit
    """Largest permitted error of indication: of the certified value, or of full scale."""
    accuracy: tuple[Range, ...]
    """Limits of the accuracy by ranges of the mean reference concentration, largest first."""
    noise: Effect
    """Scatter of one indication."""
    resolution: Effect
    """Resolution of the CEMS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Plan how calibration gas is offered."""

    flow: Prescribed
    """Flow from the selector."""
    settle: Duration
    """Wait after a change of gas."""
    readings: Number
    """Readings of each analyser per gas."""
    interval: Duration
    """Time between two of them."""
    zero: int
    """Inlet of the zero gas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Plan the response time."""

    title: Text
    """Title of the item."""
    trace: Duration
    """Length of the trace that is recorded."""
    limit: Duration
    """Largest permitted time to 90 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Indication:
    """Plan the error of indication."""

    title: Text
    """Title of the items."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Plan zero and span drift."""

    title: Text
    """Title of the items."""
    after: Duration
    """Time between the two looks."""
    limit: Percent
    """Largest permitted drift, of full scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """Plan how a paired run is made."""

    window: Duration
    """Length of a pair."""
    period: Duration
    """Time between two readings of a window."""
    srm_drift: Percent
    """Largest permitted change of the reference analyser's span between its calibrations before and after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy(Paired):
    """Plan the paired runs."""

    title: Text
    """Title of the items."""
    pairs: Number
    """Number of pairs."""
    pause: Duration
    """Time between two pairs."""
    rounding: Chain
    """How testers round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Oxygen:
    """Plan the concentration at reference oxygen."""

    title: Text
    """Title of the item."""
    component: str
    """Component that is related."""
    reference: Percent
    """Reference oxygen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Hold further inputs of the budgets."""

    srm_linearity: Effect
    """Non-linearity of the reference analyser, %."""
    srm_drift: Effect
    """Its drift between calibration and paired runs, %."""
    srm_noise: Effect
    """Scatter of the mean of its readings on calibration gas, %."""


class Comparing(Protocol):
    """Be a plan that compares a CEMS with a reference analyser."""

    @property
    def components(self) -> Mapping[str, Channel]:
        """Channel of the analysers -> what it is."""

    @property
    def calibration(self) -> Calibration:
        """How calibration gas is offered."""

    @property
    def accuracy(self) -> Paired:
        """Paired runs."""

    @property
    def budget(self) -> Effects:
        """Inputs of the budgets."""

    @property
    def references(self) -> dict[str, Reference]:
        """Calibration gases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Hold the `[procedure]` part of a CEMS sheet."""

    appearance: Appearance
    """Inspection by eye."""
    components: dict[str, Component]
    """Channel of the analysers -> plan."""
    calibration: Calibration
    """How calibration gas is offered."""
    response: Response
    """Response time."""
    indication: Indication
    """Error of indication."""
    drift: Drift
    """Drift."""
    accuracy: Accuracy
    """Paired runs."""
    oxygen: Oxygen
    """Reference oxygen."""
    budget: Effects
    """Inputs of the budgets."""
    references: dict[str, Reference] = field(default_factory=dict)
    """Calibration gases "<gas>_<level>" with certified values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate(CommonNameplate):
    """Hold what is marked on a CEMS."""
