"""Real gas as the twins know it: GERG-2008 (ISO 20765-2) by pyaga8, sonic throats solved on its own Helmholtz energy.

The evaluation works with other equations of state (`scenarios/gas_properties.py`): the two share no code, and where
they differ (some 1e-5) the difference is part of what a campaign plants.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

import pyaga8

GAS_CONSTANT = 8.314472
"""Molar gas constant of GERG-2008, J/(mol K)."""
KELVIN = 273.15

DRY_AIR = {"nitrogen": 0.78082, "oxygen": 0.20945, "argon": 0.00933, "carbon_dioxide": 0.0004}
"""Amount fractions of dry air, 1 (sum 1)."""

NAMES = {
    "CH4": "methane",
    "N2": "nitrogen",
    "CO2": "carbon_dioxide",
    "C2H6": "ethane",
    "C3H8": "propane",
    "iC4H10": "isobutane",
    "nC4H10": "n_butane",
    "iC5H12": "isopentane",
    "nC5H12": "n_pentane",
    "C6H14": "hexane",
    "H2": "hydrogen",
    "O2": "oxygen",
    "CO": "carbon_monoxide",
    "H2O": "water",
    "H2S": "hydrogen_sulfide",
    "He": "helium",
    "Ar": "argon",
}
"""Formula -> name in GERG-2008."""

_SHARE = re.compile(r"\s*([A-Za-z0-9]+)\s*=\s*([0-9.eE+-]+)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Hold the properties of a gas at one pressure and temperature."""

    density: float
    """Density, kg/m³."""
    sound_speed: float
    """Speed of sound, m/s."""
    compressibility: float
    """Compressibility factor Z, 1."""
    molar_mass: float
    """Molar mass, kg/mol."""
    isentropic_exponent: float
    """Isentropic exponent κ = ρ w²/p, 1."""
    heat_capacity: float
    """Isobaric specific heat capacity, J/(kg K)."""


def composition(text: str) -> tuple[tuple[str, float], ...]:
    """Return the amount fractions of "air" or of a list such as "CH4=0.93, N2=0.07", normalised, by GERG name.

    Raises:
        ValueError: it cannot be read, a component is unknown, or the fractions do not add up to 1 within 1 %.
    """
    if text == "air":
        return tuple(DRY_AIR.items())
    found: dict[str, float] = {}
    for part in text.split(","):
        match = _SHARE.fullmatch(part)
        if match is None or match[1] not in NAMES:
            raise ValueError(f"composition: {part.strip()!r} is not of the form 'CH4=0.93'; known: {', '.join(NAMES)}")
        found[NAMES[match[1]]] = float(match[2])
    total = sum(found.values())
    if any(share < 0.0 for share in found.values()) or abs(total - 1.0) > 0.01:
        raise ValueError(f"composition: the fractions of {text!r} must not be negative and add up to 1, not {total:g}")
    return tuple((name, share / total) for name, share in found.items())


def moist(dry: tuple[tuple[str, float], ...], water: float) -> tuple[tuple[str, float], ...]:
    """Return a composition with an amount fraction of water added to a dry gas."""
    if not water:
        return dry
    return (*((name, share * (1.0 - water)) for name, share in dry), ("water", water))


def water_fraction(temperature_k: float, pressure_pa: float, humidity_percent: float) -> float:
    """Return the amount fraction of water in moist air, by the saturation pressure of Wexler (Magnus form), 1."""
    t = temperature_k - KELVIN
    saturation = 611.213 * math.exp((18.678 - t / 234.5) * t / (257.14 + t))  # Buck 1996, below 0.05 % at 0..50 °C
    enhancement = 1.00072 + 3.2e-8 * pressure_pa + 5.9e-10 * pressure_pa * t / 1e3
    return humidity_percent / 100.0 * enhancement * saturation / pressure_pa


class Gas:
    """Be one gas of fixed composition."""

    def __init__(self, fractions: tuple[tuple[str, float], ...]) -> None:
        """Take the composition, by GERG name (see `composition`)."""
        mixture = pyaga8.Composition()
        for name, share in fractions:
            setattr(mixture, name, share)
        self._eos = pyaga8.Gerg2008()
        self._eos.set_composition(mixture)
        self._eos.calc_molar_mass()
        self.molar_mass = self._eos.mm / 1e3
        """Molar mass, kg/mol."""
        self._air = any(name == "oxygen" and share > 0.1 for name, share in fractions)

    def _at(self, pressure_pa: float, temperature_k: float) -> None:
        self._eos.pressure, self._eos.temperature = pressure_pa / 1e3, temperature_k
        self._eos.calc_density(0)
        self._eos.calc_properties()

    def density(self, pressure_pa: float, temperature_k: float) -> float:
        """Return the density, kg/m³."""
        self._eos.pressure, self._eos.temperature = pressure_pa / 1e3, temperature_k
        self._eos.calc_density(0)
        return float(self._eos.d * self.molar_mass * 1e3)

    def state(self, pressure_pa: float, temperature_k: float) -> State:
        """Return the properties at a pressure (Pa, absolute) and temperature (K)."""
        self._at(pressure_pa, temperature_k)
        eos = self._eos
        density = eos.d * self.molar_mass * 1e3
        return State(
            density=density,
            sound_speed=eos.w,
            compressibility=eos.z,
            molar_mass=self.molar_mass,
            isentropic_exponent=density * eos.w**2 / pressure_pa,
            heat_capacity=eos.cp / self.molar_mass,
        )

    def critical_mass_flux(self, pressure_pa: float, temperature_k: float) -> float:
        """Return the mass flux of an isentropic sonic throat at stagnation conditions, kg/(m² s).

        Newton's method on entropy and total enthalpy in amount density and temperature of the throat.

        Raises:
            ValueError: it does not converge (far from any gas that a nozzle sees).
        """
        self._at(pressure_pa, temperature_k)
        eos, M = self._eos, self.molar_mass
        h0, s0, kappa = eos.h, eos.s, eos.cp / eos.cv
        T = temperature_k * 2.0 / (kappa + 1.0)
        d = eos.d * (2.0 / (kappa + 1.0)) ** (1.0 / (kappa - 1.0))
        for _ in range(40):
            eos.d, eos.temperature = d, T
            eos.calc_properties()
            entropy, energy = eos.s - s0, eos.h + 0.5 * eos.w**2 * M - h0
            # Molar derivatives in (d mol/l, T): p in kPa and d in mol/l make J/mol.
            s_d, s_T = -eos.dp_dt / d**2, eos.cv / T
            h_d = (eos.dp_dd - T * eos.dp_dt / d) / d
            h_T = eos.cv + eos.dp_dt / d + 0.5 * eos.w**2 * M / T
            determinant = s_d * h_T - s_T * h_d
            step_d = (energy * s_T - entropy * h_T) / determinant
            step_T = (entropy * h_d - energy * s_d) / determinant
            d, T = d + step_d, T + step_T
            if abs(step_d) < 1e-11 * d and abs(step_T) < 1e-11 * T:
                eos.d, eos.temperature = d, T
                eos.calc_properties()
                return float(d * M * 1e3 * eos.w)
        raise ValueError(f"no sonic throat found from {pressure_pa:g} Pa, {temperature_k:g} K")

    def critical_flow_function(self, pressure_pa: float, temperature_k: float) -> float:
        """Return C* = (mass flux) sqrt(R T0/M)/p0, 1."""
        flux = self.critical_mass_flux(pressure_pa, temperature_k)
        return flux * math.sqrt(GAS_CONSTANT / self.molar_mass * temperature_k) / pressure_pa

    def viscosity(self, pressure_pa: float, temperature_k: float) -> float:
        """Return the dynamic viscosity, Pa s, to some 2 %: power laws of air and of methane with a term in pressure."""
        if self._air:
            return 1.813e-5 * math.pow(temperature_k / 293.15, 0.72)
        return 1.09e-5 * math.pow(temperature_k / 293.15, 0.87) * (1.0 + 0.03 * pressure_pa / 1e6)


@lru_cache(maxsize=64)
def gas(fractions: tuple[tuple[str, float], ...]) -> Gas:
    """Return the gas of a composition; kept, as the equation takes longer to set up than to ask."""
    return Gas(fractions)
