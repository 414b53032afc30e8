"""Options that the commands of the register share."""

from __future__ import annotations

from typing import Annotated

import typer

from bench.commands.options import text


def help_of(key: str) -> str:
    """Return a help text of the register in both languages."""
    both = text(f"lab.help.{key}")
    return f"{both.en} {both.zh}"


LabFile = Annotated[
    str | None, typer.Option("--lab", help=help_of("lab"), metavar="FILE|URL", envvar="CALTWIN_LAB", show_envvar=True)
]
