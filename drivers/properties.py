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
from typing import TYPE_CHECKING

from drivers.declared import Declared
from drivers.errors import ImplausibleReading, ProtocolError, SettingRefused
from drivers.instrument import Instrument
from drivers.reading import Reading
from drivers.replies import fixed, parse_number, scientific
from drivers.words import Command, Option, Switch
from uncertainty.quantity import Quantity, UnitMismatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers.session import Steps

__all__ = ["Command", "Measurement", "Option", "Setting", "Switch", "fixed", "scientific"]


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


class Measurement(_Quantity, Declared["BoundMeasurement"]):
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

    def read(self, expect: tuple[float, float] | None = None) -> Steps[Reading]:
        """Read it.

        Args:
            expect: least and largest value that can be true here, in the declared unit, by what else is known; None
                where nothing is.

        Raises:
            ProtocolError: the reply is not of the declared form or range.
            ImplausibleReading: it is outside of `expect`.
            TransportError: no reply.
        """
        instrument, declared = self.instrument, self.declared
        yield from instrument.ready()
        return self.reading((yield from instrument.ask(declared.query, declared.timeout_s)), expect)

    def reading(self, raw: str, expect: tuple[float, float] | None = None) -> Reading:
        """Return the reading that a reply says, for replies that came together with others; see `read`.

        Raises:
            ProtocolError: the reply is not of the declared form or range.
            ImplausibleReading: it is outside of `expect`.
        """
        instrument, declared = self.instrument, self.declared
        try:
            value = declared.parse(instrument.role, raw)
        except ProtocolError:
            instrument.doubt(raw)
            raise
        if expect is not None and not expect[0] <= value <= expect[1]:
            raise ImplausibleReading(
                f"{instrument.role}: {declared.name}: {raw!r} cannot be true here: {expect[0]:.6g} to {expect[1]:.6g}"
                f"{declared.suffix} is possible; check the instrument, its wiring and the line to it"
            )
        return Reading(
            name=declared.name,
            indication=Quantity(value=value, unit=declared.unit),
            instrument=instrument.role,
            time_s=instrument.session.now(),
            raw=raw,
        )


class Setting(_Quantity, Declared["BoundSetting"]):
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
