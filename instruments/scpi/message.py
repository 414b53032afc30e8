"""The program message parser of IEEE 488.2 chapter 7: bytes to message units, each a header and its data elements."""

from __future__ import annotations

import re
from dataclasses import dataclass

from instruments.scpi.errors import ScpiError
from instruments.scpi.parameters import Shape

MNEMONIC_LIMIT = 12
"""Longest program mnemonic (IEEE 488.2 7.6.1.4.1); a longer one is -112."""


@dataclass(frozen=True, slots=True)
class Datum:
    """Hold one program data element."""

    shape: Shape
    """What it is."""
    text: str = ""
    """Characters of character data; contents of a string; an expression with its parentheses."""
    number: float = 0.0
    """Value of a number, before its suffix."""
    suffix: str = ""
    """Suffix of a number, with multiplier, as sent; empty if none."""
    data: bytes = b""
    """Contents of a block."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Hold one program message unit."""

    header: str
    """Header as sent without "?", e.g. ":VOLT:LEV" or "*IDN"."""
    query: bool
    """Whether it ended with "?"."""
    data: tuple[Datum, ...]
    """Its data elements."""


_HEADER = re.compile(rb"[\x00-\x20]*(\*?[A-Za-z][A-Za-z0-9_]*|:?[A-Za-z][A-Za-z0-9_]*(?::[A-Za-z][A-Za-z0-9_]*)*)(\?)?")
_NUMBER = re.compile(
    rb"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[\x00-\x20]*[Ee][\x00-\x20]*[+-]?\d+)?[\x00-\x20]*"
    rb"((?:/?[A-Za-z%]+(?:-?\d)?(?:[./][A-Za-z]+(?:-?\d)?)*)?)"
)
_BASED = re.compile(rb"#(?:[Hh][0-9A-Fa-f]+|[Qq][0-7]+|[Bb][01]+)")
_WORD = re.compile(rb"[A-Za-z][A-Za-z0-9_]*")
_SPACE = re.compile(rb"[\x00-\x20]*")
_BASES = {"H": 16, "Q": 8, "B": 2}
