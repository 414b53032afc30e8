"""Set a budget as PDF by Typst, in memory."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uncertainty.errors import InputError
from uncertainty.evaluation import say, sentences
from uncertainty.figures import contributions, distribution, svg
from uncertainty.report import COLUMNS, headings, right_aligned, rows
from uncertainty.text import Language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from uncertainty.evaluation import Evaluation


def pdf(e: Evaluation, language: Language) -> bytes:
    """Set the table, the findings and the figures of a budget on A4 pages.

    The same evaluation gives the same bytes: there is no date inside, and system fonts are not used.

    Raises:
        InputError: a character is in none of the fonts, or the pages cannot be set.
    """
    import typst  # a big binary: only a PDF needs it
    from pylopdf_fonts_zh_cn import sans_path

    content: dict[str, Any] = {
        "title": f"{say('title.budget').show(language)}: {e.gum.label.show(language)} ({e.gum.name})",
        "lang": "en" if language is Language.EN else "zh",
        "head": headings(language, indices=True),
        "rows": rows(e.gum, language, e.indices),
        "right": [right_aligned(name) for name in COLUMNS],
        "findings": [sentence.show(language) for sentence in sentences(e)],
        "lead": 2 if e.expression is not None else 1,
        "figures": [
            {"title": say(f"title.{name}").show(language), "svg": svg(draw(e, language))}
            for name, draw in (("contributions", contributions), ("distribution", distribution))
        ],
    }
    cells = [cell for row in content["rows"] for cell in row]
    words = [content["title"], *content["head"], *cells, *content["findings"]]
    _require_glyphs(words, str(sans_path()))
    try:
        # The binding's overloads cannot be resolved without an output: ignored for that.
        pages, warnings = typst.compile_with_warnings(  # type: ignore[misc]
            files("uncertainty").joinpath("budget.typ").read_bytes(),
            font_paths=[str(Path(sans_path()).parent)],
            ignore_system_fonts=True,
            sys_inputs={"budget": json.dumps(content, ensure_ascii=False)},
        )
    except typst.TypstError as problem:
        raise InputError(f"the PDF cannot be set: {problem.message.splitlines()[0]}") from None
    if warnings:
        raise InputError(f"the PDF cannot be set: {warnings[0].message}")
    written: bytes = pages
    return written


def _require_glyphs(words: Sequence[str], font: str) -> None:
    """Refuse a character that the font has not: Typst would leave a blank box in its place."""
    from matplotlib.ft2font import FT2Font

    known = FT2Font(font).get_charmap()
    for word in words:
        for character in word:
            if ord(character) not in known:
                raise InputError(
                    f"{word!r}: no font of the report has {character!r} (U+{ord(character):04X}); replace the character"
                )
