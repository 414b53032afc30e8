"""What an instrument said, when, and in which words."""

from __future__ import annotations

from dataclasses import dataclass

from uncertainty.quantity import Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Hold one indication (VIM 4.1) as it came from an instrument."""

    name: str
    """Which of the instrument's quantities, e.g. "energy"."""
    indication: Quantity
    """The indicated quantity value."""
    instrument: str
    """Role of the instrument in the system, e.g. "standard"."""
    time_s: float
    """Time on the bench clock at which the reply was complete, s after the start of the run."""
    raw: str
    """The reply as it came over the wire, undecodable bytes escaped."""
