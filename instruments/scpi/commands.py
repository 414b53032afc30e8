"""The command table of an instrument, declared as data.

Headers are written as manuals write them: short form in capitals, optional nodes in brackets, a numeric suffix as
`<n>` (1 only), `<1:4>` (a range; 1 when left out): "[SOURce:]VOLTage[:LEVel]", "CHANnel<1:4>:STATe". A handler gets the
suffixes first (int), then the parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any

from instruments.scpi.errors import ScpiError
from instruments.scpi.parameters import Parameter
from instruments.scpi.reply import RAW, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Say who an instrument is; the serial number is a parameter of the twin (`parameters.serial`)."""

    manufacturer: str
    """First field of *IDN?."""
    model: str
    """Second field of *IDN?."""
    firmware: str
    """Fourth field of *IDN?."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Declare a value that is set by `HEADer <value>` and read by `HEADer?` (also `HEADer? MIN|MAX|DEF`).

    The value is an attribute (or property) of the instrument, or goes through `setter` and `getter`; with numeric
    suffixes both methods are needed and get the suffixes first.
    """

    header: str
    """Header in SCPI notation, without "?"."""
    parameter: Parameter
    """What may be set; its `reply` writes the value."""
    _: KW_ONLY
    attribute: str | None = None
    """Name of the attribute that holds the value."""
    getter: str | None = None
    """Name of a method that returns the value; instead of `attribute`."""
    setter: str | None = None
    """Name of a method that takes the value; instead of `attribute`."""
    guard: str | None = None
    """Name of a method called before a set; it raises ScpiError to refuse (a lock, an interlock)."""
    doc: str = ""
    """One line for the manual."""


@dataclass(frozen=True, slots=True)
class Query:
    """Declare a question `HEADer?`; the method returns the value, or `Later` for one that is ready at a later time."""

    header: str
    """Header in SCPI notation with "?"."""
    _: KW_ONLY
    method: str
    """Name of the method that answers."""
    reply: Reply = RAW
    """How the value is written."""
    parameters: tuple[Parameter, ...] = ()
    """What the question may carry."""
    guard: str | None = None
    """Name of a method called first; it raises ScpiError to refuse."""
    indefinite: bool = False
    """Whether the reply is arbitrary ASCII or an indefinite block, which must be the last of a message (-440)."""
    doc: str = ""
    """One line for the manual."""


@dataclass(frozen=True, slots=True)
class Event:
    """Declare a command without a value of its own, `HEADer [parameters]`; it has no query form."""

    header: str
    """Header in SCPI notation, without "?"."""
    _: KW_ONLY
    method: str
    """Name of the method that acts."""
    parameters: tuple[Parameter, ...] = ()
    """What the command carries."""
    guard: str | None = None
    """Name of a method called first; it raises ScpiError to refuse."""
    doc: str = ""
    """One line for the manual."""


Command = Setting | Query | Event


class Later:
    """Answer a query with a value that is ready at bench time `at`.

    The engine calls `value()` when the clock stands exactly at `at` (after the plant's events of that instant), and
    goes on with the message then. Use it for readings: the window is [now, at] when the query is executed.
    """

    __slots__ = ("at", "value")  # one is made per reading: a frozen dataclass takes three times as long

    def __init__(self, at: float, value: Callable[[], Any]) -> None:
        """Say when and what.

        Args:
            at: bench time in s; at or before now means at once.
            value: gives the value; may raise ScpiError.
        """
        self.at = at
        self.value = value


@dataclass(frozen=True, slots=True)
class WhenComplete:
    """Answer a query, or end a command, when no overlapped operation is pending, as *OPC? and *WAI do."""

    value: Callable[[], Any] | None = None
    """Gives the value of a query; may raise ScpiError. None for a command."""


class Operation:
    """Be one overlapped operation that *OPC, *OPC? and *WAI wait for; made by `ScpiInstrument.begin`."""

    __slots__ = ("_call", "_done", "_instrument", "name")

    def __init__(self, name: str, instrument: Any, done: Callable[[], None] | None) -> None:
        self.name = name
        self._instrument = instrument
        self._done = done
        self._call: Any = None

    @property
    def pending(self) -> bool:
        """Whether the operation goes on."""
        return self in self._instrument.operations

    def finish_at(self, time: float) -> None:
        """Let it be complete at bench time `time` (s); may be called again to move the time."""
        if self._call is not None:
            self._call.cancel()
        self._call = self._instrument.clock.call_at(time, self.finish)

    def finish(self) -> None:
        """Complete it now: `done()` is called (its ScpiError is reported), then *OPC, *OPC? and *WAI go on."""
        if self.cancel(go_on=False):
            if self._done is not None:
                try:
                    self._done()
                except ScpiError as problem:
                    self._instrument.report(problem.code, problem.text)
            self._instrument.operation_ended()

    def cancel(self, *, go_on: bool = True) -> bool:
        """End it without `done()` (abort, reset); returns whether it was pending."""
        if self._call is not None:
            self._call.cancel()
            self._call = None
        if not self.pending:
            return False
        self._instrument.operations.remove(self)
        if go_on:
            self._instrument.operation_ended()
        return True
