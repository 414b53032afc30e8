"""Charts of a record: drawn the same twice, with their levels and units, refused where a curve is not whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reports.chart import draw_chart
from reports.errors import IncompleteRecord
from scenarios.record import Chart, Curve, Level
from uncertainty.text import Language, Text

ALLAN = Chart(
    key="allan",
    title=Text(zh="阿伦偏差", en="Allan deviation"),
    x_label=Text(zh="平均时间", en="Averaging time"),
    x_unit="s",
    y_label=Text(zh="阿伦偏差", en="Allan deviation"),
    y_unit="nmol/mol",
    curves=(
        Curve(name=Text(zh="甲烷", en="CH4"), x=(1.0, 10.0, 100.0), y=(0.3, 0.1, 0.05), U=(0.03, 0.02, 0.02)),
        Curve(name=Text(zh="白噪声", en="white noise"), x=(1.0, 100.0), y=(0.3, 0.03)),
        Curve(name=Text(zh="目标", en="points"), x=(1.0, 100.0), y=(0.2, 0.04), style="points"),
    ),
    levels=(
        Level(name=Text(zh="限值", en="goal"), value=0.2),
        Level(name=Text(zh="一分", en="a minute"), value=60.0, axis="x"),
    ),
    log_x=True,
    log_y=True,
)


def test_the_same_chart_gives_the_same_bytes_with_everything_on_it() -> None:
    drawn = draw_chart(ALLAN, "1", Language.BOTH)
    assert drawn == draw_chart(ALLAN, "1", Language.BOTH)
    for word in ("Averaging time / s", "Allan deviation / nmol/mol", "CH4", "white noise", "goal", "a minute"):
        assert word in drawn


def test_subscripts_that_the_font_does_not_have_are_drawn_plain() -> None:
    named = replace(ALLAN.curves[0], name=Text(zh="CO₂", en="CO₂"))
    drawn = draw_chart(replace(ALLAN, curves=(named, *ALLAN.curves[1:])), "1", Language.EN)
    assert "CO2" in drawn
    assert "₂" not in drawn


def test_a_language_alone() -> None:
    assert "goal" not in draw_chart(ALLAN, "1", Language.ZH)


@pytest.mark.parametrize("broken", [{"y": (1.0,)}, {"U": (1.0,)}, {"x": (), "y": (), "U": ()}])
def test_a_curve_that_is_not_whole_is_refused(broken: dict[str, tuple[float, ...]]) -> None:
    curves = (replace(ALLAN.curves[0], **broken),)
    with pytest.raises(IncompleteRecord, match=r"charts\.allan\.curves\[0\]"):
        draw_chart(replace(ALLAN, curves=curves), "1", Language.EN)


@pytest.mark.parametrize("style", ["line", "points", "step"])
def test_every_style_is_drawn(style: str) -> None:
    chart = replace(ALLAN, curves=(replace(ALLAN.curves[1], style=style),), log_x=False, log_y=False, levels=())
    assert "<path" in draw_chart(chart, "1", Language.EN) or "<use" in draw_chart(chart, "1", Language.EN)
