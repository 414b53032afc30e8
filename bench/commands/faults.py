"""`caltwin faults`: the fault x role matrix of a system, in numbers and as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

from bench.catalogue import find
from bench.commands.options import Lang, Seed, SheetFile, StationFile, SystemName, console, help_of, text
from bench.commands.verify import open_station
from bench.errors import ConfigurationError
from instruments.faults import catalogue
from uncertainty.text import Language


def faults(
    system: SystemName,
    seed: Seed = 20260101,
    only: Annotated[str | None, typer.Option(help=help_of("fault_only"), metavar="CLASS")] = None,
    moments: Annotated[int, typer.Option(help=help_of("fault_moments"), min=0)] = 3,
    lang: Lang = Language.BOTH,
    sheet: SheetFile = None,
    station: StationFile = None,
    out: Annotated[Path | None, typer.Option(help=help_of("faults_out"), metavar="DIR")] = None,
) -> None:
    """Make a fault campaign; exit code 1 if any run ends in a defect."""
    from bench.fault_campaign import Outcome, fault_campaign
    from bench.fault_report import cell, draw, layout, markdown  # matplotlib: not for `caltwin --help`

    chosen = find(system, sheet)
    stage = open_station(chosen, station)
    if chosen.sheet.campaign is None:
        raise ConfigurationError(
            chosen.source, "campaign", "missing; the sheet does not say which device holds the truth"
        )
    if only is not None and only not in catalogue():
        raise ConfigurationError("--only", only, f"unknown fault class; known: {', '.join(catalogue())}")
    screen = console()
    bar = Progress(BarColumn(bar_width=24), MofNCompleteColumn(), TimeRemainingColumn(), console=screen, transient=True)
    with bar:
        task = bar.add_task("")
        result = fault_campaign(
            chosen,
            stage,
            seed=seed,
            moments=moments,
            only=only,
            advance=lambda done, total: bar.update(task, completed=done, total=total),
        )
    classes, roles = layout(result)
    title = text("faults.title").format(system=system, n=len(result.endings), seed=seed).show(lang)
    table = Table(text("faults.kind").show(lang), *roles, box=None, pad_edge=False, title=title)
    for kind in classes:
        found = [result.cells.get((kind, role)) for role in roles]
        bad = any(counts is not None and counts[Outcome.DEFECT] for counts in found)
        row = ["-" if counts is None else cell(counts) for counts in found]
        table.add_row(kind, *row, style="bold red" if bad else "")
    screen.print(table)
    for outcome in Outcome:
        count = sum(ending.outcome is outcome for ending in result.endings)
        screen.print(f"{count:6d}  {text(f'faults.{outcome.value}').show(lang)}")
    for ending in result.defects:
        case = ending.case
        screen.print(f"  {case.kind}, {case.role}, {case.label}: {ending.why}", soft_wrap=True, markup=False)
    verdict = text("faults.bad").format(n=len(result.defects)) if result.defects else text("faults.good")
    screen.print(f"[bold]{verdict.show(lang)}[/bold]")
    folder = out or Path("runs") / f"faults-{system}-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "faults.md"
    page.write_text(markdown(result, lang), encoding="utf-8")
    for path in (page, *draw(result, folder, lang)):
        screen.print(f"  {path}", soft_wrap=True)
    if result.defects:
        raise typer.Exit(1)
