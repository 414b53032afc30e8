"""Read the result numbers out of a PDF, an HTML page and a DCC again, each in its own way."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import zip_longest

import pypdfium2
from lxml import etree

NS = {"dcc": "https://ptb.de/dcc", "si": "https://ptb.de/si"}
Row = tuple[str, ...]
"""Settings, reference value, indication, error, (U, k,) rounded error and MPE of one point."""

_NUMBER = r"[+−-]?\d+(?:\.\d+)?"
_ROW = re.compile(rf"((?:{_NUMBER}\s+){{4,}})±({_NUMBER})\s+(?:不?符合|不?合格|met|not|pass|fail)")


def plain(number: str) -> str:
    """Return a number as a DCC writes it: a simple minus, no plus."""
    return number.replace("−", "-").removeprefix("+").removeprefix("±")


def pdf_text(pdf: bytes) -> list[str]:
    """Return the text of each page."""
    with pypdfium2.PdfDocument(pdf) as document:
        pages = []
        for page in document:
            text = page.get_textpage()
            pages.append(text.get_text_range())
            text.close()
            page.close()
        return pages


def from_pdf(pdf: bytes) -> list[Row]:
    """Return the rows of all result tables: numbers that end in a MPE and a finding."""
    text = " ".join(pdf_text(pdf)).replace("\r", " ").replace("\n", " ")
    rows = []
    for match in _ROW.finditer(text):
        _, *numbers = match[1].split()  # the first is the row's number
        rows.append(tuple(plain(n) for n in (*numbers, match[2])))
    return rows


class _Tables(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.inside = False
        self.cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.inside = (dict(attrs).get("id") or "").startswith("points/")
        elif self.inside and tag == "tr":
            self.rows.append([])
        elif self.inside and tag == "td":
            self.cell = []

    def handle_endtag(self, tag: str) -> None:
        if tag == "td" and self.cell is not None:
            self.rows[-1].append("".join(self.cell))
            self.cell = None

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.append(data)


def from_html(html: bytes) -> list[Row]:
    """Return the rows of all result tables."""
    parser = _Tables()
    parser.feed(html.decode("utf-8"))
    return [tuple(plain(cell) for cell in row[1:-1]) for row in parser.rows if len(row) > 1]


def from_dcc(dcc: bytes, *, with_uncertainty: bool) -> list[Row]:
    """Return the rows of all result tables."""
    rows: list[Row] = []
    for table in etree.fromstring(dcc).findall(".//dcc:list[@refType='caltwin_points']", NS):

        def column(ref_type: str, path: str = "si:valueXMLList", table: etree._Element = table) -> list[list[str]]:
            found = table.findall(f".//dcc:quantity[@refType='{ref_type}']/si:realListXMLList", NS)
            return [(f.findtext(f".//{path}", "", NS)).split() for f in found]

        columns = [
            *column("basic_nominalValue"),
            *column("basic_referenceValue"),
            *column("basic_measuredValue"),
            *column("basic_measurementError"),
        ]
        if with_uncertainty:
            columns += column("basic_measurementError", "si:valueExpandedMUXMLList")
            columns += column("basic_measurementError", "si:coverageFactorXMLList")
        columns += [*column("caltwin_roundedError"), *column("basic_toleranceLimitUpper")]
        rows += [
            tuple(v if v is not None else c[0] for v, c in zip(row, columns, strict=True))
            for row in zip_longest(*columns)
        ]
    return rows
