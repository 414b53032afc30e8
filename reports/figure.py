"""Draw the errors of an item over one setting, with their U and the MPE band, as SVG."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from reports.chart import draw_chart
from reports.drawing import BAND, GREY, LIMIT, LINES, RULE, legend, say, spines, svg, ticks, words
from reports.errors import IncompleteRecord
from reports.tables import common_unit, result_name
from reports.units import unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenarios.record import ItemResult, PointResult, RunRecord
    from uncertainty.text import Language, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """Hold one drawn point."""

    x: float
    """Abscissa, in the unit of the axis."""
    error: float
    """Error, as printed."""
    U: float
    """Expanded uncertainty, as printed."""
    mpe: float | None
    """Maximum permissible error, as printed."""


def figures(record: RunRecord, language: Language) -> dict[str, str]:
    """Return the SVG of every item's figure, by the item's key, and of every chart, by "item/chart".

    Raises:
        IncompleteRecord: a figure names a point or a setting that is not there, or a chart's curve is not whole.
    """
    drawn = {item.key: draw(record, item, language) for item in record.items if item.figure is not None}
    for item in record.items:
        for chart in item.charts:
            drawn[f"{item.key}/{chart.key}"] = draw_chart(chart, f"{record.number}/{item.key}", language)
    return drawn


def draw(record: RunRecord, item: ItemResult, language: Language) -> str:
    """Draw one item; the same record gives the same bytes.

    Raises:
        IncompleteRecord: the item has no figure, or the figure names a point or a setting that is not there.
    """
    if item.figure is None:
        raise IncompleteRecord(f"items.{item.key}.figure", "is missing; the item has no figure")
    from matplotlib.figure import Figure

    points = {p.point.key: p for p in item.points}
    field = f"items.{item.key}.figure"
    drawn = []
    for series in item.figure.series:
        missing = [k for k in series.points if k not in points]
        if missing:
            raise IncompleteRecord(field, f"{missing[0]!r} is none of the item's points")
        drawn.append((series.name, [points[k] for k in series.points]))
    abscissa = _abscissa([p for _, of in drawn for p in of], item.figure.x, field)
    # On a logarithmic axis the magnitude: both directions of a bidirectional meter share one axis of load.
    logarithmic = item.figure.logarithmic and all(p.point.settings[item.figure.x].value for _, of in drawn for p in of)
    lines = [(name, [_mark(p, item.figure.x, logarithmic) for p in of]) for name, of in drawn]

    canvas = Figure(figsize=(6.7, 3.0), facecolor="none")
    axes: Any = canvas.add_axes((0.085, 0.16, 0.9, 0.745), facecolor="none")
    if logarithmic:
        axes.set_xscale("log")
    _band(axes, [m for _, of in lines for m in of], logarithmic)
    _draw_lines(axes, lines, language, logarithmic)
    _dress(axes, [m for _, of in lines for m in of], logarithmic)
    symbol = "" if abscissa == "1" else f" / {abscissa}"
    say(axes.set_xlabel, words(item.figure.x_label, language).replace(" / ", " ") + symbol)
    measurand = record.measurand_of(item)
    error = words(result_name(measurand), language).replace(" / ", " ")
    say(axes.set_ylabel, f"{error} {measurand.symbol} / {unit(measurand.unit).symbol}")
    return svg(canvas, f"{record.number}/{item.key}")


def _abscissa(points: Sequence[PointResult], key: str, field: str) -> str:
    """Return the symbol of the abscissa's unit."""
    if not points:
        raise IncompleteRecord(field, "names no point; give its series points, or give the item no figure")
    for point in points:
        if key not in point.point.settings:
            raise IncompleteRecord(field, f"point {point.point.key!r} has no setting {key!r}")
    shared = common_unit([p.point.settings[key].unit for p in points])
    if shared is None:
        raise IncompleteRecord(field, f"setting {key!r} has different units; give all points the same")
    return unit(shared).symbol


def _mark(point: PointResult, key: str, magnitude: bool) -> _Mark:
    of = point.reported
    x = point.point.settings[key].value
    return _Mark(
        x=abs(x) if magnitude else x,
        error=float(Decimal(of.error)),
        U=float(Decimal(of.U)),
        mpe=None if of.mpe is None else float(Decimal(of.mpe)),
    )


def _band(axes: Any, marks: list[_Mark], logarithmic: bool) -> None:
    """Shade the maximum permissible errors; they are known at the points only and are split midway between them."""
    limits = sorted({(m.x, m.mpe) for m in marks if m.mpe is not None})
    if not limits:
        return
    forward = math.log10 if logarithmic else float
    xs = [forward(x) for x, _ in limits]
    spread = (xs[-1] - xs[0]) or 1.0
    edges = [xs[0] - 0.06 * spread, *((a + b) / 2 for a, b in itertools.pairwise(xs)), xs[-1] + 0.06 * spread]
    if logarithmic:
        edges = [10**e for e in edges]
    heights = [mpe for _, mpe in limits]
    axes.stairs(heights, edges, baseline=[-h for h in heights], fill=True, color=BAND, linewidth=0, zorder=0)
    for sign in (1, -1):
        axes.stairs([sign * h for h in heights], edges, baseline=None, color=LIMIT, linewidth=0.9, zorder=1)
    axes.set_xlim(edges[0], edges[-1])


def _draw_lines(axes: Any, lines: list[tuple[Text, list[_Mark]]], language: Language, logarithmic: bool) -> None:
    values = [m.x for _, of in lines for m in of]
    span = max(values) - min(values) or 1.0
    for n, (name, marks) in enumerate(lines):
        colour, marker = LINES[n % len(LINES)]
        shift = n - (len(lines) - 1) / 2  # so that bars of different series do not hide each other
        ordered = sorted(marks, key=lambda m: m.x)
        xs = [m.x * 1.02**shift if logarithmic else m.x + 0.006 * span * shift for m in ordered]
        axes.errorbar(
            xs,
            [m.error for m in ordered],
            yerr=[m.U for m in ordered],
            color=colour,
            marker=marker,
            markersize=4.2,
            markeredgecolor="white",
            markeredgewidth=0.6,
            linewidth=1.1,
            elinewidth=0.9,
            capsize=2.2,
            capthick=0.9,
            label=words(name, language),
            zorder=3 + n,
        )
    if len(lines) > 1:
        legend(axes, len(lines))


def _dress(axes: Any, marks: list[_Mark], logarithmic: bool) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

    spines(axes)
    axes.axhline(0.0, color=GREY, linewidth=0.7, zorder=2)
    axes.grid(axis="y", color=RULE, linewidth=0.5, zorder=0.5)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10]))
    reach = max(max(abs(m.error) + m.U, m.mpe or 0.0) for m in marks) * 1.12
    axes.set_ylim(-reach, reach)
    positions = sorted({m.x for m in marks})
    if len(positions) <= 10:
        axes.xaxis.set_major_locator(FixedLocator(_apart(positions, logarithmic)))
        axes.xaxis.set_minor_locator(NullLocator())
    elif logarithmic:
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:.6g}".replace("-", "−")))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y + 0.0:+.6g}".replace("-", "−") if y else "0"))
    ticks(axes)


def _apart(positions: list[float], logarithmic: bool) -> list[float]:
    """Drop ticks whose labels would touch: nearer than 4 % of the axis to the next one kept."""
    scale = math.log10 if logarithmic else float
    width = scale(positions[-1]) - scale(positions[0])
    kept = [positions[-1]]
    for x in reversed(positions[:-1]):
        if scale(kept[-1]) - scale(x) >= 0.04 * width:
            kept.append(x)
    return kept
