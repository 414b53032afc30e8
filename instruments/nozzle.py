"""A critical nozzle as it truly is: discharge coefficient over Reynolds number, transition, slow settling, choking.

    q_m = A·C_d·C*·p0/sqrt((R/M)·T0)          (ISO 9300), as long as the throat is sonic

C_d falls short of its certified curve by what no certificate says: a calibration error, a step where the boundary layer
turns turbulent (near Re = 1e6), and the hours that a nozzle takes to come to its inherent value after the flow begins.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

TOROIDAL_SLOPE = 2.720
"""b in C_d = a - b Re^-1/2 of toroidal throats (as public codes quote ISO 9300)."""
TRANSITION_WIDTH = 0.12
"""Width of the laminar-turbulent transition in ln(Re), 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nozzle:
    """Describe one nozzle."""

    diameter_m: float
    """Diameter of the throat, m."""
    certified: float
    """Discharge coefficient that its certificate states, 1."""
    certified_reynolds: float
    """Throat Reynolds number to which that belongs, 1."""
    error: float = 0.0
    """True relative error of the certified value, 1."""
    slope: float = TOROIDAL_SLOPE
    """True b of its curve."""
    transition_step: float = 0.0
    """Relative change of C_d from laminar to turbulent, 1."""
    transition_reynolds: float = 1e6
    """Throat Reynolds number in the middle of the transition, 1."""

    @property
    def area_m2(self) -> float:
        """Area of the throat, m²."""
        return math.pi / 4.0 * self.diameter_m**2

    def reynolds(self, mass_flow: float, viscosity: float) -> float:
        """Return the throat Reynolds number 4 q_m/(π d μ), 1; mass flow in kg/s, viscosity in Pa s."""
        return 4.0 * mass_flow / (math.pi * self.diameter_m * viscosity)

    def _turbulent(self, reynolds: float) -> float:
        return 1.0 / (1.0 + math.exp(-math.log(reynolds / self.transition_reynolds) / TRANSITION_WIDTH))

    def discharge_coefficient(self, reynolds: float) -> float:
        """Return the true inherent discharge coefficient at a throat Reynolds number, 1."""
        laminar = self.certified + self.slope * (1.0 / math.sqrt(self.certified_reynolds) - 1.0 / math.sqrt(reynolds))
        step = self.transition_step * (self._turbulent(reynolds) - self._turbulent(self.certified_reynolds))
        return laminar * (1.0 + self.error) * (1.0 + step)

    def mass_flow(self, flux: float, viscosity: float) -> tuple[float, float]:
        """Return the mass flow (kg/s) and throat Reynolds number for a critical mass flux (kg/(m² s))."""
        ideal = self.area_m2 * flux
        flow = ideal
        for _ in range(3):  # C_d hardly depends on Re: each pass gains three digits
            reynolds = self.reynolds(flow, viscosity)
            flow = ideal * self.discharge_coefficient(reynolds)
        return flow, reynolds


def choking(ratio: float, limit: float) -> float:
    """Return the share of the critical flow that passes at a back-pressure ratio: 1 up to the limit, 0 at 1."""
    if ratio <= limit:
        return 1.0
    if ratio >= 1.0:
        return 0.0
    return math.sqrt(1.0 - ((ratio - limit) / (1.0 - limit)) ** 2)


def mach_number(area_ratio: float, isentropic_exponent: float) -> float:
    """Return the Mach number in the pipe before a choked throat of a (small) area ratio throat/pipe, 1."""
    k = isentropic_exponent
    mach = 0.0
    for _ in range(20):
        mach = area_ratio * ((2.0 / (k + 1.0)) * (1.0 + (k - 1.0) / 2.0 * mach**2)) ** ((k + 1.0) / (2.0 * (k - 1.0)))
    return mach
