"""The status reporting model of IEEE 488.2 and SCPI-99."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from instruments.scpi.errors import STANDARD, event_bit

if TYPE_CHECKING:
    from collections.abc import Callable

# Bits of the status byte.
ERROR_QUEUE = 4
QUESTIONABLE = 8
MESSAGE_AVAILABLE = 16
EVENT_SUMMARY = 32
MASTER_SUMMARY = 64
OPERATION = 128

# Bits of the standard event status register.
OPERATION_COMPLETE = 1
REQUEST_CONTROL = 2
USER_REQUEST = 64
POWER_ON = 128


class RegisterSet:
    """Hold one SCPI status register set: condition, transition filters, event, enable (15 bits)."""

    __slots__ = ("_changed", "condition", "enable", "event", "negative", "positive")

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self.condition = 0
        """Condition register."""
        self.event = 0
        """Event register; reading it by `take` clears it."""
        self.enable = 0
        """Which events raise the summary bit."""
        self.positive = 0x7FFF
        """Which conditions are events when they become true."""
        self.negative = 0
        """Which conditions are events when they become false."""

    def set(self, bits: int, on: bool) -> None:
        """Make conditions true or false; the transition filters decide which become events."""
        new = self.condition | bits if on else self.condition & ~bits
        rose, fell = new & ~self.condition, self.condition & ~new
        self.condition = new
        events = (rose & self.positive) | (fell & self.negative)
        if events:
            self.event |= events
            self._changed()

    def take(self) -> int:
        """Return the event register and clear it."""
        event, self.event = self.event, 0
        self._changed()
        return event

    def write_enable(self, mask: int) -> None:
        """Set the enable register (bit 15 is always 0)."""
        self.enable = mask & 0x7FFF
        self._changed()

    def preset(self) -> None:
        """Set filters and enable as STATus:PRESet asks; the registers themselves stay."""
        self.enable = 0
        self.positive = 0x7FFF
        self.negative = 0
        self._changed()

    @property
    def summary(self) -> bool:
        """Whether an enabled event is set."""
        return bool(self.event & self.enable)


class Status:
    """Hold all status of one instrument and tell when it begins to request service."""

    __slots__ = (
        "_available",
        "_hook",
        "_reasons",
        "_requesting",
        "errors",
        "event",
        "event_enable",
        "operation",
        "questionable",
        "queue_limit",
        "service_enable",
    )

    def __init__(self, hook: Callable[[], None], available: Callable[[], bool], queue_limit: int) -> None:
        """Start as after power-on: ESR bit 7 is set, all masks are 0.

        Args:
            hook: called when RQS becomes true.
            available: tells whether a reply waits in the output queue (MAV).
            queue_limit: places in the error queue; the last is replaced by -350 when it overflows.
        """
        self._hook = hook
        self._available = available
        self._requesting = False
        self._reasons = 0
        self.queue_limit = queue_limit
        self.errors: deque[tuple[int, str]] = deque()
        """Error queue, oldest first."""
        self.event = POWER_ON
        """Standard event status register (*ESR?)."""
        self.event_enable = 0
        """Standard event status enable register (*ESE)."""
        self.service_enable = 0
        """Service request enable register (*SRE); bit 6 is always 0."""
        self.operation = RegisterSet(self.update)
        """STATus:OPERation."""
        self.questionable = RegisterSet(self.update)
        """STATus:QUEStionable."""

    def byte(self) -> int:
        """Return the status byte with the master summary status in bit 6, as *STB? does."""
        value = 0
        if self.errors:
            value |= ERROR_QUEUE
        if self.questionable.event & self.questionable.enable:
            value |= QUESTIONABLE
        if self._available():
            value |= MESSAGE_AVAILABLE
        if self.event & self.event_enable:
            value |= EVENT_SUMMARY
        if self.operation.event & self.operation.enable:
            value |= OPERATION
        if value & self.service_enable:
            value |= MASTER_SUMMARY
        return value

    def poll(self) -> int:
        """Return the status byte with RQS in bit 6, as a serial poll does, and clear RQS."""
        value = self.byte() & ~MASTER_SUMMARY
        if self._requesting:
            value |= MASTER_SUMMARY
            self._requesting = False
        return value

    def update(self) -> None:
        """Look whether a reason for service appeared or went; call after any change of the status.

        A new request needs a new reason: RQS is raised when an enabled bit of the status byte becomes true.
        """
        if not self.service_enable:
            self._requesting = False
            self._reasons = 0
            return
        reasons = self.byte() & self.service_enable
        new = reasons & ~self._reasons
        self._reasons = reasons
        if not reasons:
            self._requesting = False
        elif new and not self._requesting:
            self._requesting = True
            self._hook()

    def error(self, code: int, text: str) -> None:
        """Put an error into the queue and set its bit of the event register."""
        self.event |= event_bit(code)
        if len(self.errors) < self.queue_limit:
            self.errors.append((code, text))
        else:
            self.errors[-1] = (-350, STANDARD[-350])
            self.event |= event_bit(-350)
        self.update()

    def next_error(self) -> tuple[int, str]:
        """Take the oldest error off the queue; (0, "No error") when it is empty."""
        if not self.errors:
            return 0, STANDARD[0]
        entry = self.errors.popleft()
        self.update()
        return entry

    def raise_event(self, bits: int) -> None:
        """Set bits of the standard event status register, e.g. OPERATION_COMPLETE."""
        self.event |= bits
        self.update()

    def take_event(self) -> int:
        """Return the standard event status register and clear it."""
        event, self.event = self.event, 0
        self.update()
        return event

    def power_on(self) -> None:
        """Begin as after power-on: queue and masks empty, ESR bit 7 set."""
        self.event_enable = self.service_enable = 0
        for registers in (self.operation, self.questionable):
            registers.condition = 0
            registers.preset()
        self.clear()
        self.event = POWER_ON

    def clear(self) -> None:
        """Clear all event registers and the error queue, as *CLS does; the masks stay."""
        self.event = 0
        self.errors.clear()
        self.operation.event = 0
        self.questionable.event = 0
        self.update()
