"""Heat carried by water, and the platinum sensors that find its temperatures: the witness's own equations.

Enthalpy and density by IAPWS-IF97 (CoolProp): heat meters' documents define the heat coefficient by it, and IAPWS-95
differs from it by 5e-4 in the heat capacity around 60 °C, so no other equation can stand in. Sensors by the Callendar-
Van Dusen equation of IEC 60751 above 0 °C, each with coefficients of its own.
"""

from __future__ import annotations

import atexit
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

Side = Literal["return", "supply"]
"""Pipe in which the flow sensor is installed."""
A = 3.9083e-3
"""Coefficient A of IEC 60751, 1/K."""
B = -5.775e-7
"""Coefficient B of IEC 60751, 1/K²."""
PRESSURE_PA = 1.6e6
"""Pressure for which heat coefficients are stated, Pa."""
MEGA = 1e-6
ROOM_DEGC = 23.0
"""Temperature to which heat is lost along the stem of a sensor, °C."""


@lru_cache(maxsize=1)
def _water() -> Any:
    from CoolProp.CoolProp import AbstractState  # a second and more to import: only heat meters pay for it

    atexit.register(_water.cache_clear)  # CoolProp reports states that outlive the interpreter as leaks
    return AbstractState("IF97", "Water")


@lru_cache(maxsize=8192)
def _properties(millikelvin: int) -> tuple[float, float]:
    """Return density (kg/m³) and enthalpy (J/kg) at a temperature above 0 °C, given in mK."""
    from CoolProp.CoolProp import PT_INPUTS

    state = _water()
    state.update(PT_INPUTS, PRESSURE_PA, 273.15 + millikelvin / 1000.0)
    return float(state.rhomass()), float(state.hmass())


def _between(temperature_degc: float) -> tuple[float, float]:
    """Return density and enthalpy; straight between two neighbours on the grid of 0.1 K, good to 1e-8."""
    low = math.floor(temperature_degc * 10.0)
    share = temperature_degc * 10.0 - low
    (rho0, h0), (rho1, h1) = _properties(low * 100), _properties((low + 1) * 100)
    return rho0 + share * (rho1 - rho0), h0 + share * (h1 - h0)


def heat_coefficient(supply_degc: float, return_degc: float, side: Side) -> float:
    """Return the heat coefficient k = ρ·(h_f - h_r)/(θ_f - θ_r), MJ/(m³·K).

    Args:
        supply_degc: temperature of the supply, °C.
        return_degc: temperature of the return, °C; another one than of the supply.
        side: where the volume is measured: at that temperature the density counts.
    """
    (rho_f, h_f), (rho_r, h_r) = _between(supply_degc), _between(return_degc)
    rho = rho_r if side == "return" else rho_f
    return rho * (h_f - h_r) / (supply_degc - return_degc) * MEGA


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """Be a platinum sensor with coefficients of its own."""

    rated_ohm: float
    """Rated resistance at 0 °C, ohm."""
    r0_error: float = 0.0
    """Relative deviation of the resistance at 0 °C, 1."""
    a_error: float = 0.0
    """Relative deviation of the coefficient A, 1."""
    b_error: float = 0.0
    """Relative deviation of the coefficient B, 1."""
    stem: float = 0.0
    """Share of the difference to the room that is lost along the stem, 1."""

    def resistance(self, liquid_degc: float) -> float:
        """Return its resistance in a liquid, ohm."""
        t = liquid_degc - self.stem * (liquid_degc - ROOM_DEGC)
        own_a, own_b = A * (1.0 + self.a_error), B * (1.0 + self.b_error)
        return self.rated_ohm * (1.0 + self.r0_error) * (1.0 + own_a * t + own_b * t * t)

    def indicated(self, liquid_degc: float) -> float:
        """Return what a sound calculator makes of it, °C."""
        return temperature(self.resistance(liquid_degc), self.rated_ohm)


def temperature(ohm: float, rated_ohm: float) -> float:
    """Return the temperature of a resistance by IEC 60751, °C; NaN far outside of it."""
    inside = A * A - 4.0 * B * (1.0 - ohm / rated_ohm)
    return (-A + math.sqrt(inside)) / (2.0 * B) if inside >= 0.0 else math.nan
