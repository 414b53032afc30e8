"""Declared properties that are words or actions: a choice, a switch, a command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drivers.declared import Declared
from drivers.errors import SettingRefused
from drivers.instrument import Instrument

if TYPE_CHECKING:
    from drivers.session import Steps


class Option(Declared["BoundOption"]):
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
        raise self.instrument.doubt(f"{declared.name}: reply {raw!r} is none of {', '.join(declared.choices.values())}")


class Switch(Declared["BoundSwitch"]):
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
            raise self.instrument.doubt(f"{declared.name}: reply {raw!r} is neither {declared.on} nor {declared.off}")
        return raw == declared.on


class Command(Declared["BoundCommand"]):
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
