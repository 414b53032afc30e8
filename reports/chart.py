"""Draw a chart of the record as SVG: a response, a drift, an Allan deviation, residuals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from reports.drawing import GREY, LIMIT, LINES, RULE, font, legend, say, spines, svg, ticks, words
from reports.errors import IncompleteRecord
from reports.units import unit

if TYPE_CHECKING:
    from scenarios.record import Chart, Curve
    from uncertainty.text import Language, Text


LEGEND_COLUMNS = 4
"""Most curves beside each other in the legend."""
LEGEND_ROW_INCH = 0.19
"""Height of one further row of the legend, inch."""


def draw_chart(chart: Chart, salt: str, language: Language) -> str:
    """Draw one chart; the same chart and salt give the same bytes.

    Raises:
        IncompleteRecord: a curve has another number of ordinates or of uncertainties than of abscissas, or none.
    """
    from matplotlib.figure import Figure  # a third of a second: only a drawing needs it

    if not chart.curves:
        raise IncompleteRecord(f"charts.{chart.key}.curves", "is empty; a chart has at least one curve")
    for number, curve in enumerate(chart.curves):
        if not len(curve.x) == len(curve.y) or len(curve.U) not in (0, len(curve.x)) or not curve.x:
            raise IncompleteRecord(
                f"charts.{chart.key}.curves[{number}]",
                f"has {len(curve.x)} abscissas, {len(curve.y)} ordinates and {len(curve.U)} uncertainties",
            )
    columns = min(LEGEND_COLUMNS, len(chart.curves))
    rows = math.ceil(len(chart.curves) / columns)
    height = 2.8 + LEGEND_ROW_INCH * (rows - 1)
    canvas = Figure(figsize=(6.7, height), facecolor="none")
    axes: Any = canvas.add_axes((0.1, 0.476 / height, 0.885, 2.016 / height), facecolor="none")
    if chart.log_x:
        axes.set_xscale("log")
    if chart.log_y:
        axes.set_yscale("log")
    for number, curve in enumerate(chart.curves):
        _draw(axes, curve, number, language)
    for level in chart.levels:
        line = axes.axhline if level.axis == "y" else axes.axvline
        line(level.value, color=LIMIT, linewidth=1.0, linestyle="--", zorder=1.5)
        _note(axes, words(level.name, language), level.value, level.axis)
    spines(axes)
    axes.grid(axis="both" if chart.log_x and chart.log_y else "y", color=RULE, linewidth=0.5, zorder=0.5)
    say(axes.set_xlabel, _label(chart.x_label, chart.x_unit, language))
    say(axes.set_ylabel, _label(chart.y_label, chart.y_unit, language))
    _numbers(axes, chart)
    ticks(axes)
    if len(chart.curves) > 1:
        legend(axes, columns)
    return svg(canvas, f"{salt}/{chart.key}")


def _draw(axes: Any, curve: Curve, number: int, language: Language) -> None:
    colour, marker = LINES[number % len(LINES)]
    name = words(curve.name, language)
    if curve.U:
        axes.errorbar(
            curve.x,
            curve.y,
            yerr=curve.U,
            color=colour,
            marker=marker,
            markersize=4.2,
            markeredgecolor="white",
            markeredgewidth=0.6,
            linewidth=0.0 if curve.style == "points" else 1.1,
            elinewidth=0.9,
            capsize=2.2,
            label=name,
            zorder=3 + number,
        )
    elif curve.style == "points":
        axes.plot(
            curve.x,
            curve.y,
            linestyle="",
            marker=marker,
            markersize=4.2,
            color=colour,
            markeredgecolor="white",
            markeredgewidth=0.6,
            label=name,
            zorder=3 + number,
        )
    else:
        style = "steps-post" if curve.style == "step" else "default"
        axes.plot(curve.x, curve.y, color=colour, linewidth=1.1, drawstyle=style, label=name, zorder=3 + number)


def _note(axes: Any, text: str, value: float, axis: str) -> None:
    """Write what a level is beside it, inside the axes."""
    if axis == "y":
        axes.text(
            0.995, value, text, transform=axes.get_yaxis_transform(), ha="right", va="bottom",
            fontproperties=font(7.2), color=GREY, zorder=4,
        )  # fmt: skip
    else:
        axes.text(
            value, 0.98, f" {text}", transform=axes.get_xaxis_transform(), ha="left", va="top",
            fontproperties=font(7.2), color=GREY, zorder=4,
        )  # fmt: skip


def _numbers(axes: Any, chart: Chart) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    plain = FuncFormatter(lambda v, _: _number(v))
    for axis, logarithmic in ((axes.xaxis, chart.log_x), (axes.yaxis, chart.log_y)):
        if logarithmic:
            low, high = axis.get_view_interval()
            few = high / low < 200  # over few decades, powers of ten alone leave the axis bare
            axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,), numticks=12))
            axis.set_minor_formatter(NullFormatter())
        else:
            axis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 2.5, 5, 10]))
        axis.set_major_formatter(plain)


def _number(value: float) -> str:
    """Return a number on an axis, with its thousands apart where there are many; the fonts have few superscripts."""
    grouped = 1e5 <= abs(value) < 1e8
    return (f"{value:,.0f}".replace(",", " ") if grouped else f"{value + 0.0:.6g}").replace("-", "−")


def _label(name: Text, unit_name: str, language: Language) -> str:
    symbol = unit(unit_name).symbol
    said = words(name, language).replace(" / ", " ")
    return said if symbol == "1" else f"{said} / {symbol}"
