"""Options that several commands share, and the console they write to."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from uncertainty.text import Language, Text, catalogue


class Clock(StrEnum):
    """The bench's clock."""

    VIRTUAL = "virtual"
    """Hours in milliseconds."""
    REALTIME = "realtime"
    """The wall clock."""


def text(key: str) -> Text:
    """Return a text of the command line."""
    return catalogue("bench")[key]


def help_of(key: str) -> str:
    """Return a help text in both languages."""
    both = text(f"help.{key}")
    return f"{both.en} {both.zh}"


def console() -> Console:
    """Return the console for results; a pipe or a log gets wide lines instead of folded tables."""
    screen = Console(highlight=False)
    return screen if screen.is_terminal else Console(highlight=False, width=140)


SystemName = Annotated[str, typer.Argument(help=help_of("system"), show_default=False)]
Seed = Annotated[int, typer.Option(help=help_of("seed"), min=0, max=2**32 - 1)]
Lang = Annotated[Language, typer.Option(help=help_of("lang"))]
SheetFile = Annotated[Path | None, typer.Option("--sheet", help=help_of("sheet"), metavar="FILE")]
StationFile = Annotated[Path | None, typer.Option("--station", help=help_of("station"), metavar="FILE")]


def duration(seconds: float) -> str:
    """Return a duration as people read it, e.g. "2 h 03 min" or "1.42 s"."""
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
