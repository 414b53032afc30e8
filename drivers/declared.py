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
        if instrument is None:
            return self
        # Kept where an instance keeps its attributes, so that it is found there the next time: a handle has no state.
        bound = instrument.__dict__[self.name] = self._bind(instrument)
        return bound

    def _bind(self, instrument: Instrument) -> B:
        raise NotImplementedError
