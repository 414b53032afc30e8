"""Methods for settings that an instrument has once per measuring function, under names that a command table can use."""

from __future__ import annotations

from functools import partialmethod
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

C = TypeVar("C", bound=type)


def per_function(names: tuple[str, ...], keys: tuple[str, ...]) -> Callable[[C], C]:
    """Give a class `name_key(...)` for every method `name(key, ...)` and key, e.g. `set_range_volt(10)`."""

    def decorate(owner: C) -> C:
        for name in names:
            for key in keys:
                setattr(owner, f"{name}_{key}", partialmethod(getattr(owner, name), key))
        return owner

    return decorate


def per_setting(names: tuple[str, ...], keys: tuple[str, ...]) -> Callable[[C], C]:
    """Give a class `get_name_key()` and `set_name_key(value)` that call its `get_setting` and `set_setting`."""

    def decorate(owner: C) -> C:
        for name in names:
            for key in keys:
                setattr(owner, f"get_{name}_{key}", partialmethod(getattr(owner, "get_setting"), name, key))  # noqa: B009
                setattr(owner, f"set_{name}_{key}", partialmethod(getattr(owner, "set_setting"), name, key))  # noqa: B009
        return owner

    return decorate
