"""How figures and charts look, and how they become SVG: one place for colours, fonts, axes and legends."""

from __future__ import annotations

import io
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from reports.fonts import sans

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from uncertainty.text import Language, Text

FAMILY = "'Noto Sans SC', 'Microsoft YaHei', 'PingFang SC', sans-serif"
"""Fonts of the text in the SVG: the certificate's own first, then what a browser may have."""
INK, GREY, RULE, BAND, LIMIT = "#1b2733", "#66727e", "#d5dbe0", "#e6eff5", "#7fa3b8"
LINES = (("#0b4f7a", "o"), ("#c05621", "s"), ("#2f6f4f", "^"), ("#6b4a8a", "D"), ("#8a1f4b", "v"), ("#4a5560", "P"))
"""Colour and marker of each curve: told apart without colour as well."""


_PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def words(text: Text, language: Language) -> str:
    """Return a text as a drawing can show it: its font has no subscripts."""
    return text.show(language).translate(_PLAIN)


def svg(canvas: Figure, salt: str) -> str:
    """Return a drawing as SVG; the same drawing and salt give the same bytes.

    The few settings that Matplotlib reads from its global table while it writes SVG are set for that moment and put
    back.
    """
    from matplotlib import rc_context  # a third of a second: only a drawing needs it

    target = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": salt}):
        canvas.savefig(target, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = re.sub(r"font-family: [^;\"]*", f"font-family: {FAMILY}", target.getvalue())
    return text[text.index("<svg") :]


def spines(axes: Any) -> None:
    """Draw the two axes that carry numbers, thin and grey."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GREY)
        axes.spines[side].set_linewidth(0.7)
    axes.set_axisbelow(True)


def ticks(axes: Any) -> None:
    """Give the ticks their colour and font; called last, when their places are known."""
    axes.tick_params(colors=GREY, labelcolor=INK, width=0.7, length=3)
    for tick in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        tick.set_fontproperties(font(7.6))


def legend(axes: Any, columns: int) -> None:
    """Draw the legend above the axes."""
    drawn = axes.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=columns,
        frameon=False,
        prop=font(8.0),
        labelcolor=INK,
        borderaxespad=0.1,
        handlelength=1.8,
        columnspacing=1.6,
    )
    drawn.set_zorder(20)


def say(setter: Any, text: str) -> None:
    """Write the label of an axis."""
    setter(text, fontproperties=font(8.2), color=INK, labelpad=4)


@cache
def font(size: float) -> Any:
    """Return the certificate's font at a size, pt."""
    from matplotlib.font_manager import FontProperties

    return FontProperties(fname=sans(), size=size)
