"""`caltwin uncertainty`: evaluate a budget file by GUM and Monte Carlo, print the table, write figures, CSV and PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from uncertainty.text import Language

FORMATS = ("csv", "pdf", "png", "svg", "html", "md", "tex")
"""What can be written, as `uncertainty.run.FORMATS`, which takes a second to import."""

_FILE = "Budget file (TOML). 不确定度预算文件（TOML）。"
_OUT = "Folder for the reports; nothing is written without it. 报告输出目录；不给出则不写文件。"
_FORMAT = f"Report to write, may be repeated: {', '.join(FORMATS)}. 输出格式，可重复给出。"
_LANG = "Language: zh, en or both. 语言：zh、en 或 both。"


def uncertainty(
    file: Annotated[Path, typer.Argument(help=_FILE, metavar="FILE", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", "-o", help=_OUT, metavar="DIR")] = None,
    formats: Annotated[list[str] | None, typer.Option("--format", "-f", help=_FORMAT)] = None,
    lang: Annotated[Language, typer.Option(help=_LANG)] = Language.BOTH,
) -> None:
    """Evaluate a budget file; what is wrong with it ends as one line that names file, field and reason."""
    from uncertainty.run import DEFAULT_FORMATS, run

    written = run(file, out, lang, formats=tuple(formats) if formats else DEFAULT_FORMATS)
    typer.echo(written.text, nl=False)
    for path in written.files:
        typer.echo(str(path))
