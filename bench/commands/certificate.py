"""`caltwin certificate`: all documents of a record, made again from the record alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import Lang, console, help_of, text
from bench.errors import ConfigurationError
from scenarios.record import RecordError, from_json
from uncertainty.text import Language


def certificate(
    record: Annotated[Path, typer.Argument(help=help_of("record"), show_default=False)],
    out: Annotated[Path | None, typer.Option(help=help_of("out"), metavar="DIR")] = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Make certificate.pdf, certificate.html and dcc.xml beside the record, or in `--out`."""
    from reports.issue import issue  # matplotlib, Typst and lxml: only who makes documents waits for them

    path = record / "record.json" if record.is_dir() else record
    try:
        run = from_json(path.read_bytes())
    except OSError as problem:
        raise ConfigurationError(str(path), "(file)", problem.strerror or str(problem)) from None
    except RecordError as problem:
        raise ConfigurationError(str(path), "record", str(problem)) from None
    folder = path.parent if out is None else out
    folder.mkdir(parents=True, exist_ok=True)
    issued = issue(run, folder, lang)
    screen = console()
    screen.print(f"{text('run.documents').show(lang)}:")
    for made in (issued.pdf, issued.html, issued.dcc):
        screen.print(f"  {made}", soft_wrap=True)
