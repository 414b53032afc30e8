"""Parameter types that real models need beyond the general ones of `instruments.scpi`, and tolerance in headers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from instruments.scpi import Numeric, Parameter, ScpiError
from instruments.scpi.parameters import WRONG_SHAPE, Shape, matches, multiplier
from instruments.scpi.reply import FLAG, Reply

if TYPE_CHECKING:
    from instruments.scpi.message import Datum


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberOrWord(Parameter):
    """Take a number with an optional unit, passed as float, or one of several words, passed as declared."""

    unit: str = ""
    """Unit as SCPI spells it."""
    words: tuple[str, ...] = ("MINimum", "MAXimum", "DEFault")
    """Words, the short form in capitals."""

    def convert(self, datum: Datum, instrument: Any) -> float | str:
        """Return the number or the word; see `Parameter.convert`."""
        if datum.shape is Shape.NUMBER:
            return datum.number * (multiplier(datum.suffix, self.unit) if datum.suffix else 1.0)
        if datum.shape is Shape.CHARACTERS:
            for word in self.words:
                if matches(datum.text, word):
                    return word
            raise ScpiError(-141)
        raise ScpiError(WRONG_SHAPE[datum.shape])

    def describe(self) -> str:
        """Return what may be sent."""
        return " | ".join((f"number {self.unit}".strip(), *self.words))


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeOf(Numeric):
    """Take any number up to `high`, for which the instrument finds a range; its sign does not matter."""

    def convert(self, datum: Datum, instrument: Any) -> float:
        """Return the size of what is to be measured; see `Parameter.convert`."""
        if datum.shape is Shape.NUMBER:
            size = abs(datum.number * (multiplier(datum.suffix, self.unit) if datum.suffix else 1.0))
            if isinstance(self.high, float) and size > self.high * (1.0 + 1e-9):
                raise ScpiError(-222)
            return size
        return float(super(RangeOf, self).convert(datum, instrument))


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionOf(Parameter):
    """Take a resolution; MIN and MAX depend on the range, so the instrument's `extreme_resolution(key, word)` says."""

    unit: str = ""
    """Unit of the function."""
    key: str = ""
    """Function."""

    def convert(self, datum: Datum, instrument: Any) -> float:
        """Return the resolution; see `Parameter.convert`."""
        if datum.shape is Shape.NUMBER:
            return datum.number * (multiplier(datum.suffix, self.unit) if datum.suffix else 1.0)
        if datum.shape is Shape.CHARACTERS:
            for word in ("MINimum", "MAXimum", "DEFault"):
                if matches(datum.text, word):
                    return float(self.named_by(word, instrument))
            raise ScpiError(-141)
        raise ScpiError(WRONG_SHAPE[datum.shape])

    def named_by(self, word: str, instrument: Any) -> float:
        """Return what MIN, MAX or DEF is on the present range."""
        return float(instrument.extreme_resolution(self.key, word))

    def describe(self) -> str:
        """Return what may be sent."""
        return f"number {self.unit} | MIN | MAX | DEF"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchOrOnce(Parameter):
    """Take a Boolean, passed as bool, or ONCE, passed as "ONCE"."""

    default: bool | None = None
    """Value after *RST."""
    reply: Reply = FLAG
    """How the setting is written in a reply."""

    def convert(self, datum: Datum, instrument: Any) -> bool | str:
        """Return the value; see `Parameter.convert`."""
        if datum.shape is Shape.CHARACTERS:
            word = datum.text.upper()
            if word == "ONCE":
                return word
            if word in ("ON", "OFF"):
                return word == "ON"
            raise ScpiError(-141)
        if datum.shape in (Shape.NUMBER, Shape.BASED) and not datum.suffix:
            return math.floor(abs(datum.number) + 0.5) != 0
        raise ScpiError(WRONG_SHAPE[datum.shape])

    def initial(self, instrument: Any) -> Any:
        """Return the value after *RST where one is declared, else None."""
        return self.default

    def describe(self) -> str:
        """Return the words allowed."""
        return "ON | OFF | ONCE"


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionName(Parameter):
    """Take the name of a measuring function, quoted; passed as the twin's own key."""

    names: Mapping[str, str] = field(default_factory=dict)
    """Name in SCPI notation, e.g. "VOLTage:DC" -> key, e.g. "volt"; several names may lead to one key."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Key -> name in a reply."""
    default: str | None = None
    """Key after *RST."""
    bare: bool = True
    """Whether the name is accepted without quotes too, if it has no colon."""

    def convert(self, datum: Datum, instrument: Any) -> str:
        """Return the key; see `Parameter.convert`."""
        if datum.shape is not Shape.STRING and not (self.bare and datum.shape is Shape.CHARACTERS):
            raise ScpiError(WRONG_SHAPE[datum.shape])
        key = named(datum.text, self.names)
        if key is None:
            raise ScpiError(-224)
        return key

    def initial(self, instrument: Any) -> Any:
        """Return the value after *RST where one is declared, else None."""
        return self.default

    def answer(self, value: str) -> str:
        """Write the name in double quotes."""
        return f'"{self.answers[value]}"'

    def describe(self) -> str:
        """Return the names allowed."""
        return " | ".join(f'"{name}"' for name in self.names)


def named(text: str, names: Mapping[str, str]) -> str | None:
    """Return what a name stands for, each of its words in short or long form; None if nothing."""
    words = text.strip().lstrip(":").split(":")
    for name, key in names.items():
        nodes = name.split(":")
        if len(nodes) == len(words) and all(matches(word, node) for word, node in zip(words, nodes, strict=True)):
            return key
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes(Parameter):
    """Take a number from a mapping to values (an enumeration given as numbers), or a word; passed as the value."""

    codes: Mapping[str, Any] = field(default_factory=dict)
    """Text as sent, in SCPI notation -> value."""
    default: Any = None
    """Value after *RST."""

    def convert(self, datum: Datum, instrument: Any) -> Any:
        """Return the value; see `Parameter.convert`."""
        if datum.shape is Shape.NUMBER:
            text = f"{datum.number:g}{datum.suffix}"
        elif datum.shape in (Shape.CHARACTERS, Shape.STRING):
            text = datum.text
        else:
            raise ScpiError(WRONG_SHAPE[datum.shape])
        for code, value in self.codes.items():
            if matches(text, code):
                return value
        raise ScpiError(-224)

    def initial(self, instrument: Any) -> Any:
        """Return the value after *RST where one is declared, else None."""
        return self.default

    def describe(self) -> str:
        """Return the words allowed."""
        return " | ".join(self.codes)


_QUOTED = re.compile(rb"(\"[^\"]*\"|'[^']*')")
_COMMON = re.compile(rb"(^|;)(\s*):(?=\*)")
_ONES = re.compile(
    rb"(?i)(?<![A-Za-z0-9_*])(SENS(?:E)?|SOUR(?:CE)?|OUTP(?:UT)?|ARM|TRIG(?:GER)?|INIT(?:IATE)?|DISP(?:LAY)?)1(?=[:?\s;]|$)"
)
_LAYERS = re.compile(rb"(?i)(?<![A-Za-z0-9_*])(SEQ(?:UENCE)?|LAY(?:ER)?)1(?=[:?\s;]|$)")


KEPT_LENGTH = 256
"""Longest message in bytes whose tolerant form is kept."""


def tolerant(message: bytes) -> bytes:
    """Return a message as models take it that are laxer than the standard.

    A colon before a common command (":*CLS") and the numeric suffix 1 of a root that has one instance ("SENS1:VOLT")
    go; strings stay as they are.
    """
    return _kept(message) if len(message) <= KEPT_LENGTH else _tolerant(message)


@lru_cache(maxsize=4096)
def _kept(message: bytes) -> bytes:
    return _tolerant(message)


def _tolerant(message: bytes) -> bytes:
    if b":*" not in message and b"1" not in message:
        return message
    parts = _QUOTED.split(message)
    for index in range(0, len(parts), 2):
        part = _COMMON.sub(rb"\1\2", parts[index])
        parts[index] = _LAYERS.sub(rb"\1", _ONES.sub(rb"\1", part))
    return b"".join(parts)
