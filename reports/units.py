"""Units of the record in print (SI Brochure) and in D-SI 2.2.1.

The record spells units as pint does ("kWh", "m**3/h"). The table holds the atoms; products, quotients and integer
powers are composed from them, so that a new system needs a new line here only for a new atom.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from reports.errors import UnknownUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Hold the two spellings of a unit."""

    symbol: str
    """Symbol in print; "1" for a plain number."""
    dsi: str
    """D-SI form, e.g. "\\kilo\\watt\\hour"."""


_PREFIXES = {
    "": ("", ""),
    "T": ("T", r"\tera"),
    "G": ("G", r"\giga"),
    "M": ("M", r"\mega"),
    "k": ("k", r"\kilo"),
    "h": ("h", r"\hecto"),
    "d": ("d", r"\deci"),
    "c": ("c", r"\centi"),
    "m": ("m", r"\milli"),
    "u": ("µ", r"\micro"),
    "n": ("n", r"\nano"),
    "p": ("p", r"\pico"),
}

# Each atom: (symbol, D-SI, whether it takes prefixes).
_ATOMS: dict[str, tuple[str, str, bool]] = {
    "V": ("V", r"\volt", True),
    "A": ("A", r"\ampere", True),
    "W": ("W", r"\watt", True),
    "VA": ("V⋅A", r"\volt\ampere", True),
    "var": ("var", r"\volt\ampere", True),  # D-SI has no var; the quantity's name says reactive power
    "Wh": ("W⋅h", r"\watt\hour", True),
    "J": ("J", r"\joule", True),
    "ohm": ("Ω", r"\ohm", True),
    "S": ("S", r"\siemens", True),
    "F": ("F", r"\farad", True),
    "H": ("H", r"\henry", True),
    "C": ("C", r"\coulomb", True),
    "T": ("T", r"\tesla", True),
    "Hz": ("Hz", r"\hertz", True),
    "Pa": ("Pa", r"\pascal", True),
    "bar": ("bar", r"\bar", True),
    "N": ("N", r"\newton", True),
    "m": ("m", r"\metre", True),
    "g": ("g", r"\gram", True),
    "L": ("L", r"\litre", True),
    "l": ("L", r"\litre", True),
    "liter": ("L", r"\litre", True),
    "s": ("s", r"\second", True),
    "min": ("min", r"\minute", False),
    "h": ("h", r"\hour", False),
    "d": ("d", r"\day", False),
    "day": ("d", r"\day", False),
    "K": ("K", r"\kelvin", True),
    "mol": ("mol", r"\mole", True),
    "cd": ("cd", r"\candela", True),
    "lm": ("lm", r"\lumen", True),
    "lx": ("lx", r"\lux", True),
    "rad": ("rad", r"\radian", True),
    "deg": ("°", r"\degree", False),
    "arcmin": ("′", r"\arcminute", False),
    "degC": ("°C", r"\degreecelsius", False),
    "delta_degC": ("°C", r"\degreecelsius", False),
    "%": ("%", r"\percent", False),
    "percent": ("%", r"\percent", False),
    "ppm": ("ppm", r"\ppm", False),
    "rpm": ("r/min", r"\minute\tothe{-1}", False),
    "imp": ("imp", r"\one", False),
    "1": ("1", r"\one", False),
}

_FACTOR = re.compile(r"(?P<name>%|1|[A-Za-zµμ_]+)(?:(?:\*\*|\^)?(?P<power>-?\d+))?")


@cache
def unit(name: str) -> Unit:
    """Look up a unit of the record.

    Raises:
        UnknownUnit: an atom of the unit is not in the table.
    """
    if not name:
        raise UnknownUnit("unit '': a plain number has the unit '1'")
    symbols: tuple[list[str], list[str]] = ([], [])
    forms: list[str] = []
    for position, part in enumerate(name.replace(" ", "").strip("()").replace("(", "").replace(")", "").split("/")):
        for factor in re.split(r"(?<!\*)\*(?!\*)", part):
            match = _FACTOR.fullmatch(factor)
            atom = _atom(match["name"]) if match else None
            if match is None or atom is None:
                raise UnknownUnit(f"unit {name!r}: {factor!r} is not in the table of reports/units.py; add it there")
            power = int(match["power"] or 1) * (-1 if position else 1)
            symbols[position > 0].append(_raised(atom[0], abs(power) if position else power))
            forms.append(_form(atom[1], power))
    above = [s for s in symbols[0] if s != "1"] or ["1"]
    symbol = "⋅".join(above)
    if symbols[1]:
        below = "⋅".join(symbols[1])
        symbol += f"/({below})" if "⋅" in below else f"/{below}"
    return Unit(symbol=symbol, dsi="".join(f for f in forms if f != r"\one") or r"\one")


def after(name: str) -> str:
    """Return the symbol that stands behind a number or in the head of a column; empty for a plain number.

    Raises:
        UnknownUnit: as `unit`.
    """
    symbol = unit(name).symbol
    return "" if symbol == "1" else symbol


def _atom(name: str) -> tuple[str, str] | None:
    """Split an atom into prefix and base; an exact match goes first ("min" is no milli-inch)."""
    name = name.replace("µ", "u").replace("μ", "u")
    if name in _ATOMS:
        return _ATOMS[name][:2]
    prefix, base = _PREFIXES.get(name[:1]), _ATOMS.get(name[1:])
    if prefix is None or base is None or not base[2]:
        return None
    return prefix[0] + base[0], prefix[1] + base[1]


_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def _raised(symbol: str, power: int) -> str:
    if power == 1:
        return symbol
    if power < 0:  # the fonts have no superscript minus
        return f"{symbol}^{power}"
    return symbol + str(power).translate(_SUPERSCRIPT)


def _form(dsi: str, power: int) -> str:
    if dsi == r"\one" or power == 1:
        return dsi
    # D-SI raises one unit with its prefix at a time: \kilo\watt\hour to the -1 is two raised units.
    units = re.findall(
        r"(?:\\(?:tera|giga|mega|kilo|hecto|deci|centi|milli|micro|nano|pico))?\\[a-z]+(?:\\tothe\{-?\d+\})?", dsi
    )
    raised = []
    for one in units:
        base, _, inner = one.partition(r"\tothe{")
        raised.append(rf"{base}\tothe{{{int(inner.rstrip('}') or 1) * power}}}")
    return "".join(raised)


@cache
def known_forms() -> frozenset[str]:
    """Return the D-SI names of all atoms and prefixes: the vocabulary of the post-check."""
    words = {part for _, dsi, _ in _ATOMS.values() for part in re.findall(r"\\[a-z]+", dsi)}
    return frozenset(words | {dsi for _, dsi in _PREFIXES.values() if dsi})
