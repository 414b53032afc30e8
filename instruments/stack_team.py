"""Twin of a measuring team at a stack: a motorised traverse, a probe, a logger (generic, commands invented).

A traverse visits points of equal areas on two diameters, for equal times within one window. What the probes see:

* "3d": a five-hole probe, nulled in yaw at every point: P1 - P2, P4 - P5 and the angle;
* "s_type": the differential pressure of an S-type tube, which answers to the magnitude of the velocity and a little
  more in swirl: it takes swirl for flow;
* "l_type": that of an L-type tube, which forgives small angles and loses beyond.

How much the tubes gain and lose is of the size that the field knows; the numbers are those of no make.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from instruments.noise import CountedNoise
from instruments.ports_stack import Stack
from instruments.scpi import Event, Fixed, Identity, Integer, Later, Listed, Numeric, Query, ScpiInstrument, Setting
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.twin import Surroundings

KINDS = Literal["3d", "s_type", "l_type"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold the outfit and the hidden truth of a team."""

    serial: str = "TWIN-0001"
    """Serial number of the outfit."""
    kind: KINDS = "3d"
    """Kind of probe."""
    coefficient: float = 0.95
    """True coefficient: F2 of a five-hole probe without pitch (F1 = a tan p, F2 = F2(0)/cos p), else C of the tube."""
    f1_slope: float = 4.0
    """a of F1 = a tan p of a five-hole probe, 1."""
    swirl_gain: float = 0.15
    """S-type: relative gain of its speed by the square of the sine of the yaw, 1."""
    yaw_loss: float = 0.6
    """L-type: relative loss of its pressure by the square of the sine of the yaw, 1."""
    yaw_error_deg: float = 0.0
    """Error of the yaw reference, degrees."""
    pressure_gain_error: float = 0.0
    """Relative error of the manometers, 1."""
    temperature_error_k: float = 0.0
    """Error of the thermometer, K."""
    depth_error_mm: float = 0.0
    """Error of the depth of every point from the wall, mm."""
    unrest: float = 0.02
    """Relative standard deviation of a mean speed over one second at a point, 1."""


class StackTeam(ScpiInstrument[Parameters]):
    """Be the team."""

    identity = Identity(manufacturer="caltwin", model="TRAV-1", firmware="1.0")
    commands = (
        Setting(
            "TRAVerse:POINts",
            Numeric(low=2, high=24, default=8, integer=True, reply=Integer()),
            attribute="points",
            doc="Points on each of two diameters.",
        ),
        Setting(
            "TRAVerse:WINDow",
            Numeric(unit="S", low=30.0, high=3600.0, default=300.0, reply=Fixed(1)),
            attribute="window",
            doc="Duration of a traverse, s.",
        ),
        Event("TRAVerse:STARt", method="start", doc="Start a traverse; *OPC tells when it is over."),
        Query(
            "TRAVerse:DATA?",
            method="data",
            reply=Listed(Fixed(4)),
            doc="Start (s of the clock), then for each point: pressure (Pa), second pressure (Pa), yaw (deg), T (K).",
        ),
        Query("PROBe:KIND?", method="kind", doc="Kind of probe."),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Set the outfit up on the platform."""
        super().__init__(parameters, surroundings)
        self.stack = surroundings.port("stack", Stack)
        self._noise = CountedNoise(surroundings.rng)
        self.points, self.window = 8, 300.0
        self._started: tuple[float, float, int] | None = None

    def reset(self) -> None:
        """Go to the state of *RST: eight points, five minutes, no data."""
        self.points, self.window, self._started = 8, 300.0, None

    def kind(self) -> str:
        """Return the kind of probe."""
        return self.parameters.kind.upper()

    def start(self) -> None:
        """Start a traverse."""
        self._started = (self.now, self.window, self.points)
        self.begin("traverse", until=self.now + self.window)

    def data(self) -> Later | list[float]:
        """Return what the traverse measured, when it is over; nothing but a zero before the first one."""
        if self._started is None:
            return [0.0]
        start, window, _ = self._started
        return Later(start + window, self._measured)

    def _measured(self) -> list[float]:
        assert self._started is not None
        start, window, points = self._started
        places = plane(points)
        dwell = window / len(places)
        found = [start]
        for i, (r, phi) in enumerate(places):
            found += self._at(r, phi, start + i * dwell, dwell)
        return found

    def _at(self, r: float, phi: float, start: float, dwell: float) -> tuple[float, float, float, float]:
        """Return what is logged at one point: pressures (Pa), yaw (degrees), temperature (K)."""
        p, stack = self.parameters, self.stack
        place = min(max(r - p.depth_error_mm / (500.0 * stack.parameters.diameter_m), 0.0), 1.0)
        axial = stack.speed.mean(start, start + dwell) * stack.relative_speed(place, phi)
        yaw, pitch = stack.angles_deg(place)
        y, t = math.radians(yaw), math.radians(pitch)
        number = round(start * 1e3)
        unrest = p.unrest / math.sqrt(dwell) * self._noise.normal(2 * number)
        speed = axial / (math.cos(y) * math.cos(t)) * (1.0 + unrest)
        if p.kind == "s_type":
            speed *= 1.0 + p.swirl_gain * math.sin(y) ** 2
        dynamic = 0.5 * stack.density * speed * speed * (1.0 + p.pressure_gain_error)
        seen = 0.0
        second = 0.0
        if p.kind == "3d":
            first = dynamic * (math.cos(t) / p.coefficient) ** 2
            second = first * p.f1_slope * math.tan(t)
            seen = yaw + p.yaw_error_deg + 0.3 * self._noise.normal(2 * number + 1)
        elif p.kind == "l_type":
            first = dynamic * (1.0 - p.yaw_loss * math.sin(y) ** 2) / p.coefficient**2
        else:
            first = dynamic / p.coefficient**2
        return first, second, seen, stack.parameters.temperature_k + p.temperature_error_k


def plane(points: int) -> list[tuple[float, float]]:
    """Return the places of a traverse: (r in radii, direction in degrees), on two diameters at 0° and 90°.

    Args:
        points: points per diameter, even; each stands for the same area (centroids).
    """
    rings = points // 2
    radii = [math.sqrt((2 * i - 1) / (2 * rings)) for i in range(1, rings + 1)]
    along = [(r, 180.0) for r in reversed(radii)] + [(r, 0.0) for r in radii]
    return along + [(r, phi + 90.0) for r, phi in along]


twin = Kind(parameters=Parameters, ports={"stack": Stack}, build=StackTeam)
"""What a station builds by `twin: stack_team`."""
