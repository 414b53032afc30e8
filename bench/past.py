"""What a run that was interrupted knows of itself: its journal, read again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from scenarios.record import Interruption, Override

if TYPE_CHECKING:
    from datetime import datetime

    from bench.journal import Journal

UNANNOUNCED = "the program ended without notice"
"""Reason of an interruption that left no entry: a kill, a power cut."""


@dataclass(slots=True, kw_only=True)
class Past:
    """Hold what the journal held when the run was taken up again; empty for a new run."""

    entries: dict[tuple[str, str], str] = field(default_factory=dict)
    """(kind, step) -> JSON."""
    results: dict[str, str] = field(default_factory=dict)
    """Finished attempt or state -> JSON of its result."""
    answers: dict[str, str] = field(default_factory=dict)
    """Prompt -> answer."""
    continues: bool = False
    """Whether the instruments lived on (real hardware), so that finished attempts are not repeated."""
    last_s: float = 0.0
    """Bench time of the last entry, s."""
    outage_s: float = 0.0
    """Wall time since the last sign of life, s."""
    interruption: Interruption | None = None
    """The interruption that ends with this resumption; None if nothing was interrupted."""
    interruptions: int = 0
    """Interruptions before this one."""

    def next_name(self, kind: str, step: str) -> str:
        """Return a name for a repeated step, "step#2", "step#3", ...; the first stays as it is."""
        count = 2
        while (kind, f"{step}#{count}") in self.entries:
            count += 1
        self.entries[kind, f"{step}#{count}"] = ""
        return f"{step}#{count}"


def recall(journal: Journal, *, continues: bool, now: datetime, alive: datetime) -> Past:
    """Read a journal again.

    Args:
        journal: the run's journal, whose chain has been verified.
        continues: whether the instruments lived on.
        now: date and time of the resumption.
        alive: date and time of the last sign of life (the journal file's last change).
    """
    past = Past(continues=continues)
    ended = False
    reason = UNANNOUNCED
    for entry in journal.entries():
        past.entries[entry.kind, entry.step] = entry.payload
        past.last_s = max(past.last_s, entry.time_s)
        if entry.kind == "result":
            past.results[entry.step.split("#")[0]] = entry.payload
        elif entry.kind == "answer":
            past.answers[entry.step] = msgspec.json.decode(entry.payload)["answer"]
        elif entry.kind == "interruption":
            past.interruptions += 1
            reason = UNANNOUNCED
        elif entry.kind == "stop":
            reason = str(msgspec.json.decode(entry.payload))
        ended = entry.kind == "end"
    past.outage_s = max(0.0, (now - alive).total_seconds())
    if not ended:
        past.interruption = Interruption(time_s=past.last_s, reason=reason, resumed=now.isoformat(timespec="seconds"))
    return past


def interruptions(journal: Journal) -> tuple[Interruption, ...]:
    """Return every interruption of a run, in order."""
    return tuple(
        msgspec.json.decode(entry.payload, type=Interruption)
        for entry in journal.entries()
        if entry.kind == "interruption"
    )


def opened_before(journal: Journal) -> tuple[Override, ...]:
    """Return the gates that were opened when the run began."""
    return msgspec.convert(beginning(journal).get("overrides", []), tuple[Override, ...])


def beginning(journal: Journal) -> dict[str, Any]:
    """Return the journal's first entry: all that the run depends on; empty if the run never began."""
    for entry in journal.entries():
        return dict(msgspec.json.decode(entry.payload)) if entry.kind == "begin" else {}
    return {}
