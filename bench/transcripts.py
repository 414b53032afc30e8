"""Record VISA sessions, of twins or of real instruments, and hold a twin against a recording.

with recording(resource.visalib, world.environment) as recorder:
    ...                                          # any code that uses PyVISA
recorder.transcript.write(Path("meter.jsonl"))

for residual in residuals(read_transcript(path), "GPIB0::5::INSTR", world.front(address), u={"READ": 1e-4}):
    print(residual)
"""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyvisa.constants import ResourceAttribute
from pyvisa.errors import VisaIOError

from instruments.engine import Exchange
from instruments.front import Front
from instruments.transcript import Direction, Entry, Transcript

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pyvisa.highlevel import VisaLibraryBase

    from instruments.clock import Clock
    from instruments.world import World

SERVED_LATENCY_S = 2e-4
"""Bench time of a transaction with a twin that was served without an address of its own, s."""
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[Ee][+-]?\d+)?")


class Recorder:
    """Collect what goes over a VISA library."""

    def __init__(self, library: VisaLibraryBase, clock: Clock | None) -> None:
        self._library = library
        self._clock = clock
        self._origin = self._now()
        self._addresses: dict[Any, str] = {}
        self._entries: list[Entry] = []

    @property
    def transcript(self) -> Transcript:
        """What was recorded until now."""
        return Transcript(entries=tuple(self._entries), clock="wall" if self._clock is None else "bench")

    def _now(self) -> float:
        return time.monotonic() if self._clock is None else self._clock.now

    def note(self, session: Any, direction: Direction, data: bytes) -> None:
        """Add an event at this time."""
        address = self._addresses.get(session)
        if address is None:
            address = str(self._library.get_attribute(session, ResourceAttribute.resource_name)[0])
            self._addresses[session] = address
        self._entries.append(Entry(time=self._now() - self._origin, address=address, direction=direction, data=data))


@contextmanager
def recording(library: VisaLibraryBase, clock: Clock | None = None) -> Iterator[Recorder]:
    """Record everything that goes over a VISA library, as long as the context lasts.

    Args:
        library: any PyVISA library: `resource.visalib`.
        clock: bench time (`world.environment`); the wall clock if not given.
    """
    recorder = Recorder(library, clock)
    any_library: Any = library
    calls = ("write", "read", "read_stb", "clear", "assert_trigger")
    real: dict[str, Callable[..., Any]] = {name: getattr(library, name) for name in calls}

    def write(session: Any, data: bytes) -> Any:
        recorder.note(session, ">", bytes(data))
        return real["write"](session, data)

    def read(session: Any, count: int) -> Any:
        try:
            data, status = real["read"](session, count)
        except VisaIOError as problem:
            recorder.note(session, "!", f"read {problem.abbreviation}".encode("ascii"))
            raise
        recorder.note(session, "<", bytes(data))
        return data, status

    def read_stb(session: Any) -> Any:
        value, status = real["read_stb"](session)
        recorder.note(session, "!", f"poll {value}".encode("ascii"))
        return value, status

    def clear(session: Any) -> Any:
        recorder.note(session, "!", b"clear")
        return real["clear"](session)

    def assert_trigger(session: Any, protocol: Any) -> Any:
        recorder.note(session, "!", b"trigger")
        return real["assert_trigger"](session, protocol)

    wrapped = {"write": write, "read": read, "read_stb": read_stb, "clear": clear, "assert_trigger": assert_trigger}
    for name, function in wrapped.items():
        setattr(any_library, name, function)  # on the instance: other libraries are left alone
    try:
        yield recorder
    finally:
        for name in wrapped:
            delattr(any_library, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """Hold how one reply of a twin differs from the recorded one."""

    message: str
    """The message."""
    recorded: str
    """What the instrument said."""
    twin: str
    """What the twin says; empty for nothing."""
    differences: tuple[float, ...]
    """Twin minus recording for each number; empty where the texts differ in anything but numbers."""
    in_u: float | None
    """Largest difference in standard uncertainties; None where no u was given or nothing can be compared."""

    @property
    def same(self) -> bool:
        """Whether both are the same text."""
        return self.recorded == self.twin

    @property
    def same_form(self) -> bool:
        """Whether both differ in numbers at most."""
        return self.same or bool(self.differences)

    def standing(self, within: float) -> str:
        """Return how the reply stands: "same", "within", "outside" (in u), "no_u" (numbers differ), or "text" differs.

        Args:
            within: largest difference in standard uncertainties that is taken for agreement.
        """
        if self.same:
            return "same"
        if not self.differences:
            return "text"
        if not any(self.differences):
            return "within"  # the same numbers, written in another way
        if self.in_u is None:
            return "no_u"
        return "within" if self.in_u <= within else "outside"

    def __str__(self) -> str:
        if self.same:
            return f"{self.message}: same"
        if not self.differences:
            return f"{self.message}: {self.recorded!r} was recorded, the twin says {self.twin!r}"
        largest = max(self.differences, key=abs)
        share = "" if self.in_u is None else f" ({self.in_u:.2g} u)"
        return f"{self.message}: {self.recorded} was recorded, the twin says {self.twin}: {largest:+.3g}{share}"


def front_of(world: World, address: str) -> Front | None:
    """Return access to the twin that was recorded under a name: an address of the world, or a device without one.

    Returns:
        None if there is no such twin.
    """
    if address in world.resources:
        return world.front(address)
    if address in world.twins:
        return Front(world.twins[address], Exchange.STREAM, world.environment, SERVED_LATENCY_S)
    return None


def residuals(
    transcript: Transcript,
    address: str,
    front: Front,
    u: Mapping[str, float] | None = None,
    timeout_s: float = 60.0,
) -> tuple[Residual, ...]:
    """Say to a twin what was said to an instrument, at the same times, and compare the replies.

    Args:
        transcript: the recording.
        address: whose part of it.
        front: access to the twin, on a bench of its own.
        u: regular expression of messages -> standard uncertainty of the numbers in the reply, in their unit.
        timeout_s: bench time to wait for a reply that was recorded, s.

    Raises:
        ValueError: the address is not in the transcript, or a standard uncertainty is not above 0.
    """
    if address not in transcript.addresses:
        raise ValueError(f"{address} is not in the transcript; there are: {', '.join(transcript.addresses)}")
    for pattern, value in (u or {}).items():
        if not value > 0:
            raise ValueError(f"u of {pattern!r} must be above 0, got {value!r}")
    found = []
    start = front.environment.now
    for exchange in transcript.exchanges(address):
        due = start + exchange.time
        if due > front.environment.now:
            front.environment.run_to(due)
        front.write(exchange.sent)
        if exchange.reply:
            reply = _reply(front, exchange.reply.count(b"\n"), timeout_s)
            found.append(_residual(exchange.sent, exchange.reply, reply, u or {}))
    return tuple(found)


def _reply(front: Front, lines: int, timeout_s: float) -> bytes:
    """Return a whole message, or on a stream as many lines as were recorded; empty after the timeout."""
    if front.link.instr:
        whole = front.read(1 << 30, None, timeout_s)
        return b"" if whole is None else whole[0]
    pieces = []
    for _ in range(max(lines, 1)):
        piece = front.read(1 << 30, 0x0A, timeout_s)
        if piece is None:
            break
        pieces.append(piece[0])
    return b"".join(pieces)


def _residual(sent: bytes, recorded: bytes, reply: bytes, u: Mapping[str, float]) -> Residual:
    message, old, new = (data.decode("latin-1").rstrip("\r\n") for data in (sent, recorded, reply))
    differences: tuple[float, ...] = ()
    if _NUMBER.sub("#", old) == _NUMBER.sub("#", new):
        pairs = zip(_NUMBER.findall(old), _NUMBER.findall(new), strict=True)
        differences = tuple(float(b) - float(a) for a, b in pairs)
    scale = next((value for pattern, value in u.items() if re.search(pattern, message)), None)
    in_u = None if scale is None or not differences else max(map(abs, differences)) / scale
    return Residual(message=message, recorded=old, twin=new, differences=differences, in_u=in_u)
