"""The base of every SCPI twin: executes program messages against the declared command table.

Message units are executed one after the other, each at its own bench time: a unit that takes time (a reading, `spend`,
`*WAI`) suspends the message, and the rest goes on exactly when it is over. Handlers therefore always run at `now`,
never ahead of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from instruments.engine import Engine
from instruments.scpi.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.link import Link
    from instruments.scpi.commands import Command, Identity, Operation
    from instruments.twin import Surroundings

P = TypeVar("P")


class ScpiInstrument(Engine, Generic[P]):
    """Be one SCPI instrument; subclasses declare `identity` and `commands` and write the methods these name."""

    identity: ClassVar[Identity]
    """Manufacturer, model and firmware for *IDN?."""
    commands: ClassVar[tuple[Command, ...]] = ()
    """The instrument's own commands; the common commands and SYSTem:ERRor?, STATus:... are there already."""
    error_format: ClassVar[str] = '{code},"{text}"'
    """How SYSTem:ERRor? answers; some models write {code:+d}."""
    error_queue_limit: ClassVar[int] = 20
    """Places in the error queue."""
    terminator: ClassVar[bytes] = b"\n"
    """What ends a reply."""
    options: ClassVar[str] = "0"
    """Answer to *OPT?."""

    def __init__(self, parameters: P, surroundings: Surroundings) -> None:
        """Build at power-on; a subclass calls this first, sets its own attributes, and ends with its reset state.

        Args:
            parameters: the twin's frozen parameters, drawn.
            surroundings: clock, random generator, ports.
        """
        super().__init__(surroundings)
        self.parameters = parameters
        self.surroundings = surroundings
        self.rng = surroundings.rng
        self.status = Status(self.request_service, self.error_queue_limit)
        self.operations: list[Operation] = []

    # -- for handlers -------------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Bench time in s at which the current message unit is executed."""
        return self.clock.now

    def spend(self, seconds: float) -> None:
        """Make the current message unit take time: the next unit, and the reply, come that much later."""
        raise NotImplementedError

    def begin(self, name: str, until: float | None = None, done: Callable[[], None] | None = None) -> Operation:
        """Start an overlapped operation that *OPC, *OPC? and *WAI wait for.

        Args:
            name: what it is, for messages.
            until: bench time (s) of its end; None if that is not known yet (`finish_at` or `finish` later).
            done: called at its end, before *OPC is told.
        """
        raise NotImplementedError

    def report(self, code: int, text: str | None = None) -> None:
        """Put an error into the queue outside of a command (a protection trips, say)."""
        raise NotImplementedError

    # -- for subclasses to override -----------------------------------------------------------------------------------

    def reset(self) -> None:
        """Bring the settings to their *RST values; the default sets every `Setting` that declares one."""
        raise NotImplementedError

    def self_test(self) -> int:
        """Return 0 if the self-test passes (*TST?)."""
        return 0

    def split(self, buffer: bytearray, end: bool) -> list[bytes]:
        """Take complete program messages off the buffer; see `Engine.split`."""
        raise NotImplementedError

    def submit(self, message: bytes, link: Link) -> None:
        """Execute a program message; see `Engine.submit`."""
        raise NotImplementedError
