"""Values of a station checked against the fields of a parameters dataclass: type, range, spelling of the key."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from difflib import get_close_matches
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from instruments.draw import NAMES, Distribution, distribution


class WrongValue(ValueError):
    """Refuse one key: `key` (relative) and `why`."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key}: {why}")
        self.key = key
        self.why = why


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def advice(word: str, known: Iterable[str]) -> str:
    """Return "did you mean ...?" or the list of what is known."""
    names = sorted(known)
    close = get_close_matches(word, names, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known: {', '.join(names)}" if names else "nothing may be given here"


def check_values(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a parameters dataclass as its fields want them, distributions as `Distribution`.

    Raises:
        WrongValue: an unknown key, a wrong type, a value out of range, a missing one, or values that do not
            fit together.
    """
    hints = _hints(kind)
    checked: dict[str, Any] = {}
    for key, value in values.items():
        if key not in hints:
            raise WrongValue(str(key), f"unknown parameter; {advice(str(key), hints)}")
        checked[key] = _value(key, value, hints[key])
    for field in fields(kind):
        if field.name not in checked and field.default is MISSING and field.default_factory is MISSING:
            raise WrongValue(field.name, "missing; it has no default")
    _together(kind, checked)
    return checked


def _value(key: str, value: Any, hint: Any) -> Any:
    if get_origin(hint) is dict and isinstance(value, Mapping):
        # A table of numbers (the components of a mixture), of which each may be drawn.
        return {str(name): _value(f"{key}.{name}", part, get_args(hint)[1]) for name, part in value.items()}
    if isinstance(value, Distribution):
        table: Distribution | None = value
    elif isinstance(value, dict):
        try:
            table = distribution(value)
        except ValueError as problem:
            raise WrongValue(key, str(problem)) from None
        if table is None and len(value) == 1 and get_close_matches(str(next(iter(value))), NAMES, n=1):
            raise WrongValue(
                key, f"unknown distribution {next(iter(value))!r}; {advice(str(next(iter(value))), NAMES)}"
            )
    else:
        table = None
    if table is None:
        return _convert(key, value, hint)
    for example in table.examples():
        _convert(key, example, hint)
    return table


def _convert(key: str, value: Any, hint: Any) -> Any:
    try:
        converted = msgspec.convert(value, hint, strict=True)
    except msgspec.ValidationError as problem:
        remedy = "; put it in quotes" if hint is str and isinstance(value, int | float) else ""
        raise WrongValue(key, f"{problem} (got {value!r}){remedy}") from None
    if isinstance(converted, float) and not math.isfinite(converted):
        raise WrongValue(key, f"not a finite number: {value!r}")
    return converted


def _example(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _example(part) for key, part in value.items()}
    return value.examples()[0] if isinstance(value, Distribution) else value


def _together(kind: type, checked: Mapping[str, Any]) -> None:
    """Let the dataclass itself object, with every distribution at each of its ends in turn."""
    drawn = {key: value for key, value in checked.items() if isinstance(value, Distribution)}
    plain = {key: _example(value) for key, value in checked.items()}
    trials = [plain] + [{**plain, key: example} for key, value in drawn.items() for example in value.examples()[1:]]
    for trial in trials:
        try:
            kind(**trial)
        except (ValueError, TypeError) as problem:
            raise WrongValue("", str(problem)) from None
