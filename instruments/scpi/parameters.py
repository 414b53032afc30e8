"""Parameter types of SCPI commands: what a program data element may be, and what it means.

Each type converts one program data element to a Python value for a handler, or refuses it with the standard error.
Limits may be numbers or the name of an attribute of the instrument, for limits that depend on its state.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from instruments.scpi.errors import ScpiError
from instruments.scpi.reply import FLAG, GENERAL, QUOTED, RAW, Reply

if TYPE_CHECKING:
    from instruments.scpi.message import Datum

Limit = float | str | None
"""A number, the name of an attribute of the instrument that holds it, or None for no limit."""


class Shape(Enum):
    """The kinds of program data element of IEEE 488.2."""

    NUMBER = "decimal numeric"
    CHARACTERS = "character"
    STRING = "string"
    BLOCK = "block"
    EXPRESSION = "expression"
    BASED = "non-decimal numeric"


WRONG_SHAPE = {
    Shape.NUMBER: -128,
    Shape.BASED: -128,
    Shape.CHARACTERS: -148,
    Shape.STRING: -158,
    Shape.BLOCK: -168,
    Shape.EXPRESSION: -178,
}
"""Error when a data element of this shape is not allowed."""

MULTIPLIERS: Mapping[str, float] = {
    "EX": 1e18,
    "PE": 1e15,
    "T": 1e12,
    "G": 1e9,
    "MA": 1e6,
    "K": 1e3,
    "": 1.0,
    "M": 1e-3,
    "U": 1e-6,
    "N": 1e-9,
    "P": 1e-12,
    "F": 1e-15,
    "A": 1e-18,
}
"""Suffix multipliers of IEEE 488.2; "M" means mega before HZ and OHM."""
MEGA_UNITS = frozenset({"HZ", "OHM"})


def multiplier(suffix: str, unit: str) -> float:
    """Return the factor that a suffix such as "mV" stands for, given the parameter's unit.

    Raises:
        ScpiError: -138 where no suffix is allowed, -134 for one longer than 12 characters, -131 for another unit.
    """
    if not unit:
        raise ScpiError(-138)
    if len(suffix) > 12:
        raise ScpiError(-134)
    suffix, unit = suffix.upper(), unit.upper()
    if not suffix.endswith(unit):
        raise ScpiError(-131)
    prefix = suffix.removesuffix(unit)
    if prefix == "M" and unit in MEGA_UNITS:
        return 1e6
    if prefix not in MULTIPLIERS:
        raise ScpiError(-131)
    return MULTIPLIERS[prefix]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """Be one parameter of a command."""

    name: str = "value"
    """Name in the manual."""
    optional: bool = False
    """Whether it may be left out; the handler then gets `missing`."""
    missing: Any = None
    """What the handler gets when an optional parameter is left out."""
    reply: Reply = RAW
    """How a `Setting` writes the value in its query form."""

    def convert(self, datum: Datum, instrument: Any) -> Any:
        """Return the value of a program data element.

        Raises:
            ScpiError: the element is of the wrong shape, unit or range.
        """
        raise NotImplementedError

    def named(self, keyword: str, instrument: Any) -> Any:
        """Return the value that MINimum, MAXimum or DEFault stands for.

        Raises:
            ScpiError: -108, this parameter knows no such value.
        """
        raise ScpiError(-108)

    def initial(self, instrument: Any) -> Any:
        """Return the value after *RST where one is declared, else None."""
        return None

    def answer(self, value: Any) -> str | bytes:
        """Write the value as the query form of a setting answers it."""
        return self.reply(value)

    def describe(self) -> str:
        """Return what a manual says about the parameter, e.g. "0 to 1500 V"."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Numeric(Parameter):
    """Take a decimal number with an optional suffix, or MIN, MAX, DEF or another declared name."""

    unit: str = ""
    """Unit as SCPI spells it: "V", "A", "HZ", "OHM", "S", "PCT", "CEL"; empty for a plain number."""
    low: Limit = None
    """Smallest value allowed."""
    high: Limit = None
    """Largest value allowed."""
    default: Limit = None
    """Value after *RST and of DEFault."""
    integer: bool = False
    """Whether the value is rounded to an integer (IEEE 488.2 rounds, half away from zero) and passed as int."""
    step: float | None = None
    """Resolution to which the instrument rounds what it is told; None to keep the number."""
    clip: bool = False
    """Whether a value out of range is set to the limit; otherwise it is refused with -222."""
    names: Mapping[str, float] = field(default_factory=dict)
    """Further words and their values, e.g. {"INFinity": 9.9e37}; long form with the short form in capitals."""
    reply: Reply = GENERAL
    """How a `Setting` writes the value in its query form."""

    def convert(self, datum: Datum, instrument: Any) -> float | int:
        """Return the number in `unit`; see `Parameter.convert`."""
        if datum.shape is Shape.NUMBER:
            value = datum.number * (multiplier(datum.suffix, self.unit) if datum.suffix else 1.0)
        elif datum.shape is Shape.BASED:
            value = datum.number
        elif datum.shape is Shape.CHARACTERS:
            value = self._word(datum.text, instrument)
        else:
            raise ScpiError(WRONG_SHAPE[datum.shape])
        if not math.isfinite(value):
            raise ScpiError(-222)
        low, high = self._limit(self.low, instrument), self._limit(self.high, instrument)
        if self.integer:
            value = math.copysign(math.floor(abs(value) + 0.5), value)
        elif self.step:
            value = round(value / self.step) * self.step
        if low is not None and value < low:
            if not self.clip:
                raise ScpiError(-222)
            value = low
        if high is not None and value > high:
            if not self.clip:
                raise ScpiError(-222)
            value = high
        return int(value) if self.integer else value

    def named(self, keyword: str, instrument: Any) -> float | int:
        """Return the limit or the default; see `Parameter.named`."""
        limit = {"MINimum": self.low, "MAXimum": self.high, "DEFault": self.default}[keyword]
        value = self._limit(limit, instrument)
        if value is None:
            raise ScpiError(-224)
        return int(value) if self.integer else value

    def initial(self, instrument: Any) -> Any:
        """Return the value after *RST where one is declared, else None."""
        return self._limit(self.default, instrument)

    def describe(self) -> str:
        """Return range and unit."""
        low = "" if self.low is None else f"{self.low} to "
        high = "any number" if self.high is None else f"{self.high}"
        words = "".join(f" | {word}" for word in self.names)
        return f"{low}{high}{' ' + self.unit if self.unit else ''}{words}"

    def _word(self, text: str, instrument: Any) -> float:
        for keyword in ("MINimum", "MAXimum", "DEFault"):
            if matches(text, keyword):
                return float(self.named(keyword, instrument))
        for word, value in self.names.items():
            if matches(text, word):
                return value
        raise ScpiError(-148 if self.low is self.high is self.default is None and not self.names else -141)

    @staticmethod
    def _limit(limit: Limit, instrument: Any) -> float | None:
        return float(getattr(instrument, limit)) if isinstance(limit, str) else limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Boolean(Parameter):
    """Take ON, OFF or a number (0 is off, everything that rounds to another integer is on); passed as bool."""

    default: bool | None = None
    """Value after *RST."""
    reply: Reply = FLAG
    """How a `Setting` writes the value in its query form."""

    def convert(self, datum: Datum, instrument: Any) -> bool:
        """Return the Boolean; see `Parameter.convert`."""
        if datum.shape is Shape.CHARACTERS:
            word = datum.text.upper()
            if word in ("ON", "OFF"):
                return word == "ON"
            raise ScpiError(-141)
        if datum.shape in (Shape.NUMBER, Shape.BASED):
            if datum.suffix:
                raise ScpiError(-138)
            return math.floor(abs(datum.number) + 0.5) != 0
        raise ScpiError(WRONG_SHAPE[datum.shape])

    def initial(self, instrument: Any) -> Any:
        """Return the value after *RST where one is declared, else None."""
        return self.default

    def describe(self) -> str:
        """Return the words allowed."""
        return "ON | OFF | 1 | 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Parameter):
    """Take one of several words in short or long form; passed as declared, e.g. "INTernal"."""

    options: tuple[str, ...]
    """Words, the short form in capitals: ("INTernal", "EXTernal", "BUS")."""
    default: str | None = None
    """Value after *RST; one of `options`."""
    quoted: bool = False
    """Whether the words are string data (`FUNC "VOLT:DC"`); characters are accepted as well."""
    numbers: bool = False
    """Whether a plain number that is spelt like an option is accepted, e.g. ("1", "2")."""
    short_reply: bool = True
    """Whether the query form answers the short form (as SCPI-99 asks) or the long form."""
    reply: Reply = RAW
    """How a `Setting` writes the value in its query form."""

    def convert(self, datum: Datum, instrument: Any) -> str:
        """Return the option as declared; see `Parameter.convert`."""
        if datum.shape is Shape.CHARACTERS or (datum.shape is Shape.STRING and self.quoted):
            text = datum.text
        elif datum.shape is Shape.NUMBER and self.numbers and not datum.suffix:
            text = f"{datum.number:g}"
        else:
            raise ScpiError(WRONG_SHAPE[datum.shape])
        for option in self.options:
            if matches(text, option):
                return option
        raise ScpiError(-224)

    def answer(self, value: str) -> str | bytes:
        """Write the option in short (or long) form."""
        word = short_form(value) if self.short_reply else value.upper()
        return self.reply(f'"{word}"' if self.quoted else word)

    def initial(self, instrument: Any) -> Any:
        """Return the value after *RST where one is declared, else None."""
        return self.default

    def describe(self) -> str:
        """Return the words allowed."""
        return " | ".join(f'"{option}"' if self.quoted else option for option in self.options)


@dataclass(frozen=True, slots=True, kw_only=True)
class String(Parameter):
    """Take a quoted string; passed as str."""

    default: str | None = None
    """Value after *RST."""
    longest: int = 255
    """Largest number of characters; a longer one is refused with -223."""
    bare: bool = False
    """Whether unquoted character data is accepted too."""
    reply: Reply = QUOTED
    """How a `Setting` writes the value in its query form."""

    def convert(self, datum: Datum, instrument: Any) -> str:
        """Return the text; see `Parameter.convert`."""
        if datum.shape is not Shape.STRING and not (self.bare and datum.shape is Shape.CHARACTERS):
            raise ScpiError(WRONG_SHAPE[datum.shape])
        if len(datum.text) > self.longest:
            raise ScpiError(-223)
        return datum.text

    def initial(self, instrument: Any) -> Any:
        """Return the value after *RST where one is declared, else None."""
        return self.default

    def describe(self) -> str:
        """Return the kind of data."""
        return f'"{self.name}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelList(Parameter):
    """Take a channel list such as (@1,3:5); passed as a tuple of int in the order given."""

    low: int = 1
    """Smallest channel number."""
    high: int = 1
    """Largest channel number."""

    def convert(self, datum: Datum, instrument: Any) -> tuple[int, ...]:
        """Return the channel numbers; see `Parameter.convert`."""
        if datum.shape is not Shape.EXPRESSION:
            raise ScpiError(WRONG_SHAPE[datum.shape])
        text = datum.text[1:-1].strip()
        if not text.startswith("@"):
            raise ScpiError(-171)
        channels: list[int] = []
        for item in text[1:].split(","):
            first, colon, last = (part.strip() for part in item.partition(":"))
            if not first.isdigit() or (colon and not last.isdigit()):
                raise ScpiError(-171)
            start, stop = int(first), int(last or first)
            if not (self.low <= start <= self.high and self.low <= stop <= self.high):
                raise ScpiError(-222)
            channels += range(start, stop + 1) if stop >= start else range(start, stop - 1, -1)
        return tuple(channels)

    def describe(self) -> str:
        """Return the notation with the range."""
        return f"(@{self.low}:{self.high})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Data(Parameter):
    """Take an arbitrary block `#<n><length><bytes>`; passed as bytes."""

    longest: int = 1 << 20
    """Largest number of bytes; a longer one is refused with -223."""

    def convert(self, datum: Datum, instrument: Any) -> bytes:
        """Return the bytes; see `Parameter.convert`."""
        if datum.shape is not Shape.BLOCK:
            raise ScpiError(WRONG_SHAPE[datum.shape])
        if len(datum.data) > self.longest:
            raise ScpiError(-223)
        return datum.data

    def describe(self) -> str:
        """Return the kind of data."""
        return "<block>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression(Parameter):
    """Take an expression in parentheses; passed as its text without them."""

    def convert(self, datum: Datum, instrument: Any) -> str:
        """Return the text; see `Parameter.convert`."""
        if datum.shape is not Shape.EXPRESSION:
            raise ScpiError(WRONG_SHAPE[datum.shape])
        return datum.text[1:-1]

    def describe(self) -> str:
        """Return the kind of data."""
        return f"({self.name})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Many(Parameter):
    """Take all remaining parameters, each of one type; passed as one tuple."""

    each: Parameter
    """Type of one element."""
    most: int = 64
    """Largest number of elements; more are refused with -108."""
    least: int = 1
    """Smallest number of elements; fewer are refused with -109."""

    def describe(self) -> str:
        """Return the notation of a list."""
        return f"{self.each.describe()}[, ...]"


def short_form(word: str) -> str:
    """Return the short form of a word in SCPI notation: "VOLTage" -> "VOLT"; an all-capital word is its own."""
    return "".join(c for c in word if not c.islower())


def matches(text: str, word: str) -> bool:
    """Tell whether `text` is the short or the long form of `word`, in any case."""
    upper = text.upper()
    return upper == word.upper() or upper == short_form(word)
