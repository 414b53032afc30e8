"""Twin of a micromanometer with up to five differential channels read at once (generic; the commands are invented).

At a few pascals its own noise and what is left of its zero dominate, at hundreds of pascals its gain: that is why the
uncertainty of an air speed has a minimum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from instruments.noise import CountedNoise
from instruments.ports_air import CHANNELS, PressureLines
from instruments.scpi import (
    INFINITY,
    Event,
    Fixed,
    Identity,
    Integer,
    Later,
    Listed,
    Numeric,
    Query,
    ScpiInstrument,
    Setting,
)
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.twin import Surroundings

ZERO_S = 5.0
"""Time that a zeroing takes, s: the valve closes, a mean is taken, the valve opens."""

BENT_PA = 0.5
"""Differential pressure from which on a channel's linearity error is there in full, Pa."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a micromanometer. Channels are named "1" to "5"."""

    serial: str = "TWIN-0001"
    """Serial number."""
    channels: int = CHANNELS
    """Number of channels, 1 to 5."""
    range_pa: float = 2500.0
    """Largest magnitude that it can indicate, Pa."""
    gain_error: float = 0.0
    """Relative error common to all channels (of the standard by which they were adjusted), 1."""
    gain_errors: dict[str, float] = field(default_factory=dict)
    """Relative error of each channel, 1; 0 for those not named."""
    zero_offsets_pa: dict[str, float] = field(default_factory=dict)
    """Offset of each channel at bench time 0 before any zeroing, Pa; 0 for those not named."""
    zero_drifts_pa_per_h: dict[str, float] = field(default_factory=dict)
    """Drift of each channel's zero, Pa/h; 0 for those not named."""
    linearity_errors_pa: dict[str, float] = field(default_factory=dict)
    """What a channel is off by, beside its gain, once the pressure is away from zero, Pa; at zero nothing shows of it,
    so that no zeroing removes it. 0 for channels not named."""
    noise_pa: float = 0.01
    """Standard deviation of a mean over one second, Pa; it falls with the root of the time."""

    def __post_init__(self) -> None:
        if not 1 <= self.channels <= CHANNELS:
            raise ValueError(f"channels must lie in 1..{CHANNELS}, got {self.channels}")
        if not self.range_pa > 0.0:
            raise ValueError(f"range_pa must be above 0, got {self.range_pa}")
        for name in ("gain_errors", "zero_offsets_pa", "zero_drifts_pa_per_h", "linearity_errors_pa"):
            for key in getattr(self, name):
                if key not in {str(n) for n in range(1, CHANNELS + 1)}:
                    raise ValueError(f"{name}: {key!r} is not a channel; channels are '1' to '{CHANNELS}'")


class Micromanometer(ScpiInstrument[Parameters]):
    """Be the micromanometer."""

    identity = Identity(manufacturer="caltwin", model="MM-5", firmware="1.2")
    commands = (
        Setting(
            "SENSe:AVERage:TIME",
            Numeric(unit="S", low=0.1, high=600.0, default=1.0, reply=Fixed(1)),
            attribute="time",
            doc="Averaging time, s.",
        ),
        Query("READ?", method="read", reply=Listed(Fixed(4)), doc="Means of all channels over the same time, Pa."),
        Query("SENSe:RANGe?", method="range", reply=Fixed(1), doc="Largest magnitude, Pa."),
        Query("SYSTem:CHANnels?", method="channels", reply=Integer(), doc="Number of channels."),
        Event(
            "CALibration:ZERO", method="zero", doc="Close the valves and take the zero of all channels; *OPC ends it."
        ),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build the micromanometer at power-on: never zeroed."""
        super().__init__(parameters, surroundings)
        self._lines = surroundings.port("lines", PressureLines)
        self._noise = CountedNoise(surroundings.rng)
        self._zeros = [0.0] * parameters.channels
        self.time = 1.0

    def reset(self) -> None:
        """Go to the state of *RST: averaging over 1 s; the zeros are kept."""
        self.time = 1.0

    def channels(self) -> int:
        """Return the number of channels."""
        return self.parameters.channels

    def range(self) -> float:
        """Return the largest magnitude, Pa."""
        return self.parameters.range_pa

    def zero(self) -> None:
        """Take the zero of all channels."""
        start = self.now
        self.begin("zero", until=start + ZERO_S, done=lambda: self._store_zeros(start))

    def _store_zeros(self, start: float) -> None:
        for channel in range(1, self.parameters.channels + 1):
            self._zeros[channel - 1] = self._offset(channel, self.now) + self._unrest(channel, start, self.now)

    def _offset(self, channel: int, at: float) -> float:
        p, key = self.parameters, str(channel)
        return p.zero_offsets_pa.get(key, 0.0) + p.zero_drifts_pa_per_h.get(key, 0.0) * at / 3600.0

    def _unrest(self, channel: int, start: float, stop: float) -> float:
        draw = self._noise.normal((round(start * 1e6) << 3) + channel)
        return self.parameters.noise_pa / math.sqrt(max(stop - start, 1e-3)) * draw

    def read(self) -> Later:
        """Start the means of all channels now; they are ready when the averaging time is over."""
        start = self.now
        return Later(start + self.time, lambda: self._means(start))

    def _means(self, start: float) -> list[float]:
        return [self._mean(channel, start, self.now) for channel in range(1, self.parameters.channels + 1)]

    def _mean(self, channel: int, start: float, stop: float) -> float:
        p = self.parameters
        true = self._lines.mean(channel, start, stop)
        gain = 1.0 + p.gain_error + p.gain_errors.get(str(channel), 0.0)
        seen = true * gain + self._offset(channel, stop) - self._zeros[channel - 1]
        seen += self._unrest(channel, start, stop)
        bent = p.linearity_errors_pa.get(str(channel), 0.0)
        if bent:
            seen += bent * math.tanh(true / BENT_PA)
        return seen if abs(seen) <= p.range_pa else math.copysign(INFINITY, seen)


twin = Kind(parameters=Parameters, ports={"lines": PressureLines}, build=Micromanometer)
"""What a station builds by `twin: micromanometer`."""
