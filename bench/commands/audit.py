"""`caltwin audit`: name every entry of a journal that was edited, dropped, reordered or cut."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.audit import JOURNAL, sign_head
from bench.audit import audit as audit_journal
from bench.commands.options import Lang, console, text
from bench.commands.signing_options import KEYS, KeysFolder, PasswordFile, help_of, refused, signer, trust_if_any
from bench.errors import ConfigurationError
from bench.signing.keys import read_trust
from uncertainty.text import Language


def audit(
    run: Annotated[Path, typer.Argument(help=help_of("audit.help.run"), show_default=False)],
    keys: KeysFolder = KEYS,
    sign: Annotated[str | None, typer.Option("--sign", help=help_of("audit.help.sign"), metavar="NAME")] = None,
    password_file: PasswordFile = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Audit the journal of a run, or of every run in a folder; `--sign` signs the head of one that is whole.

    Exit code: 0 whole, 1 something was changed, 2 nothing to audit.
    """
    screen = console()
    journals = _journals(run)
    trust = trust_if_any(keys)
    broken = 0
    for journal in journals:
        with refused(journal, "audit"):
            if sign is not None:
                sign_head(journal, signer(keys, sign, password_file, lang), read_trust(keys), "audit")
            found = audit_journal(journal, trust)
        count = len(found.entries)
        if found.whole:
            said = text("audit.whole").format(count=count, covered=found.covered).show(lang)
            screen.print(f"{journal}: {said}", soft_wrap=True, markup=False)
            if found.covered < count:
                screen.print(f"  {text('audit.no_head').show(lang)}", soft_wrap=True, markup=False)
            continue
        broken += 1
        said = text("audit.not_whole").format(count=len(found.faults)).show(lang)
        screen.print(f"{journal}: {said}", style="bold red", soft_wrap=True, markup=False)
        for fault in found.faults:
            screen.print(f"  {fault.text.show(lang)}", soft_wrap=True, markup=False)
    if broken:
        raise typer.Exit(1)


def _journals(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    found = sorted(place.rglob(JOURNAL))
    if not found:
        raise ConfigurationError(str(place), "RUN", text("audit.none").en)
    return found
