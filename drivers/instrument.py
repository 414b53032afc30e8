"""The base of every SCPI driver: messages, error queue, identity."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from drivers.errors import IdentityMismatch, ProtocolError, ReportedError, TransportError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drivers.session import Session, Steps

_QUEUE = re.compile(r'([+-]?\d{1,5}),"([^"]*)"')
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
        """Send a query and return its reply."""
        try:
            return (yield from self.session.query(message, timeout_s))
        except TransportError as problem:
            raise type(problem)(f"{self.role}: {problem}") from None

    def send(self, message: str) -> Steps[None]:
        """Send a message without looking at the error queue."""
        try:
            yield from self.session.write(message)
        except TransportError as problem:
            raise type(problem)(f"{self.role}: {problem}") from None

    def tell(self, message: str, meaning: str) -> Steps[None]:
        """Send a message and check the error queue.

        Args:
            message: what is sent.
            meaning: what it means to a reader of the error, e.g. "voltage = 500 V".

        Raises:
            ReportedError: the queue held an error.
        """
        yield from self.ready()
        yield from self.send(message)
        yield from self.check(meaning)

    def check(self, after: str) -> Steps[None]:
        """Empty the error queue.

        Raises:
            ReportedError: it held something; the oldest entry is named, and how many more there were.
            ProtocolError: the reply is not an entry, or the queue does not empty.
        """
        first: tuple[int, str] | None = None
        for count in range(_QUEUE_LIMIT):
            raw = yield from self.ask(self.error_query)
            match = _QUEUE.fullmatch(raw)
            if match is None:
                raise ProtocolError(f'{self.role}: {self.error_query}: reply {raw!r} is not of the form number,"text"')
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
        fields = [field.strip() for field in raw.split(",", 3)]
        if len(fields) != 4 or not all(fields):
            raise ProtocolError(f"{self.role}: *IDN?: reply {raw!r} is not manufacturer,model,serial,firmware")
        return Identity(manufacturer=fields[0], model=fields[1], serial=fields[2], firmware=fields[3].rstrip(", "))

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
