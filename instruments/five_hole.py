"""Physics of five-hole probes: the pressure in each hole as a function of the flow's direction and Reynolds number.

The flow comes from the direction u = (cos p cos y, cos p sin y, sin p), pitch p and yaw y in the frame of the probe.
Hole 1 looks ahead, holes 2 and 3 lie 45° to both sides in the plane of yaw, holes 4 and 5 in the plane of pitch. The
pressure coefficient of a hole depends on the angle θ between u and the hole's normal alone:

* sphere: c = 1 - κ (9/4) sin²θ; κ = 1 is potential flow (exact), κ near 1 and slowly changing with Reynolds number
  stands for viscosity;
* prism: a table of c over θ, of the shape that sharp edges give; the numbers are invented, not those of any make.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Head = Literal["sphere", "prism"]
Vector = tuple[float, float, float]

_R = math.sqrt(0.5)
NORMALS: tuple[Vector, ...] = ((1.0, 0.0, 0.0), (_R, _R, 0.0), (_R, -_R, 0.0), (_R, 0.0, _R), (_R, 0.0, -_R))
"""Normals of holes 1 to 5 of a perfect probe."""
REFERENCE_REYNOLDS = 2e4
"""Reynolds number at which the hidden coefficients are stated."""

_PRISM = (
    (0.0, 1.0),
    (10.0, 0.965),
    (20.0, 0.83),
    (30.0, 0.60),
    (40.0, 0.28),
    (50.0, -0.10),
    (60.0, -0.46),
    (70.0, -0.72),
    (80.0, -0.84),
    (90.0, -0.88),
)


def _monotone_slopes(table: tuple[tuple[float, float], ...]) -> tuple[float, ...]:
    """Return slopes at the nodes for a cubic that is as monotone as the table (Fritsch and Butland 1984)."""
    secants = [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in pairwise(table)]
    inner = [2.0 * a * b / (a + b) if a * b > 0.0 else 0.0 for a, b in pairwise(secants)]
    return (0.0, *inner, secants[-1])  # level ahead: the pressure does not care for the sign of the angle


_ANGLES = tuple(x for x, _ in _PRISM)
_SLOPES = _monotone_slopes(_PRISM)


def prism_coefficient(theta_deg: float) -> float:
    """Return the pressure coefficient of a hole of the prism by its table, cubic between the nodes; 0° to 90°."""
    i = min(max(bisect_right(_ANGLES, theta_deg) - 1, 0), len(_PRISM) - 2)
    (x0, y0), (x1, y1) = _PRISM[i], _PRISM[i + 1]
    h = x1 - x0
    t = (theta_deg - x0) / h
    return (
        (1.0 + 2.0 * t) * (1.0 - t) ** 2 * y0
        + t * (1.0 - t) ** 2 * h * _SLOPES[i]
        + t * t * (3.0 - 2.0 * t) * y1
        + t * t * (t - 1.0) * h * _SLOPES[i + 1]
    )


def turned(normal: Vector, yaw_deg: float, pitch_deg: float) -> Vector:
    """Return a normal turned by small angles: what drilling a hole in a wrong place does."""
    x, y, z = normal
    a, b = math.radians(yaw_deg), math.radians(pitch_deg)
    x, y = x * math.cos(a) - y * math.sin(a), x * math.sin(a) + y * math.cos(a)
    return x * math.cos(b) - z * math.sin(b), y, x * math.sin(b) + z * math.cos(b)


@dataclass(frozen=True, slots=True, kw_only=True)
class FiveHoleHead:
    """Hold one head with its hidden truth."""

    head: Head = "sphere"
    """Shape."""
    normals: tuple[Vector, ...] = NORMALS
    """True normals of holes 1 to 5."""
    strength: float = 1.0
    """κ at `REFERENCE_REYNOLDS`: how much the pressure falls away from the stagnation point; 1 is potential flow."""
    reynolds_slope: float = 0.0
    """Relative change of κ per factor e of the Reynolds number, 1."""

    def coefficients(self, yaw_deg: float, pitch_deg: float, reynolds: float, unrest: float = 0.0) -> Vector5:
        """Return the pressure coefficients of holes 1 to 5.

        Args:
            yaw_deg: direction of the flow in the frame of the probe, degrees.
            pitch_deg: likewise, degrees.
            reynolds: by the diameter of the head.
            unrest: relative change of κ now, 1.
        """
        y, p = math.radians(yaw_deg), math.radians(pitch_deg)
        u = (math.cos(p) * math.cos(y), math.cos(p) * math.sin(y), math.sin(p))
        strength = self.strength * (1.0 + unrest)
        if self.reynolds_slope and reynolds > 0.0:
            strength *= 1.0 + self.reynolds_slope * math.log(reynolds / REFERENCE_REYNOLDS)
        found = []
        for nx, ny, nz in self.normals:
            cosine = u[0] * nx + u[1] * ny + u[2] * nz
            if self.head == "sphere":
                fall = 2.25 * (1.0 - cosine * cosine)
            else:
                theta = math.degrees(math.acos(min(max(cosine, -1.0), 1.0)))
                fall = 1.0 - prism_coefficient(min(theta, 90.0))
            found.append(1.0 - strength * fall)
        return found[0], found[1], found[2], found[3], found[4]

    def null_yaw_deg(self, pitch_deg: float) -> float:
        """Return the yaw at which holes 2 and 3 have equal pressure, degrees: the flow is as far from one as the other.

        Raises:
            ValueError: there is none within 90°.
        """
        p = math.radians(pitch_deg)
        (ax, ay, az), (bx, by, bz) = self.normals[1], self.normals[2]
        a, b, c = ax - bx, ay - by, az - bz
        size, shift = math.hypot(a, b) * math.cos(p), c * math.sin(p)
        if abs(shift) > size:
            raise ValueError(f"five-hole head: no yaw null at a pitch of {pitch_deg} deg")
        # a cos y + b sin y = -c tan p, near y = 0 where b is the large one.
        return math.degrees(math.asin(-shift / size) - math.atan2(a, b))

    def nulled(self, pitch_deg: float, reynolds: float) -> tuple[float, float]:
        """Return F1 = (P4 - P5)/(P1 - P2) and F2 = √(q/(P1 - P2)) at the exact yaw null."""
        c1, c2, _, c4, c5 = self.coefficients(self.null_yaw_deg(pitch_deg), pitch_deg, reynolds)
        return (c4 - c5) / (c1 - c2), math.sqrt(1.0 / (c1 - c2))


Vector5 = tuple[float, float, float, float, float]
