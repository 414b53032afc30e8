"""Options and small helpers that the commands of keys, review, approval, issue, check and audit share."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import text
from bench.errors import ConfigurationError
from bench.signing.keys import AUTHORITY, FileSigner, open_key, read_trust
from bench.signing.statements import People
from reports.errors import ReportError
from reports.seal import Trust
from uncertainty.text import Language, Text


def help_of(key: str) -> str:
    """Return a help text in both languages, e.g. of "sign.help.review"."""
    both = text(key)
    return f"{both.en} {both.zh}"


RecordPath = Annotated[Path, typer.Argument(help=help_of("sign.help.record"), show_default=False)]
KeysFolder = Annotated[
    Path, typer.Option("--keys", envvar="CALTWIN_KEYS", help=help_of("sign.help.folder"), metavar="DIR")
]
PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", help=help_of("sign.help.password"), metavar="FILE")
]
RegisterFile = Annotated[
    Path, typer.Option("--register", envvar="CALTWIN_REGISTER", help=help_of("sign.help.register"), metavar="FILE")
]
LabRegister = Annotated[
    str | None, typer.Option("--lab", envvar="CALTWIN_LAB", help=help_of("sign.help.lab"), metavar="FILE|URL")
]
KEYS = Path("keys")
"""Default folder of keys."""
REGISTER = Path("certificates/register.sqlite")
"""Default register of issued documents."""
CERTIFICATES = Path("certificates")
"""Default folder of issued documents."""


def signer(keys: Path, name: str, password_file: Path | None, lang: Language) -> FileSigner:
    """Open a key; its password is asked for at each act, unless a file holds it.

    Raises:
        ConfigurationError: no such key, a wrong password, or nobody to ask.
    """
    return open_key(keys, name, password(name, password_file, lang))


def password(name: str, file: Path | None, lang: Language) -> str:
    """Return a password: the first line of a file, or what somebody types at the terminal.

    Raises:
        ConfigurationError: the file cannot be read, or nobody is at the terminal.
    """
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
        except (OSError, UnicodeDecodeError) as problem:
            raise ConfigurationError(str(file), "--password-file", str(problem)) from None
    if not sys.stdin.isatty():
        raise ConfigurationError(name, "(password)", "nobody is at the terminal; give --password-file FILE")
    return getpass(f"{text('sign.password').format(name=name).show(lang)}: ")


@contextmanager
def staff_of(lab: str | None) -> Iterator[People | None]:
    """Give the laboratory's register of people, where one is named; certificates alone count where none is."""
    if lab is None:
        yield None
        return
    from bench.lab.register import open_register  # SQLAlchemy: only who names a register waits for it
    from bench.signing.staff import Staff

    with open_register(lab) as register:
        yield Staff(register=register)


def trust_of(place: Path) -> Trust:
    """Return the authority to be trusted: of a folder of keys, or of one certificate in PEM form.

    Raises:
        ConfigurationError: there is none.
    """
    if place.is_dir() or not place.exists():
        return read_trust(place)
    from cryptography import x509

    try:
        return Trust(root=x509.load_pem_x509_certificate(place.read_bytes()))
    except (OSError, ValueError) as problem:
        raise ConfigurationError(str(place), "--trust", f"is no certificate in PEM form ({problem})") from None


def trust_if_any(place: Path) -> Trust | None:
    """Return the authority to be trusted, or None where no folder of keys has been made."""
    if place.is_dir() and not (place / f"{AUTHORITY}.pem").exists():
        return None
    return trust_of(place) if place.exists() else None


def both(said: str) -> Text:
    """Return a text that somebody typed as "中文 / English"; one language alone serves for both."""
    zh, mark, en = said.partition(" / ")
    return Text(zh=zh.strip(), en=en.strip() if mark else zh.strip())


@contextmanager
def refused(path: Path, key: str) -> Iterator[None]:
    """Turn what the act refuses into the one line that the command line shows."""
    try:
        yield
    except ReportError as problem:
        raise ConfigurationError(str(path), key, str(problem)) from None
    except OSError as problem:
        raise ConfigurationError(str(problem.filename or path), key, problem.strerror or os.strerror(0)) from None
