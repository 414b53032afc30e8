"""Small helpers that build DCC elements: texts in two languages, numbers that stay strings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from reports.errors import ReportError
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DCC = "https://ptb.de/dcc"
"""Namespace of the DCC."""
SI = "https://ptb.de/si"
"""Namespace of D-SI."""
XSI = "http://www.w3.org/2001/XMLSchema-instance"
"""Namespace of schema instances."""
LANGUAGES = ("zh", "en")
"""Languages of every DCC, whatever the language of the PDF."""

Element = etree._Element


def dcc(name: str, *children: Element | None, text: str | None = None, **attributes: str) -> Element:
    """Make a DCC element; children that are None are left out."""
    return _made(DCC, name, children, text, attributes)


def si(name: str, *children: Element | None, text: str | None = None) -> Element:
    """Make a D-SI element."""
    return _made(SI, name, children, text, {})


def _made(
    space: str, name: str, children: Iterable[Element | None], text: str | None, attributes: dict[str, str]
) -> Element:
    made = etree.Element(f"{{{space}}}{name}", attributes)
    try:
        made.text = text
    except ValueError:
        raise ReportError(f"{text!r}: holds a control character, which XML cannot carry; remove it") from None
    for child in children:
        if child is not None:
            made.append(child)
    return made


def content(text: Text) -> list[Element]:
    """Make the contents of a text: one without language where both languages read the same."""
    if text.zh == text.en:
        return [dcc("content", text=text.zh)]
    return [dcc("content", text=getattr(text, language), lang=language) for language in LANGUAGES]


def named(name: str, text: Text) -> Element:
    """Make an element that holds a text."""
    return dcc(name, *content(text))


def rich(name: str, *texts: Text) -> Element:
    """Make an element that holds some paragraphs: one content per language, its paragraphs on lines of their own."""
    return dcc(name, *content(Text(zh="\n".join(t.zh for t in texts), en="\n".join(t.en for t in texts))))


def quantity(name: Text, value: Element, *more: Element | None, ref_type: str) -> Element:
    """Make a quantity with a name."""
    return dcc("quantity", named("name", name), value, *more, refType=ref_type)


def real(value: str, unit: str) -> Element:
    """Make a single value."""
    return si("real", si("value", text=value), si("unit", text=unit))


def real_list(values: Sequence[str], unit: str, uncertainty: Element | None = None) -> Element:
    """Make a column of values in one unit."""
    return si(
        "realListXMLList",
        si("valueXMLList", text=" ".join(values)),
        si("unitXMLList", text=unit),
        uncertainty,
    )


def expanded(U: Sequence[str], k: Sequence[str], p: Sequence[str]) -> Element:
    """Make the expanded uncertainties of a column; k and p shrink to one entry where all are equal."""
    return si(
        "measurementUncertaintyUnivariateXMLList",
        si(
            "expandedMUXMLList",
            si("valueExpandedMUXMLList", text=" ".join(U)),
            si("coverageFactorXMLList", text=" ".join(_once(k))),
            si("coverageProbabilityXMLList", text=" ".join(_once(p))),
        ),
    )


def _once(values: Sequence[str]) -> Sequence[str]:
    return values[:1] if len(set(values)) == 1 else values
