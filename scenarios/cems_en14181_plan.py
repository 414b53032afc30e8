"""The shape of an EN 14181 sheet's `[procedure]` part."""

from __future__ import annotations

from dataclasses import dataclass, field

from scenarios.cems_plan import Appearance, Calibration, Channel, Effects, Paired
from scenarios.procedure import Nameplate as CommonNameplate
from scenarios.references import Reference
from scenarios.sheet import Duration, Number, Percent, Prescribed
from uncertainty.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Component(Channel):
    """Plan one component."""

    limit: Prescribed
    """Emission limit value."""
    interval: Percent
    """P: permitted half-width of the 95 % interval, of the limit."""
    s_ams: Prescribed
    """Standard deviation of the automated system at zero and span, from QAL1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs(Paired):
    """Plan how paired runs are spread."""

    title: Text
    """Title of the items of QAL2."""
    pairs: Number
    """Number of pairs."""
    days: Number
    """Days over which they are spread, evenly."""
    start_to_start: Duration
    """Time between the starts of two pairs of a day."""
    enough: Percent
    """Range of the reference, of the limit, from which a regression is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charts:
    """Plan QAL3."""

    title: Text
    """Title of the items."""
    checks: Number
    """Number of checks."""
    interval: Duration
    """Time between two checks."""
    slack: Number
    """k of the CUSUM, in standard deviations."""
    decision: Number
    """h of the CUSUM, in standard deviations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveillance:
    """Plan the annual surveillance test."""

    title: Text
    """Title of the items."""
    pairs: Number
    """Number of pairs."""
    start_to_start: Duration
    """Time between the starts of two pairs."""
    factor: Number
    """Factor of σ0·k_v in its variability test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Hold the `[procedure]` part of an EN 14181 sheet."""

    appearance: Appearance
    """Functional test by eye."""
    components: dict[str, Component]
    """Channel of the analysers -> plan."""
    calibration: Calibration
    """How calibration gas is offered."""
    accuracy: Runs
    """Paired runs of QAL2."""
    charts: Charts
    """QAL3."""
    surveillance: Surveillance
    """AST."""
    budget: Effects
    """Inputs of the budgets."""
    references: dict[str, Reference] = field(default_factory=dict)
    """Calibration gases "<gas>_<level>" with certified values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate(CommonNameplate):
    """Hold what is marked on an automated measuring system."""
