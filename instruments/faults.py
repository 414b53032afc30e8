"""The catalogue of faults: what can go wrong between an instrument and who asks it, each as data with a schedule.

Faults wrap any engine (`instruments.interference`), whatever its dialect: they act on messages, replies, sessions and
ports, never on the physics behind. They are named in a station (`faults: [{kind: late_reply, delay_s: 3}]`) or added at
run time (`world.faults("meter").add(LateReply(delay_s=3))`). All chance comes from the seed.
"""

from __future__ import annotations

import dataclasses
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments.faults_text import add_seconds, change_numbers, damaged

if TYPE_CHECKING:
    from numpy.random import Generator

READINGS = r"(?i)^(?!\*)(?!:?SYST)(?!:?STAT).*\?"
"""Messages whose replies are readings or settings: no common command, not the subsystems SYSTem and STATus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Be one fault, with its schedule: the chances are the messages that `on` matches."""

    at_s: float = 0.0
    """Bench time from which it may strike, s."""
    until_s: float = math.inf
    """Bench time from which it does not strike any more, s."""
    nth: int = 1
    """First chance, counted from 1 since `at_s`, at which it may strike."""
    times: int | None = None
    """How often it strikes; None for always."""
    rate: float = 1.0
    """Probability with which it strikes at each chance, 0 to 1."""
    on: str = ""
    """Regular expression that the message must contain; empty for every message."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.rate <= 1.0:
            raise ValueError(f"rate must lie in 0..1, got {self.rate}")
        if self.nth < 1 or (self.times is not None and self.times < 1):
            raise ValueError(f"nth and times must be at least 1, got {self.nth} and {self.times}")
        if not self.at_s < self.until_s:
            raise ValueError(f"at_s must lie before until_s, got {self.at_s} and {self.until_s}")
        try:
            re.compile(self.on)
        except re.error as problem:
            raise ValueError(f"on is no regular expression: {problem}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFault(Fault):
    """Change a message on its way to the instrument."""

    def change(self, message: bytes, rng: Generator) -> tuple[bytes, ...]:
        """Return what arrives instead."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyFault(Fault):
    """Change a reply on its way to the controller."""

    delay_s: float = 0.0
    """How much later it comes, s."""

    def change(self, reply: bytes, struck: Struck, rng: Generator) -> bytes | None:
        """Return what comes instead; None for nothing.

        Args:
            reply: the reply with its terminator.
            struck: what is known of earlier strikes.
            rng: chance.
        """
        return reply


@dataclass(slots=True)
class Struck:
    """Hold what a fault remembers from one strike to the next."""

    message: bytes = b""
    """Message that the reply answers."""
    now: float = 0.0
    """Bench time, s."""
    first_at: float | None = None
    """Bench time of the first strike, s."""
    kept: dict[bytes, bytes] = dataclasses.field(default_factory=dict)
    """Replies that are kept (stale, stuck), by message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFault(Fault):
    """Happen to the instrument at `at_s`, or at the n-th matching message if `nth` or `on` is given."""


# -- replies --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class NoReply(ReplyFault):
    """Lose the reply: always, or `times` times."""

    def change(self, reply: bytes, struck: Struck, rng: Generator) -> bytes | None:
        """See `ReplyFault.change`."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class LateReply(ReplyFault):
    """Let the reply come later than usual."""

    delay_s: float = 5.0
    """How much later it comes, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TruncatedReply(ReplyFault):
    """Break the reply off."""

    keep: int = 3
    """Characters that are kept."""
    terminated: bool = True
    """Whether the terminator comes all the same."""

    def change(self, reply: bytes, struck: Struck, rng: Generator) -> bytes | None:
        """See `ReplyFault.change`."""
        body, end = split_end(reply)
        return body[: self.keep] + (end if self.terminated else b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class GarbledReply(ReplyFault):
    """Replace characters by others that can be printed."""

    share: float = 0.3
    """Probability of each character to be replaced, 0 to 1; at least one is."""

    def change(self, reply: bytes, struck: Struck, rng: Generator) -> bytes | None:
        """See `ReplyFault.change`."""
        body, end = split_end(reply)
        return damaged(body, rng, self.share) + end


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedCharacter(ReplyFault):
    """Lose one character of the reply."""

    def change(self, reply: bytes, struck: Struck, rng: Generator) -> bytes | None:
        """See `ReplyFault.change`."""
        body, end = split_end(reply)
        place = int(rng.integers(len(body))) if body else 0
        return body[:place] + body[place + 1 :] + end


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubledCharacter(ReplyFault):
    """Send one character of the reply twice."""

    def change(self, reply: bytes, struck: Struck, rng: Generator) -> bytes | None:
        """See `ReplyFault.change`."""
        body, end = split_end(reply)
        place = int(rng.integers(len(body))) if body else 0
        return body[: place + 1] + body[place:] + end


@dataclass(frozen=True, slots=True, kw_only=True)
class BitFlip(ReplyFault):
    """Flip one bit of the reply, terminator excepted."""

    def change(self, reply: bytes, struck: Struck, rng: Generator) -> bytes | None:
        """See `ReplyFault.change`."""
        body, end = split_end(reply)
        if not body:
            return reply
        place, bit = int(rng.integers(len(body))), int(rng.integers(8))
        return body[:place] + bytes([body[place] ^ (1 << bit)]) + body[place + 1 :] + end


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongTerminator(ReplyFault):
    """End the reply with another terminator."""

    terminator: str = "\r"
    """What comes instead; may be empty."""

    def change(self, reply: bytes, struck: Struck, rng: Generator) -> bytes | None:
        """See `ReplyFault.change`."""
        return split_end(reply)[0] + self.terminator.encode("latin-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleReply(ReplyFault):
    """Answer with the reply before: from the first strike on, every reply is one too late."""

    def change(self, reply: bytes, struck: Struck, rng: Generator) -> bytes | None:
        """See `ReplyFault.change`."""
        stale = struck.kept.get(b"")
        struck.kept[b""] = reply
        return stale


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo(ReplyFault):
    """Send the message back before the reply, as a line with local echo does."""

    def change(self, reply: bytes, struck: Struck, rng: Generator) -> bytes | None:
        """See `ReplyFault.change`."""
        return struck.message.rstrip(b"\r\n") + split_end(reply)[1] + reply


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyWithUnit(ReplyFault):
    """Add a unit to the reply, as another firmware does."""

    unit: str = " V"
    """What is added."""
    on: str = READINGS
    """Messages that are hit."""

    def change(self, reply: bytes, struck: Struck, rng: Generator) -> bytes | None:
        """See `ReplyFault.change`."""
        body, end = split_end(reply)
        return body + self.unit.encode("latin-1") + end


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacedReply(ReplyFault):
    """Answer something else."""

    reply: str = ""
    """What is answered, without terminator."""

    def change(self, reply: bytes, struck: Struck, rng: Generator) -> bytes | None:
        """See `ReplyFault.change`."""
        return self.reply.encode("latin-1") + split_end(reply)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongIdentity(ReplacedReply):
    """Answer *IDN? as another instrument, as behind a swapped cable."""

    reply: str = "ACME,OTHER,000000,0.0"
    """What is answered."""
    on: str = r"(?i)\*IDN\?"
    """Messages that are hit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTestFailure(ReplacedReply):
    """Fail the self-test."""

    reply: str = "1"
    """What *TST? answers."""
    on: str = r"(?i)\*TST\?"
    """Messages that are hit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDue(ReplacedReply):
    """Report a calibration that is past its due date."""

    reply: str = "2000,1,1"
    """Date as the model writes it."""
    on: str = r"(?i)CAL\w*:(DATE|DUE|TIME)\?"
    """Messages that are hit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockJump(ReplyFault):
    """Let the instrument's own clock be wrong: hours, minutes and seconds in the reply are moved."""

    by_s: float = 3600.0
    """How far it jumps, s."""
    on: str = r"(?i)(TIME|CLOC\w*|DATE)\?"
    """Messages that are hit."""

    def change(self, reply: bytes, struck: Struck, rng: Generator) -> bytes | None:
        """See `ReplyFault.change`."""
        return add_seconds(reply, self.by_s)


# -- readings -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingFault(ReplyFault):
    """Change the numbers in a reply, written as they were."""

    on: str = READINGS
    """Messages that are hit."""
    field: int | None = None
    """Which number of the reply is hit, counted from 1; None for all."""

    def value(self, number: float, struck: Struck, rng: Generator) -> float:
        """Return the number that is shown instead."""
        raise NotImplementedError

    def change(self, reply: bytes, struck: Struck, rng: Generator) -> bytes | None:
        """See `ReplyFault.change`."""
        return change_numbers(reply, self.field, lambda number: self.value(number, struck, rng))


@dataclass(frozen=True, slots=True, kw_only=True)
class Overload(ReadingFault):
    """Show 9.9E37, which is infinity and overload in SCPI."""

    def value(self, number: float, struck: Struck, rng: Generator) -> float:
        """See `ReadingFault.value`."""
        return math.copysign(9.9e37, number)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotANumber(ReadingFault):
    """Show 9.91E37, which is not a number in SCPI."""

    def value(self, number: float, struck: Struck, rng: Generator) -> float:
        """See `ReadingFault.value`."""
        return 9.91e37


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckValue(ReplyFault):
    """Show the same readings for ever."""

    on: str = READINGS
    """Messages that are hit; each distinct one sticks at its own first reply."""

    def change(self, reply: bytes, struck: Struck, rng: Generator) -> bytes | None:
        """See `ReplyFault.change`."""
        return struck.kept.setdefault(struck.message, reply)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowDrift(ReadingFault):
    """Let readings drift away from the first strike on."""

    per_h: float = 1e-3
    """Relative drift, 1/h."""

    def value(self, number: float, struck: Struck, rng: Generator) -> float:
        """See `ReadingFault.value`."""
        since = struck.now - (struck.now if struck.first_at is None else struck.first_at)
        return number * (1 + self.per_h * since / 3600.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class GainStep(ReadingFault):
    """Multiply readings."""

    factor: float = 1.01
    """By this."""

    def value(self, number: float, struck: Struck, rng: Generator) -> float:
        """See `ReadingFault.value`."""
        return number * self.factor


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetStep(ReadingFault):
    """Add to readings."""

    offset: float = 1.0
    """This, in the unit of the reading."""

    def value(self, number: float, struck: Struck, rng: Generator) -> float:
        """See `ReadingFault.value`."""
        return number + self.offset


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseBurst(ReadingFault):
    """Make readings noisy."""

    u: float = 0.01
    """Relative standard deviation of the noise, 1."""

    def value(self, number: float, struck: Struck, rng: Generator) -> float:
        """See `ReadingFault.value`."""
        return number * (1 + self.u * float(rng.standard_normal()))


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongRange(ReadingFault):
    """Clip readings at a range that is too small."""

    limit: float = 1.0
    """Largest magnitude that the range shows, in the unit of the reading."""

    def value(self, number: float, struck: Struck, rng: Generator) -> float:
        """See `ReadingFault.value`."""
        return max(-self.limit, min(self.limit, number))


# -- messages -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LostMessage(MessageFault):
    """Lose a message on its way to the instrument."""

    def change(self, message: bytes, rng: Generator) -> tuple[bytes, ...]:
        """See `MessageFault.change`."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedMessage(MessageFault):
    """Let a message arrive twice."""

    def change(self, message: bytes, rng: Generator) -> tuple[bytes, ...]:
        """See `MessageFault.change`."""
        return message, message


@dataclass(frozen=True, slots=True, kw_only=True)
class CorruptedMessage(MessageFault):
    """Replace one character of a message."""

    def change(self, message: bytes, rng: Generator) -> tuple[bytes, ...]:
        """See `MessageFault.change`."""
        body, end = split_end(message)
        return (damaged(body, rng, 0.0) + end,)


# -- instrument, session, surroundings ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFlood(DeviceFault):
    """Fill the error queue."""

    times: int | None = 1
    """How often it strikes."""
    code: int = -310
    """Number of the error."""
    count: int = 50
    """How many are reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerCycle(DeviceFault):
    """Take the mains away for a while: settings, status and what was going on are lost."""

    times: int | None = 1
    """How often it strikes."""
    off_s: float = 5.0
    """How long it is off, s; messages are lost meanwhile."""
    sessions: bool = True
    """Whether open sessions are lost too, as on a network; on GPIB they are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnect(DeviceFault):
    """Pull the cable for a while: sessions are lost for good, new ones are refused until it is back."""

    times: int | None = 1
    """How often it strikes."""
    for_s: float = 5.0
    """How long it is out, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening(DeviceFault):
    """Let something happen that the twin itself knows: an interlock opens (`call: set_interlock, value: false`)."""

    times: int | None = 1
    """How often it strikes."""
    call: str = ""
    """Public method of the twin."""
    value: bool | float | str | None = None
    """Its argument; None for a method without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurroundingsShift(DeviceFault):
    """Shift a quantity of the surroundings, e.g. the temperature of the room, from one moment on."""

    times: int | None = 1
    """How often it strikes."""
    port: str = ""
    """Port of the twin, e.g. "ambient"."""
    signal: str = ""
    """Signal of the port, e.g. "temperature"."""
    shift: float = 0.0
    """By how much, in the unit of the signal."""


def split_end(data: bytes) -> tuple[bytes, bytes]:
    """Return contents and terminator of a message."""
    body = data.rstrip(b"\r\n")
    return body, data[len(body) :]


CLASSES: tuple[type[Fault], ...] = (
    NoReply,
    LateReply,
    TruncatedReply,
    GarbledReply,
    DroppedCharacter,
    DoubledCharacter,
    BitFlip,
    WrongTerminator,
    StaleReply,
    Echo,
    ReplyWithUnit,
    ReplacedReply,
    WrongIdentity,
    SelfTestFailure,
    PastDue,
    ClockJump,
    Overload,
    NotANumber,
    StuckValue,
    SlowDrift,
    GainStep,
    OffsetStep,
    NoiseBurst,
    WrongRange,
    LostMessage,
    RepeatedMessage,
    CorruptedMessage,
    QueueFlood,
    PowerCycle,
    Disconnect,
    Happening,
    SurroundingsShift,
)
"""Every fault that a station can name."""


def catalogue() -> dict[str, type[Fault]]:
    """Return the fault classes by name, e.g. "late_reply"."""
    return {re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in CLASSES}
