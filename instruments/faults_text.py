"""What faults do to the bytes of a reply."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

_NUMBER = re.compile(rb"(?<![\w.])[+-]?(?:\d+(?:\.(\d*))?|\.(\d+))(?:([Ee])[+-]?\d+)?(?![\w.])")
_TIME = re.compile(rb"(?<!\d)(\d{1,2})([:,])(\d{1,2})\2(\d{1,2})(\.\d+)?(?!\d)")


def change_numbers(reply: bytes, field: int | None, change: Callable[[float], float]) -> bytes:
    """Return the reply with its numbers changed, each written in the form it had.

    Args:
        reply: the reply; quoted strings are left alone.
        field: which number, counted from 1; None for all.
        change: number -> number.
    """
    place = 0

    def replace(found: re.Match[bytes]) -> bytes:
        nonlocal place
        place += 1
        if field is not None and place != field:
            return found[0]
        return _written_like(found, change(float(found[0])))

    parts = re.split(rb'("[^"]*")', reply)
    return b"".join(part if index % 2 else _NUMBER.sub(replace, part) for index, part in enumerate(parts))


def _written_like(found: re.Match[bytes], number: float) -> bytes:
    digits = len(found[1] or found[2] or b"")
    sign = "+" if found[0].startswith(b"+") else ""
    if found[3] is not None or abs(number) >= 1e15:
        digits = max(digits, 2) if abs(number) >= 1e15 else digits  # 9.91E37 must not become 9.9E37
        return f"{number:{sign}.{digits}{'e' if found[3] == b'e' else 'E'}}".encode("ascii")
    return f"{number:{sign}.{digits}f}".encode("ascii")


def add_seconds(reply: bytes, seconds: float) -> bytes:
    """Return the reply with its time of day (H:M:S or H,M,S) moved, or else its first number increased."""
    found = _TIME.search(reply)
    if found is None:
        return change_numbers(reply, 1, lambda number: number + seconds)
    total = int(found[1]) * 3600 + int(found[3]) * 60 + float(found[4] + (found[5] or b"")) + seconds
    total %= 86400
    hours, rest = divmod(total, 3600)
    minutes, left = divmod(rest, 60)
    decimals = len(found[5] or b"") - 1
    separator = found[2].decode("ascii")
    whole = f"{left:0{3 + decimals}.{decimals}f}" if decimals > 0 else f"{int(left):02d}"
    text = separator.join([f"{int(hours):02d}", f"{int(minutes):02d}", whole])
    return reply[: found.start()] + text.encode("ascii") + reply[found.end() :]


def damaged(text: bytes, rng: Generator, share: float) -> bytes:
    """Return the text with a share of its characters replaced by other printable ones, at least one."""
    if not text:
        return text
    hits = {index for index in range(len(text)) if rng.random() < share} or {int(rng.integers(len(text)))}
    changed = bytearray(text)
    for index in sorted(hits):
        other = int(rng.integers(0x21, 0x7E))
        changed[index] = other + (other >= text[index])  # never the same
    return bytes(changed)
