"""The picture of a chain of traceability: instruments as boxes, certificates on the arrows between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.lab.chain import State
from uncertainty.text import Language, Text, catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from bench.lab.chain import Branch, Chain, Step

_INK, _GREY, _RULE, _BAD = "#1b2733", "#66727e", "#b9c4cd", "#b3261e"
_FILL = {"national": "#0b4f7a", "reference": "#3f7d9f", "working": "#dcebf3", "device": "#f3ead9"}
_ON_FILL = {"national": "white", "reference": "white", "working": _INK, "device": _INK}
_WIDTH, _HEIGHT, _GAP, _SIDE, _HEAD = 3.5, 0.98, 0.92, 0.35, 1.05
"""Inches: box, gap between boxes (with the certificate's text), margin, title."""


def draw(chain: Chain, path: Path, language: Language) -> Path:
    """Draw a chain; the suffix of the path chooses the format (.png, .svg, .pdf)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # a third of a second: only a drawing needs it
    from matplotlib.figure import Figure

    columns = max(1, len(chain.branches))
    rows = max((len(branch.steps) + (branch.steps[-1].level != "national") for branch in chain.branches), default=1)
    width = 2 * _SIDE + columns * _WIDTH + (columns - 1) * _SIDE
    height = _HEAD + (rows + 1) * _HEIGHT + rows * _GAP + _SIDE
    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    axes: Any = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.axis("off")
    pen = _Pen(axes, language)
    title = pen.text("trace.chain_title").format(number=chain.number).show(language)
    pen.write(width / 2, height - 0.3, title, size=11.5, weight="bold")
    if chain.simulated:
        pen.write(width / 2, height - 0.55, pen.text("run.simulated").show(language), size=8.5, colour=_BAD)
    pen.box(_SIDE, _SIDE, width - 2 * _SIDE, "device")
    middle = width / 2
    lines = [chain.device_name.show(language), chain.device, f"{chain.laboratory.show(language)} · {chain.measured}"]
    pen.lines(middle, _SIDE, "device", "device", lines)
    for n, branch in enumerate(chain.branches):
        _branch(pen, chain, branch, _SIDE + n * (_WIDTH + _SIDE))
    figure.savefig(path, dpi=200)
    return path


def _branch(pen: _Pen, chain: Chain, branch: Branch, left: float) -> None:
    """Draw one column, from the device upwards."""
    middle, bottom = left + _WIDTH / 2, _SIDE
    main = branch.role == "standard" or len(chain.branches) == 1
    role = pen.texts.get(f"trace.role.{branch.role}") or Text(zh=branch.role, en=branch.role)
    label = [f"{chain.number}", chain.U] if main else [role.show(pen.language)]
    for step in branch.steps:
        pen.arrow(middle, bottom, label, bad=False)
        bottom += _HEIGHT + _GAP
        pen.box(left, bottom, _WIDTH, step.level)
        holder = step.holder or chain.laboratory.show(pen.language)
        pen.lines(
            middle, bottom, step.level, f"level_{step.level}", [step.name.show(pen.language), step.identity, holder]
        )
        label = _certificate(pen, step)
        if step is branch.steps[-1]:
            break
        if step.state is not State.VALID:
            pen.flag(left + _WIDTH - 0.08, bottom + _HEIGHT - 0.14, step.state)
    top = branch.steps[-1]
    if top.state is not State.VALID:
        pen.flag(left + _WIDTH - 0.08, bottom + _HEIGHT - 0.14, top.state)
    if top.level == "national":
        # Nothing stands above it: its own certificate is written over it.
        pen.over(middle, bottom + _HEIGHT, label)
        return
    pen.arrow(middle, bottom, label, bad=True)
    bottom += _HEIGHT + _GAP
    pen.box(left, bottom, _WIDTH, None)
    said = pen.text("trace.chain_open").show(pen.language).replace(" / ", "\n")
    pen.write(middle, bottom + _HEIGHT / 2, said, size=8.5, colour=_BAD, fit=_WIDTH, linespacing=1.7)


def _certificate(pen: _Pen, step: Step) -> list[str]:
    """Return what is written beside the arrow that hangs an instrument on the one above it."""
    due = "" if step.due is None else f"{pen.text('trace.until').show(pen.language)} {step.due}"
    head = " · ".join(part for part in (step.number or "", due) if part)
    U = list(step.U[:2]) + (["…"] if len(step.U) > 2 else [])
    return [head, *U] if len(U) < 3 else [head, f"{U[0]}; {U[1]}; …"]


class _Pen:
    """Draw boxes, arrows and text in inches."""

    def __init__(self, axes: Any, language: Language) -> None:
        self.axes, self.language, self.texts = axes, language, catalogue("bench")

    def font(self, size: float) -> Any:
        """Return the bundled font in a size."""
        from matplotlib.font_manager import FontProperties
        from pylopdf_fonts_zh_cn import sans_path

        return FontProperties(fname=str(sans_path()), size=size)

    def text(self, key: str) -> Text:
        return self.texts[key]

    def write(
        self, x: float, y: float, said: str, *, size: float, colour: str = _INK, fit: float | None = None, **more: Any
    ) -> None:
        """Write at a place; `fit` is the width in inches that it must not exceed."""
        font = self.font(size)
        # The bundled font has one weight: a thin outline in the same colour makes it bold.
        if more.pop("weight", None) == "bold":
            from matplotlib import patheffects

            effects: Any = patheffects
            more["path_effects"] = [effects.withStroke(linewidth=0.5, foreground=colour)]
        aligned = {"ha": "center", "va": "center"} | more
        drawn = self.axes.text(x, y, said, fontproperties=font, color=colour, **aligned)
        if fit is not None:
            taken = drawn.get_window_extent(self.axes.figure.canvas.get_renderer()).width / self.axes.figure.dpi
            drawn.set_fontsize(size * min(1.0, fit * 0.96 / taken))

    def box(self, left: float, bottom: float, width: float, level: str | None) -> None:
        from matplotlib.patches import FancyBboxPatch

        patch: Any = FancyBboxPatch
        self.axes.add_patch(
            patch(
                (left, bottom),
                width,
                _HEIGHT,
                boxstyle="round,pad=0,rounding_size=0.09",
                facecolor="white" if level is None else _FILL[level],
                edgecolor=_BAD if level is None else _RULE,
                linestyle="--" if level is None else "-",
                linewidth=0.9,
            )
        )

    def lines(self, middle: float, bottom: float, level: str, key: str, said: list[str]) -> None:
        colour = _ON_FILL[level]
        self.write(
            middle, bottom + 0.83, self.text(f"trace.{key}").show(self.language), size=6.8, colour=colour, fit=_WIDTH
        )
        for n, (line, size) in enumerate(zip(said, (9.2, 7.8, 7.4), strict=True)):
            self.write(
                middle,
                bottom + 0.60 - 0.2 * n,
                line,
                size=size,
                colour=colour,
                weight="bold" if n == 0 else "normal",
                fit=_WIDTH,
            )

    def arrow(self, middle: float, bottom: float, said: list[str], *, bad: bool) -> None:
        start, end = bottom + _HEIGHT + _GAP, bottom + _HEIGHT
        self.axes.annotate(
            "",
            xy=(middle - 1.45, end + 0.03),
            xytext=(middle - 1.45, start - 0.03),
            arrowprops={
                "arrowstyle": "-|>",
                "color": _BAD if bad else _GREY,
                "linewidth": 1.3,
                "linestyle": "--" if bad else "-",
            },
        )
        offset = 0.11 * (len(said) - 1)
        for n, line in enumerate(said):
            self.write(
                middle - 1.3,
                (start + end) / 2 + offset - 0.22 * n,
                line,
                size=7.8 if n == 0 else 8.2,
                colour=_INK if n else _GREY,
                ha="left",
            )

    def over(self, middle: float, top: float, said: list[str]) -> None:
        self.write(middle, top + 0.13, "   ".join(said), size=7.2, colour=_GREY, fit=_WIDTH)

    def flag(self, right: float, y: float, state: State) -> None:
        said = self.text(f"trace.state_{state.value}").show(self.language)
        self.axes.text(
            right,
            y,
            said,
            fontproperties=self.font(6.8),
            color="white",
            ha="right",
            va="center",
            bbox={"boxstyle": "round,pad=0.25", "facecolor": _BAD, "edgecolor": "none"},
        )
