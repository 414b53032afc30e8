"""The short written form of ranges and certificate lines, for options of the command line and cells of a CSV file.

voltage: 0..1500 V
energy: U = 0.02 %, k = 2, correction = 0.01, input = d_cal; voltage: 0..1500 V; current: -600..600 A
"""

from __future__ import annotations

import re
from typing import Any

from bench.errors import ConfigurationError

_RANGE = re.compile(r"\s*(?P<setting>\w+)\s*:\s*(?P<low>[^\s.]\S*?)\s*\.\.\s*(?P<high>\S+)\s+(?P<unit>\S+)\s*")
_HEAD = re.compile(r"\s*(?P<measurand>[^:;]+?)\s*:\s*(?P<fields>.*)", re.DOTALL)


def range_of(written: str, source: str, key: str) -> dict[str, Any]:
    """Read a range like "voltage: 0..1500 V".

    Raises:
        ConfigurationError: it is not written so.
    """
    found = _RANGE.fullmatch(written)
    if found is None:
        raise ConfigurationError(source, key, f"{written!r} is no range; write it like 'voltage: 0..1500 V'")
    low, high = (_number(found[bound], source, key) for bound in ("low", "high"))
    return {"setting": found["setting"], "low": low, "high": high, "unit": found["unit"]}


def ranges_of(written: str, source: str, key: str) -> list[dict[str, Any]]:
    """Read ranges separated by semicolons."""
    return [range_of(part, source, key) for part in written.split(";") if part.strip()]


def line_of(written: str, source: str, key: str) -> dict[str, Any]:
    """Read a line of a certificate.

    Raises:
        ConfigurationError: it is not written as above.
    """
    head, *ranges = written.split(";")
    found = _HEAD.fullmatch(head)
    example = "write it like 'energy: U = 0.02 %, k = 2; voltage: 0..1500 V'"
    if found is None:
        raise ConfigurationError(source, key, f"{written!r} is no line of a certificate; {example}")
    line: dict[str, Any] = {"measurand": found["measurand"]}
    for field in found["fields"].split(","):
        name, equals, value = (part.strip() for part in field.partition("="))
        if not equals or name not in ("U", "k", "correction", "input") or name in line or not value:
            why = "is given twice" if name in line else "is none of U, k, correction and input"
            raise ConfigurationError(source, key, f"{field.strip()!r} {why}; {example}")
        if name == "input":
            line[name] = value
            continue
        number, _, unit = value.partition(" ")
        line[name] = _number(number, source, f"{key}.{name}")
        if unit.strip() and line.setdefault("unit", unit.strip()) != unit.strip():
            raise ConfigurationError(source, key, f"{name} is in {unit.strip()}, U in {line['unit']}; give one unit")
    line["ranges"] = [range_of(part, source, f"{key}.ranges") for part in ranges if part.strip()]
    return line


def write_range(setting: str, low: float, high: float, unit: str) -> str:
    """Write a range in the short form."""
    return f"{setting}: {low:.12g}..{high:.12g} {unit}"


def _number(written: str, source: str, key: str) -> float:
    try:
        return float(written)
    except ValueError:
        raise ConfigurationError(source, key, f"{written!r} is no number") from None
