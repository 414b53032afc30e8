"""`caltwin review`, `caltwin approve`, `caltwin issue`: three people's acts, then a sealed document with a number."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import Lang, console, text
from bench.commands.signing_options import (
    CERTIFICATES,
    KEYS,
    REGISTER,
    KeysFolder,
    LabRegister,
    PasswordFile,
    RecordPath,
    RegisterFile,
    both,
    help_of,
    refused,
    signer,
    staff_of,
)
from bench.errors import ConfigurationError
from bench.signing.approvals import Act, act
from bench.signing.keys import read_trust
from bench.signing.runs import open_run
from uncertainty.text import Language

Person = Annotated[str, typer.Option("--as", help=help_of("sign.help.person"), metavar="NAME")]


def review(
    record: RecordPath,
    person: Person,
    keys: KeysFolder = KEYS,
    password_file: PasswordFile = None,
    lab: LabRegister = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Review a record as its checker."""
    _act(Act.REVIEW, record, person, keys, password_file, lab, lang)


def approve(
    record: RecordPath,
    person: Person,
    keys: KeysFolder = KEYS,
    password_file: PasswordFile = None,
    lab: LabRegister = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Approve a reviewed record for issue."""
    _act(Act.APPROVE, record, person, keys, password_file, lab, lang)


def _act(
    what: Act, record: Path, person: str, keys: Path, password_file: Path | None, lab: str | None, lang: Language
) -> None:
    with refused(record, what), staff_of(lab) as people:
        trust = read_trust(keys)
        run = open_run(record, trust)  # a record that nobody may sign is refused before a password is asked
        act(run, what, signer(keys, person, password_file, lang), trust, people)
    said = text("sign.reviewed" if what is Act.REVIEW else "sign.approved")
    shown = said.format(name=person, number=run.record.number, digest=run.digest).show(lang)
    console().print(shown, soft_wrap=True)


def issue(
    record: RecordPath,
    keys: KeysFolder = KEYS,
    seal: Annotated[str, typer.Option("--seal", help=help_of("sign.help.seal"), metavar="NAME")] = "seal",
    password_file: PasswordFile = None,
    register: RegisterFile = REGISTER,
    out: Annotated[Path, typer.Option("--out", help=help_of("sign.help.out"), metavar="DIR")] = CERTIFICATES,
    lab: LabRegister = None,
    replaces: Annotated[
        str | None, typer.Option("--replaces", help=help_of("sign.help.replaces"), metavar="NUMBER")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help=help_of("sign.help.reason"))] = None,
    changed: Annotated[str | None, typer.Option("--changed", help=help_of("sign.help.changed"))] = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Issue an approved record: number, documents, seals; all of it or nothing."""
    from bench.signing.issue import Amendment, issued_files
    from bench.signing.issue import issue as issue_run
    from bench.signing.register import Register

    amendment = None
    if replaces is not None:
        if not (reason and changed):
            raise ConfigurationError(replaces, "--replaces", "needs --reason and --changed")
        amendment = Amendment(number=replaces, reason=both(reason), changed=both(changed))
    elif reason or changed:
        raise ConfigurationError(str(record), "--reason", "needs --replaces NUMBER")
    with refused(record, "issue"), staff_of(lab) as people:
        trust = read_trust(keys)
        open_run(record, trust)
        key = signer(keys, seal, password_file, lang)
        with Register(register) as held:
            made = issue_run(record, held, key, trust, out=out, language=lang, amendment=amendment, people=people)
    screen = console()
    old = f" ({text('sign.replaced').format(number=made.replaces).show(lang)})" if made.replaces else ""
    screen.print(f"[bold]{made.number}[/bold]{old}  {text('sign.issued').show(lang)}", soft_wrap=True)
    for path in issued_files(made):
        screen.print(f"  {path}", soft_wrap=True)
