"""Declared properties of an instrument: what is sent, what must come back, and within which range.

    class PowerSource(Instrument):
        voltage = Setting("VOLT {:.2f}", "VOLT?", unit="V", low=0.0, high=1500.0, reply=VOLTS)
        measured_voltage = Measurement("MEAS:VOLT?", unit="V", reply=VOLTS)
        output_on = Command("OUTP ON")

    yield from source.voltage.set(500.0)
    reading = yield from source.measured_voltage.read()

Every reply must match its whole template, so a truncated, echoed, doubled or garbled reply is refused instead of being
read as another number. The template's group "value" is the number (without it the whole reply is); a group "negative"
that takes part in the match makes it negative.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from drivers.errors import ProtocolError, SettingRefused
from drivers.instrument import Instrument
from drivers.reading import Reading
from uncertainty.quantity import Quantity, UnitMismatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers.session import Steps

OVERRANGE = 9.9e37
"""SCPI-99 (volume 1, 7.2.1.4 and 7.2.1.5): 9.9E37 stands for infinity, 9.91E37 for not a number."""


def fixed(decimals: int, unit: str = "") -> str:
    """Return the template of a number with a fixed count of decimals and its unit, e.g. "500.00 V"."""
    digits = rf"-?\d+\.\d{{{decimals}}}" if decimals else r"-?\d+"
    return rf"(?P<value>{digits})" + (rf" ?{re.escape(unit)}" if unit else "")


def scientific(decimals: int) -> str:
    """Return the template of a number like "+5.000012E+02" with a fixed count of decimals."""
    return rf"(?P<value>[+-]?\d\.\d{{{decimals}}}E[+-]\d{{2}})"


B = TypeVar("B")


class _Property(Generic[B]):
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


class _Quantity:
    """Declare a quantity that a query returns."""

    name: str

    def __init__(
        self, query: str, unit: str, reply: str, low: float, high: float, factor: float, timeout_s: float | None
    ) -> None:
        self.query = query
        self.unit = unit
        self.suffix = "" if unit == "1" else f" {unit}"
        self.low = low
        self.high = high
        self.factor = factor
        self.timeout_s = timeout_s
        self.template = re.compile(reply)

    def parse(self, role: str, raw: str) -> float:
        """Return the number in a reply, in `unit`.

        Raises:
            ProtocolError: the reply does not match, is not a number, or cannot be indicated by this instrument.
        """
        number = self.factor * parse_number(role, self.name, self.template, raw)
        if not self.low <= number <= self.high:
            raise ProtocolError(
                f"{role}: {self.name}: {raw!r} is outside of what it can indicate, "
                f"{self.low:g}..{self.high:g}{self.suffix}"
            )
        return number


def parse_number(role: str, name: str, template: re.Pattern[str], raw: str) -> float:
    """Return the number in a reply that matches its template.

    Raises:
        ProtocolError: the reply does not match, or is SCPI's infinity or not-a-number.
    """
    match = template.fullmatch(raw)
    if match is None:
        raise ProtocolError(f"{role}: {name}: reply {raw!r} is not of the form {template.pattern!r}")
    text = match["value"] if "value" in template.groupindex else match[0]
    try:
        number = float(text)
    except ValueError:
        raise ProtocolError(f"{role}: {name}: {text!r} in reply {raw!r} is not a number") from None
    if not math.isfinite(number) or abs(number) >= OVERRANGE:
        raise ProtocolError(f"{role}: {name}: {raw!r} means overrange or no value; check range, wiring and state")
    negative = "negative" in template.groupindex and match["negative"] is not None
    return -number if negative else number


class Measurement(_Quantity, _Property["BoundMeasurement"]):
    """Declare a quantity that the instrument indicates."""

    def __init__(
        self,
        query: str,
        *,
        unit: str,
        reply: str,
        low: float = -math.inf,
        high: float = math.inf,
        factor: float = 1.0,
        timeout_s: float | None = None,
    ) -> None:
        """Declare it.

        Args:
            query: message that asks for it.
            unit: unit of the quantity that is returned.
            reply: regular expression that the whole reply must match.
            low: least value that the instrument can indicate, in `unit`; less is a protocol error.
            high: largest such value.
            factor: what the reply's number is multiplied by to be in `unit`, e.g. 1e-3 for Wh and "kWh".
            timeout_s: time to wait for the reply, s; None for the session's usual time.
        """
        super().__init__(query, unit, reply, low, high, factor, timeout_s)

    def _bind(self, instrument: Instrument) -> BoundMeasurement:
        return BoundMeasurement(instrument, self)


@dataclass(frozen=True, slots=True)
class BoundMeasurement:
    """Read one quantity of one instrument."""

    instrument: Instrument
    """The instrument."""
    declared: _Quantity
    """What was declared."""

    def read(self) -> Steps[Reading]:
        """Read it.

        Raises:
            ProtocolError: the reply is not of the declared form or range.
            TransportError: no reply.
        """
        instrument, declared = self.instrument, self.declared
        yield from instrument.ready()
        return self.reading((yield from instrument.ask(declared.query, declared.timeout_s)))

    def reading(self, raw: str) -> Reading:
        """Return the reading that a reply says, for replies that came together with others.

        Raises:
            ProtocolError: the reply is not of the declared form or range.
        """
        instrument, declared = self.instrument, self.declared
        return Reading(
            name=declared.name,
            indication=Quantity(value=declared.parse(instrument.role, raw), unit=declared.unit),
            instrument=instrument.role,
            time_s=instrument.session.now(),
            raw=raw,
        )


class Setting(_Quantity, _Property["BoundSetting"]):
    """Declare a quantity that can be set and read back."""

    def __init__(
        self,
        command: str | Callable[[float], str],
        query: str,
        *,
        unit: str,
        reply: str,
        low: float,
        high: float,
        factor: float = 1.0,
    ) -> None:
        """Declare it.

        Args:
            command: message that sets it, as a format ("VOLT {:.2f}") or a function of the number on the wire.
            query: message that reads it back.
            unit: unit of the setting.
            reply: regular expression that the whole read-back must match.
            low: least permitted setting, in `unit`.
            high: largest permitted setting; an instrument of a smaller model may narrow both (`Instrument.limits`).
            factor: what the wire's number is multiplied by to be in `unit`.
        """
        super().__init__(query, unit, reply, -math.inf, math.inf, factor, None)
        self.message = command.format if isinstance(command, str) else command
        self.permitted = (low, high)

    def _bind(self, instrument: Instrument) -> BoundSetting:
        return BoundSetting(instrument, self)


@dataclass(frozen=True, slots=True)
class BoundSetting(BoundMeasurement):
    """Set and read back one quantity of one instrument."""

    declared: Setting
    """What was declared."""

    def set(self, value: float | Quantity) -> Steps[None]:
        """Set it, and check the instrument's error queue.

        Args:
            value: in the declared unit, or a quantity of any unit of the same kind.

        Raises:
            SettingRefused: outside the permitted range; nothing was sent.
            ReportedError: the instrument did not accept it.
        """
        message, meaning = self.message(value)
        yield from self.instrument.tell(message, meaning)

    def message(self, value: float | Quantity) -> tuple[str, str]:
        """Return what is to be sent and what it means, for messages that go together with others.

        Raises:
            SettingRefused: outside the permitted range.
        """
        instrument, declared = self.instrument, self.declared
        number = in_unit(instrument.role, declared.name, declared.unit, value)
        low, high = instrument.limits.get(declared.name, declared.permitted)
        if not low <= number <= high:  # also refuses NaN
            raise SettingRefused(
                f"{instrument.role}: {declared.name} = {number:g}{declared.suffix} is outside of "
                f"{low:g}..{high:g}{declared.suffix}; nothing was sent"
            )
        return declared.message(number / declared.factor), f"{declared.name} = {number:g}{declared.suffix}"


def in_unit(role: str, name: str, unit: str, value: float | Quantity) -> float:
    """Return a number in the unit wanted.

    Raises:
        SettingRefused: the quantity is of another kind.
    """
    if not isinstance(value, Quantity):
        return float(value)
    try:
        return value.to(unit).value
    except UnitMismatch as problem:
        raise SettingRefused(f"{role}: {name}: {problem}") from None


class Option(_Property["BoundOption"]):
    """Declare a setting that is one of some words, e.g. a direction."""

    def __init__(self, command: str, query: str, *, choices: dict[str, str]) -> None:
        """Declare it.

        Args:
            command: format of the message that sets it, e.g. "PHAN:DIR {}".
            query: message that reads it back.
            choices: the driver's word -> the instrument's word, as it is sent and comes back.
        """
        self.command = command
        self.query = query
        self.choices = choices

    def _bind(self, instrument: Instrument) -> BoundOption:
        return BoundOption(instrument, self)


@dataclass(frozen=True, slots=True)
class BoundOption:
    """Set and read back one choice of one instrument."""

    instrument: Instrument
    """The instrument."""
    declared: Option
    """What was declared."""

    def set(self, choice: str) -> Steps[None]:
        """Set it, and check the instrument's error queue.

        Raises:
            SettingRefused: not a declared choice; nothing was sent.
            ReportedError: the instrument did not accept it.
        """
        declared = self.declared
        if choice not in declared.choices:
            raise SettingRefused(
                f"{self.instrument.role}: {declared.name} = {choice!r} is not one of "
                f"{', '.join(declared.choices)}; nothing was sent"
            )
        message = declared.command.format(declared.choices[choice])
        yield from self.instrument.tell(message, f"{declared.name} = {choice}")

    def read(self) -> Steps[str]:
        """Read it back.

        Raises:
            ProtocolError: the reply is none of the declared words.
        """
        declared = self.declared
        raw = yield from self.instrument.ask(declared.query)
        for choice, word in declared.choices.items():
            if raw == word:
                return choice
        raise ProtocolError(
            f"{self.instrument.role}: {declared.name}: reply {raw!r} is none of {', '.join(declared.choices.values())}"
        )


class Switch(_Property["BoundSwitch"]):
    """Declare something that is on or off."""

    def __init__(self, command: str, query: str, *, on: str = "ON", off: str = "OFF") -> None:
        """Declare it.

        Args:
            command: format of the message that sets it, e.g. "OUTP {}".
            query: message that reads it back.
            on: the instrument's word for on, as it is sent and comes back.
            off: its word for off.
        """
        self.command = command
        self.query = query
        self.on = on
        self.off = off

    def _bind(self, instrument: Instrument) -> BoundSwitch:
        return BoundSwitch(instrument, self)


@dataclass(frozen=True, slots=True)
class BoundSwitch:
    """Switch one thing of one instrument."""

    instrument: Instrument
    """The instrument."""
    declared: Switch
    """What was declared."""

    def set(self, on: bool) -> Steps[None]:
        """Switch it, and check the instrument's error queue.

        Raises:
            ReportedError: the instrument did not accept it.
        """
        declared = self.declared
        word = declared.on if on else declared.off
        yield from self.instrument.tell(declared.command.format(word), f"{declared.name} = {word}")

    def read(self) -> Steps[bool]:
        """Read it back.

        Raises:
            ProtocolError: the reply is neither word.
        """
        declared = self.declared
        raw = yield from self.instrument.ask(declared.query)
        if raw not in (declared.on, declared.off):
            raise ProtocolError(
                f"{self.instrument.role}: {declared.name}: reply {raw!r} is neither {declared.on} nor {declared.off}"
            )
        return raw == declared.on


class Command(_Property["BoundCommand"]):
    """Declare an action."""

    def __init__(self, message: str) -> None:
        """Declare the message that is sent."""
        self.message = message

    def _bind(self, instrument: Instrument) -> BoundCommand:
        return BoundCommand(instrument, self)


@dataclass(frozen=True, slots=True)
class BoundCommand:
    """Make one instrument act."""

    instrument: Instrument
    """The instrument."""
    declared: Command
    """What was declared."""

    def __call__(self) -> Steps[None]:
        """Send it, and check the instrument's error queue.

        Raises:
            ReportedError: the instrument did not accept it.
        """
        yield from self.instrument.tell(self.declared.message, self.declared.name)
