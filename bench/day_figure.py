"""The picture of a day: who is worked on when, and how full each resource is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from pylopdf_fonts_zh_cn import sans_path

from uncertainty.text import Language, catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from bench.day import Day

_COLOURS = ("#1f5f8b", "#c05621", "#2f6f4f", "#6b4a8a", "#8a1f4b", "#4a5560", "#9a7b1d", "#3b7f8c")
_INK, _WAIT, _DAY = "#222222", "#d8a19b", "#7fa3b8"


def draw(day: Day, folder: Path, language: Language) -> tuple[Path, Path]:
    """Draw a day as plan.png and plan.svg in a folder; return their paths."""
    text = catalogue("bench")
    font = font_manager.FontProperties(fname=str(sans_path()))
    names = list(dict.fromkeys(bar.job for bar in sorted(day.bars, key=lambda bar: bar.begin_s)))
    steps = list(dict.fromkeys(bar.step for bar in sorted(day.bars, key=lambda bar: bar.begin_s)))
    figure = Figure(figsize=(11.0, 1.9 + 0.3 * len(names)), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=[5, 1])
    for bar in day.bars:
        row, waited = names.index(bar.job), max(bar.waited_s.values(), default=0.0)
        if waited:
            left.barh(row, waited / 3600, left=(bar.begin_s - waited) / 3600, height=0.18, color=_WAIT, zorder=2)
        colour = _COLOURS[steps.index(bar.step) % len(_COLOURS)]
        left.barh(row, (bar.end_s - bar.begin_s) / 3600, left=bar.begin_s / 3600, height=0.66, color=colour, zorder=3)
    left.axvline(day.length_s / 3600, color=_DAY, linewidth=1.2, linestyle="--", zorder=1)
    left.set_xlim(0, max(day.makespan_s, day.length_s) * 1.02 / 3600)
    left.set_yticks(range(len(names)), names)
    left.set_ylim(len(names) - 0.4, -0.6)
    left.set_xlabel(text["plan.hours"].show(language), fontproperties=font)
    waits = Patch(color=_WAIT, label=text["plan.waits"].show(language))
    left.legend(
        handles=[
            Patch(color=_COLOURS[n % len(_COLOURS)], label=step.show(language)) for n, step in enumerate(steps)
        ] + [waits],
        prop=font,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.8 / figure.get_size_inches()[1]),
        ncols=4,
        frameon=False,
    )  # fmt: skip
    resources = list(day.resources)
    right.barh(
        range(len(resources)), [100 * day.utilisation[name] for name in resources], color=_COLOURS[0], height=0.6
    )
    right.set_yticks(range(len(resources)), [f"{name} ({day.resources[name]})" for name in resources])
    right.set_ylim(len(resources) - 0.4, -0.6)
    right.set_xlim(0, 100)
    right.set_xlabel(text["plan.utilisation"].show(language) + " / %", fontproperties=font)
    axes: Any
    for axes in (left, right):
        axes.tick_params(labelsize=8, length=2)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    title = text["plan.title"].format(finished=day.finished, devices=day.devices, hours=f"{day.length_s / 3600:g}")
    figure.suptitle(title.show(language), fontproperties=font, fontsize=10, color=_INK)
    paths = folder / "plan.png", folder / "plan.svg"
    for path in paths:
        figure.savefig(path, dpi=150)
    return paths
