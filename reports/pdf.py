"""Write a certificate as PDF/A-3b with the DCC attached, by Typst, in memory."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from reports.errors import MissingGlyph, ReportError
from reports.fonts import sans, serif
from reports.numerals import moment
from uncertainty.text import Language, Text

if TYPE_CHECKING:
    from reports.view import Certificate

DCC_NAME = "dcc.xml"
"""Name of the attached file."""


@cache
def _template() -> bytes:
    return files("reports").joinpath("certificate.typ").read_bytes()


def pdf(certificate: Certificate, dcc: bytes, language: Language) -> bytes:
    """Set the pages of a certificate and attach its DCC.

    The same certificate gives the same bytes: the date inside is the certificate's, and system fonts are not used.

    Raises:
        MissingGlyph: a character is in none of the fonts; the message names it and the text that holds it.
    """
    import typst  # a big binary: only a PDF needs it

    try:
        # The binding's overloads cannot be resolved without an output: ignored for that.
        pages, warnings = typst.compile_with_warnings(  # type: ignore[misc]
            _template(),
            font_paths=sorted({str(sans().parent), str(serif().parent)}),
            ignore_system_fonts=True,
            sys_inputs={
                "certificate": msgspec.json.encode(certificate).decode(),
                "language": language.value,
                "dcc": dcc.decode("utf-8"),
                "dcc-name": DCC_NAME,
            },
            pdf_standards=["a-3b"],
            timestamp=moment(certificate.date, "ended"),
        )
    except typst.TypstError as problem:
        raise _explained(problem.message, certificate) from None
    if warnings:  # e.g. a layout that does not settle: page numbers would be wrong
        raise ReportError(f"the PDF cannot be set: {warnings[0].message}")
    written: bytes = pages
    return written


def _explained(message: str, certificate: Certificate) -> ReportError:
    """Turn Typst's message into one that names the character and the text that holds it."""
    match = re.search(r"text `\"(.+?)\"` could not be displayed", message)
    if match is None:
        return ReportError(f"the PDF cannot be set: {message.splitlines()[0]}")
    missing = match[1]
    holder = next((t for t in _texts(certificate) if missing in t), missing)
    shown = holder if len(holder) <= 60 else holder[:57] + "..."
    codes = " ".join(f"U+{ord(c):04X}" for c in missing)
    return MissingGlyph(f"{shown!r}: no certificate font has {missing!r} ({codes}); replace the character")


def _texts(certificate: Certificate) -> list[str]:
    """Return all strings of a certificate."""
    found: list[str] = []

    def walk(node: object) -> None:
        if isinstance(node, str):
            found.append(node)
        elif isinstance(node, Text):
            found.extend((node.zh, node.en))
        elif isinstance(node, tuple):
            for part in node:
                walk(part)
        elif hasattr(node, "__slots__"):
            for name in node.__slots__:
                walk(getattr(node, name))

    walk(certificate)
    return found
