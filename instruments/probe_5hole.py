"""Twin of a five-hole probe on its adapter, whose chip tells who it is (generic; the commands are invented).

The probe itself has no bus: it gives pressures into hoses. Channels 1 to 4 of its manometer see P1 - P2, P2 - P3,
P4 - P5 and P1 - P4. The physics of the head is in `instruments.five_hole`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from instruments.five_hole import NORMALS, FiveHoleHead, Head, Vector5, turned
from instruments.noise import CountedNoise
from instruments.ports_air import AirStream, Line, Orientation, PressureLines
from instruments.scpi import Fixed, Identity, Query, ScpiInstrument
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.twin import Surroundings

PAIRS = ((0, 1), (1, 2), (3, 4), (0, 3))
"""Holes (from 0) between which channels 1 to 4 measure."""
KINEMATIC_VISCOSITY = 1.506e-5
"""Of air at 20 °C and 101.325 kPa, m²/s: a speed stands for this Reynolds number where the truth is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold the markings and the hidden truth of a probe."""

    serial: str = "TWIN-0001"
    """Serial number."""
    head: Head = "sphere"
    """Shape of the head."""
    diameter_mm: float = 10.0
    """Diameter of the head, mm."""
    strength: float = 1.0
    """Fall of the pressure away from the stagnation point by that of potential flow (or of the prism's table), 1."""
    reynolds_slope: float = 0.0
    """Relative change of it per factor e of the Reynolds number, 1."""
    yaw_offset_deg: float = 0.0
    """Angle between the scribe line and the plane of symmetry of the holes (the yaw reference's error), degrees."""
    hole_2_yaw_deg: float = 0.0
    """Error of hole 2 in the plane of yaw, degrees."""
    hole_2_pitch_deg: float = 0.0
    """Error of hole 2 across it, degrees."""
    hole_4_pitch_deg: float = 0.0
    """Error of hole 4 in the plane of pitch, degrees."""
    irreproducibility: float = 0.0
    """Relative standard deviation of the pressures' fall from one placing of the probe to the next, 1."""
    blockage: float = 0.0
    """Relative increase of the speed at the probe because the probe stands in the stream, 1."""
    position_m: float = 0.0
    """Place of the head on the axis, downstream of the reference position, m."""

    def __post_init__(self) -> None:
        for name in ("diameter_mm", "strength"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")


class FiveHoleProbe(ScpiInstrument[Parameters]):
    """Be the probe; `true_error` is what no laboratory can know."""

    identity = Identity(manufacturer="caltwin", model="FHP", firmware="1.0")
    commands = (
        Query("PROBe:HEAD?", method="head", doc="Shape of the head."),
        Query("PROBe:DIAMeter?", method="diameter", reply=Fixed(2), doc="Diameter of the head, mm."),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Put the probe into the stream and connect its hoses."""
        super().__init__(parameters, surroundings)
        p = parameters
        normals = list(NORMALS)
        normals[1] = turned(normals[1], p.hole_2_yaw_deg, p.hole_2_pitch_deg)
        normals[3] = turned(normals[3], 0.0, p.hole_4_pitch_deg)
        self.physics = FiveHoleHead(
            head=p.head, normals=tuple(normals), strength=p.strength, reynolds_slope=p.reynolds_slope
        )
        self.stream = surroundings.port("stream", AirStream)
        self.orientation = surroundings.port("orientation", Orientation)
        self.noise = CountedNoise(surroundings.rng)
        self._coefficients = lru_cache(maxsize=64)(self.physics.coefficients)
        self._looked: tuple[float, float, float, float, float, Vector5] | None = None
        lines = surroundings.port("lines", PressureLines)
        for channel, (first, second) in enumerate(PAIRS, start=1):
            lines.connect(channel, _Pair(self, first, second))

    def head(self) -> str:
        """Return the shape of the head as marked."""
        return self.parameters.head.upper()

    def diameter(self) -> float:
        """Return the diameter of the head, mm."""
        return self.parameters.diameter_mm

    def coefficients(self, at: float) -> Vector5:
        """Return the pressure coefficients of all holes at a bench time."""
        p, stream, stage = self.parameters, self.stream, self.orientation
        side = 1.0 if stage.upright else -1.0
        yaw = stage.yaw.value(at) + p.yaw_offset_deg - side * stream.parameters.yaw_deg
        pitch = stage.pitch.value(at) - stream.parameters.pitch_deg
        unrest = p.irreproducibility * self.noise.normal(stage.placed) if p.irreproducibility else 0.0
        return self._coefficients(yaw, pitch, stream.reynolds(at, 1e-3 * p.diameter_mm), unrest)

    def look(self, start: float, stop: float) -> tuple[float, float, float, float, float, Vector5]:
        """Return what all hoses share over [start, stop]; a turning probe is taken at the middle.

        Returns:
            start, stop, mean dynamic pressure (Pa), relative standard deviation that turbulence leaves, its common
            factor, pressure coefficients.
        """
        known = self._looked
        if known is not None and known[0] == start and known[1] == stop == self.clock.now:
            return known  # past and present only: nothing can change them any more
        p, stream = self.parameters, self.stream
        q = stream.dynamic_pressure(start, stop, p.position_m) * (1.0 + p.blockage) ** 2
        unrest = stream.unrest(start, stop)
        common = 1.0 + 2.0 * unrest * self.noise.normal(round(start * 1e6) << 5)
        self._looked = found = (start, stop, q, unrest, common, self.coefficients(0.5 * (start + stop)))
        return found

    def null_deg(self) -> float:
        """Return the reading of a perfect stage at which the probe is nulled in axial flow without pitch, degrees."""
        return self.physics.null_yaw_deg(0.0) - self.parameters.yaw_offset_deg

    def true_error(
        self,
        quantity: Literal["F1", "F2", "F_v", "offset"],
        speed: float = 20.0,
        pitch: float = 0.0,
        yaw: float = 0.0,
        at: float = 0.0,
        since: float = 0.0,
    ) -> float:
        """Return a true property of the probe in a uniform, unbounded stream.

        Args:
            quantity: "F1" or "F2" at the exact yaw null; "F_v", the root of the dynamic pressure by P1 less the mean of
                P2 to P5, at any yaw; "offset" for the stage's reading at the null (degrees).
            speed: m/s.
            pitch: degrees.
            yaw: for "F_v", from the null without pitch, degrees.
            at: bench time, s; the probe does not change.
            since: likewise.
        """
        if quantity == "offset":
            return self.null_deg()
        reynolds = speed * 1e-3 * self.parameters.diameter_mm / KINEMATIC_VISCOSITY
        if quantity == "F_v":
            c1, *others = self.physics.coefficients(yaw + self.physics.null_yaw_deg(0.0), pitch, reynolds)
            return 1.0 / math.sqrt(c1 - sum(others) / 4.0)
        return self.physics.nulled(pitch, reynolds)[0 if quantity == "F1" else 1]


class _Pair(Line):
    """Give the pressure between two holes of a probe."""

    def __init__(self, probe: FiveHoleProbe, first: int, second: int) -> None:
        self._probe, self._first, self._second = probe, first, second

    def mean(self, start: float, stop: float) -> float:
        """Return the mean over [start, stop], Pa."""
        probe = self._probe
        _, _, q, unrest, common, c = probe.look(start, stop)
        # Turbulence turns the flow as much as it hastens it: each hole sees its own part of it.
        number = (round(start * 1e6) << 5) + 1 + self._first * 5 + self._second
        own = math.sqrt(0.5) * unrest * probe.noise.normal(number)
        return q * ((c[self._first] - c[self._second]) * common + own)


twin = Kind(
    parameters=Parameters,
    ports={"stream": AirStream, "orientation": Orientation, "lines": PressureLines},
    build=FiveHoleProbe,
)
"""What a station builds by `twin: probe_5hole`."""
