"""The pictures of intermediate checks (x̄ and s charts) and of the drift of a standard."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.lab.checks import moment
from uncertainty.text import Language, Text, catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from bench.lab.checks import Checked, Forecast

_INK, _GREY, _RULE, _BAND, _LIMIT, _LINE, _BAD = (
    "#1b2733", "#66727e", "#d5dbe0", "#e6eff5", "#7fa3b8", "#0b4f7a", "#b3261e",
)  # fmt: skip


def draw_charts(checked: Checked, path: Path, language: Language) -> Path:
    """Draw the x̄ chart over the s chart; the suffix of the path chooses the format.

    Raises:
        ValueError: there are no charts yet, or the format is unknown.
    """
    if checked.charts is None:
        raise ValueError(f"{checked.code}: too few checks of one size for control charts")
    figure = _figure(7.6, 5.4)
    panels: Any = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    times = list(checked.times)
    for axes, chart, symbol in zip(panels, checked.charts, ("x̄", "s"), strict=True):
        _dress(axes)
        axes.fill_between(_wide(times), chart.low[0], chart.high[0], color=_BAND, zorder=0, linewidth=0)
        for level, style in ((chart.centre, "-"), (chart.low[0], "--"), (chart.high[0], "--")):
            axes.axhline(level, color=_LIMIT, linewidth=0.9, linestyle=style, zorder=1)
        axes.plot(times, chart.points, color=_LINE, linewidth=1.1, zorder=2)
        alarms = set(chart.alarms)
        for place, (time, value) in enumerate(zip(times, chart.points, strict=True)):
            bad = place in alarms
            axes.plot(
                time, value, "o", color=_BAD if bad else _LINE, markersize=7 if bad else 4.6,
                markeredgecolor="white", markeredgewidth=0.7, zorder=4,
            )  # fmt: skip
        for level, name in ((chart.high[0], "UCL"), (chart.centre, "CL"), (chart.low[0], "LCL")):
            axes.annotate(
                f" {name}", (1, level), xycoords=("axes fraction", "data"), va="center", color=_GREY,
                fontproperties=_font(7.2),
                annotation_clip=False,
            )  # fmt: skip
        axes.set_xlim(*_wide(times))
        _say(axes.set_ylabel, f"{symbol} / {checked.unit}")
    _dates(panels[-1])
    _ticks(panels)
    _title(figure, _text("chart.title").format(code=checked.code, artifact=checked.artifact), language)
    figure.savefig(path, dpi=170)
    return path


def draw_drift(forecast: Forecast, path: Path, language: Language) -> Path:
    """Draw calibrations, line, prediction interval, limits and the proposed due date.

    Raises:
        ValueError: the format is unknown.
    """
    figure = _figure(7.6, 4.2)
    axes: Any = figure.subplots()
    _dress(axes)
    last = max(forecast.due, forecast.days[-1])
    # Some way beyond the due date, so that the crossing can be seen.
    end = last + timedelta(days=max(60, (last - forecast.days[0]).days // 6))
    steps = np.linspace(0, (end - forecast.days[0]).days, 200)
    grid = [moment(forecast.days[0]) + timedelta(days=float(step)) for step in steps]
    values, halves = np.array([forecast.drift.predict(float(step)) for step in steps]).T
    band = axes.fill_between(grid, values - halves, values + halves, color=_BAND, zorder=0, linewidth=0)
    (line,) = axes.plot(grid, values, color=_LINE, linewidth=1.2, zorder=2)
    for sign in (1, -1):
        limit = axes.axhline(forecast.reference + sign * forecast.limit, color=_BAD, linewidth=1.0, linestyle="--")
    points = axes.errorbar(
        [moment(day) for day in forecast.days], forecast.errors, yerr=forecast.U, fmt="o", color=_INK, markersize=4.8,
        markeredgecolor="white", elinewidth=1.0, capsize=2.5, zorder=4,
    )  # fmt: skip
    axes.axvline(moment(forecast.due), color=_LINE, linewidth=1.0, linestyle=":", zorder=1)
    axes.set_xlim(moment(forecast.days[0]) - timedelta(days=30), moment(end))
    reach = 1.25 * max(forecast.limit + abs(forecast.reference), max(abs(e) + u for e, u in _seen(forecast)))
    axes.set_ylim(-reach, reach)
    axes.annotate(
        f" {forecast.due}", (moment(forecast.due), reach * 0.9), fontproperties=_font(8.2), color=_LINE, va="center",
    )  # fmt: skip
    _say(axes.set_ylabel, f"{_text('chart.error').show(language)} / {forecast.unit}")
    _dates(axes)
    _ticks([axes])
    entries = [(points, "calibration"), (line, "line"), (band, "prediction"), (limit, "limit")]
    axes.legend(
        [handle for handle, _ in entries],
        [_text(f"chart.{key}").format(p=f"{100 * forecast.drift.p:g}").show(language) for _, key in entries],
        prop=_font(7.6), frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2, labelcolor=_INK,
    )  # fmt: skip
    _title(figure, _text("chart.drift_title").format(serial=forecast.serial, due=forecast.due), language)
    figure.savefig(path, dpi=170)
    return path


def _seen(forecast: Forecast) -> list[tuple[float, float]]:
    return list(zip(forecast.errors, forecast.U, strict=True))


def _text(key: str) -> Text:
    return catalogue("bench")[key]


def _figure(width: float, height: float) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # a third of a second: only a drawing needs it
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _font(size: float) -> Any:
    from matplotlib.font_manager import FontProperties
    from pylopdf_fonts_zh_cn import sans_path

    return FontProperties(fname=str(sans_path()), size=size)


def _say(setter: Any, said: str, size: float = 8.6) -> None:
    setter(said, fontproperties=_font(size), color=_INK)


def _dress(axes: Any) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(_GREY)
        axes.spines[side].set_linewidth(0.7)
    axes.grid(axis="y", color=_RULE, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.tick_params(colors=_GREY, labelcolor=_INK, labelsize=7.8, width=0.7, length=3)


def _dates(axes: Any) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locate: Any = AutoDateLocator
    write: Any = ConciseDateFormatter
    locator = locate(minticks=3, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    # Numbers only: names of months would be in one language.
    formats = ["%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M", "%S"]
    axes.xaxis.set_major_formatter(write(locator, formats=formats, zero_formats=formats, show_offset=False))
    axes.figure.canvas.draw()  # only now are there ticks


def _ticks(panels: Any) -> None:
    for axes in panels:
        for tick in (*axes.get_xticklabels(), *axes.get_yticklabels()):
            tick.set_fontproperties(_font(7.6))


def _title(figure: Any, said: Text, language: Language) -> None:
    # Both languages side by side are wider than the picture.
    lines = [said.zh, said.en] if language is Language.BOTH else [said.show(language)]
    _say(figure.suptitle, "\n".join(lines), size=10.5)


def _wide(times: list[Any]) -> tuple[Any, Any]:
    """Return the ends of the abscissa: a little beyond the first and the last check."""
    margin = max((times[-1] - times[0]) * 0.04, timedelta(days=1))
    return times[0] - margin, times[-1] + margin
