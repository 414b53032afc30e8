"""Gases that an Alicat controller knows, by number, with the viscosities that its laminar flow element sees.

The order of the names is that of the device's gas table, as the public `alicat` driver lists it. The viscosities
(25 °C, near atmospheric pressure, µPa·s) are rounded textbook values; they serve to show what a wrong selection does,
not to correct one.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PURE = {
    "Air": 18.5,
    "Ar": 22.6,
    "CH4": 11.1,
    "CO": 17.7,
    "CO2": 14.9,
    "C2H6": 9.3,
    "H2": 8.9,
    "He": 19.9,
    "N2": 17.8,
    "N2O": 14.8,
    "Ne": 31.4,
    "O2": 20.5,
    "C3H8": 8.1,
    "n-C4H10": 7.4,
    "C2H2": 10.4,
    "C2H4": 10.3,
    "i-C2H10": 7.5,
    "Kr": 25.3,
    "Xe": 23.1,
    "SF6": 15.3,
}
_MIXES = {
    "C-25": {"CO2": 0.25, "Ar": 0.75},
    "C-10": {"CO2": 0.10, "Ar": 0.90},
    "C-8": {"CO2": 0.08, "Ar": 0.92},
    "C-2": {"CO2": 0.02, "Ar": 0.98},
    "C-75": {"CO2": 0.75, "Ar": 0.25},
    "A-75": {"Ar": 0.75, "He": 0.25},
    "A-25": {"Ar": 0.25, "He": 0.75},
    "A1025": {"He": 0.90, "Ar": 0.075, "CO2": 0.025},
    "Star29": {"Ar": 0.90, "CO2": 0.08, "O2": 0.02},
    "P-5": {"Ar": 0.95, "CH4": 0.05},
}


def viscosity(shares: Mapping[str, float]) -> float:
    """Return the viscosity of a mixture as the mean by amount, µPa·s; a gas that is not listed counts as nitrogen."""
    return sum(share * _PURE.get(gas, _PURE["N2"]) for gas, share in shares.items())


GASES: Mapping[str, float] = MappingProxyType({**_PURE, **{name: viscosity(shares) for name, shares in _MIXES.items()}})
"""Name -> viscosity, µPa·s, in the order of their numbers from 0 on."""
