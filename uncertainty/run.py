"""Evaluate a budget file and write its reports: what `caltwin uncertainty FILE` does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from uncertainty.errors import InputError, ModelError
from uncertainty.evaluation import Evaluation, evaluate_file
from uncertainty.file import BudgetFileError, read
from uncertainty.report import to_csv, to_latex, to_markdown, to_page, to_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from uncertainty.text import Language

FORMATS = ("csv", "pdf", "png", "svg", "html", "md", "tex")
"""What can be written."""
DEFAULT_FORMATS = ("csv", "pdf", "png")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Hold the outcome of a run."""

    evaluation: Evaluation
    """Results of both methods."""
    text: str
    """Table and findings, for a terminal."""
    files: tuple[Path, ...]
    """Files that were written."""


def run(path: Path, out: Path | None, language: Language, *, formats: Sequence[str] = DEFAULT_FORMATS) -> Written:
    """Evaluate a budget file; with a folder `out`, write its reports there.

    Args:
        path: budget file (TOML).
        out: folder for the reports, made if it is not there; None to write nothing.
        language: language of the texts.
        formats: which reports, of `FORMATS`; "png" and "svg" are the two figures.

    Raises:
        BudgetFileError: the file, or what it asks for, cannot be used; one line with file, field and reason.
    """
    for name in formats:
        if name not in FORMATS:
            raise BudgetFileError(str(path), "format", f"{name!r} must be one of {', '.join(FORMATS)}")
    file = read(path)
    try:
        evaluation = evaluate_file(file)
    except ModelError as problem:
        raise BudgetFileError(str(path), "measurand.model", str(problem)) from None
    except InputError as problem:
        raise BudgetFileError(str(path), "settings", str(problem)) from None
    written: list[Path] = []
    if out is not None:
        try:
            out.mkdir(parents=True, exist_ok=True)
            for name in formats:
                for suffix, content in _contents(evaluation, name, language).items():
                    target = out / f"{path.stem}{suffix}"
                    target.write_bytes(content)
                    written.append(target)
        except InputError as problem:
            raise BudgetFileError(str(path), "pdf", str(problem)) from None
        except OSError as problem:
            raise BudgetFileError(str(path), "out", f"{out} cannot be written: {problem}") from None
    return Written(evaluation=evaluation, text=to_text(evaluation, language), files=tuple(written))


def _contents(e: Evaluation, name: str, language: Language) -> dict[str, bytes]:
    """Return what one format consists of: suffix of the file name and bytes."""
    match name:
        case "csv":
            # With a byte order mark spreadsheets know that it is UTF-8.
            return {".csv": to_csv(e).encode("utf-8-sig")}
        case "pdf":
            from uncertainty.pdf import pdf

            return {".pdf": pdf(e, language)}
        case "png" | "svg":
            from uncertainty.figures import contributions, distribution, png, svg

            figures = {"contributions": contributions(e, language), "distribution": distribution(e, language)}
            return {
                f"-{kind}.{name}": png(figure) if name == "png" else svg(figure).encode()
                for kind, figure in figures.items()
            }
        case "html":
            return {".html": to_page(e, language).encode()}
        case "md":
            return {".md": to_markdown(e, language).encode()}
        case _:
            return {".tex": to_latex(e, language).encode()}
