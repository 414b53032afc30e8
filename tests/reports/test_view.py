"""The view: numbers as they are, aligned; the worked point; what section 5 says of U/MPE and of the validation."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from sample_records import calibration_record, point

from reports.certificate import certificate
from reports.errors import IncompleteRecord
from reports.numerals import aligned, fixed, last_day, numeral, setting, significant
from reports.tables import groups, ratio

if TYPE_CHECKING:
    from reports.view import Section, Table
    from scenarios.record import RunRecord


def section(record: RunRecord, key: str) -> Section:
    return next(s for s in certificate(record).sections if s.key == key)


def table(of: Section, key: str) -> Table:
    return next(b for b in of.blocks if b.block == "table" and b.key == key)


def said(of: Section) -> str:
    return " ".join(b.text.en for b in of.blocks if b.block == "paragraph")


@pytest.mark.parametrize(
    ("start", "months", "last"),
    [
        (date(2026, 11, 22), 36, date(2029, 11, 21)),
        (date(2026, 1, 31), 1, date(2026, 2, 27)),
        (date(2027, 12, 31), 2, date(2028, 2, 28)),
        (date(2026, 12, 1), 1, date(2026, 12, 31)),
        (date(2026, 3, 31), 12, date(2027, 3, 30)),
        (date(2026, 8, 31), 3, date(2026, 11, 29)),
        (date(2026, 7, 31), 1, date(2026, 8, 30)),
    ],
)
def test_the_last_day_of_an_interval(start: date, months: int, last: date) -> None:
    assert last_day(start, months) == last


def test_decimal_points_stand_under_each_other() -> None:
    texts = ["+12.5", "−0.25", "3", "0.004", "–"]
    cells = aligned(texts)
    widths = []
    for cell in cells[:-1]:
        whole = cell.lead + cell.text.zh + cell.trail
        widths.append((whole.index("."), len(whole)))
    assert set(widths) == {(3, 7)}
    assert [c.text.zh for c in cells] == texts, "alignment adds no text"
    assert (cells[-1].lead, cells[-1].trail) == ("", "")


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (0.0320, 3, "0.0320"),
        (1.2e-6, 3, "1.20E−06"),
        (13333.3, 3, "13300"),
        (-0.5, 2, "−0.50"),
        (0.0, 3, "0"),
        (float("inf"), 3, "∞"),
    ],
)
def test_the_floats_of_an_annex(value: float, digits: int, shown: str) -> None:
    assert significant(value, digits) == shown


def test_the_ends_of_an_interval_go_to_the_third_digit_of_u() -> None:
    assert fixed(0.123456, 0.032) == "0.1235"
    assert fixed(-12.3456, 2.0) == "−12.35"


def test_a_setting_is_shown_short() -> None:
    assert [setting(v) for v in (500.0, 0.1, -120.0, 1e-7)] == ["500", "0.1", "−120", "1e−07"]


def test_a_numeral_is_never_changed() -> None:
    assert numeral("+0.100", "f") == "+0.100"
    with pytest.raises(IncompleteRecord, match=r"^f: '0\.1 0' is not a decimal number"):
        numeral("0.1 0", "f")


def test_u_over_mpe_is_rounded_up() -> None:
    of = calibration_record().items[3].points[0]
    assert ratio(of) == "0.070"
    third = replace(of, reported=replace(of.reported, U="0.1", mpe="0.3"))
    assert ratio(third) == "0.334"
    free = replace(of, reported=replace(of.reported, mpe=None))
    assert ratio(free) is None


def test_the_worked_point_is_the_one_with_the_largest_u_over_mpe() -> None:
    annex = section(calibration_record(), "budgets")
    assert "Worked point: no. 5, import, 0.1 In" in said(annex)
    lines = table(annex, "budget/basic_error").rows
    assert len(lines) == 6
    shares = [float(row.cells[-1].text.en) for row in lines]
    assert sum(shares) == pytest.approx(100, abs=0.3)


def test_section_5_states_the_largest_u_over_mpe_and_the_condition() -> None:
    assert "Required: U/MPE ≤ 1/3; largest in this run: 0.094." in said(section(calibration_record(), "uncertainty"))


def test_points_whose_gum_interval_is_not_validated_are_counted() -> None:
    record = calibration_record()
    assert "not validated" not in said(section(record, "uncertainty"))
    item = record.items[3]
    first, *others = item.points
    failed = replace(first, validation=replace(first.validation, validated=False))
    record = replace(record, items=(*record.items[:3], replace(item, points=(failed, *others)), record.items[4]))
    assert "At 1 of the 13 points the GUM interval is not validated" in said(section(record, "uncertainty"))
    rows = table(section(record, "budgets"), "summary/basic_error").rows
    assert [row.cells[-1].text.en for row in rows] == ["no"] + ["yes"] * 11


def test_a_point_outside_every_series_stands_at_the_end() -> None:
    item = calibration_record().items[3]
    extra = point("import", 0.3, 0.1, key="basic_error/extra")
    names = [
        (name.en if name else None, len(points)) for name, points in groups(replace(item, points=(extra, *item.points)))
    ]
    assert names == [("Import", 6), ("Export", 6), ("Other", 1)]


def test_points_that_their_settings_do_not_tell_apart_show_their_label() -> None:
    record = calibration_record()
    item = record.items[3]
    assert "Point" not in [c.head.en for c in table(section(record, "results"), "points/basic_error").columns]
    twice = replace(item, points=(*item.points, point("import", 1.0, 0.1, key="again")), figure=None)
    record = replace(record, items=(*record.items[:3], twice))
    assert "Point" in [c.head.en for c in table(section(record, "results"), "points/basic_error").columns]


def test_a_verification_keeps_u_for_its_annex() -> None:
    from sample_records import verification_record

    heads = [c.head.en for c in table(section(verification_record(), "results"), "points/basic_error").columns]
    assert "U" not in heads
    annex = table(section(verification_record(), "budgets"), "summary/basic_error")
    assert {"U", "k", "U/MPE"} <= {c.head.en for c in annex.columns}


def test_interruptions_and_remarks_are_stated() -> None:
    from sample_records import long_record

    words = said(section(long_record(), "statements"))
    assert "interrupted at 1234.5 s (operator pause) and resumed at 2026-11-22T09:30:00+08:00" in words
    assert "Remark: The point export, 0.05 In, was repeated once." in words
