"""Twin of an L-type Pitot-static tube on its adapter, whose chip tells who it is (generic, invented)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments.noise import CountedNoise
from instruments.ports_air import AirStream, Line, PressureLines
from instruments.scpi import Fixed, Identity, Query, ScpiInstrument
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.twin import Surroundings

KAPPA = 1.4
"""Isentropic exponent of air, 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold the markings and the hidden truth of a tube."""

    serial: str = "TWIN-0001"
    """Serial number."""
    coefficient: float = 1.0
    """True coefficient C of v = C √(2Δp/ρ), 1."""
    diameter_mm: float = 6.0
    """Diameter of the tube, mm."""
    yaw_sensitivity: float = 0.0
    """Relative fall of Δp by the square of the sine of the angle of the flow beyond what the tube forgives, 1."""
    angle_deg: float = 0.0
    """Angle of the tube to the axis, degrees."""
    position_m: float = 0.0
    """Place of the tube on the axis, downstream of the reference position, m."""
    compressible: bool = False
    """Whether the air is compressed at the tube's tip: Δp = ρv²/2·(1 + Ma²/4)."""
    channel: int = 5
    """Channel of the manometer to which it is connected, 1 to 5."""

    def __post_init__(self) -> None:
        if not self.coefficient > 0.0:
            raise ValueError(f"coefficient must be above 0, got {self.coefficient}")


class LTypePitot(ScpiInstrument[Parameters]):
    """Be the tube."""

    identity = Identity(manufacturer="caltwin", model="PT-L", firmware="1.0")
    commands = (Query("PROBe:DIAMeter?", method="diameter", reply=Fixed(2), doc="Diameter of the tube, mm."),)

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Put the tube into the stream and connect its hoses."""
        super().__init__(parameters, surroundings)
        self.stream = surroundings.port("stream", AirStream)
        self.noise = CountedNoise(surroundings.rng)
        surroundings.port("lines", PressureLines).connect(parameters.channel, _Head(self))

    def diameter(self) -> float:
        """Return the diameter, mm."""
        return self.parameters.diameter_mm

    def true_error(self, speed: float = 0.0, at: float = 0.0, since: float = 0.0) -> float:
        """Return the true coefficient, 1; it depends on nothing."""
        return self.parameters.coefficient


class _Head(Line):
    """Give total minus static pressure."""

    def __init__(self, tube: LTypePitot) -> None:
        self._tube = tube

    def mean(self, start: float, stop: float) -> float:
        """Return the mean over [start, stop], Pa."""
        p, stream = self._tube.parameters, self._tube.stream
        angle = math.radians(p.angle_deg - stream.parameters.yaw_deg)
        q = stream.dynamic_pressure(start, stop, p.position_m) * (1.0 - p.yaw_sensitivity * math.sin(angle) ** 2)
        unrest = 2.0 * stream.unrest(start, stop) * self._tube.noise.normal(round(start * 1e6))
        if p.compressible:
            at = 0.5 * (start + stop)
            q *= 1.0 + 0.25 * 2.0 * q / (KAPPA * 1e3 * stream.pressure.value(at))  # Ma² = ρv²/(κp)
        return q / p.coefficient**2 * (1.0 + unrest)


twin = Kind(parameters=Parameters, ports={"stream": AirStream, "lines": PressureLines}, build=LTypePitot)
"""What a station builds by `twin: probe_l_type`."""
