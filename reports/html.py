"""Write a certificate as one self-contained HTML file: a view of the PDF and its DCC, whose digests it names."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from uncertainty.text import Language, Text, catalogue

if TYPE_CHECKING:
    import jinja2

    from reports.view import Certificate

_CODES = {Language.ZH: "zh-CN", Language.EN: "en", Language.BOTH: "zh-CN"}


@cache
def _template() -> jinja2.Template:
    import jinja2  # only this writer needs it
    from markupsafe import Markup, escape

    def say(text: Text, language: Language, separator: str = " ") -> Markup:
        """Return a text in the wanted languages, the second one marked as such."""
        if language is Language.EN:
            return escape(text.en)
        if language is Language.ZH or text.zh == text.en:
            return escape(text.zh)
        return escape(text.zh) + Markup('{}<span lang="en">{}</span>').format(separator, text.en)

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
