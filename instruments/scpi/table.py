"""The command table of one instrument class, compiled: program messages become steps that the instrument runs.

Parsing and header lookup are done once per distinct message and kept, since procedures send the same few messages over
and over; a table holds nothing of any one instrument.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any

from instruments.scpi.commands import Command, Event, Later, Query, Setting, WhenComplete
from instruments.scpi.errors import ScpiError
from instruments.scpi.header import HeaderTree, parse_header
from instruments.scpi.message import Datum, Unit, units
from instruments.scpi.parameters import Many, Parameter, Shape, matches

if TYPE_CHECKING:
    from instruments.scpi.instrument import ScpiInstrument

KEPT_MESSAGES = 4096
"""Distinct messages whose compiled form is kept."""
KEPT_LENGTH = 256
"""Longest message in bytes that is kept."""

Outcome = str | bytes | Later | WhenComplete | None


@dataclass(frozen=True, slots=True)
class Step:
    """Hold one message unit, ready to run."""

    run: Callable[[Any], Outcome]
    """Acts on the instrument; returns the reply, or what to wait for, or None."""
    form: Callable[[Any], str | bytes] | None = None
    """Writes a value that comes later; None for a command."""


@dataclass(frozen=True, slots=True)
class Program:
    """Hold one program message, ready to run."""

    steps: tuple[Step, ...]
    """Its units."""
    query: bool
    """Whether any unit answers."""


@dataclass(frozen=True, slots=True)
class Place:
    """Hold one thing that a setting stores: a setting with particular numeric suffixes."""

    setting: Setting
    """The declaration."""
    suffixes: tuple[int, ...]
    """Its numeric suffixes."""

    def get(self, instrument: Any) -> Any:
        """Return the value that is set."""
        if self.setting.attribute is not None:
            return getattr(instrument, self.setting.attribute)
        return getattr(instrument, self.setting.getter or "")(*self.suffixes)

    def answer(self, instrument: Any) -> str | bytes:
        """Write the value that is set."""
        value = self.get(instrument)
        if value is None:
            raise TypeError(f"{type(instrument).__name__}: {self.setting.header} has no value to answer")
        return self.setting.parameter.answer(value)

    def set(self, instrument: Any, value: Any) -> None:
        """Set the value, without asking the guard."""
        if self.setting.attribute is not None:
            setattr(instrument, self.setting.attribute, value)
        else:
            getattr(instrument, self.setting.setter or "")(*self.suffixes, value)


class CommandTable:
    """Compile program messages against the commands of one instrument class."""

    def __init__(self, owner: type, own: tuple[Command, ...], common: tuple[Command, ...]) -> None:
        """Build the header trees.

        Args:
            owner: class whose methods the commands name.
            own: the instrument's commands; they replace common ones of the same notation.
            common: commands that every instrument has.

        Raises:
            ValueError: two commands can be sent alike, or a notation cannot be read.
            AttributeError: a command names a method that the class does not have.
        """
        mine = {(command.header.upper(), type(command)) for command in own}
        self.commands: tuple[Command, ...] = own + tuple(
            command for command in common if (command.header.upper(), type(command)) not in mine
        )
        """All commands, the instrument's own first."""
        self._actions: HeaderTree[Setting | Event] = HeaderTree()
        self._questions: HeaderTree[Setting | Query] = HeaderTree()
        self.places: list[Place] = []
        """Everything that settings store, for *RST, *SAV and *RCL."""
        self.kept: dict[bytes, Program] = {}
        """Messages that were sent before, compiled."""
        for command in self.commands:
            self._check(owner, command)
            if isinstance(command, Query):
                self._questions.add(command.header.removesuffix("?"), command)
                continue
            self._actions.add(command.header, command)
            if isinstance(command, Setting):
                self._questions.add(command.header, command)
                ranges = [node.suffixes for node in parse_header(command.header) if node.suffixes]
                for suffixes in product(*[range(low, high + 1) for low, high in ranges]):
                    self.places.append(Place(command, suffixes))

    @staticmethod
    def _check(owner: type, command: Command) -> None:
        name = f"{owner.__name__}: {command.header}"
        if isinstance(command, Query) != command.header.endswith("?"):
            raise ValueError(f"{name}: a query, and only a query, is declared with '?'")
        if isinstance(command, Setting):
            if (command.attribute is None) == (command.getter is None or command.setter is None):
                raise ValueError(f"{name}: give either an attribute, or a getter and a setter")
            if command.attribute is not None and "<" in command.header:
                raise ValueError(f"{name}: a numeric suffix needs a getter and a setter")
            methods = [command.getter, command.setter, command.guard]
        else:
            methods = [command.method, command.guard]
        for method in methods:
            if method is not None and not callable(getattr(owner, method, None)):
                raise AttributeError(f"{name}: {owner.__name__} has no method {method!r}")

    def program(self, message: bytes) -> Program:
        """Return the compiled form of a program message; its errors are steps that raise them."""
        program = self.kept.get(message)
        if program is None:
            program = self._compile(message)
            if len(message) <= KEPT_LENGTH:
                if len(self.kept) >= KEPT_MESSAGES:
                    self.kept.clear()
                self.kept[message] = program
        return program

    def _compile(self, message: bytes) -> Program:
        steps: list[Step] = []
        query = indefinite = False
        path: list[str] = []
        try:
            for unit in units(message):
                command, suffixes, path = self._find(unit, path)
                if unit.query:
                    query = True
                    if indefinite:
                        steps.append(_refusal(-440))
                        continue
                    indefinite = isinstance(command, Query) and command.indefinite
                steps.append(_bind(command, suffixes, unit))
        except ScpiError as problem:
            steps.append(_refusal(problem.code))
        return Program(tuple(steps), query)

    def _find(self, unit: Unit, path: list[str]) -> tuple[Command, tuple[int, ...], list[str]]:
        """Return command, suffixes and the path for the next unit (SCPI-99)."""
        header = unit.header.upper()
        if header[0] == "*":
            words, path_after = [header], path
        elif header[0] == ":":
            words = header[1:].split(":")
            path_after = words[:-1]
        else:
            words = [*path, *header.split(":")]
            path_after = words[:-1]
        tree: HeaderTree[Any] = self._questions if unit.query else self._actions
        command, suffixes = tree.find(words)
        return command, suffixes, path_after


@cache
def table_of(owner: type[ScpiInstrument[Any]]) -> CommandTable:
    """Return the compiled table of an instrument class; it is made once per class and never changes."""
    from instruments.scpi.common import COMMON  # the common commands name methods of the instrument's base class

    return CommandTable(owner, owner.commands, COMMON)


def _refusal(code: int) -> Step:
    def run(_instrument: Any) -> Outcome:
        raise ScpiError(code)

    return Step(run)


def _bind(command: Command, suffixes: tuple[int, ...], unit: Unit) -> Step:
    """Return the step that runs `command` with the data of `unit`."""
    if isinstance(command, Setting):
        return _bind_get(command, suffixes, unit) if unit.query else _bind_set(command, suffixes, unit)
    _count(command.parameters, unit.data)
    parameters, data, method, guard = command.parameters, unit.data, command.method, command.guard

    def arguments(instrument: Any) -> tuple[Any, ...]:
        if guard is not None:
            getattr(instrument, guard)()
        return (*suffixes, *_convert(parameters, data, instrument)) if parameters else suffixes

    if isinstance(command, Event):

        def act(instrument: Any) -> Outcome:
            result = getattr(instrument, method)(*arguments(instrument))
            if isinstance(result, Later):
                raise TypeError(f"{type(instrument).__name__}.{method}: only a query answers later; use spend or begin")
            return result if result.__class__ is WhenComplete else None

        return Step(act)

    form = command.reply
    plain = not suffixes and not parameters and guard is None

    def ask(instrument: Any) -> Outcome:
        answer = getattr(instrument, method)
        value = answer() if plain else answer(*arguments(instrument))
        if value.__class__ is Later or value.__class__ is WhenComplete:
            return value
        if value is None:
            raise TypeError(f"{type(instrument).__name__}.{method} answered nothing")
        return form(value)

    return Step(ask, form)


def _bind_set(setting: Setting, suffixes: tuple[int, ...], unit: Unit) -> Step:
    _count((setting.parameter,), unit.data)
    convert, data, guard = setting.parameter.convert, unit.data, setting.guard
    many = setting.parameter if isinstance(setting.parameter, Many) else None
    attribute, setter = setting.attribute, setting.setter or ""

    def run(instrument: Any) -> Outcome:
        if guard is not None:
            getattr(instrument, guard)()
        value = _many(many, data, instrument) if many is not None else convert(data[0], instrument)
        if attribute is not None:
            setattr(instrument, attribute, value)
        else:
            getattr(instrument, setter)(*suffixes, value)
        return None

    return Step(run)


def _bind_get(setting: Setting, suffixes: tuple[int, ...], unit: Unit) -> Step:
    parameter, place = setting.parameter, Place(setting, suffixes)
    if len(unit.data) > 1:
        raise ScpiError(-108)
    if unit.data:
        keyword = _keyword(unit.data[0])
        return Step(lambda instrument: parameter.answer(parameter.named(keyword, instrument)), parameter.answer)
    return Step(place.answer, parameter.answer)


def _keyword(datum: Datum) -> str:
    """Return MINimum, MAXimum or DEFault for what a query carries."""
    if datum.shape is Shape.CHARACTERS:
        for keyword in ("MINimum", "MAXimum", "DEFault"):
            if matches(datum.text, keyword):
                return keyword
    raise ScpiError(-108)


def _count(parameters: tuple[Parameter, ...], data: tuple[Datum, ...]) -> None:
    """Check the number of parameters.

    Raises:
        ScpiError: -109 for too few, -108 for too many.
    """
    least = sum(p.least if isinstance(p, Many) else not p.optional for p in parameters)
    most = sum(p.most if isinstance(p, Many) else 1 for p in parameters)
    if len(data) < least:
        raise ScpiError(-109)
    if len(data) > most:
        raise ScpiError(-108)


def _convert(parameters: tuple[Parameter, ...], data: tuple[Datum, ...], instrument: Any) -> list[Any]:
    values: list[Any] = []
    for index, parameter in enumerate(parameters):
        if isinstance(parameter, Many):
            values.append(_many(parameter, data[index:], instrument))
        elif index < len(data):
            values.append(parameter.convert(data[index], instrument))
        else:
            values.append(parameter.missing)
    return values


def _many(parameter: Many, data: tuple[Datum, ...], instrument: Any) -> tuple[Any, ...]:
    return tuple([parameter.each.convert(datum, instrument) for datum in data])
