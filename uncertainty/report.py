"""Write the table of a budget: plain text, Markdown, CSV, HTML and LaTeX, in Chinese, English or both."""

from __future__ import annotations

import csv
import html as html_escape
import io
import unicodedata
from typing import TYPE_CHECKING

from uncertainty.evaluation import Evaluation, beside, compact, say, sentences
from uncertainty.text import Language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from uncertainty.gum import GumResult

COLUMNS = (
    "symbol",
    "quantity",
    "evaluation",
    "distribution",
    "value",
    "u",
    "unit",
    "dof",
    "sensitivity",
    "contribution",
    "share",
    "index",
)
"""Columns of a table, in order; "index" is there only where first-order indices are."""
_NUMBERS = frozenset({"value", "u", "dof", "sensitivity", "contribution", "share", "index"})


def right_aligned(column: str) -> bool:
    """Return whether a column holds numbers."""
    return column in _NUMBERS


def headings(language: Language, *, indices: bool) -> list[str]:
    """Return the headings of the columns."""
    return [say(f"column.{name}").show(language) for name in COLUMNS if indices or name != "index"]


def rows(gum: GumResult, language: Language, indices: Sequence[float] | None = None) -> list[list[str]]:
    """Return the lines of a budget as strings, one list an input."""
    table = []
    for i, line in enumerate(gum.lines):
        dof = say("line.infinite").show(language) if line.dof is None else compact(line.dof, 3)
        row = [
            line.name,
            line.label.show(language),
            line.evaluation,
            say(f"distribution.{line.distribution}").show(language),
            beside(line.value, line.u),
            compact(line.u, 3),
            line.unit,
            dof,
            compact(line.sensitivity, 4),
            compact(line.contribution, 3),
            f"{100 * line.share:.1f} %",
        ]
        if indices is not None:
            row.append(f"{100 * max(indices[i], 0.0):.1f} %")
        table.append(row)
    return table


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _pad(text: str, width: int, *, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


def to_text(e: Evaluation, language: Language) -> str:
    """Write the table and the findings for a terminal."""
    head, body = headings(language, indices=True), rows(e.gum, language, e.indices)
    widths = [max(_width(row[i]) for row in [head, *body]) for i in range(len(head))]

    def line(row: list[str]) -> str:
        cells = [_pad(c, w, right=n in _NUMBERS) for c, w, n in zip(row, widths, COLUMNS, strict=True)]
        return "  ".join(cells).rstrip()

    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    title = f"{say('title.budget').show(language)}: {e.gum.label.show(language)} ({e.gum.name})"
    found = [sentence.show(language) for sentence in sentences(e)]
    return "\n".join([title, rule, line(head), rule, *map(line, body), rule, *found]) + "\n"


def to_markdown(e: Evaluation, language: Language) -> str:
    """Write the table and the findings as Markdown."""
    head, body = headings(language, indices=True), rows(e.gum, language, e.indices)

    def line(cells: list[str]) -> str:
        return "| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |"

    marks = ["---:" if name in _NUMBERS else "---" for name in COLUMNS]
    title = f"# {e.gum.label.show(language)} ({e.gum.name})"
    found = [f"- {sentence.show(language)}" for sentence in sentences(e)]
    return "\n".join([title, "", line(head), line(marks), *map(line, body), "", *found]) + "\n"


def to_csv(e: Evaluation) -> str:
    """Write the table as CSV with full numbers and fixed English column names, for spreadsheets and programs."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        [
            "symbol", "label_zh", "label_en", "evaluation", "distribution", "value", "u", "unit", "dof",
            "sensitivity", "contribution", "share", "first_order_index",
        ]
    )  # fmt: skip
    for x, index in zip(e.gum.lines, e.indices, strict=True):
        dof = "inf" if x.dof is None else repr(float(x.dof))
        numbers = [repr(float(v)) for v in (x.value, x.u)]
        shares = [repr(float(v)) for v in (x.sensitivity, x.contribution, x.share, index)]
        names = [x.name, x.label.zh, x.label.en, x.evaluation, x.distribution]
        writer.writerow([*map(_harmless, names), *numbers, x.unit, dof, *shares])
    gum = e.gum
    dof = "inf" if gum.degrees_of_freedom is None else repr(float(gum.degrees_of_freedom))
    names = [gum.name, gum.label.zh, gum.label.en, "", ""]
    writer.writerow([*map(_harmless, names), repr(gum.value), repr(gum.u), gum.unit, dof, "", repr(gum.u), "", ""])
    return out.getvalue()


def _harmless(cell: str) -> str:
    """Keep a spreadsheet from taking a text as a formula."""
    return "'" + cell if cell[:1] in ("=", "+", "-", "@") else cell


def to_html(
    gum: GumResult, language: Language, indices: Sequence[float] | None = None, notes: Sequence[str] = ()
) -> str:
    """Write the table as a piece of HTML; `notes` are set below it."""
    esc = html_escape.escape
    names = [name for name in COLUMNS if indices is not None or name != "index"]

    def cells(tag: str, row: list[str]) -> str:
        aligned = zip(names, row, strict=True)
        return "".join(
            f'<{tag} style="text-align:{"right" if n in _NUMBERS else "left"}">{esc(c)}</{tag}>' for n, c in aligned
        )

    head = cells("th", headings(language, indices=indices is not None))
    body = "\n".join(f"<tr>{cells('td', row)}</tr>" for row in rows(gum, language, indices))
    caption = esc(f"{gum.label.show(language)} ({gum.name})")
    below = "".join(f"\n<p>{esc(note)}</p>" for note in notes)
    return (
        f'<table class="uncertainty-budget">\n<caption>{caption}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>{below}\n"
    )


def to_page(e: Evaluation, language: Language) -> str:
    """Write a whole HTML page."""
    lang = "en" if language is Language.EN else "zh-CN"
    title = html_escape.escape(f"{say('title.budget').show(language)}: {e.gum.label.show(language)}")
    table = to_html(e.gum, language, e.indices, [s.show(language) for s in sentences(e)])
    style = (
        "body{font-family:sans-serif}table{border-collapse:collapse}td,th{padding:.2em .6em}tr{border-top:1px solid}"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{style}</style></head>\n<body>\n<h1>{title}</h1>\n{table}</body>\n</html>\n"
    )


_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "∞": r"$\infty$", "±": r"$\pm$", "≈": r"$\approx$",
    "δ": r"$\delta$", "ν": r"$\nu$", "|": r"\textbar{}", "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip


def to_latex(e: Evaluation, language: Language) -> str:
    """Write the table as LaTeX (package booktabs; for Chinese a class such as ctexart)."""

    def escaped(text: str) -> str:
        return "".join(_LATEX.get(c, c) for c in text)

    def line(row: list[str]) -> str:
        return " & ".join(map(escaped, row)) + r" \\"

    form = "".join("r" if name in _NUMBERS else "l" for name in COLUMNS)
    body = [line(row) for row in rows(e.gum, language, e.indices)]
    found = [escaped(sentence.show(language)) + r"\par" for sentence in sentences(e)]
    head = line(headings(language, indices=True))
    table = [rf"\begin{{tabular}}{{{form}}}", r"\toprule", head, r"\midrule", *body, r"\bottomrule", r"\end{tabular}"]
    return "\n".join([*table, "", *found]) + "\n"
