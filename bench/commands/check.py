"""`caltwin check`: say whether a document is genuine and in force."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import Lang, console, text
from bench.commands.signing_options import KEYS, REGISTER, RegisterFile, help_of, refused, trust_of
from uncertainty.text import Language

_STYLE = {0: "bold green", 1: "bold red", 2: "bold yellow"}


def check(
    file: Annotated[Path, typer.Argument(help=help_of("check.help.file"), show_default=False)],
    trust: Annotated[
        Path, typer.Option("--trust", "--keys", envvar="CALTWIN_KEYS", help=help_of("check.help.trust"))
    ] = KEYS,
    register: RegisterFile = REGISTER,
    lang: Lang = Language.BOTH,
) -> None:
    """Check a document, a record, a journal or a folder.

    Exit code: 0 genuine and in force, 1 not to be relied on, 2 cannot be checked.
    """
    from bench.signing.check import Finding, Standing
    from bench.signing.check import check as check_file
    from bench.signing.register import Register

    with refused(file, "check"):
        root = trust_of(trust)
        if register.exists():
            with Register(register, read_only=True) as held:
                found, gaps = check_file(file, root, held), held.gaps()
        else:
            found, gaps = check_file(file, root), ()
    assert isinstance(found, Finding)
    screen = console()
    style = _STYLE[found.standing.code]
    verdict = text(f"check.{found.standing.value}").show(lang)
    why = f": {found.reason}" if found.reason else ""
    number = f" {found.number}" if found.number and found.number not in found.reason else ""
    screen.print(f"[{style}]{verdict}[/{style}]{number}{why}", soft_wrap=True, markup=True)
    for note in found.notes:
        screen.print(f"  {note.show(lang)}", soft_wrap=True, markup=False)
    for missing in gaps:
        screen.print(f"  {text('check.gap').format(number=missing).show(lang)}", soft_wrap=True, markup=False)
    if found.standing is not Standing.GENUINE:
        raise typer.Exit(found.standing.code)
