"""Gas properties for the evaluation: critical flow function and sound by CoolProp, density by AGA8 DETAIL or CIPM-2007.

Natural gas: density by AGA8 DETAIL (pyaga8; AGA 8-2017 part 1, which GB/T 17747.2 follows). Moist air: CIPM-2007. The
critical flow function C* is that of an isentropic sonic throat, solved on CoolProp's reference equations of state. A
moist gas is corrected linearly in the amount fraction of water. The twins use GERG-2008 instead (`instruments`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import pyaga8

if TYPE_CHECKING:
    from collections.abc import Mapping

KELVIN: Final = 273.15
WATER_MOLAR_MASS: Final = 18.01528e-3
"""kg/mol."""
HUMIDITY_SLOPE: Final = -0.0192
"""d(ln C*)/dx of moist air against the amount fraction of water, 1: N2 + O2 + Ar + H2O with CoolProp at 20 °C."""

HUMIDITY_OF_SOUND: Final = 0.155
"""d(ln w)/dx of moist air against the amount fraction of water, 1: GERG-2008 at 20 °C."""

COMPONENTS: Final[dict[str, tuple[str, str]]] = {
    "CH4": ("Methane", "methane"),
    "N2": ("Nitrogen", "nitrogen"),
    "CO2": ("CarbonDioxide", "carbon_dioxide"),
    "C2H6": ("Ethane", "ethane"),
    "C3H8": ("Propane", "propane"),
    "iC4H10": ("IsoButane", "isobutane"),
    "nC4H10": ("n-Butane", "n_butane"),
    "Ar": ("Argon", "argon"),
}
"""Formula -> (name in CoolProp, name in AGA8)."""

Composition = tuple[tuple[str, float], ...]
"""Amount fractions by formula, sum 1, in a fixed order; "air" alone is dry air."""
AIR: Final[Composition] = (("air", 1.0),)


@lru_cache(maxsize=1)
def _coolprop() -> Any:
    """Return CoolProp; it takes a second to import, which only who computes a gas pays for."""
    import CoolProp

    return CoolProp


class GasError(ValueError):
    """A gas cannot be computed: an unknown component, fractions that do not add up, or no sonic throat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Throat:
    """Hold what an isentropic sonic throat says of a gas."""

    critical_flow_function: float
    """C*, 1."""
    pressure_ratio: float
    """Throat pressure over stagnation pressure, 1."""
    gas_constant: float
    """R/M of the equation of state, J/(kg K)."""


def composition(shares: Mapping[str, float]) -> Composition:
    """Return a composition from amount fractions by formula.

    Raises:
        GasError: a component is unknown, or the fractions do not add up to 1 within 1e-3.
    """
    for name in shares:
        if name not in COMPONENTS:
            raise GasError(f"component {name!r} is unknown; known: {', '.join(COMPONENTS)}")
    total = sum(shares.values())
    if abs(total - 1.0) > 1e-3:
        raise GasError(f"the amount fractions add up to {total:.5f}, not to 1; the analysis is incomplete")
    return tuple((name, share / total) for name, share in shares.items())


@lru_cache(maxsize=16)
def _state(names: tuple[str, ...]) -> Any:
    state = _coolprop().AbstractState("HEOS", "&".join(names))
    # Without this, every flash of a mixture tests its stability, ten times as long; all states here are gas.
    state.specify_phase(_coolprop().iphase_gas)
    return state


def _set_up(gas: Composition) -> Any:
    """Return CoolProp's state object with the composition set."""
    if gas == AIR:
        return _state(("Air",))
    state = _state(tuple(COMPONENTS[name][0] for name, _ in gas))
    if len(gas) > 1:
        state.set_mole_fractions([share for _, share in gas])
    return state


@lru_cache(maxsize=4096)
def throat(gas: Composition, pressure_pa: float, temperature_k: float) -> Throat:
    """Return the isentropic sonic throat from stagnation pressure (Pa) and temperature (K).

    Newton's method on entropy and total enthalpy, in density and temperature of the throat; the speed of sound varies
    as the root of temperature in the Jacobian, which costs an iteration and no accuracy.

    Raises:
        GasError: no throat was found.
    """
    try:
        return _throat(_set_up(gas), pressure_pa, temperature_k)
    except ValueError as problem:  # CoolProp's only kind of error
        raise GasError(f"no sonic throat found from {pressure_pa:g} Pa and {temperature_k:g} K: {problem}") from None


def _throat(state: Any, pressure_pa: float, temperature_k: float) -> Throat:
    library = _coolprop()
    state.update(library.PT_INPUTS, pressure_pa, temperature_k)
    h0, s0, R = state.hmass(), state.smass(), state.gas_constant() / state.molar_mass()
    kappa = state.cpmass() / state.cvmass()
    T = temperature_k * 2.0 / (kappa + 1.0)
    rho = state.rhomass() * (2.0 / (kappa + 1.0)) ** (1.0 / (kappa - 1.0))
    S, H, D, temperature = library.iSmass, library.iHmass, library.iDmass, library.iT
    partial = state.first_partial_deriv
    for _ in range(40):
        state.update(library.DmassT_INPUTS, rho, T)
        w = state.speed_sound()
        entropy, energy = state.smass() - s0, state.hmass() + 0.5 * w**2 - h0
        s_rho, s_T = partial(S, D, temperature), partial(S, temperature, D)
        h_rho, h_T = partial(H, D, temperature), partial(H, temperature, D) + 0.5 * w**2 / T
        determinant = s_rho * h_T - s_T * h_rho
        step_rho = (energy * s_T - entropy * h_T) / determinant
        step_T = (entropy * h_rho - energy * s_rho) / determinant
        rho, T = rho + step_rho, T + step_T
        if abs(step_rho) < 1e-12 * rho and abs(step_T) < 1e-12 * T:
            state.update(library.DmassT_INPUTS, rho, T)
            flux = rho * state.speed_sound()
            return Throat(
                critical_flow_function=flux * math.sqrt(R * temperature_k) / pressure_pa,
                pressure_ratio=state.p() / pressure_pa,
                gas_constant=R,
            )
    raise ValueError("Newton's method did not converge")


def sound_speed(gas: Composition, pressure_pa: float, temperature_k: float) -> float:
    """Return the speed of sound, m/s."""
    state = _set_up(gas)
    state.update(_coolprop().PT_INPUTS, pressure_pa, temperature_k)
    return float(state.speed_sound())


def viscosity(gas: Composition, pressure_pa: float, temperature_k: float) -> float:
    """Return the dynamic viscosity, Pa s; of a mixture that of its first component, some per cent off."""
    state = _state(("Air",) if gas == AIR else (COMPONENTS[gas[0][0]][0],))
    state.update(_coolprop().PT_INPUTS, pressure_pa, temperature_k)
    return float(state.viscosity())


@lru_cache(maxsize=16)
def _detail(gas: Composition) -> Any:
    mixture = pyaga8.Composition()
    for name, share in gas:
        setattr(mixture, COMPONENTS[name][1], share)
    equation = pyaga8.Detail()
    equation.set_composition(mixture)
    equation.calc_molar_mass()
    return equation


def molar_mass(gas: Composition) -> float:
    """Return the molar mass of a natural gas, kg/mol (CoolProp's; DETAIL keeps older atomic weights, 3e-5 off)."""
    return float(_set_up(gas).molar_mass())


def density(gas: Composition, pressure_pa: float, temperature_k: float) -> float:
    """Return the density of a natural gas by AGA8 DETAIL, kg/m³; moist air is `scenarios.air.air_density`."""
    equation = _detail(gas)
    equation.pressure, equation.temperature = pressure_pa / 1e3, temperature_k
    equation.calc_density()
    return float(equation.d) * molar_mass(gas) * 1e3


def water_fraction(temperature_k: float, pressure_pa: float, humidity_percent: float) -> float:
    """Return the amount fraction of water in moist air, as the CIPM-2007 formula has it, 1."""
    t = temperature_k - KELVIN
    saturation = math.exp(
        1.2378847e-5 * temperature_k**2 - 1.9121316e-2 * temperature_k + 33.93711047 - 6.3431645e3 / temperature_k
    )
    enhancement = 1.00062 + 3.14e-8 * pressure_pa + 5.6e-7 * t**2
    return humidity_percent / 100.0 * enhancement * saturation / pressure_pa


def moist_air(pressure_pa: float, temperature_k: float, water: float) -> tuple[float, float]:
    """Return C* (1) and R/M (J/(kg K)) of air with an amount fraction of water."""
    dry = throat(AIR, pressure_pa, temperature_k)
    M_air = 28.96546e-3
    ratio = 1.0 - water * (1.0 - WATER_MOLAR_MASS / M_air)
    return dry.critical_flow_function * (1.0 + HUMIDITY_SLOPE * water), dry.gas_constant / ratio
