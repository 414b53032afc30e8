"""Write a certificate as one self-contained HTML file: a view of the PDF and its DCC, whose digests it names."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from uncertainty.text import Language, Text, catalogue

if TYPE_CHECKING:
    import jinja2

    from reports.view import Certificate

_SYMBOL = re.compile(r"\b([Uukνγδ])\b")
_INDEXED = re.compile(r"\b([^\W\d_])_(\w+)\b")
_POWER = re.compile(r"^(−?\d+(?:\.\d+)?)[eE]\+?(−?)0*(\d+)$")
_CODES = {Language.ZH: "zh-CN", Language.EN: "en", Language.BOTH: "zh-CN"}


@cache
def _template() -> jinja2.Template:
    import jinja2  # only this writer needs it
    from markupsafe import Markup, escape

    def set_symbols(text: str) -> Markup:
        """Set the symbols of quantities in italics, with upright indices, and exponents as powers of ten."""
        marked = _SYMBOL.sub(r"<i>\1</i>", str(escape(text)))
        marked = _INDEXED.sub(r"<i>\1</i><sub>\2</sub>", marked)
        return Markup(_POWER.sub("\\1\u202f×\u202f10<sup>\\2\\3</sup>", marked))

    def say(text: Text, language: Language, separator: str = " ") -> Markup:
        """Return a text in the wanted languages, the second one marked as such."""
        if language is Language.EN:
            return set_symbols(text.en)
        if language is Language.ZH or text.zh == text.en:
            return set_symbols(text.zh)
        return set_symbols(text.zh) + Markup('{}<span lang="en">{}</span>').format(separator, set_symbols(text.en))

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["say"] = say
    environment.filters["data_uri"] = lambda svg: "data:image/svg+xml;base64," + _base64(svg.encode())
    return environment.from_string(files("reports").joinpath("certificate.html.j2").read_text(encoding="utf-8"))


def html(certificate: Certificate, dcc: bytes, pdf: bytes, language: Language) -> bytes:
    """Make the page; the same certificate, DCC and PDF give the same bytes."""
    rendered = _template().render(
        certificate=certificate,
        language=language,
        code=_CODES[language],
        texts=catalogue("reports"),
        dcc="data:application/xml;base64," + _base64(dcc),
        dcc_digest=hashlib.sha256(dcc).hexdigest(),
        pdf_digest=hashlib.sha256(pdf).hexdigest(),
    )
    return rendered.encode("utf-8")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
