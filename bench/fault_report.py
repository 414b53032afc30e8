"""The matrix of a fault campaign, as Markdown and as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from pylopdf_fonts_zh_cn import sans_path

from bench.fault_campaign import Outcome
from uncertainty.text import Language, catalogue

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

    from bench.fault_campaign import FaultCampaign

COLOURS = {
    Outcome.CORRECT: "#2e7d5b",
    Outcome.REFUSED: "#7fa8c9",
    Outcome.ALARM: "#e0a030",
    Outcome.INDICATION: "#b9a6d3",
    Outcome.IDLE: "#e6e6e6",
    Outcome.BLIND: "#e58a7b",
    Outcome.DEFECT: "#b3261e",
}
MARKS = {
    Outcome.CORRECT: "✓",
    Outcome.REFUSED: "✗",
    Outcome.ALARM: "!",
    Outcome.INDICATION: "i",
    Outcome.IDLE: "·",
    Outcome.BLIND: "?",
    Outcome.DEFECT: "DEFECT",
}
"""Outcome -> what stands for it in a cell, after its count."""


def cell(counts: Counter[Outcome]) -> str:
    """Return what a cell says, e.g. "2✓ 4✗"; "-" where the class cannot be planted."""
    return " ".join(f"{counts[outcome]}{MARKS[outcome]}" for outcome in Outcome if counts[outcome]) or "-"


def layout(result: FaultCampaign) -> tuple[list[str], list[str]]:
    """Return fault classes and roles in the order in which they were planted."""
    classes = list(dict.fromkeys(kind for kind, _ in result.cells))
    return classes, list(dict.fromkeys(role for _, role in result.cells))


def markdown(result: FaultCampaign, language: Language) -> str:
    """Return the matrix with its legend, and one line for each outcome that is neither correct nor a plain refusal."""
    text = catalogue("bench")
    classes, roles = layout(result)
    title = text["faults.title"].format(system=result.system, n=len(result.endings), seed=result.seed)
    lines = [
        f"# {title.show(language)}",
        "",
        "; ".join(f"{MARKS[outcome]} = {text[f'faults.{outcome.value}'].show(language)}" for outcome in Outcome),
        "",
        f"| {text['faults.kind'].show(language)} | {' | '.join(roles)} |",
        "|---|" + "---|" * len(roles),
    ]
    cells = result.cells
    lines += [
        f"| {kind} | {' | '.join(cell(cells[kind, role]) if (kind, role) in cells else '-' for role in roles)} |"
        for kind in classes
    ]
    for outcome in (Outcome.DEFECT, Outcome.ALARM, Outcome.BLIND, Outcome.INDICATION):
        endings = [ending for ending in result.endings if ending.outcome is outcome]
        if endings:
            lines += ["", f"## {text[f'faults.{outcome.value}'].show(language)}", ""]
            lines += [f"* {e.case.kind}, {e.case.role}, {e.case.label}: {e.why}" for e in endings]
    return "\n".join([*lines, ""])


def draw(result: FaultCampaign, folder: Path, language: Language) -> tuple[Path, Path]:
    """Draw the matrix as faults.png and faults.svg in a folder; return their paths."""
    text = catalogue("bench")
    font = font_manager.FontProperties(fname=str(sans_path()))
    classes, roles = layout(result)
    figure = Figure(figsize=(8.0, 1.8 + 0.26 * len(classes)), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for (kind, role), counts in result.cells.items():
        left, row, total = float(roles.index(role)), classes.index(kind), sum(counts.values())
        for outcome in Outcome:
            width = 0.94 * counts[outcome] / total
            if width:
                axes.add_patch(Rectangle((left + 0.03, row - 0.4), width, 0.8, color=COLOURS[outcome], linewidth=0))
                axes.text(left + 0.03 + width / 2, row, str(counts[outcome]), ha="center", va="center", fontsize=6.5)
                left += width
    axes.set_xlim(0, len(roles))
    axes.set_ylim(len(classes) - 0.5, -0.5)
    axes.set_xticks([index + 0.5 for index in range(len(roles))], roles)
    axes.set_yticks(range(len(classes)), classes)
    axes.tick_params(labelsize=8, length=0)
    axes.xaxis.tick_top()
    for spine in axes.spines.values():
        spine.set_visible(False)
    seen = [outcome for outcome in Outcome if any(counts[outcome] for counts in result.cells.values())]
    axes.legend(
        handles=[Patch(color=COLOURS[o], label=text[f"faults.{o.value}"].show(language)) for o in seen],
        prop=font,
        loc="upper center",
        bbox_to_anchor=(0.4, -0.01),
        ncols=1,
        frameon=False,
    )
    title = text["faults.title"].format(system=result.system, n=len(result.endings), seed=result.seed)
    figure.suptitle(title.show(language), fontproperties=font, fontsize=10)
    paths = folder / "faults.png", folder / "faults.svg"
    for path in paths:
        figure.savefig(path, dpi=150)
    return paths
