"""Where a stream of air meets those who look at it: the stream, the angles of a probe, the pressures in its hoses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments import air
from instruments import terms as algebra
from instruments.signal import Pointwise, Signal
from instruments.twin import Port

if TYPE_CHECKING:
    from instruments.clock import Clock
    from instruments.signal import Derived

INTEGRAL_LENGTH_M = 0.03
"""Integral length of the turbulence behind a screened nozzle, m: sets how fast its fluctuations average out."""
CHANNELS = 5
"""Differential pressures that one set of hoses carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Describe the air in a test section as it truly is."""

    speed_m_per_s: float = 0.0
    """Speed at the reference position while nobody drives the stream, m/s."""
    temperature_degc: float = 20.0
    """Temperature while nobody drives the stream, °C."""
    humidity_percent: float = 50.0
    """Relative humidity, %."""
    static_pressure_kpa: float = 101.325
    """Absolute static pressure, kPa."""
    turbulence: float = 0.005
    """Turbulence intensity: standard deviation of the speed by the mean, 1."""
    gradient_per_m: float = 0.0
    """Relative change of the speed per metre downstream of the reference position, 1/m."""
    yaw_deg: float = 0.0
    """Angle of the flow to the axis of the test section in the horizontal plane (swirl), degrees."""
    pitch_deg: float = 0.0
    """Angle of the flow to the axis in the vertical plane, degrees."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.turbulence <= 0.5:
            raise ValueError(f"turbulence must lie in 0..0.5, got {self.turbulence}")
        if not 0.0 <= self.humidity_percent <= 100.0:
            raise ValueError(f"humidity_percent must lie in 0..100 %, got {self.humidity_percent}")


class AirStream(Port):
    """Join a wind tunnel (or a duct) and whatever stands in its test section."""

    parameters_type = Stream

    def __init__(self, parameters: Stream, clock: Clock) -> None:
        super().__init__(parameters, clock)
        self.speed = Signal(parameters.speed_m_per_s)
        """Mean speed at the reference position, without turbulence, m/s."""
        self.temperature: Signal = Signal(parameters.temperature_degc)
        """Temperature, °C."""
        self.humidity: Signal = Signal(parameters.humidity_percent)
        """Relative humidity, %."""
        self.pressure: Signal = Signal(parameters.static_pressure_kpa)
        """Absolute static pressure, kPa."""
        self.square = Pointwise(algebra.multiply, self.speed, self.speed)
        """Square of the mean speed, m²/s²."""

    def gain(self, position_m: float) -> float:
        """Return the speed at a place on the axis by the speed at the reference position, 1."""
        return 1.0 + self.parameters.gradient_per_m * position_m  # type: ignore[no-any-return]

    def mean_speed(self, start: float, stop: float, position_m: float = 0.0) -> float:
        """Return the mean speed over [start, stop] at a place on the axis, m/s."""
        return self.speed.mean(start, stop) * self.gain(position_m)

    def density(self, at: float) -> float:
        """Return the density of the air, kg/m³."""
        return air.density_kg_per_m3(self.temperature.value(at), 1e3 * self.pressure.value(at), self.humidity.value(at))

    def reynolds(self, at: float, length_m: float) -> float:
        """Return the Reynolds number of a body of a length (m), 1."""
        viscosity = air.viscosity_pa_s(self.temperature.value(at))
        return self.density(at) * self.speed.value(at) * length_m / viscosity

    def dynamic_pressure(self, start: float, stop: float, position_m: float = 0.0) -> float:
        """Return the mean dynamic pressure over [start, stop], turbulence included, Pa."""
        turbulence: float = self.parameters.turbulence
        half_density = 0.5 * self.density(0.5 * (start + stop))
        return half_density * self.square.mean(start, stop) * self.gain(position_m) ** 2 * (1.0 + turbulence**2)

    def unrest(self, start: float, stop: float) -> float:
        """Return the relative standard deviation that turbulence leaves in a mean speed over [start, stop], 1."""
        speed, span = abs(self.speed.mean(start, stop)), stop - start
        if not speed:
            return 0.0
        time = INTEGRAL_LENGTH_M / speed
        share = 1.0 if span <= 0.0 else min(1.0, 2.0 * time / span)
        return float(self.parameters.turbulence) * math.sqrt(share)


class Orientation(Port):
    """Hold the angles of a probe on its stage, to the axis of the test section."""

    def __init__(self, parameters: object, clock: Clock) -> None:
        super().__init__(parameters, clock)
        self.yaw = Signal()
        """Rotation about the stem, degrees."""
        self.pitch = Signal()
        """Inclination of the stem's normal plane to the axis, degrees."""
        self.upright = True
        """Whether the probe stands in its first port; from the opposite one a swirl has the other sign."""
        self.placed = 0
        """How often the probe was inclined or inserted anew: its boundary layer does not come back quite as it was."""


class PressureLines(Port):
    """Carry differential pressures in hoses from probes to a manometer, in channels 1 to `CHANNELS`."""

    def __init__(self, parameters: object, clock: Clock) -> None:
        super().__init__(parameters, clock)
        self._lines: dict[int, Derived | Line] = {}

    def connect(self, channel: int, line: Derived | Line) -> None:
        """Connect one pair of hoses.

        Args:
            channel: 1 to `CHANNELS`.
            line: what is asked for the mean pressure, Pa: a signal, or anything with `mean(start, stop)`.

        Raises:
            ValueError: there is no such channel, or another probe holds it.
        """
        if not 1 <= channel <= CHANNELS:
            raise ValueError(f"pressure lines: channel {channel} is not one of 1..{CHANNELS}")
        if channel in self._lines:
            raise ValueError(f"pressure lines: two probes are connected to channel {channel}; give one of them another")
        self._lines[channel] = line

    def connected(self, channel: int) -> bool:
        """Tell whether anything is connected to a channel."""
        return channel in self._lines

    def mean(self, channel: int, start: float, stop: float) -> float:
        """Return the mean differential pressure of a channel over [start, stop], Pa; 0 where both ends are open."""
        line = self._lines.get(channel)
        return 0.0 if line is None else line.mean(start, stop)


class Line:
    """Give the mean differential pressure between two holes of a probe."""

    def mean(self, start: float, stop: float) -> float:
        """Return the mean over [start, stop], Pa."""
        raise NotImplementedError
