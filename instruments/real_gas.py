"""Compressibility of gas mixtures near ambient conditions by the second virial coefficient.

Coefficients at 25 °C in cm3/mol, rounded from standard tables (recalled; held against CoolProp in the tests to 2e-5 of
Z); a gas that is not listed counts as nitrogen. Unlike pairs are the mean of their likes, which near 1 atm costs less
than 1e-4 of Z. Their change with temperature (about 1 %/K of the small term) is left out.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

GAS_CONSTANT = 8.314462618
"""Molar gas constant, J/(mol K)."""
SECOND_VIRIAL: Mapping[str, float] = MappingProxyType(
    {"N2": -4.5, "O2": -16.5, "Ar": -15.8, "He": 11.8, "H2": 14.4, "CO": -8.0, "CO2": -122.7, "CH4": -42.8}
)
"""Gas -> second virial coefficient at 25 °C, cm3/mol."""
_PAIRS: Mapping[frozenset[str], float] = MappingProxyType({frozenset({"N2", "CO2"}): -41.4})


def compressibility(shares: Mapping[str, float], pressure_kpa: float, temperature_degc: float) -> float:
    """Return Z of a mixture.

    Args:
        shares: amount fractions.
        pressure_kpa: absolute pressure, kPa.
        temperature_degc: temperature, °C.
    """
    second = 0.0
    for a, x in shares.items():
        for b, y in shares.items():
            own, other = SECOND_VIRIAL.get(a, SECOND_VIRIAL["N2"]), SECOND_VIRIAL.get(b, SECOND_VIRIAL["N2"])
            pair = 0.5 * (own + other) if a != b else own
            second += x * y * _PAIRS.get(frozenset({a, b}), pair)
    return 1.0 + second * 1e-6 * pressure_kpa * 1e3 / (GAS_CONSTANT * (temperature_degc + 273.15))
