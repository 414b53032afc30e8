"""The picture of a campaign: coverage per test point with its binomial band, and false decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from pylopdf_fonts_zh_cn import sans_path

from uncertainty.text import Language, catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from bench.campaign import Campaign

_INK, _BAND, _GOOD, _BAD = "#222222", "#dfe7ee", "#1f5f8b", "#b3261e"


def draw(result: Campaign, folder: Path, language: Language) -> tuple[Path, Path]:
    """Draw a campaign as coverage.png and coverage.svg in a folder; return their paths."""
    text = catalogue("bench")
    font = font_manager.FontProperties(fname=str(sans_path()))
    count = len(result.points)
    figure = Figure(figsize=(10.0, 1.5 + 0.32 * count), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[3, 2])
    for row, point in enumerate(result.points):
        low, high = (100 * limit / point.runs for limit in point.band)
        left.barh(row, high - low, left=low, height=0.62, color=_BAND, zorder=1)
        left.plot(
            100 * point.covered / point.runs, row, "o", color=_GOOD if point.honest else _BAD, markersize=6, zorder=3
        )
        left.plot(100 * point.covered_by_U / point.runs, row, "|", color=_INK, markersize=9, zorder=2)
        right.barh(row - 0.16, point.expected_false_accept, height=0.28, color="none", edgecolor=_BAD)
        right.plot(point.false_accept, row - 0.16, "o", color=_BAD, markersize=4)
        right.barh(row + 0.16, point.expected_false_reject, height=0.28, color="none", edgecolor=_GOOD)
        right.plot(point.false_reject, row + 0.16, "o", color=_GOOD, markersize=4)
    left.axvline(100 * result.p, color=_INK, linewidth=0.8, zorder=2)
    left.set_yticks(range(count), [point.key for point in result.points])
    left.set_ylim(count - 0.4, -0.6)
    left.set_xlabel("%")
    legend = {"prop": font, "loc": "upper center", "bbox_to_anchor": (0.5, -0.06), "frameon": False}
    left.legend(
        handles=[
            Line2D([], [], marker="o", linestyle="", color=_GOOD, label=text["campaign.coverage"].show(language)),
            Line2D([], [], marker="|", linestyle="", color=_INK, label=text["campaign.coverage_U"].show(language)),
            Patch(color=_BAND, label=text["campaign.band"].show(language)),
        ],
        ncols=3,
        **legend,
    )
    right.set_xlabel(text["campaign.runs"].show(language), fontproperties=font)
    right.legend(
        handles=[
            Line2D([], [], marker="o", linestyle="", color=color, label=text[key].show(language))
            for color, key in ((_BAD, "campaign.accepts"), (_GOOD, "campaign.rejects"))
        ]
        + [Patch(facecolor="none", edgecolor=_INK, label=text["campaign.expected"].show(language))],
        ncols=3,
        **legend,
    )
    for axes in (left, right):
        axes.tick_params(labelsize=8, length=2)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    title = text["campaign.title"].format(system=result.system, runs=result.runs).show(language)
    figure.suptitle(title, fontproperties=font, fontsize=10)
    paths = folder / "coverage.png", folder / "coverage.svg"
    for path in paths:
        figure.savefig(path, dpi=150)
    return paths
