"""`caltwin keys`: the laboratory's authority, and the keys of people, benches and seals."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.hashes import SHA256
from rich.table import Table

from bench.commands.options import Lang, console, text
from bench.commands.signing_options import KEYS, KeysFolder, PasswordFile, help_of, password, refused
from bench.signing.keys import (
    AUTHORITY,
    Role,
    names,
    new_authority,
    new_key,
    public_key_of,
    read_certificate,
    read_trust,
    roles_of,
)
from bench.signing.keys import revoke as revoke_key
from reports.errors import Untrusted
from uncertainty.text import Language

app = typer.Typer(help=help_of("sign.help.keys"), no_args_is_help=True)
AuthorityPassword = Annotated[
    Path | None,
    typer.Option("--authority-password-file", help=help_of("sign.help.authority_password"), metavar="FILE"),
]


@app.command("init", help=help_of("sign.help.keys_init"))
def init(
    organisation: Annotated[str, typer.Option("--organisation", help=help_of("sign.help.organisation"))],
    keys: KeysFolder = KEYS,
    password_file: PasswordFile = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Make the laboratory's authority; keep its key away from the benches."""
    with refused(keys, "init"):
        made = new_authority(keys, organisation, password(AUTHORITY, password_file, lang), now=datetime.now(UTC))
    console().print(f"{text('sign.trust').show(lang)}: {made.fingerprint(SHA256()).hex()}", soft_wrap=True)


@app.command("new", help=help_of("sign.help.keys_new"))
def new(
    name: Annotated[str, typer.Option("--name", help=help_of("sign.help.name"))],
    role: Annotated[list[Role], typer.Option("--role", help=help_of("sign.help.role"))],
    keys: KeysFolder = KEYS,
    password_file: PasswordFile = None,
    authority_password_file: AuthorityPassword = None,
    years: Annotated[int, typer.Option("--years", help=help_of("sign.help.years"), min=1, max=10)] = 3,
    lang: Lang = Language.BOTH,
) -> None:
    """Make a key for a person, a bench or a seal."""
    with refused(keys, "new"):
        made = new_key(
            keys,
            name,
            role,
            password(name, password_file, lang),
            password(AUTHORITY, authority_password_file, lang),
            now=datetime.now(UTC),
            years=years,
        )
    held, end = ", ".join(sorted(role)), f"{made.not_valid_after_utc:%Y-%m-%d}"
    screen = console()
    screen.print(text("sign.made").format(name=name, roles=held, end=end).show(lang), soft_wrap=True)
    screen.print(f"{text('sign.public_key').show(lang)}: {public_key_of(made)}", soft_wrap=True)


@app.command("revoke", help=help_of("sign.help.keys_revoke"))
def revoke(
    name: Annotated[str, typer.Option("--name", help=help_of("sign.help.name"))],
    keys: KeysFolder = KEYS,
    authority_password_file: AuthorityPassword = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Revoke a certificate from now on."""
    with refused(keys, "revoke"):
        revoke_key(keys, name, password(AUTHORITY, authority_password_file, lang), now=datetime.now(UTC))
    console().print(text("sign.revoked").format(name=name).show(lang), soft_wrap=True)


@app.command("list", help=help_of("sign.help.keys_list"))
def list_keys(keys: KeysFolder = KEYS, lang: Lang = Language.BOTH) -> None:
    """Show the certificates, their roles and whether they are in force."""
    trust = read_trust(keys)
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "roles", "until", "state"):
        table.add_column(text(f"sign.{heading}").show(lang))
    for name in names(keys):
        one = read_certificate(keys, name)
        state = "in_force"
        try:
            trust.require(one, datetime.now(UTC))
        except Untrusted:
            state = "not_in_force"
        end = f"{one.not_valid_after_utc:%Y-%m-%d}"
        table.add_row(name, ", ".join(sorted(roles_of(one))), end, text(f"sign.{state}").show(lang))
    screen = console()
    screen.print(table)
    screen.print(f"{text('sign.trust').show(lang)}: {trust.root.fingerprint(SHA256()).hex()}", soft_wrap=True)
