"""How a value is written into a reply: one small callable object per form of IEEE 488.2 response data.

NR1 is an integer, NR2 a decimal fraction, NR3 a number with exponent. SCPI-99 has 9.9E37 for infinity and 9.91E37 for
"not a number"; these forms write them, and never "inf" or "nan".
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

INFINITY = 9.9e37
"""SCPI-99's number for infinity, also shown for an overload."""
NOT_A_NUMBER = 9.91e37
"""SCPI-99's number for "not a number"."""
_LARGEST = 1.7e308  # a quick look: what is larger is infinite, and what is no number is not smaller

Reply = Callable[[Any], "str | bytes"]
"""Writes one value; bytes only for binary blocks."""


def finite(value: float) -> float:
    """Return a number that can be written: infinities become ±9.9E37, NaN becomes 9.91E37."""
    if value != value:
        return NOT_A_NUMBER
    if math.isinf(value):
        return math.copysign(INFINITY, value)
    return value


@dataclass(frozen=True, slots=True)
class Fixed:
    """Write NR2 with a fixed number of decimals, e.g. Fixed(3): 230.000."""

    decimals: int = 3
    """Digits after the point."""
    sign: bool = False
    """Whether a plus sign is written."""

    def __call__(self, value: float) -> str:
        """Write the value."""
        value = finite(value)
        if abs(value) >= INFINITY:
            return Scientific(2)(value)
        return f"{value:{'+' if self.sign else ''}.{self.decimals}f}"


@dataclass(frozen=True, slots=True)
class Scientific:
    """Write NR3, e.g. Scientific(6): 2.300000E+02."""

    digits: int = 6
    """Digits after the point of the mantissa."""
    sign: bool = False
    """Whether a plus sign is written before the mantissa."""

    def __call__(self, value: float) -> str:
        """Write the value."""
        if not -_LARGEST < value < _LARGEST:
            value = finite(value)
        return ("%+.*E" if self.sign else "%.*E") % (self.digits, value)


@dataclass(frozen=True, slots=True)
class General:
    """Write the shortest number with up to `digits` significant digits, e.g. 230.05 or 1E-06."""

    digits: int = 9
    """Significant digits."""

    def __call__(self, value: float) -> str:
        """Write the value."""
        return f"{finite(value):.{self.digits}G}"


@dataclass(frozen=True, slots=True)
class WithUnit:
    """Write NR2 followed by a blank and the unit, as some sources do: 500.00 V."""

    unit: str
    """Unit as written."""
    decimals: int = 2
    """Digits after the point."""

    def __call__(self, value: float) -> str:
        """Write the value."""
        return f"{finite(value):.{self.decimals}f} {self.unit}"


@dataclass(frozen=True, slots=True)
class Integer:
    """Write NR1."""

    sign: bool = False
    """Whether a plus sign is written."""

    def __call__(self, value: float) -> str:
        """Write the value."""
        return f"{int(value):{'+' if self.sign else ''}d}"


@dataclass(frozen=True, slots=True)
class Flag:
    """Write a Boolean, 1 or 0 unless the model says it in words."""

    true: str = "1"
    """Text of true."""
    false: str = "0"
    """Text of false."""

    def __call__(self, value: object) -> str:
        """Write the value."""
        return self.true if value else self.false


@dataclass(frozen=True, slots=True)
class Raw:
    """Write text as it is (character data or arbitrary ASCII)."""

    def __call__(self, value: object) -> str:
        """Write the value."""
        return str(value)


@dataclass(frozen=True, slots=True)
class Quoted:
    """Write string data in double quotes; a quote inside is doubled."""

    def __call__(self, value: object) -> str:
        """Write the value."""
        return '"' + str(value).replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Listed:
    """Write several values of one form, joined by commas."""

    each: Reply
    """Form of one value."""
    separator: str = ","
    """What stands between two values."""

    def __call__(self, values: Iterable[Any]) -> str:
        """Write the value."""
        return self.separator.join([str(self.each(value)) for value in values])


@dataclass(frozen=True, slots=True)
class Fields:
    """Write a tuple whose members have forms of their own, joined by commas."""

    forms: tuple[Reply, ...]
    """Form of each member, in order."""
    separator: str = ","
    """What stands between two members."""

    def __call__(self, values: Iterable[Any]) -> str:
        """Write the value."""
        return self.separator.join([str(form(value)) for form, value in zip(self.forms, values, strict=True)])


@dataclass(frozen=True, slots=True)
class Block:
    """Write a definite length block `#<n><length><data>` of numbers (or of bytes as they are)."""

    code: str = ""
    """`struct` code of one number with byte order, e.g. ">d"; empty for data that are bytes already."""

    def __call__(self, values: Any) -> bytes:
        """Write the value."""
        data = bytes(values) if not self.code else _pack(self.code, values)
        length = str(len(data)).encode("ascii")
        return b"#" + str(len(length)).encode("ascii") + length + data


def _pack(code: str, values: Iterable[Any]) -> bytes:
    items = list(values)
    order, kind = (code[0], code[1:]) if code[0] in "<>=!" else (">", code)
    return struct.pack(f"{order}{len(items)}{kind}", *items)


RAW = Raw()
"""Text as it is."""
QUOTED = Quoted()
"""String data."""
GENERAL = General()
"""Up to nine significant digits."""
FLAG = Flag()
"""1 or 0."""
