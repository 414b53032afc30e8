"""Twin of a frequency standard: pulses of a known rate, to check counters with (generic, commands invented)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments.ports import PulseLine
from instruments.scpi import Fixed, Identity, Query, ScpiInstrument
from instruments.twin import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.twin import Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a frequency standard."""

    serial: str = "TWIN-0001"
    """Serial number."""
    frequency_hz: float = 1000.0
    """Nominal rate of the pulses, Hz."""
    frequency_error: float = 0.0
    """Relative error of the rate, 1."""

    def __post_init__(self) -> None:
        if not self.frequency_hz > 0.0:
            raise ValueError(f"frequency_hz must be above 0, got {self.frequency_hz}")


class _Steady:
    """Give pulses at a steady rate for ever; see `instruments.ports.PulseTrain`."""

    def __init__(self, rate_hz: float, phase: float) -> None:
        self._rate, self._phase = rate_hz, phase

    def count(self, at: float) -> int:
        return math.floor(at * self._rate + self._phase)

    def edge(self, index: int) -> float:
        return max(0.0, (index + 1.0 - self._phase) / self._rate)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Do nothing: these edges never move."""


class FrequencyReference(ScpiInstrument[Parameters]):
    """Be the standard."""

    identity = Identity(manufacturer="caltwin", model="FR-10", firmware="1.0")
    commands = (Query("SOURce:FREQuency?", method="frequency", reply=Fixed(6), doc="Nominal rate, Hz."),)

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Switch the standard on."""
        super().__init__(parameters, surroundings)
        rate = parameters.frequency_hz * (1.0 + parameters.frequency_error)
        surroundings.port("pulses", PulseLine).connect(_Steady(rate, float(self.rng.uniform(0.0, 0.999))))

    def frequency(self) -> float:
        """Return the nominal rate, Hz."""
        return self.parameters.frequency_hz


twin = Kind(
    parameters=Parameters,
    ports={"pulses": PulseLine},
    optional_ports=frozenset({"pulses"}),
    build=FrequencyReference,
)
"""What a station builds by `twin: frequency_reference`."""
