"""What a run has found out before it energises anything, and who may let it begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from scenarios.procedure import Forecast
from scenarios.record import Device, Equipment, Override
from scenarios.sheet import Sheet
from uncertainty.quantity import Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Hold what the bench has found out before it energises anything."""

    number: str
    """Document number of the run."""
    sheet: Sheet
    """Data sheet of the system."""
    equipment: tuple[Equipment, ...]
    """Standards and auxiliary instruments as they answered."""
    devices: Mapping[str, Device]
    """Position -> device under test as it answered."""
    forecasts: Mapping[str, Sequence[Forecast]]
    """Position -> planned points with their expected U."""
    readings: Mapping[str, Quantity]
    """Condition of the sheet -> its present indication."""


class Gatekeeper(Protocol):
    """Whoever lets a run begin."""

    def __call__(self, survey: Survey) -> tuple[Override, ...]:
        """Return the gates that a person has opened.

        Raises:
            ConfigurationError: a gate is closed.
        """
