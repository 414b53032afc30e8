"""What is in a cylinder that is filled gas by gas, and what it weighs in air. Physics only: no commands, no clock.

Sources: ideal mixing of moles by molar masses (CIAAW abridged atomic weights); compressibility of nitrogen by its
second and third virial coefficient at 20 °C (values recalled: -5.0 cm³/mol, 1450 cm⁶/mol²); buoyancy by Archimedes on
the outer volume, which grows with the pressure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

GAS_CONSTANT = 8.314462618
"""Molar gas constant, J/(mol K)."""
KELVIN = 273.15
MOLAR_MASS = {
    "CO2": 44.009,
    "CH4": 16.043,
    "C3H8": 44.097,
    "N2": 28.014,
    "Ar": 39.95,
    "H2O": 18.015,
}
"""Molar masses, g/mol."""
PARENTS = ("CO2", "CH4", "C3H8", "N2")
"""Parent gases: pure CO2, CH4 in N2, C3H8 in N2, pure N2."""
PREMIXES = ("CH4", "C3H8")
"""Parent gases that are mixtures, made with the same N2 as the balance gas."""
SECOND_VIRIAL, THIRD_VIRIAL = -5.0e-6, 1450.0e-12
"""Virial coefficients of nitrogen at 20 °C, m³/mol and m⁶/mol²."""


def parent(name: str, minor: Mapping[str, float]) -> dict[str, float]:
    """Return the true amount fractions of a parent gas, 1.

    Args:
        name: one of `PARENTS`.
        minor: "<parent>.<gas>" -> amount fraction of what is not the main gas, e.g. {"N2.CO2": 2e-7, "CH4.CH4": 0.05}.
    """
    own = {key.partition(".")[2]: x for key, x in minor.items() if key.partition(".")[0] == name}
    rest = 1.0 - sum(own.values())
    if name not in PREMIXES:
        return own | {name: own.get(name, 0.0) + rest}
    for gas, x in parent("N2", minor).items():
        own[gas] = own.get(gas, 0.0) + rest * x
    return own


def molar_mass(fractions: Mapping[str, float]) -> float:
    """Return the molar mass of a mixture, g/mol."""
    return sum(x * MOLAR_MASS[gas] for gas, x in fractions.items())


@dataclass(slots=True, kw_only=True)
class Contents:
    """Hold the amounts of substance in a cylinder."""

    volume_l: float
    """Inner volume, l."""
    moles: dict[str, float]
    """Gas -> amount, mol."""

    def add(self, mass_g: float, fractions: Mapping[str, float]) -> None:
        """Let some grams of a parent gas in."""
        amount = mass_g / molar_mass(fractions)
        for gas, x in fractions.items():
            self.moles[gas] = self.moles.get(gas, 0.0) + x * amount

    @property
    def mass_g(self) -> float:
        """Mass of the gas, g."""
        return sum(n * MOLAR_MASS[gas] for gas, n in self.moles.items())

    def fractions(self) -> dict[str, float]:
        """Return the amount fractions, 1; empty for an evacuated cylinder."""
        total = sum(self.moles.values())
        return {gas: n / total for gas, n in self.moles.items()} if total else {}

    def pressure_pa(self, temperature_degc: float) -> float:
        """Return the absolute pressure, Pa, as if all gas were nitrogen."""
        density = sum(self.moles.values()) / (self.volume_l * 1e-3)
        z = 1.0 + SECOND_VIRIAL * density + THIRD_VIRIAL * density**2
        return z * density * GAS_CONSTANT * (temperature_degc + KELVIN)


def apparent_mass_g(mass_g: float, volume_cm3: float, air_kg_per_m3: float) -> float:
    """Return the mass that a balance would indicate which was adjusted with steel weights in air of 1.2 kg/m³, g."""
    return (mass_g - air_kg_per_m3 * 1e-3 * volume_cm3) / (1.0 - 1.2 / 8000.0)
