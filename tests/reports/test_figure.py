"""The figure of an item: every point, its U and the MPE, the same bytes each time, no global state left behind."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import matplotlib as mpl
import pytest
from lxml import etree
from sample_records import calibration_record, long_record

from reports.errors import IncompleteRecord
from reports.figure import draw, figures
from uncertainty.text import Language

if TYPE_CHECKING:
    from scenarios.record import Figure, ItemResult, RunRecord

SVG = {"svg": "http://www.w3.org/2000/svg", "xlink": "http://www.w3.org/1999/xlink"}


def changed_figure(record: RunRecord, **values: object) -> tuple[RunRecord, ItemResult]:
    item = record.items[3]
    assert item.figure is not None
    figure: Figure = replace(item.figure, **values)  # type: ignore[arg-type]
    item = replace(item, figure=figure)
    return replace(record, items=(*record.items[:3], item, *record.items[4:])), item


def test_every_item_with_a_figure_is_drawn() -> None:
    record = calibration_record()
    assert list(figures(record, Language.BOTH)) == ["basic_error"]


def test_it_draws_a_marker_for_each_point_and_speaks_both_languages() -> None:
    record = long_record()
    svg = draw(record, record.items[1], Language.BOTH)
    root = etree.fromstring(svg.encode())
    texts = ["".join(str(t) for t in e.itertext()) for e in root.iterfind(".//svg:text", SVG)]
    assert "正向 / Import" in texts
    assert "反向 / Export" in texts
    assert any("负载电流 Load current / A" in t for t in texts)
    assert any("误差 Error γ / %" in t for t in texts)
    uses = [u for u in root.iterfind(".//svg:use", SVG) if "#cfd1" not in str(u.get("style"))]
    assert len(uses) >= 2 * 20 * 3, "20 points in two series, each a marker and two caps"


def test_the_marks_are_the_printed_numbers() -> None:
    """Move one printed error and see its marker, and nothing else, move."""

    def markers(record: RunRecord) -> list[str]:
        return re.findall(r'<use xlink:href="#[^"]*" x="[^"]*" y="[^"]*"', draw(record, record.items[3], Language.EN))

    record = calibration_record()
    item = record.items[3]
    first = item.points[0]
    moved = replace(first, reported=replace(first.reported, error="+0.250"))
    other = replace(record, items=(*record.items[:3], replace(item, points=(moved, *item.points[1:]))))
    changed = [(a, b) for a, b in zip(markers(record), markers(other), strict=True) if a != b]
    assert len(changed) == 3, "the marker and the caps of its U"


def test_the_same_record_draws_the_same_bytes_and_leaves_matplotlib_as_it_was() -> None:
    record = calibration_record()
    before = dict(mpl.rcParams)
    assert draw(record, record.items[3], Language.BOTH) == draw(record, record.items[3], Language.BOTH)
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"x": "voltages"}, "has no setting 'voltages'"),
        ({"series": ()}, "names no point"),
    ],
)
def test_a_figure_that_cannot_be_drawn_is_named(values: dict[str, object], said: str) -> None:
    record, item = changed_figure(calibration_record(), **values)
    with pytest.raises(IncompleteRecord, match=rf"^items\.basic_error\.figure: .*{said}"):
        draw(record, item, Language.ZH)


def test_a_series_with_an_unknown_point_is_named() -> None:
    record = calibration_record()
    item = record.items[3]
    assert item.figure is not None
    wrong = replace(item.figure.series[0], points=("basic_error/import/2In",))
    record, item = changed_figure(record, series=(wrong,))
    with pytest.raises(IncompleteRecord, match="'basic_error/import/2In' is none of the item's points"):
        draw(record, item, Language.ZH)


def ticks(svg: str) -> list[str]:
    return [label for label in re.findall(r">([^<>]*)</text>", svg) if re.fullmatch(r"−?\d+", label)]


def test_a_linear_axis_keeps_the_sign_and_a_logarithmic_one_takes_the_magnitude() -> None:
    record, item = changed_figure(calibration_record(), logarithmic=False)
    assert "−100" in ticks(draw(record, item, Language.ZH))
    record, item = changed_figure(calibration_record(), logarithmic=True)
    assert "−100" not in ticks(draw(record, item, Language.ZH))


def test_one_point_and_points_without_limits_can_be_drawn() -> None:
    record = calibration_record()
    item = record.items[3]
    assert item.figure is not None
    one = replace(item.figure.series[0], points=item.figure.series[0].points[:1])
    record, single = changed_figure(record, series=(one,))
    assert draw(record, single, Language.EN).startswith("<svg")
    free = tuple(replace(p, reported=replace(p.reported, mpe=None)) for p in item.points)
    assert "#e6eff5" in draw(record, item, Language.EN)
    assert "#e6eff5" not in draw(record, replace(item, points=free), Language.EN)


def test_an_item_without_a_figure_is_no_picture() -> None:
    record = calibration_record()
    with pytest.raises(IncompleteRecord, match=r"^items\.appearance\.figure"):
        draw(record, record.items[0], Language.ZH)
