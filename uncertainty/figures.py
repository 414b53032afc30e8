"""Draw a budget: the contributions as bars, and the output's distribution with the intervals of both methods."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from uncertainty.evaluation import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from uncertainty.evaluation import Evaluation
    from uncertainty.fits import Fit
    from uncertainty.text import Language

_BLUE, _ORANGE, _GREY = "#2a5caa", "#d9822b", "#9aa5b1"
_SAMPLE = 200_000


def _font(size: float) -> Any:
    """Return a face that has Chinese characters; matplotlib's own where the font package is not installed."""
    from matplotlib.font_manager import FontProperties

    try:
        from pylopdf_fonts_zh_cn import sans_path
    except ImportError:
        return FontProperties(size=size)
    return FontProperties(fname=str(sans_path()), size=size)


def _axes(width: float, height: float) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def _finish(axes: Any) -> None:
    for label in [*axes.get_xticklabels(), *axes.get_yticklabels()]:
        label.set_fontproperties(_font(9))
    for axis in (axes.xaxis, axes.yaxis):
        axis.get_offset_text().set_fontproperties(_font(8))


def contributions(e: Evaluation, language: Language) -> Figure:
    """Draw |c|u of each input, the largest on top, with the combined u as a line."""
    lines = sorted(e.gum.lines, key=lambda line: line.contribution)
    figure, axes = _axes(6.3, 1.0 + 0.32 * len(lines))
    axes.barh([line.name for line in lines], [line.contribution for line in lines], color=_BLUE, height=0.6)
    axes.axvline(e.gum.u, color=_ORANGE, linewidth=1.5)
    axes.annotate(
        f"u({e.gum.name})",
        (e.gum.u, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 3),
        textcoords="offset points",
        ha="center",
        fontproperties=_font(9),
        color=_ORANGE,
    )
    axes.set_xlabel(say("axis.share", unit=e.gum.unit).show(language), fontproperties=_font(9))
    axes.set_xlim(left=0)
    _finish(axes)
    return figure


def distribution(e: Evaluation, language: Language) -> Figure:
    """Draw the output's distribution: histogram of the Monte Carlo run, density of the GUM, intervals of both."""
    y = e.budget.sample(min(e.mc.trials, _SAMPLE), e.mc.seed)
    low, high = np.quantile(y, [0.0005, 0.9995])
    figure, axes = _axes(6.3, 3.6)
    span = (float(low), float(high)) if high > low else None
    heights, _, _ = axes.hist(y, bins=120, range=span, density=True, color=_GREY, label=say("axis.mc").show(language))
    top = float(np.max(heights))
    if e.gum.u > 0 and span:
        x = np.linspace(*span, 400)
        density = np.exp(-0.5 * ((x - e.gum.value) / e.gum.u) ** 2) / (e.gum.u * math.sqrt(2 * math.pi))
        axes.plot(x, density, color=_BLUE, linewidth=1.5, label=say("axis.gum").show(language))
        top = max(top, float(density.max()))
    for place, (name, interval, colour, style) in enumerate(
        (
            ("gum", e.gum.interval, _BLUE, "-"),
            ("symmetric", e.mc.symmetric, _ORANGE, "-"),
            ("shortest", e.mc.shortest, _ORANGE, "--"),
        )
    ):
        height = -top * (0.05 + 0.05 * place)
        label = None if name == "gum" else say(f"axis.{name}").show(language)
        axes.plot(interval, [height, height], color=colour, linestyle=style, linewidth=2.5, marker="|", label=label)
    axes.set_ylim(-top * 0.2, top * 1.08)
    axes.axhline(0, color="black", linewidth=0.6)
    axes.set_xlabel(say("axis.output", name=e.gum.name, unit=e.gum.unit).show(language), fontproperties=_font(9))
    axes.set_ylabel(say("axis.density").show(language), fontproperties=_font(9))
    axes.set_yticks([])
    axes.legend(prop=_font(8), frameon=False, loc="upper right")
    _finish(axes)
    return figure


def residuals(fit: Fit) -> Figure:
    """Draw the weighted residuals of a fit over the abscissa, with the band ±2."""
    figure, axes = _axes(6.3, 3.0)
    axes.axhspan(-2, 2, color=_GREY, alpha=0.3)
    axes.axhline(0, color="black", linewidth=0.6)
    axes.plot(fit.x, fit.weighted_residuals, "o", color=_BLUE)
    axes.set_xlabel("x", fontproperties=_font(9))
    axes.set_ylabel("(y - f(x)) / u(y)", fontproperties=_font(9))
    _finish(axes)
    return figure


def svg(figure: Figure) -> str:
    """Return a figure as SVG; the same figure gives the same text."""
    import matplotlib as mpl

    out = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "caltwin"}):
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


def png(figure: Figure, dots_per_inch: int = 160) -> bytes:
    """Return a figure as PNG."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=dots_per_inch, metadata={"Software": None})
    return out.getvalue()
