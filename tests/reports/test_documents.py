"""The three documents: the same numbers, the same bytes, all or none."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conftest import SAMPLES
from printed_numbers import from_dcc, from_html, from_pdf, plain
from sample_records import calibration_record, text

from reports import issue as issue_module
from reports.errors import InvalidDcc, MissingGlyph, Refused, ReportError
from reports.issue import issue, make, write_together
from reports.kind import Kind
from uncertainty.text import Language

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reports.issue import Documents

NAMES = ("certificate.html", "certificate.pdf", "dcc.xml")


@pytest.mark.parametrize("name", list(SAMPLES))
def test_every_result_number_is_the_same_in_pdf_html_and_dcc(name: str, documents: Callable[[str], Documents]) -> None:
    record = SAMPLES[name]()
    made = documents(name)
    shows_uncertainty = name in ("calibration", "long")  # a verification keeps U for its annex
    numbers = from_dcc(made.dcc, with_uncertainty=shows_uncertainty)
    assert len(numbers) == sum(len(i.points) for i in record.items)
    assert from_html(made.html) == numbers
    assert from_pdf(made.pdf) == numbers
    errors = [plain(p.reported.error) for i in record.items for p in i.points]
    assert sorted(row[4] for row in numbers) == sorted(errors)


def test_a_number_changed_in_one_document_is_seen(documents: Callable[[str], Documents]) -> None:
    made = documents("calibration")
    assert from_html(made.html.replace(b"+0.187", b"+0.178")) != from_pdf(made.pdf)


def test_the_same_record_gives_the_same_bytes(documents: Callable[[str], Documents]) -> None:
    assert make(calibration_record()) == documents("calibration")


def test_another_record_gives_other_bytes(documents: Callable[[str], Documents]) -> None:
    other = make(replace(calibration_record(), number="SIM-DCE-2026-999999"))
    made = documents("calibration")
    assert other.pdf != made.pdf
    assert other.dcc != made.dcc
    assert other.html != made.html


def test_issue_writes_three_files_and_nothing_else(tmp_path: Path, documents: Callable[[str], Documents]) -> None:
    folder = tmp_path / "new" / "folder"
    issued = issue(calibration_record(), folder)
    assert sorted(p.name for p in folder.iterdir()) == list(NAMES)
    made = documents("calibration")
    assert issued.pdf.read_bytes() == made.pdf
    assert issued.html.read_bytes() == made.html
    assert issued.dcc.read_bytes() == made.dcc


def test_issue_replaces_older_files(tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).write_text("old")
    issued = issue(calibration_record(), tmp_path)
    assert issued.pdf.read_bytes().startswith(b"%PDF")
    assert sorted(p.name for p in tmp_path.iterdir()) == list(NAMES)


def test_a_refusal_writes_nothing_and_touches_nothing(tmp_path: Path) -> None:
    (tmp_path / "certificate.pdf").write_text("old")
    with pytest.raises(Refused):
        issue(calibration_record(), tmp_path, kind=Kind.VERIFICATION)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("certificate.pdf", "old")]


def test_a_refusal_does_not_even_make_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ReportError):
        issue(replace(calibration_record(), items=()), tmp_path / "never")
    assert not (tmp_path / "never").exists()


def test_numbers_that_contradict_each_other_are_not_issued(tmp_path: Path) -> None:
    """A pass beyond its limit, or a U with three digits, ends in the DCC's post-check, before anything is written."""
    record = calibration_record()
    item = record.items[3]
    first, *others = item.points
    for values, rule in (({"rounded_error": "+0.60"}, "verdicts"), ({"U": "0.135"}, "digits")):
        wrong = replace(first, reported=replace(first.reported, **values))
        changed = replace(record, items=(*record.items[:3], replace(item, points=(wrong, *others))))
        with pytest.raises(InvalidDcc, match=rf"^dcc\.xml: {rule}: "):
            issue(changed, tmp_path / "never")
        assert not (tmp_path / "never").exists()


def test_a_write_that_fails_halfway_puts_the_older_files_back(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old a")
    (tmp_path / "c").mkdir()  # a folder stands where the third file should go
    (tmp_path / "c" / "kept").write_text("kept")
    contents = {tmp_path / "a": b"new a", tmp_path / "b": b"new b", tmp_path / "c" / "kept" / "x": b""}
    with pytest.raises(OSError, match="kept"):
        write_together(contents)
    assert (tmp_path / "a").read_text() == "old a"
    assert not (tmp_path / "b").exists()
    assert (tmp_path / "c" / "kept").read_text() == "kept"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "c"]


@pytest.mark.parametrize("language", list(Language))
def test_each_language_can_be_had(language: Language) -> None:
    made = make(calibration_record(), language)
    page = made.html.decode("utf-8")
    assert ("校准证书" in page) == (language is not Language.EN)
    assert ("Calibration Certificate" in page) == (language is not Language.ZH)
    assert from_pdf(made.pdf) == from_dcc(made.dcc, with_uncertainty=True)
    assert b'lang="zh"' in made.dcc
    assert b'lang="en"' in made.dcc


def test_a_record_without_figures_needs_no_drawing() -> None:
    record = calibration_record()
    plain_items = tuple(replace(i, figure=None) for i in record.items)
    made = make(replace(record, items=plain_items))
    assert b"image/svg+xml" not in made.html
    assert len(from_pdf(made.pdf)) == 13


def test_a_character_without_a_glyph_is_named_with_its_text() -> None:
    record = calibration_record()
    assert record.customer is not None
    customer = replace(record.customer, name=text("𠮷野示例公司", "Yoshino Example"))
    with pytest.raises(MissingGlyph, match=r"^'𠮷野示例公司': no certificate font has '𠮷' \(U\+20BB7\); replace"):
        make(replace(record, customer=customer))


def test_html_is_one_file_that_names_the_digests_of_the_others(documents: Callable[[str], Documents]) -> None:
    made = documents("calibration")
    page = made.html.decode("utf-8")
    assert f'id="dcc-sha256">{hashlib.sha256(made.dcc).hexdigest()}<' in page
    assert f'id="pdf-sha256">{hashlib.sha256(made.pdf).hexdigest()}<' in page
    links = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert links
    assert all(link.startswith("data:") for link in links), "a link leaves the file"
    attached = next(link for link in links if link.startswith("data:application/xml;base64,"))
    assert base64.b64decode(attached.partition(",")[2]) == made.dcc
    assert "模拟" in page
    assert "SIMULATED" in page


def test_html_escapes_what_a_record_says() -> None:
    record = calibration_record()
    evil = "<script>alert(1)</script>"
    people = replace(record.people, operator=evil)
    laboratory = replace(record.laboratory, contact=evil, accreditation=evil)
    device = replace(record.device, model=evil)
    page = make(replace(record, device=device, people=people, laboratory=laboratory)).html.decode("utf-8")
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 4


def test_naming_the_module_loads_no_heavy_library() -> None:
    import subprocess
    import sys

    code = (
        "import sys, reports.issue; print([m for m in ('typst', 'matplotlib', 'lxml', 'jinja2') if m in sys.modules])"
    )
    root = str(issue_module.__file__).rpartition("reports")[0]
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert ran.stdout.strip() == "[]"
