"""The base of declared properties: a class attribute that gives a handle bound to its instrument."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    from drivers.instrument import Instrument

B = TypeVar("B")


class Declared(Generic[B]):
    """Be a class attribute that gives a handle bound to its instrument."""

    name: str

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instrument: None, owner: type) -> Any: ...
    @overload
    def __get__(self, instrument: Instrument, owner: type) -> B: ...
    def __get__(self, instrument: Instrument | None, owner: type) -> Any:
        return self if instrument is None else self._bind(instrument)

    def _bind(self, instrument: Instrument) -> B:
        raise NotImplementedError
