"""Templates of replies, and numbers taken from replies that match."""

from __future__ import annotations

import math
import re

from drivers.errors import ProtocolError

OVERRANGE = 9.9e37
"""SCPI-99 (volume 1, 7.2.1.4 and 7.2.1.5): 9.9E37 stands for infinity, 9.91E37 for not a number."""


def fixed(decimals: int, unit: str = "") -> str:
    """Return the template of a number with a fixed count of decimals and its unit, e.g. "500.00 V"."""
    digits = rf"-?\d+\.\d{{{decimals}}}" if decimals else r"-?\d+"
    return rf"(?P<value>{digits})" + (rf" ?{re.escape(unit)}" if unit else "")


def scientific(decimals: int) -> str:
    """Return the template of a number like "+5.000012E+02" with a fixed count of decimals."""
    return rf"(?P<value>[+-]?\d\.\d{{{decimals}}}E[+-]\d{{2}})"


def parse_number(role: str, name: str, template: re.Pattern[str], raw: str) -> float:
    """Return the number in a reply that matches its template.

    Raises:
        ProtocolError: the reply does not match, or is SCPI's infinity or not-a-number.
    """
    match = template.fullmatch(raw)
    if match is None:
        raise ProtocolError(f"{role}: {name}: reply {raw!r} is not of the form {template.pattern!r}")
    text = match["value"] if "value" in template.groupindex else match[0]
    try:
        number = float(text)
    except ValueError:
        raise ProtocolError(f"{role}: {name}: {text!r} in reply {raw!r} is not a number") from None
    if not math.isfinite(number) or abs(number) >= OVERRANGE:
        raise ProtocolError(f"{role}: {name}: {raw!r} means overrange or no value; check range, wiring and state")
    negative = "negative" in template.groupindex and match["negative"] is not None
    return -number if negative else number
