"""The base of every SCPI twin: executes program messages against the declared command table.

Message units are executed one after the other, each at its own bench time: a unit that takes time (a reading, `spend`,
`*WAI`) suspends the message, and the rest goes on exactly when it is over. Handlers therefore always run at `now`,
never ahead of it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from instruments.engine import Engine, QueryError
from instruments.scpi.commands import Later, Operation, WhenComplete
from instruments.scpi.common import CommonCommands
from instruments.scpi.errors import STANDARD, ScpiError
from instruments.scpi.message import split_messages
from instruments.scpi.status import MESSAGE_AVAILABLE, OPERATION_COMPLETE, Status
from instruments.scpi.table import Outcome, Program, Step, table_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.clock import Call
    from instruments.link import Link
    from instruments.scpi.commands import Command, Identity
    from instruments.twin import Surroundings

P = TypeVar("P")

_WAITS = (Later, WhenComplete)


class _Run:
    """Hold one message while it is executed."""

    __slots__ = ("index", "link", "message", "muted", "parts", "program", "step", "waiting")

    def __init__(self, message: bytes, program: Program, link: Link) -> None:
        self.message = message
        self.program = program
        self.link = link
        self.index = 0
        self.parts: list[str | bytes] = []
        self.muted = False
        self.step: Step | None = None  # the unit that waits, and what for
        self.waiting: Outcome = None


class ScpiInstrument(CommonCommands, Engine, Generic[P]):
    """Be one SCPI instrument; subclasses declare `identity` and `commands` and write the methods these name."""

    identity: ClassVar[Identity]
    """Manufacturer, model and firmware for *IDN?; the serial number is `parameters.serial`."""
    commands: ClassVar[tuple[Command, ...]] = ()
    """The instrument's own commands; those of `instruments.scpi.common` are there already."""
    error_format: ClassVar[str] = '{code},"{text}"'
    """How SYSTem:ERRor? answers; some models write {code:+d}."""
    error_queue_limit: ClassVar[int] = 20
    """Places in the error queue."""
    terminator: ClassVar[bytes] = b"\n"
    """What ends a reply."""
    options: ClassVar[str] = "0"
    """Answer to *OPT?."""

    parameters: P

    def __init__(self, parameters: P, surroundings: Surroundings) -> None:
        """Build at power-on; a subclass calls this first, sets its own attributes, and ends with its reset state.

        Args:
            parameters: the twin's frozen parameters, drawn.
            surroundings: clock, random generator, ports.
        """
        Engine.__init__(self, parameters, surroundings)
        self.surroundings = surroundings
        self.rng = surroundings.rng
        self.status = Status(self.request_service, self._available, self.error_queue_limit)
        self.operations = []
        self.remote = False
        """Whether the instrument is in remote state."""
        self._table = table_of(type(self))
        self._kept = self._table.kept
        self._memory = {}
        self._announce = False
        self._spent = 0.0
        self._current: _Run | None = None
        self._queue: deque[_Run] = deque()
        self._wake: Call | None = None
        self._wake_time: float | None = None

    # -- for handlers -------------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Bench time in s at which the current message unit is executed."""
        return self.clock.now

    def spend(self, seconds: float) -> None:
        """Make the current message unit take time: its reply, and the next unit, come that much later."""
        if not seconds >= 0:
            raise ValueError(f"{self.name}: cannot spend {seconds!r} s")
        self._spent += seconds

    def begin(self, name: str, until: float | None = None, done: Callable[[], None] | None = None) -> Operation:
        """Start an overlapped operation that *OPC, *OPC? and *WAI wait for.

        Args:
            name: what it is, for messages.
            until: bench time (s) of its end; None if that is not known yet (`finish_at` or `finish` later).
            done: called at its end, before *OPC is told.
        """
        operation = Operation(name, self, done)
        self.operations.append(operation)
        if until is not None:
            operation.finish_at(until)
        return operation

    def report(self, code: int, text: str | None = None) -> None:
        """Put an error into the queue outside of a command (a protection trips, say)."""
        self.status.error(code, STANDARD[code] if text is None else text)

    # -- Engine -------------------------------------------------------------------------------------------------------

    def whole(self, data: bytes, end: bool) -> bool:
        """See `Engine.whole`: no line feed but the last, and no block."""
        place = data.find(b"\n")
        return b"#" not in data and (place == len(data) - 1 if place >= 0 else end)

    def split(self, buffer: bytearray, end: bool) -> list[bytes]:
        """Take complete program messages off the buffer; see `Engine.split`."""
        return split_messages(buffer, end)

    def submit(self, message: bytes, link: Link) -> None:
        """Execute a program message, or queue it behind the one that is being executed; see `Engine.submit`."""
        run = _Run(message, self._kept.get(message) or self._table.program(message), link)
        if self._current is not None:
            self._queue.append(run)
            return
        self._current = run
        self._advance()

    def busy(self, link: Link) -> bool:
        """See `Engine.busy`."""
        current = self._current
        if current is None:
            return False
        return current.link is link or any(run.link is link for run in self._queue)

    def backlog(self, link: Link) -> int:
        """See `Engine.backlog`."""
        return sum(run.link is link for run in self._queue)

    def due(self, link: Link) -> float | None:
        """See `Engine.due`."""
        return self._wake_time

    def abandon(self, link: Link) -> bool:
        """See `Engine.abandon`."""
        found = False
        for run in (self._current, *self._queue):
            if run is not None and run.link is link and run.program.query and not run.muted:
                run.muted = found = True
        current = self._current
        if found and current is not None and current.muted and self._wake is None:
            waiting = current.waiting
            if isinstance(waiting, WhenComplete) and waiting.value is not None:
                current.waiting = None  # *OPC? whose answer nobody wants any more holds up nobody
                self._advance()
        return found

    def clear(self, link: Link) -> None:
        """See `Engine.clear`; *OPC is forgotten too."""
        self._announce = False
        self._queue = deque(run for run in self._queue if run.link is not link)
        if self._current is not None and self._current.link is link:
            self._stop()

    def query_error(self, error: QueryError) -> None:
        """See `Engine.query_error`."""
        self.report(error.value)

    def overrun(self) -> None:
        """See `Engine.overrun`."""
        self.report(-363)

    def drained(self, link: Link) -> None:
        """See `Engine.drained`."""
        if self.status.service_enable & MESSAGE_AVAILABLE:
            self.status.update()

    def status_byte(self, link: Link) -> int | None:
        """See `Engine.status_byte`."""
        return self.status.poll()

    def power_off(self) -> None:
        """See `Engine.power_off`; what *RST switches off is off."""
        super().power_off()
        for operation in tuple(self.operations):
            operation.cancel(go_on=False)
        self.reset()

    def power_on(self) -> None:
        """See `Engine.power_on`; what *SAV kept is kept."""
        self.status.power_on()
        self.remote = False
        self.reset()

    def trigger(self) -> None:
        """Act on *TRG or a group execute trigger; the default reports that it was ignored (-211)."""
        self.report(-211)

    def receive_trigger(self) -> None:
        """See `Engine.receive_trigger`."""
        try:
            self.trigger()
        except ScpiError as problem:
            self.status.error(problem.code, problem.text)

    def go_remote(self, lockout: bool = False) -> None:
        """See `Engine.go_remote`."""
        self.remote = True

    def go_local(self) -> None:
        """See `Engine.go_local`."""
        self.remote = False

    def operation_ended(self) -> None:
        """Go on with what waited for operations; called by `Operation`."""
        if self.operations:
            return
        if self._announce:
            self._announce = False
            self.status.raise_event(OPERATION_COMPLETE)
        current = self._current
        if current is not None and isinstance(current.waiting, WhenComplete) and self._wake is None:
            self._resume()

    # -- execution ----------------------------------------------------------------------------------------------------

    def _available(self) -> bool:
        current = self._current
        if current is not None and current.parts and current.link.instr:
            return True
        return any(link.instr and link.unread for link in self._links)

    def _advance(self) -> None:
        """Run the current message as far as it goes, then those that wait behind it."""
        try:
            while (run := self._current) is not None:
                steps = run.program.steps
                count = len(steps)
                while run.index < count:
                    step = steps[run.index]
                    run.index += 1
                    try:
                        outcome = step.run(self)
                    except ScpiError as problem:
                        self.status.error(problem.code, problem.text)
                        outcome = None
                    if outcome.__class__ is str and not self._spent:
                        run.parts.append(outcome)
                    elif outcome is not None or self._spent:
                        run.step = step
                        if self._must_wait(run, outcome):
                            return
                self._finish(run)
                self._current = self._queue.popleft() if self._queue else None
        except BaseException:
            self._current = None  # a defect of the twin: let it out, and do not stay busy for ever
            self._spent = 0.0
            raise

    def _must_wait(self, run: _Run, outcome: Outcome) -> bool:
        """Suspend the message if the unit takes time; else keep what it answered."""
        if outcome.__class__ is Later and not self._spent:
            at, clock = outcome.at, self.clock
            if at > clock.now:
                run.waiting = outcome  # the common case, kept short: a reading
                self._wake_time = at
                self._wake = clock.call_at(at, self._woken)
                return True
        while True:
            now = until = self.clock.now
            if self._spent:
                until += self._spent
                self._spent = 0.0
            if isinstance(outcome, Later) and outcome.at > until:
                until = outcome.at
            if until > now:
                run.waiting = outcome
                self._wake_time = until
                self._wake = self.clock.call_at(until, self._woken)
                return True
            if isinstance(outcome, WhenComplete) and self.operations:
                run.waiting = outcome
                return True
            outcome = self._value(run, outcome)
            if not self._spent:
                if outcome is not None:
                    run.parts.append(outcome)
                return False

    def _value(self, run: _Run, outcome: Outcome) -> str | bytes | None:
        """Return the text of what a unit answers now that its time has come."""
        if outcome.__class__ is not Later and not isinstance(outcome, _WAITS):
            return outcome
        if outcome.value is None or run.step is None:
            return None
        try:
            value = outcome.value()
            return None if run.step.form is None else run.step.form(value)
        except ScpiError as problem:
            self.status.error(problem.code, problem.text)
            return None

    def _woken(self) -> None:
        """Go on at the time that was waited for."""
        self._wake = self._wake_time = None
        self._resume()

    def _resume(self) -> None:
        """Go on with the message that waited."""
        run = self._current
        if run is None:
            return
        outcome, run.waiting = run.waiting, None
        try:
            if outcome.__class__ is Later:  # its time has come exactly
                outcome = self._value(run, outcome)
                if outcome is not None and not self._spent:
                    run.parts.append(outcome)
                    outcome = None
            if (outcome is not None or self._spent) and self._must_wait(run, outcome):
                return
            if run.index == len(run.program.steps):
                self._finish(run)  # the common case, kept short: a reading, with nothing behind it
                self._current = self._queue.popleft() if self._queue else None
                if self._current is None:
                    return
        except BaseException:
            self._current = None
            self._spent = 0.0
            raise
        self._advance()

    def _stop(self) -> None:
        """Forget the current message."""
        if self._wake is not None:
            self._wake.cancel()
        self._wake = None
        self._wake_time = None
        self._spent = 0.0
        self._current = self._queue.popleft() if self._queue else None
        self._advance()

    def _finish(self, run: _Run) -> None:
        """Send the answers of a message, joined by semicolons."""
        parts = run.parts
        if not parts or run.muted:
            return
        if len(parts) == 1 and isinstance(parts[0], str):
            data = parts[0].encode("latin-1") + self.terminator
        else:
            data = b";".join([p.encode("latin-1") if isinstance(p, str) else p for p in parts]) + self.terminator
        if len(data) > self.output_limit:
            self.query_error(QueryError.DEADLOCKED)
            return
        run.link.respond(data, run.message)
        if self.status.service_enable & MESSAGE_AVAILABLE:
            self.status.update()
