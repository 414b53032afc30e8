"""A large gas duct as it truly is: gas, load, and the velocity over its cross-section behind a bend.

Physics: a power-law profile, skewed by a bend and wavy around the circumference, with a swirl like a solid body; none
of these but the first changes the mean, which is known in closed form. The gas is wet. Ideal gas: at 0.1 MPa its
compressibility differs from 1 by less than 1e-3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.air import saturation_pressure_pa
from instruments.signal import Pointwise, Signal
from instruments.twin import Port

if TYPE_CHECKING:
    from instruments.clock import Clock

DUCTS = ("BFG", "COG", "LDG")
"""The large ducts of a steelworks: blast-furnace gas, coke-oven gas, converter gas."""
GAS_CONSTANT = 8.314462618
"""Molar gas constant, J/(mol K)."""
KELVIN = 273.15
NORMAL_PA = 101325.0
"""Normal pressure, Pa; the normal temperature is 273.15 K."""
MOLAR_MASS = {"CO": 28.010, "CO2": 44.009, "H2": 2.016, "CH4": 16.043, "N2": 28.014, "H2O": 18.015}
"""Molar masses, g/mol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duct:
    """Describe a duct and its gas as they truly are."""

    fractions: dict[str, float] = field(default_factory=dict)
    """Amount fractions of the dry gas, 1; the rest is N2."""
    diameter_m: float = 2.4
    """Diameter, m."""
    speed_m_per_s: float = 12.0
    """Mean axial speed over the cross-section and over time, m/s."""
    swing: float = 0.0
    """Amplitude of the load's swing, relative, 1."""
    swing_period_s: float = 1800.0
    """Its period, s."""
    temperature_degc: float = 40.0
    """Temperature, °C."""
    pressure_kpa: float = 108.0
    """Absolute static pressure, kPa."""
    saturation: float = 1.0
    """Partial pressure of water by that of saturation, 1."""
    exponent: float = 7.0
    """n of the profile (1 - r/R)^(1/n)."""
    skew: float = 0.0
    """Amplitude of the bend's skew at the wall, relative, 1."""
    skew_deg: float = 0.0
    """Where the flow is fastest, degrees from the first traverse port."""
    lobes: float = 0.0
    """Amplitude of a fourfold waviness around the circumference at the wall, relative, 1."""
    lobes_deg: float = 0.0
    """Where one of its crests lies, degrees from the first traverse port."""
    swirl: float = 0.0
    """Tangential speed at the wall by the mean axial speed, 1."""
    pitch_deg: float = 0.0
    """Angle of the flow towards the wall, degrees."""
    turbulence: float = 0.05
    """Turbulence intensity and pulsation: standard deviation of the speed by its mean, 1."""

    def __post_init__(self) -> None:
        for name in ("diameter_m", "speed_m_per_s", "swing_period_s", "pressure_kpa", "exponent"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        unknown = set(self.fractions) - set(MOLAR_MASS)
        if unknown or sum(self.fractions.values()) > 1.0:
            raise ValueError(f"fractions must name {', '.join(MOLAR_MASS)} and not exceed 1, got {self.fractions}")
        if not 0.0 <= self.swing < 1.0:
            raise ValueError(f"swing must lie in 0..1, got {self.swing}")


@dataclass(frozen=True, slots=True)
class Local:
    """Hold the flow at one place of the cross-section, relative to the mean axial speed."""

    axial: float
    """Axial speed, 1."""
    yaw_deg: float
    """Angle of the flow to the axis in the plane of the circumference, degrees."""
    pitch_deg: float
    """Angle of the flow to the axis in the plane of the radius, degrees."""


class GasDuct(Port):
    """Be a duct; probes and meters read it."""

    parameters_type = Duct

    def __init__(self, parameters: Duct, clock: Clock) -> None:
        super().__init__(parameters, clock)
        p = parameters
        course = algebra.add(
            algebra.constant(p.speed_m_per_s),
            algebra.sinusoid(p.speed_m_per_s * p.swing, 1.0 / p.swing_period_s, 0.0),
        )
        self.speed = Signal()
        """Mean axial speed over the cross-section, m/s."""
        self.speed.replace_from(0.0, [(0.0, course)])
        self.square = Pointwise(algebra.multiply, self.speed, self.speed)
        """Its square, m²/s²."""

    def local(self, r: float, angle_deg: float) -> Local:
        """Return the flow at a place.

        Args:
            r: distance from the axis by the radius, 0 to 1.
            angle_deg: angle around the axis from the first traverse port, degrees.
        """
        p = self.parameters
        n = p.exponent
        profile = (1.0 - r) ** (1.0 / n) * (n + 1) * (2 * n + 1) / (2 * n * n)
        skewed = p.skew * r * math.cos(math.radians(angle_deg - p.skew_deg))
        wavy = p.lobes * r**4 * math.cos(4 * math.radians(angle_deg - p.lobes_deg))
        axial = profile * (1.0 + skewed + wavy)
        return Local(axial, math.degrees(math.atan2(p.swirl * r, axial)), p.pitch_deg)

    def vapour_pa(self) -> float:
        """Return the partial pressure of water, Pa."""
        p = self.parameters
        return float(p.saturation) * saturation_pressure_pa(p.temperature_degc)

    def density(self) -> float:
        """Return the density of the wet gas, kg/m³."""
        p = self.parameters
        dry = sum(x * MOLAR_MASS[gas] for gas, x in p.fractions.items())
        dry += (1.0 - sum(p.fractions.values())) * MOLAR_MASS["N2"]
        pressure, water = 1e3 * p.pressure_kpa, self.vapour_pa()
        mass = (pressure - water) * dry + water * MOLAR_MASS["H2O"]
        return float(1e-3 * mass / (GAS_CONSTANT * (p.temperature_degc + KELVIN)))

    def normal_flow(self, start: float, stop: float) -> float:
        """Return the mean flow of dry gas over [start, stop] at 273.15 K and 101.325 kPa, m³/h."""
        p = self.parameters
        area = math.pi / 4 * p.diameter_m**2
        share = (1e3 * p.pressure_kpa - self.vapour_pa()) / NORMAL_PA * KELVIN / (p.temperature_degc + KELVIN)
        return float(3600.0 * area * share * self.speed.mean(start, stop))
