"""The mains that an instrument is fed from: one phase, its voltage and its frequency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments.signal import Signal
from instruments.twin import Port

if TYPE_CHECKING:
    from instruments.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """Describe the mains as they truly are while no source sets them."""

    voltage_v: float = 230.0
    """Effective value of the voltage, V; 0 where nothing is plugged in."""
    frequency_hz: float = 50.0
    """Frequency, Hz."""

    def __post_init__(self) -> None:
        if not self.voltage_v >= 0.0:
            raise ValueError(f"voltage_v must not be below 0, got {self.voltage_v}")
        if not self.frequency_hz > 0.0:
            raise ValueError(f"frequency_hz must be above 0, got {self.frequency_hz}")


class MainsLine(Port):
    """Join a source of mains voltage and the instruments that it feeds."""

    parameters_type = Supply

    def __init__(self, parameters: Supply, clock: Clock) -> None:
        super().__init__(parameters, clock)
        self.voltage = Signal(parameters.voltage_v)
        """Effective value, V."""
        self.frequency = Signal(parameters.frequency_hz)
        """Frequency, Hz."""
