"""Twin of a laser Doppler anemometer, the primary reference of air speed (generic; commands invented).

Its speed is Doppler frequency times fringe spacing; the spacing is calibrated with a disc that spins at a known rate,
and what that calibration leaves is `fringe_error`. Particles pass at random: a mean over some seconds holds a count of
bursts, and the scatter of the single speeds is the turbulence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments.noise import CountedNoise
from instruments.ports_air import AirStream
from instruments.scpi import (
    Boolean,
    Fields,
    Fixed,
    Flag,
    Identity,
    Integer,
    Later,
    Numeric,
    Query,
    ScpiError,
    ScpiInstrument,
    Setting,
)
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.twin import Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of an LDA."""

    serial: str = "TWIN-0001"
    """Serial number."""
    fringe_error: float = 0.0
    """Relative error of the fringe spacing after the calibration with the disc, 1."""
    position_m: float = 0.0
    """Place of the measuring volume on the axis, downstream of the reference position, m."""
    bursts_per_m: float = 30.0
    """Particles per metre of air that passes, 1/m: sets the data rate."""
    burst_noise: float = 0.003
    """Relative standard deviation of a single burst beside turbulence, 1."""
    speckle_m_per_s: float = 0.0
    """Offset of the speed by stray light, m/s."""


class LaserDopplerAnemometer(ScpiInstrument[Parameters]):
    """Be the anemometer."""

    identity = Identity(manufacturer="caltwin", model="LDA-1", firmware="2.1")
    commands = (
        Setting("LASer[:STATe]", Boolean(default=False, reply=Flag()), attribute="laser", doc="Laser on or off."),
        Setting(
            "SENSe:TIME",
            Numeric(unit="S", low=0.1, high=600.0, default=10.0, reply=Fixed(1)),
            attribute="time",
            doc="Duration of one mean, s.",
        ),
        Setting(
            "CALibration:FACTor",
            Numeric(low=0.9, high=1.1, default=1.0, reply=Fixed(6)),
            attribute="factor",
            doc="Factor from the calibration with the disc, applied to every speed.",
        ),
        Query(
            "READ?",
            method="read",
            reply=Fields((Fixed(4), Fixed(4), Integer())),
            doc="Mean speed (m/s), standard deviation of single bursts (m/s), count of bursts, over the next mean.",
        ),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build the anemometer at power-on: laser off."""
        super().__init__(parameters, surroundings)
        self.stream = surroundings.port("stream", AirStream)
        self._noise = CountedNoise(surroundings.rng)
        self.laser = False
        self.time = 10.0
        self.factor = 1.0

    def reset(self) -> None:
        """Go to the state of *RST: laser off."""
        self.laser, self.time, self.factor = False, 10.0, 1.0

    @property
    def energised(self) -> bool:
        """Whether the laser is on."""
        return self.laser

    def read(self) -> Later:
        """Start a mean now; it is ready when its time is over.

        Raises:
            ScpiError: -221, the laser is off.
        """
        if not self.laser:
            raise ScpiError(-221, info="laser is off")
        start = self.now
        return Later(start + self.time, lambda: self._mean(start))

    def _mean(self, start: float) -> tuple[float, float, int]:
        p, stop = self.parameters, self.now
        true = self.stream.mean_speed(start, stop, p.position_m)
        bursts = int(abs(true) * (stop - start) * p.bursts_per_m)
        if not bursts or not self.laser:
            return math.nan, math.nan, 0
        scatter = math.hypot(float(self.stream.parameters.turbulence), p.burst_noise)
        unrest = math.hypot(self.stream.unrest(start, stop), p.burst_noise / math.sqrt(bursts))
        seen = true * (1.0 + unrest * self._noise.normal(round(start * 1e6)))
        return (seen * (1.0 + p.fringe_error) + p.speckle_m_per_s) * self.factor, scatter * true, bursts


twin = Kind(parameters=Parameters, ports={"stream": AirStream}, build=LaserDopplerAnemometer)
"""What a station builds by `twin: lda`."""
