"""The program message parser of IEEE 488.2: bytes to message units, each a header and its data elements."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments.scpi.errors import ScpiError
from instruments.scpi.parameters import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_WORD = 12
"""Longest mnemonic or character datum (IEEE 488.2)."""
LARGEST_EXPONENT = 32000
"""Largest exponent magnitude of a number (IEEE 488.2)."""
MOST_DIGITS = 255
"""Most digits of a mantissa (IEEE 488.2)."""


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
    """Header as sent, without "?", e.g. ":VOLT:LEV" or "*IDN"."""
    query: bool
    """Whether it ended with "?"."""
    data: tuple[Datum, ...]
    """Its data elements."""


_HEADER = re.compile(rb"(\*[A-Za-z][A-Za-z0-9_]*|:?[A-Za-z][A-Za-z0-9_]*(?::[A-Za-z][A-Za-z0-9_]*)*)(\?)?")
_NUMBER = re.compile(
    rb"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:[\x00-\x20]*[Ee][\x00-\x20]*([+-]?\d+))?"
    rb"(?:[\x00-\x20]*([/A-Za-z%](?:[A-Za-z0-9./%-]*)))?"
)
_BASED = re.compile(rb"#([Hh][0-9A-Fa-f]+|[Qq][0-7]+|[Bb][01]+)")
_WORD = re.compile(rb"[A-Za-z][A-Za-z0-9_]*")
_BLANKS = re.compile(rb"[\x00-\x20]*")
_STRINGS = {ord('"'): re.compile(rb'"((?:[^"]|"")*)"'), ord("'"): re.compile(rb"'((?:[^']|'')*)'")}
_BASE = {"H": 16, "Q": 8, "B": 2}
_SEMICOLON, _COMMA, _HASH, _OPEN = b";,#("


def units(message: bytes) -> Iterator[Unit]:
    """Yield the units of a program message (without its terminator) one by one; empty units are passed over.

    Raises:
        ScpiError: a command error (-1xx) at the place where the message stops making sense; units before it were
            yielded, the rest of the message is lost, as a real parser loses it.
    """
    position, length = _blanks(message, 0), len(message)
    while position < length:
        if message[position] == _SEMICOLON:
            position = _blanks(message, position + 1)
            continue
        unit, position = _unit(message, position)
        yield unit
        if position < length:
            position = _blanks(message, position + 1)  # the unit ended at ";"


def _unit(message: bytes, position: int) -> tuple[Unit, int]:
    """Return the unit at `position` and the place of the ";" after it, or the end."""
    found = _HEADER.match(message, position)
    if found is None:
        raise ScpiError(-102 if 0x20 < message[position] < 0x7F else -101)
    header = found[1].decode("ascii")
    if any(len(word) > LONGEST_WORD for word in header.lstrip("*:").split(":")):
        raise ScpiError(-112)
    after = _blanks(message, found.end())
    query = found[2] is not None
    if after >= len(message) or message[after] == _SEMICOLON:
        return Unit(header, query, ()), after
    if after == found.end():  # something other than a blank follows the header
        raise ScpiError(-111 if 0x20 < message[after] < 0x7F else -101)
    data = []
    while True:
        datum, after = _datum(message, after)
        data.append(datum)
        after = _blanks(message, after)
        if after >= len(message) or message[after] == _SEMICOLON:
            return Unit(header, query, tuple(data)), after
        if message[after] != _COMMA:
            raise ScpiError(-103)
        after = _blanks(message, after + 1)


def _datum(message: bytes, position: int) -> tuple[Datum, int]:
    """Return the data element at `position` and the place after it."""
    if position >= len(message):
        raise ScpiError(-102)
    first = message[position]
    if found := _NUMBER.match(message, position):
        return _number(found), found.end()
    if found := _WORD.match(message, position):
        if len(found[0]) > LONGEST_WORD:
            raise ScpiError(-144)
        return Datum(Shape.CHARACTERS, text=found[0].decode("ascii")), found.end()
    if first in _STRINGS:
        found = _STRINGS[first].match(message, position)
        if found is None:
            raise ScpiError(-151)
        quote = chr(first)
        return Datum(Shape.STRING, text=found[1].decode("latin-1").replace(quote * 2, quote)), found.end()
    if first == _HASH:
        return _hash(message, position)
    if first == _OPEN:
        return _expression(message, position)
    raise ScpiError(-102 if 0x20 < first < 0x7F else -101)


def _number(found: re.Match[bytes]) -> Datum:
    mantissa, exponent, suffix = found[1], found[2], found[3]
    if len(mantissa) > MOST_DIGITS:
        raise ScpiError(-124)
    if exponent is not None and (len(exponent) > 6 or abs(int(exponent)) > LARGEST_EXPONENT):
        raise ScpiError(-123)
    number = float(mantissa if exponent is None else mantissa + b"E" + exponent)
    return Datum(Shape.NUMBER, number=number, suffix="" if suffix is None else suffix.decode("ascii"))


def _hash(message: bytes, position: int) -> tuple[Datum, int]:
    """Return a non-decimal number or a block."""
    if found := _BASED.match(message, position):
        text = found[1].decode("ascii").upper()
        if len(text) > MOST_DIGITS:
            raise ScpiError(-124)
        return Datum(Shape.BASED, number=float(int(text[1:], _BASE[text[0]]))), found.end()
    size = block_size(message, position)
    if size is None:
        raise ScpiError(-161 if message[position + 1 : position + 2].isdigit() else -121)
    start, length = size
    end = len(message) if length is None else start + length
    if end > len(message):
        raise ScpiError(-161)
    return Datum(Shape.BLOCK, data=message[start:end]), end


def block_size(message: bytes | bytearray, position: int) -> tuple[int, int | None] | None:
    """Return where the data of the block at `position` start and how long they are.

    The length is None for an indefinite block `#0...`. The result is None if no block header stands there, or not yet
    all of it.
    """
    digits = message[position + 1 : position + 2]
    if not digits.isdigit():
        return None
    count = int(digits)
    if count == 0:
        return position + 2, None
    length = bytes(message[position + 2 : position + 2 + count])
    if len(length) < count or not length.isdigit():
        return None
    return position + 2 + count, int(length)


def _expression(message: bytes, position: int) -> tuple[Datum, int]:
    depth, place = 0, position
    while place < len(message):
        byte = message[place]
        if byte in _STRINGS:
            found = _STRINGS[byte].match(message, place)
            if found is None:
                raise ScpiError(-151)
            place = found.end()
            continue
        depth += (byte == _OPEN) - (byte == ord(")"))
        place += 1
        if depth == 0:
            return Datum(Shape.EXPRESSION, text=message[position:place].decode("latin-1")), place
    raise ScpiError(-171)


def _blanks(message: bytes, position: int) -> int:
    found = _BLANKS.match(message, position)
    return found.end() if found else position


_MARKS = re.compile(rb"[\n\"'#]")


def split_messages(buffer: bytearray, end: bool) -> list[bytes]:
    """Take the complete program messages off the buffer, without terminators.

    A line feed ends a message, except inside of a definite block; END ends one too. Inside a string a line feed ends
    the message as well (the string is then incomplete, -151): or one lost quote would swallow all that follows on a
    stream.
    """
    messages: list[bytes] = []
    start = place = 0
    quote = 0
    while found := _MARKS.search(buffer, place):
        mark, place = buffer[found.start()], found.end()
        if mark == 0x0A:
            messages.append(bytes(buffer[start : found.start()]))
            start, quote = place, 0
        elif mark == _HASH:
            if quote or not _starts_datum(buffer, start, found.start()):
                continue
            size = block_size(buffer, found.start())
            if size is None:
                continue
            begin, length = size
            if length is None:  # indefinite: only END, or on a stream the next line feed, ends it
                place = len(buffer) if end else begin
                if end and buffer[-1:] == b"\n":
                    messages.append(bytes(buffer[start:-1]))
                    start = len(buffer)
            elif begin + length <= len(buffer):
                place = begin + length
            elif end:
                place = len(buffer)
            else:
                break
        elif not quote:
            quote = mark
        elif quote == mark:
            quote = 0
    if end and start < len(buffer):
        messages.append(bytes(buffer[start:]))
        start = len(buffer)
    del buffer[:start]
    return messages


def _starts_datum(buffer: bytearray, start: int, position: int) -> bool:
    """Tell whether a data element may begin here: after a blank or a comma."""
    return position > start and (buffer[position - 1] <= 0x20 or buffer[position - 1] == _COMMA)
