"""`caltwin lab add-check | chart | drift`: intermediate checks, control charts, forecast of drift."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from bench.commands.lab_options import LabFile, help_of
from bench.commands.options import Lang, console, text
from bench.errors import ConfigurationError
from uncertainty.text import Language, Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.lab.checks import Checked
    from uncertainty.stability import Assessment

Picture = Annotated[Path | None, typer.Option(help=help_of("picture"), metavar="FILE")]


def add_check(
    series: Annotated[str, typer.Argument(help=help_of("series"))],
    reading: Annotated[list[float], typer.Option(help=help_of("reading"))],
    time: Annotated[str | None, typer.Option(help=help_of("time"))] = None,
    person: Annotated[str | None, typer.Option("--as", help=help_of("operator"))] = None,
    lab: LabFile = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Enter the readings of one intermediate check."""
    from bench.lab.entries import entry_of
    from bench.lab.intake import add
    from bench.lab.register import open_register, where

    now = datetime.now().astimezone().isoformat(timespec="seconds")
    data = {"series": series, "readings": reading, "time": time or now, "person": person}
    entry = entry_of("group", {key: value for key, value in data.items() if value is not None}, "caltwin lab")
    with open_register(where(lab)) as register, register.writing() as session:
        add(session, "group", entry, register.name)
    console().print(text("lab.added").format(table="group").show(lang))


def chart(
    series: Annotated[str, typer.Argument(help=help_of("series"))],
    picture: Picture = None,
    baseline: Annotated[int | None, typer.Option(help=help_of("baseline"), min=2)] = None,
    lab: LabFile = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Judge a series of intermediate checks: control charts, repeatability, stability.

    Exit code: 0 nothing is wrong, 1 a check is out of control or a requirement is not met, 2 wrong input.
    """
    from bench.lab.chart_figure import draw_charts
    from bench.lab.checks import check
    from bench.lab.intake import by_code
    from bench.lab.models import CheckSeries
    from bench.lab.register import open_register, where

    with open_register(where(lab)) as register, register.reading() as session:
        checked = check(by_code(session, CheckSeries, "code", series), baseline)
    screen = console()
    screen.print(text("chart.title").format(code=checked.code, artifact=checked.artifact).show(lang))
    screen.print(_findings(checked, lang))
    for place in checked.alarms:
        said = text("chart.alarm").format(time=f"{checked.times[place]:%Y-%m-%d}", mean=f"{checked.means[place]:.6g}")
        screen.print(f"[bold red]{said.show(lang)} {checked.unit}[/bold red]")
    if unverified := _unverified():
        screen.print(f"[yellow]{unverified.show(lang)}[/yellow]")
    if picture is not None:
        _drawn(picture, lambda: draw_charts(checked, picture, lang))
        screen.print(f"  {picture}", soft_wrap=True)
    if not checked.good:
        raise typer.Exit(1)


def drift(
    standard: Annotated[str, typer.Argument(help=help_of("of_standard"))],
    measurand: Annotated[str, typer.Option(help=help_of("measurand"))],
    limit: Annotated[float, typer.Option(help=help_of("limit"), min=0.0)],
    unit: Annotated[str, typer.Option(help=help_of("unit"))],
    corrected: Annotated[bool, typer.Option("--corrected", help=help_of("corrected"))] = False,
    picture: Picture = None,
    lab: LabFile = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Forecast the drift of a standard through its certificates, and propose its next due date."""
    from bench.lab.chart_figure import draw_drift
    from bench.lab.checks import forecast
    from bench.lab.intake import by_serial
    from bench.lab.models import Standard
    from bench.lab.register import open_register, where

    with open_register(where(lab)) as register, register.reading() as session:
        found = forecast(by_serial(session, Standard, standard), measurand, unit, limit, corrected=corrected)
    screen = console()
    table = Table(box=None, pad_edge=False)
    for column in ("date", "error", "expanded"):
        table.add_column(text(f"chart.{column}").show(lang), justify="right")
    for day, error, U in zip(found.days, found.errors, found.U, strict=True):
        table.add_row(str(day), f"{error:+.6g} {unit}", f"{U:.3g} {unit}")
    screen.print(table)
    year = found.drift.slope * 365.25
    rate = text("chart.rate").format(slope=f"{year:+.3g}", unit=unit, U=f"{2 * found.drift.u_slope * 365.25:.2g}")
    screen.print(rate.show(lang), soft_wrap=True)
    key = "chart.due_capped" if found.capped else "chart.due"
    error, half = found.at(found.due)
    said = text(key).format(due=found.due, error=f"{error:+.3g}", half=f"{half:.2g}", unit=unit, limit=f"{limit:g}")
    screen.print(f"[bold]{said.show(lang)}[/bold]", soft_wrap=True)
    if found.present is not None and found.due < found.present:
        screen.print(
            f"[bold red]{text('chart.sooner').format(due=found.present).show(lang)}[/bold red]", soft_wrap=True
        )
    if picture is not None:
        _drawn(picture, lambda: draw_drift(found, picture, lang))
        screen.print(f"  {picture}", soft_wrap=True)


def _drawn(picture: Path, draw: Callable[[], object]) -> None:
    try:
        draw()
    except (OSError, ValueError) as problem:  # Matplotlib refuses an unknown suffix by ValueError
        raise ConfigurationError(str(picture), "--picture", str(problem)) from None


def _findings(checked: Checked, lang: Language) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("assessment", "observed", "limit", "finding"):
        table.add_column(text(f"chart.{column}").show(lang))
    for key in ("repeatability", "stability", "year"):
        _row(table, key, getattr(checked, key), checked.unit, lang)
    if checked.charts is None:
        table.add_row(text("chart.charts").show(lang), "", "", text("chart.too_few").show(lang))
    else:
        state = text("chart.out_of_control" if checked.alarms else "chart.in_control").show(lang)
        style = "bold red" if checked.alarms else "green"
        table.add_row(text("chart.charts").show(lang), str(len(checked.alarms)), "0", f"[{style}]{state}[/{style}]")
    return table


def _row(table: Table, key: str, found: Assessment | None, unit: str, lang: Language) -> None:
    name = text(f"chart.{key}").show(lang)
    if found is None:
        table.add_row(name, "", "", text("chart.too_few").show(lang))
        return
    state = text("chart.satisfied" if found.satisfied else "chart.not_satisfied").show(lang)
    style = "green" if found.satisfied else "bold red"
    limit = "–" if found.limit == float("inf") else f"{found.limit:.4g} {unit}"
    table.add_row(name, f"{found.observed:.4g} {unit}", limit, f"[{style}]{state}[/{style}]")


def _unverified() -> Text | None:
    """Say which rules were not compared with the printed text."""
    import dataclasses

    from bench.lab.checks import rules

    held = rules()
    found = [getattr(held, field.name) for field in dataclasses.fields(held)]
    open_ones = sorted({rule.source for rule in found if not rule.verified})
    return text("chart.unverified").format(source=", ".join(open_ones)) if open_ones else None
