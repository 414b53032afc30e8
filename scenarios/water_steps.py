"""The steps of a procedure on a rig, with their durations and what they hold: what a plan of the day is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from uncertainty.text import Text

Resource = Literal["rig", "balance", "person"]
"""What a step may hold: the line with its pump and diverter, the balance with its tank, somebody at the rig."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Hold one step: it begins when the one before is over and all that it holds is free."""

    key: str
    """Unique within the procedure, e.g. "error/qmax/1"."""
    name: Text
    """What is done."""
    duration_s: float
    """How long it takes, s."""
    holds: tuple[Resource, ...]
    """What it needs for itself meanwhile."""
