r"""Transcripts: what went over a session, with times, as a file that people can read and a twin can replay.

A transcript is JSON Lines: a first line `{"transcript": 1, "time": "bench" | "wall"}`, then one line per event:

    {"t": 0.0012, "a": "GPIB0::5::INSTR", "d": ">", "b": "*IDN?\n"}

`t` is seconds since the beginning, `a` the address, `d` the direction (">" to the instrument, "<" from it, "!" for what
is no message: clear, trigger, poll, timeout), `b` the bytes as Latin-1 text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

VERSION = 1
"""Version of the file's structure; a reader refuses a newer one."""

Direction = Literal[">", "<", "!"]


class TranscriptError(ValueError):
    """A transcript cannot be read: names file, line and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Hold one event."""

    time: float
    """Time since the beginning, s."""
    address: str
    """VISA resource name."""
    direction: Direction
    """">" to the instrument, "<" from it, "!" for what is no message."""
    data: bytes
    """Bytes that went; for "!" what happened, e.g. b"clear" or b"poll 16"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Hold one message and what came of it."""

    time: float
    """Time at which the message was sent, s."""
    sent: bytes
    """The message."""
    reply: bytes
    """All that came before the next message; empty for nothing."""
    delay_s: float
    """Time from the message to the last byte of the reply, s; 0 for no reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """Hold a recording."""

    entries: tuple[Entry, ...]
    """Events in order."""
    clock: Literal["bench", "wall"] = "bench"
    """Whose time it is."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Addresses, in the order in which they appear."""
        return tuple(dict.fromkeys(entry.address for entry in self.entries))

    def exchanges(self, address: str) -> tuple[Exchange, ...]:
        """Return what was said to one address, message by message."""
        found: list[Exchange] = []
        for entry in self.entries:
            if entry.address != address:
                continue
            if entry.direction == ">":
                found.append(Exchange(time=entry.time, sent=entry.data, reply=b"", delay_s=0.0))
            elif entry.direction == "<" and found:
                last = found[-1]
                found[-1] = Exchange(
                    time=last.time, sent=last.sent, reply=last.reply + entry.data, delay_s=entry.time - last.time
                )
        return tuple(found)

    def write(self, path: Path) -> None:
        """Write the file."""
        with TranscriptFile(path, self.clock) as file:
            for entry in self.entries:
                file.add(entry)


class TranscriptFile:
    """Write a transcript as it happens: what was said is in the file before what comes next is done."""

    def __init__(self, path: Path, clock: Literal["bench", "wall"] = "bench") -> None:
        """Begin the file; one that is there already is replaced.

        Args:
            path: the file.
            clock: whose time it is.

        Raises:
            OSError: it cannot be written.
        """
        self._file = path.open("w", encoding="utf-8", newline="\n")
        self._line({"transcript": VERSION, "time": clock})

    def add(self, entry: Entry) -> None:
        """Add an event.

        Raises:
            OSError: it cannot be written.
        """
        self._line({"t": entry.time, "a": entry.address, "d": entry.direction, "b": entry.data.decode("latin-1")})

    def _line(self, value: dict[str, object]) -> None:
        self._file.write(json.dumps(value) + "\n")
        self._file.flush()

    def close(self) -> None:
        """End the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_transcript(path: Path) -> Transcript:
    """Read a transcript.

    Raises:
        TranscriptError: the file cannot be read, or is no transcript of this version.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise TranscriptError(f"{path}: {problem}") from None
    entries: list[Entry] = []
    clock: Literal["bench", "wall"] = "bench"
    for number, line in enumerate(lines, 1):
        try:
            value = json.loads(line)
            if number == 1:
                if value["transcript"] != VERSION:
                    raise TranscriptError(f"{path}:1: version {value['transcript']!r} is not {VERSION}")
                clock = "wall" if value.get("time") == "wall" else "bench"
                continue
            if value["d"] not in (">", "<", "!"):
                raise TranscriptError(f"{path}:{number}: d: {value['d']!r} is not one of > < !")
            entries.append(
                Entry(
                    time=float(value["t"]),
                    address=str(value["a"]),
                    direction=value["d"],
                    data=str(value["b"]).encode("latin-1"),
                )
            )
        except (KeyError, TypeError, ValueError) as problem:
            if isinstance(problem, TranscriptError):
                raise
            raise TranscriptError(f"{path}:{number}: no line of a transcript: {problem!r}") from None
    if not lines:
        raise TranscriptError(f"{path}: empty; a transcript begins with its version")
    return Transcript(entries=tuple(entries), clock=clock)
