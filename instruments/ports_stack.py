"""The gas in a stack's measuring plane: how its speed, swirl and direction vary over the plane, and its state."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from instruments.signal import Signal
from instruments.twin import Port

if TYPE_CHECKING:
    from instruments.clock import Clock

GAS_CONSTANT = 8.314462618
MOLAR_KG = {"CO2": 44.0095e-3, "O2": 31.9988e-3, "N2": 28.0134e-3, "H2O": 18.01528e-3}
"""Molar masses, kg/mol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackGas:
    """Describe a stack's measuring plane as it truly is."""

    diameter_m: float = 7.0
    """Inner diameter, m."""
    exponent: float = 7.0
    """n of the power law w ~ (1 - r/R)^(1/n)."""
    skew: float = 0.0
    """Relative amplitude at the wall of the skew, which grows with r and has one period around, 1."""
    skew_deg: float = 0.0
    """Direction of the skew, degrees."""
    bump: float = 0.0
    """Relative height of a jet that the breeching left in the plane, 1."""
    bump_radius: float = 0.5
    """Distance of the jet's axis from the stack's, in radii."""
    bump_deg: float = 0.0
    """Direction of the jet, degrees."""
    bump_width: float = 0.4
    """Width of the jet (of its Gaussian), in radii."""
    swirl_deg: float = 0.0
    """Yaw angle of the flow at the wall; it grows in proportion to r, degrees."""
    pitch_deg: float = 0.0
    """Pitch angle of the flow at the wall; it grows in proportion to r, degrees."""
    temperature_k: float = 323.15
    """Temperature, K."""
    pressure_pa: float = 101.0e3
    """Absolute static pressure, Pa."""
    water: float = 0.12
    """Amount fraction of water in the wet gas, 1."""
    co2: float = 0.115
    """Amount fraction of CO2 in the dry gas, 1."""
    o2: float = 0.07
    """Amount fraction of O2 in the dry gas, 1."""

    def __post_init__(self) -> None:
        for name in ("diameter_m", "exponent", "bump_width", "temperature_k", "pressure_pa"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        if not 0.0 <= self.water < 1.0 or self.co2 < 0.0 or self.o2 < 0.0 or self.co2 + self.o2 > 1.0:
            raise ValueError("water, co2 and o2 must be fractions, co2 and o2 at most 1 together")


class Stack(Port):
    """Join a plant, its installed meter and the teams that traverse the plane."""

    parameters_type = StackGas

    def __init__(self, parameters: StackGas, clock: Clock) -> None:
        super().__init__(parameters, clock)
        self.speed = Signal()
        """Mean axial speed over the plane, m/s."""

    def _shape(self, r: float, phi: float) -> float:
        """Return the axial speed at a place without its scale; r in radii, phi in rad."""
        p: StackGas = self.parameters
        profile = max(1.0 - r, 0.0) ** (1.0 / p.exponent)
        skewed = 1.0 + p.skew * r * math.cos(phi - math.radians(p.skew_deg))
        if not p.bump:
            return float(profile * skewed)
        axis = math.radians(p.bump_deg)
        away = r * r + p.bump_radius**2 - 2.0 * r * p.bump_radius * math.cos(phi - axis)
        return float(profile * (skewed + p.bump * math.exp(-0.5 * away / p.bump_width**2)))

    @cached_property
    def _mean_shape(self) -> float:
        """Mean of `_shape` over the plane: closed for the power law, which no skew changes; a sum for the jet."""
        p: StackGas = self.parameters
        n = p.exponent
        mean = 2.0 * n * n / ((n + 1.0) * (2.0 * n + 1.0))
        if not p.bump:
            return float(mean)
        # Midpoints in s with r = 1 - s^4, which tames the wall, and evenly around.
        rows, columns, total = 120, 16, 0.0
        for i in range(rows):
            s = (i + 0.5) / rows
            r = 1.0 - s**4
            weight = 2.0 * r * 4.0 * s**3 / rows * (1.0 - r) ** (1.0 / n)
            for j in range(columns):
                away = r * r + p.bump_radius**2 - 2.0 * r * p.bump_radius * math.cos(2.0 * math.pi * j / columns)
                total += weight * math.exp(-0.5 * away / p.bump_width**2) / columns
        return float(mean + p.bump * total)

    def relative_speed(self, r: float, phi_deg: float) -> float:
        """Return the axial speed at a place by its mean over the plane, 1.

        Args:
            r: distance from the axis, in radii.
            phi_deg: direction, degrees.
        """
        return self._shape(r, math.radians(phi_deg)) / self._mean_shape

    def angles_deg(self, r: float) -> tuple[float, float]:
        """Return yaw (swirl) and pitch of the flow at a distance from the axis (in radii), degrees."""
        p: StackGas = self.parameters
        return p.swirl_deg * r, p.pitch_deg * r

    @property
    def molar_mass(self) -> float:
        """Molar mass of the wet gas, kg/mol."""
        p: StackGas = self.parameters
        dry = p.co2 * MOLAR_KG["CO2"] + p.o2 * MOLAR_KG["O2"] + (1.0 - p.co2 - p.o2) * MOLAR_KG["N2"]
        return float((1.0 - p.water) * dry + p.water * MOLAR_KG["H2O"])

    @property
    def density(self) -> float:
        """Density of the wet gas, kg/m³."""
        p: StackGas = self.parameters
        return float(p.pressure_pa * self.molar_mass / (GAS_CONSTANT * p.temperature_k))

    def normal_flow(self, start: float, stop: float) -> float:
        """Return the mean volume flow over [start, stop] at 273.15 K, 101.325 kPa, dry, m³/s."""
        p: StackGas = self.parameters
        actual = math.pi / 4.0 * p.diameter_m**2 * self.speed.mean(start, stop)
        return float(actual * p.pressure_pa / 101325.0 * 273.15 / p.temperature_k * (1.0 - p.water))

    def true_error(
        self, quantity: Literal["normal_flow"], load: float = 100.0, at: float = 0.0, since: float = 0.0
    ) -> float:
        """Return the true mean flow over [since, at] at 273.15 K, 101.325 kPa, dry, m³/s; the load is in the signal."""
        return self.normal_flow(since, at)
