"""The PDF: PDF/A-3b by its own words, fonts embedded, the DCC attached, the mark and the number on every page."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pikepdf
import pytest
from printed_numbers import pdf_text
from sample_records import calibration_record, long_record

from reports.certificate import certificate
from reports.errors import ReportError
from reports.pdf import pdf
from reports.view import same
from uncertainty.text import Language

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reports.issue import Documents


@pytest.fixture
def opened(documents: Callable[[str], Documents]) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(io.BytesIO(documents("calibration").pdf)) as document:
        yield document


def test_it_declares_pdf_a_3b(opened: pikepdf.Pdf) -> None:
    with opened.open_metadata() as metadata:
        assert metadata["pdfaid:part"] == "3"
        assert metadata["pdfaid:conformance"] == "B"
        assert "SIM-DCE-2026-000123" in str(metadata["dc:title"])
    assert opened.Root.OutputIntents[0].S == "/GTS_PDFA1"
    assert str(opened.Root.Lang).startswith("zh")


def test_the_dcc_is_attached_as_the_alternative(opened: pikepdf.Pdf, documents: Callable[[str], Documents]) -> None:
    assert opened.attachments["dcc.xml"].get_file().read_bytes() == documents("calibration").dcc
    (associated,) = list(opened.Root.AF)
    assert associated.AFRelationship == "/Alternative"
    assert associated.EF.F.Subtype == "/application/xml"


def test_every_font_is_embedded(opened: pikepdf.Pdf) -> None:
    fonts = {}
    for page in opened.pages:
        for font in page.Resources.Font.values():
            for descendant in font.DescendantFonts:
                fonts[str(descendant.BaseFont)] = descendant.FontDescriptor
    assert any("NotoSansSC" in name for name in fonts)
    for name, descriptor in fonts.items():
        assert "/FontFile3" in descriptor or "/FontFile2" in descriptor, name


def test_every_page_has_the_mark_the_number_and_its_place(documents: Callable[[str], Documents]) -> None:
    for name, number in (("calibration", "SIM-DCE-2026-000123"), ("long", "SIM-DCE-2026-000126")):
        pages = pdf_text(documents(name).pdf)
        assert len(pages) >= 5
        for n, page in enumerate(pages, 1):
            assert re.search(rf"Page\s+{n}\s+of\s+{len(pages)}\b", page), f"{name}, page {n}"
            assert re.search(rf"第\s*{n}\s*页\s*共\s*{len(pages)}\s*页", page), f"{name}, page {n}"
            assert page.count("SIMULATED") >= 2, "header and watermark"
            assert number in page
    assert "End of document" in pages[-1]


def test_a_long_table_repeats_its_head(documents: Callable[[str], Documents]) -> None:
    pages = [p for p in pdf_text(documents("long").pdf) if re.search(r"±0\.5", p)]
    assert len(pages) >= 2
    assert all("Rounded" in page for page in pages[:2])


def test_a_real_certificate_has_no_mark_and_can_be_signed() -> None:
    record = calibration_record()
    real = replace(
        record,
        number="DCE-2026-000123",
        simulated=False,
        laboratory=replace(record.laboratory, name=same("某计量院")),
        device=replace(record.device, simulated=False),
        equipment=tuple(replace(e, simulated=False) for e in record.equipment),
    )
    made = certificate(real)
    assert made.mark is None
    assert made.cover.signing_note is None
    pages = pdf_text(pdf(made, b"<dcc/>", Language.BOTH))
    assert not any("SIMULATED" in page or "模拟" in page for page in pages)


def test_the_statements_of_the_record_are_in_the_pages(documents: Callable[[str], Documents]) -> None:
    said = re.sub(r"\s+", "", "".join(pdf_text(documents("calibration").pdf)))
    record = calibration_record()
    for words in (
        record.decision.statement.zh,
        record.software.digest,
        record.provisions[0].key,
        record.equipment[0].serial,
        "校准证书",
        "20ofthe21prescribednumbers",
    ):
        assert re.sub(r"\s+", "", words) in said, words


def test_rare_characters_and_long_names_are_printed_whole(documents: Callable[[str], Documents]) -> None:
    first = re.sub(r"\s+", "", pdf_text(documents("long").pdf)[0])
    customer = long_record().customer
    assert customer is not None
    assert customer.name.zh in first
    assert re.sub(r"\s+", "", customer.name.en) in first


def test_what_the_setter_warns_of_is_an_error_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A warning may mean wrong page numbers (a layout that does not settle): such a PDF is not handed out."""
    broken = b'#set text(font: "no such face")\nwords'
    monkeypatch.setattr("reports.pdf._template", lambda: broken)
    with pytest.raises(ReportError, match=r"^the PDF cannot be set: .*no such face") as refusal:
        pdf(certificate(calibration_record()), b"<dcc/>", Language.BOTH)
    assert "\n" not in str(refusal.value)
