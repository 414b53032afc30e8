"""The base of every SCPI driver: messages, error queue, identity."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from drivers.errors import IdentityMismatch, InstrumentTimeout, ProtocolError, ReportedError, TransportError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drivers.session import Session, Steps

_QUEUE = re.compile(r'([+-]?\d{1,5}),"([^"]*)"')
_MASK = re.compile(r"[+-]?\d{1,3}")
_QUEUE_LIMIT = 32
"""More entries than any instrument of ours holds: a queue that never empties is a fault, not a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Hold what *IDN? tells (IEEE 488.2 clause 10.14)."""

    manufacturer: str
    """Manufacturer."""
    model: str
    """Model."""
    serial: str
    """Serial number; "0" where the instrument has none."""
    firmware: str
    """Firmware or hardware version; "0" where the instrument has none."""


class Instrument:
    """Speak to one instrument through a session."""

    error_query: ClassVar[str] = "SYST:ERR?"
    """Message that takes the oldest entry from the error queue."""
    joins_check: ClassVar[bool] = False
    """Whether a message and the query of the error queue may travel as one (a compound message, IEEE 488.2): one
    exchange instead of two, and a setting that is lost on the way is missed at once, with its reply."""
    terminator: ClassVar[str] = "\n"
    """What ends a message and a reply; whoever opens the line sets it. Mass flow controllers use CR, AK devices ETX."""

    def __init__(self, session: Session, role: str, limits: Mapping[str, tuple[float, float]] | None = None) -> None:
        """Take an instrument into service; nothing is sent.

        Args:
            session: how to reach it.
            role: what it does on the bench, e.g. "source"; names it in readings and errors.
            limits: narrower permitted ranges of settings by name, in the declared unit.
        """
        self.session = session
        self.role = role
        self.limits = dict(limits or {})
        self._prepared = False
        self._known: Identity | None = None
        self._doubtful = False  # the line may hold an old reply, or be broken
        self._unidentified = False  # since the last time that it was, nobody asked who answers

    def prepare(self) -> Steps[None]:
        """Bring the instrument to the state that the driver relies on; a driver that needs none inherits this.

        Done by itself before the first setting or reading. Identity, `make_safe` and raw messages do not need it.
        """
        yield from ()

    def ready(self) -> Steps[None]:
        """Prepare the instrument unless that was done; for properties.

        Raises:
            InstrumentError: it could not be prepared; the next use tries again.
        """
        if self._prepared:
            return
        self._prepared = True  # before the first step: what prepares must not wait for itself
        try:
            yield from self.prepare()
        except BaseException:
            self._prepared = False
            raise

    def ask(self, message: str, timeout_s: float | None = None) -> Steps[str]:
        """Send a query and return its reply; after a failed exchange the line is made sure of first.

        Raises:
            TransportError: no reply.
            IdentityMismatch: the line had to be made sure of, and another instrument answers now.
        """
        if self._doubtful or self._unidentified:
            yield from self.resynchronise()
        try:
            return (yield from self.session.query(message, timeout_s))
        except TransportError as problem:
            raise self._failed(problem) from None

    def _exchange(self, message: str, timeout_s: float | None = None) -> Steps[str]:
        try:
            return (yield from self.session.query(message, timeout_s))
        except TransportError as problem:
            raise self._failed(problem) from None

    def send(self, message: str) -> Steps[None]:
        """Send a message without looking at the error queue, over a new connection if the old one is doubtful.

        The identity is not looked at, so that the way to a safe state is as short as it can be.
        """
        try:
            yield from self._clear()
            yield from self.session.write(message)
        except TransportError as problem:
            raise self._failed(problem) from None

    def _clear(self) -> Steps[None]:
        if self._doubtful:
            yield from self.session.clear()
            self._doubtful = False

    def mistrust(self) -> None:
        """Have the line made sure of before it is used again."""
        self._doubtful = self._unidentified = True

    def _failed(self, problem: TransportError) -> TransportError:
        """Return a failure of the line with the instrument's role, and remember that the line is doubtful."""
        self.mistrust()
        if not isinstance(problem, InstrumentTimeout):
            self._prepared = False  # whoever lost the line may have lost its settings too
        return type(problem)(f"{self.role}: {problem}")

    def doubt(self, why: str) -> ProtocolError:
        """Return the refusal of a reply: the next reply may be wrong as well, until the line is made sure of.

        Args:
            why: what was asked and what came, e.g. "voltage: reply '5' is not of the form ...".
        """
        self.mistrust()
        return ProtocolError(f"{self.role}: {why}")

    def resynchronise(self) -> Steps[None]:
        """Make sure that the next reply answers the next query, and that the same instrument answers as before.

        Done by itself before the next query after a timeout, a broken connection or a reply that was refused.

        Raises:
            TransportError: the instrument cannot be reached.
            IdentityMismatch: another instrument answers, or none that says who it is.
        """
        try:
            yield from self._clear()
        except TransportError as problem:
            raise self._failed(problem) from None
        if self._known is not None:
            # Two questions: replies that stay one behind would answer *IDN? after *IDN? quite rightly.
            mask = yield from self._exchange("*ESE?")
            raw = yield from self._exchange("*IDN?")
            if not _MASK.fullmatch(mask) or _identity(raw) != self._known:
                known = self._known
                self.mistrust()
                raise IdentityMismatch(
                    f"{self.role}: after a failed exchange {self.session.address} answers *ESE? with {mask!r} and "
                    f"*IDN? with {raw!r}, not as {known.manufacturer} {known.model} no. {known.serial}; "
                    "check the address and the cable"
                )
        self._unidentified = False

    def tell(self, message: str, meaning: str) -> Steps[None]:
        """Send a message and check the error queue.

        Args:
            message: what is sent.
            meaning: what it means to a reader of the error, e.g. "voltage = 500 V".

        Raises:
            ReportedError: the queue held an error.
        """
        yield from self.ready()
        if self.joins_check:
            yield from self._check(meaning, f"{message};:{self.error_query.removeprefix(':')}")
            return
        if self._doubtful or self._unidentified:
            yield from self.resynchronise()
        yield from self.send(message)
        yield from self.check(meaning)

    def check(self, after: str) -> Steps[None]:
        """Empty the error queue.

        Raises:
            ReportedError: it held something; the oldest entry is named, and how many more there were.
            ProtocolError: the reply is not an entry, or the queue does not empty.
        """
        yield from self._check(after, self.error_query)

    def _check(self, after: str, message: str) -> Steps[None]:
        """Empty the error queue, with a message that ends with its query to begin with."""
        first: tuple[int, str] | None = None
        for count in range(_QUEUE_LIMIT):
            raw = yield from self.ask(self.error_query if count else message)
            match = _QUEUE.fullmatch(raw)
            if match is None:
                raise self.doubt(f'{self.error_query}: reply {raw!r} is not of the form number,"text"')
            code, text = int(match[1]), match[2]
            if code == 0:
                if first is None:
                    return
                more = f" and {count - 1} more" if count > 1 else ""
                raise ReportedError(self.role, after, first[0], first[1] + more)
            first = first or (code, text)
        raise ProtocolError(f"{self.role}: error queue still not empty after {_QUEUE_LIMIT} entries; last: {raw!r}")

    def identity(self) -> Steps[Identity]:
        """Ask who it is.

        Raises:
            ProtocolError: the reply is not four fields.
        """
        raw = yield from self.ask("*IDN?")
        found = _identity(raw)
        if found is None:
            raise self.doubt(f"*IDN?: reply {raw!r} is not manufacturer,model,serial,firmware")
        self._known = found
        return found

    def confirm_identity(self, model: str, serial: str | None = None) -> Steps[Identity]:
        """Refuse to work with another instrument than the one that is meant.

        Args:
            model: the model that must answer.
            serial: the serial number that must answer; None if any will do.

        Raises:
            IdentityMismatch: another one answers.
        """
        found = yield from self.identity()
        if found.model != model or (serial is not None and found.serial != serial):
            wanted = model if serial is None else f"{model} no. {serial}"
            raise IdentityMismatch(
                f"{self.role}: at {self.session.address} answers {found.manufacturer} {found.model} "
                f"no. {found.serial}, but the bench expects {wanted}; check address and cabling"
            )
        return found

    def clear_status(self) -> Steps[None]:
        """Empty the error queue and the event registers without looking at them: for the start of a run."""
        yield from self.send("*CLS")


def _identity(raw: str) -> Identity | None:
    """Return who a reply to *IDN? names; None if it is not of that form."""
    fields = [field.strip() for field in raw.split(",", 3)]
    if len(fields) != 4 or not all(fields):
        return None
    return Identity(manufacturer=fields[0], model=fields[1], serial=fields[2], firmware=fields[3].rstrip(", "))
