"""Error curves of gas meters: turbine, rotary displacement, ultrasonic.

Each is a hidden function of what passes the meter; none of it is what a laboratory fits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Principle = Literal["turbine", "rotary", "ultrasonic"]
AIR_DENSITY = 1.2
"""Density to which friction and leakage belong, kg/m³."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Hold the coefficients of an error curve; those of another principle are not used."""

    principle: Principle
    """Kind of meter."""
    largest_flow: float
    """q_max, m³/s."""
    gain: float
    """Relative error without dependence, 1."""
    linear: float
    """Relative error added at q_max in proportion to q/q_max, 1."""
    friction: float
    """Turbine: relative error lost at q_max in air of 1.2 kg/m³ to the bearings; it grows as 1/(ρ q²). Rotary: lost to
    leakage through the gaps, growing as 1/q."""
    profile: float
    """Ultrasonic: relative error per decade of Reynolds number below 1e5, from the velocity profile, 1."""
    zero_m_per_s: float
    """Ultrasonic: velocity indicated at rest, m/s."""
    bore_m: float
    """Diameter of the meter's tube, m."""

    def error(self, flow: float, density: float, viscosity: float) -> float:
        """Return the true relative error at a flow (m³/s), density (kg/m³) and viscosity (Pa s), 1.

        Raises:
            ValueError: there is no flow, and so no relative error.
        """
        if not flow > 0.0:
            raise ValueError("no relative error of a gas meter without flow")
        load = flow / self.largest_flow
        error = self.gain + self.linear * load
        if self.principle == "turbine":
            return error - self.friction * AIR_DENSITY / density / load**2
        if self.principle == "rotary":
            return error - self.friction / load
        velocity = flow / (math.pi / 4.0 * self.bore_m**2)
        reynolds = density * velocity * self.bore_m / viscosity
        return error + self.profile * math.log10(1e5 / reynolds) + self.zero_m_per_s / velocity
