"""Numerals in print: shown as they are, aligned at the decimal point, never rounded again.

The exceptions are the float columns of an annex (budget lines, Monte Carlo limits), which are no reported results.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from reports.errors import IncompleteRecord
from reports.view import Cell, Tone, same

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMERAL = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_SHOWN = re.compile(r"([+−]?)(\d+)(?:\.(\d+))?(.*)")


def numeral(text: str, field: str) -> str:
    """Return a printed number unchanged.

    Raises:
        IncompleteRecord: it is no decimal number (NaN, a comma, empty); `field` is named.
    """
    if not _NUMERAL.fullmatch(text):
        raise IncompleteRecord(field, f"{text!r} is not a decimal number; make the record again")
    return text


def shown(text: str) -> str:
    """Return a numeral with a true minus sign, for print."""
    return text.replace("-", "−")


def unbroken(text: str) -> str:
    """Return a short text, such as the number of a document, that no line break parts."""
    return text.replace(" ", "\u00a0")


def significant(value: float, digits: int = 3) -> str:
    """Format a float of an annex with some significant digits, without exponent between 1E-5 and 1E6."""
    if not math.isfinite(value):
        return "∞" if value == math.inf else str(value)
    if value == 0.0:
        return "0"
    number = Decimal(f"{value:.{digits - 1}e}")
    if -5 <= number.adjusted() < 6:
        return shown(f"{number:f}")
    return shown(f"{value:.{digits - 1}E}")


def fixed(value: float, scale: float) -> str:
    """Format a float to the third significant digit of `scale`, e.g. the ends of an interval by its u."""
    places = max(0, 2 - math.floor(math.log10(scale))) if scale > 0 else 3
    return shown(f"{value:.{min(places, 12)}f}")


def setting(value: float) -> str:
    """Format the value of a setting: the shortest text with up to ten digits."""
    return shown(f"{value:.10g}")


def aligned(texts: Sequence[str], tones: Sequence[Tone] = ()) -> list[Cell]:
    """Return cells whose invisible margins put all decimal points under each other.

    The fonts' figures and their plus and minus signs are equally wide, so that margins of figures do.
    """
    parts = [_SHOWN.fullmatch(t) for t in texts]
    whole = max((len(p[2]) for p in parts if p), default=0)
    places = max((len(p[3] or "") for p in parts if p), default=0)
    signed = any(p[1] for p in parts if p)
    cells = []
    for n, (text, part) in enumerate(zip(texts, parts, strict=True)):
        tone: Tone = tones[n] if tones else "plain"
        if part is None or part[4]:
            cells.append(Cell(text=same(text), tone=tone))
            continue
        lead = ("+" if signed and not part[1] else "") + "0" * (whole - len(part[2]))
        missing = places - len(part[3] or "")
        trail = ("." if missing and not part[3] else "") + "0" * missing
        cells.append(Cell(text=same(text), tone=tone, lead=lead, trail=trail))
    return cells


def moment(text: str, field: str) -> datetime:
    """Read an ISO 8601 date and time.

    Raises:
        IncompleteRecord: the text is none, or lacks its zone.
    """
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise IncompleteRecord(field, f"{text!r} is not an ISO 8601 date and time") from None
    if when.tzinfo is None:
        raise IncompleteRecord(field, f"{text!r} has no time zone; write e.g. {text}+08:00")
    return when


def day(text: str, field: str) -> date:
    """Read an ISO 8601 date, or the date of a date and time.

    Raises:
        IncompleteRecord: the text is neither.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        return moment(text, field).date()


def last_day(start: date, months: int) -> date:
    """Return the last day of an interval of months that begins on `start`."""
    year, month = divmod(start.month - 1 + months, 12)
    first = date(start.year + year, month + 1, 1)
    after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    longest = (after - timedelta(days=1)).day
    return first.replace(day=min(start.day, longest)) - timedelta(days=1)
