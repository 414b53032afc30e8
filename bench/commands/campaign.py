"""`caltwin campaign`: coverage and false decisions on devices with planted errors, in numbers and as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from bench.catalogue import find
from bench.commands.options import Lang, Seed, SheetFile, StationFile, SystemName, console, duration, help_of, text
from bench.commands.verify import open_station
from bench.errors import ConfigurationError
from uncertainty.text import Language

if TYPE_CHECKING:
    from bench.campaign import Campaign


def campaign(
    system: SystemName,
    runs: Annotated[int, typer.Option(help=help_of("runs"), min=1)] = 500,
    seed: Seed = 20260101,
    workers: Annotated[int | None, typer.Option(help=help_of("workers"), min=1)] = None,
    lang: Lang = Language.BOTH,
    sheet: SheetFile = None,
    station: StationFile = None,
    out: Annotated[Path | None, typer.Option(help=help_of("campaign_out"), metavar="DIR")] = None,
) -> None:
    """Make a campaign; exit code 1 if coverage lies outside its binomial band at any point."""
    from bench.campaign import campaign as make
    from bench.campaign_figure import draw  # matplotlib: not for `caltwin --help`

    chosen = find(system, sheet)
    stage = open_station(chosen, station)
    if chosen.sheet.campaign is None:
        raise ConfigurationError(chosen.source, "campaign", "missing; the sheet does not say what to draw")
    screen = console()
    with Progress(
        TextColumn(chosen.sheet.title.show(lang)),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=screen,
        transient=True,
    ) as bar:
        task = bar.add_task("", total=runs)
        result = make(
            chosen,
            stage,
            runs=runs,
            seed=seed,
            workers=workers,
            advance=lambda done: bar.update(task, completed=done),
        )
    screen.print(_table(result, lang))
    verdict = text("campaign.honest" if result.honest else "campaign.dishonest").show(lang)
    screen.print(f"[bold]{verdict}[/bold] ({text('campaign.band_note').show(lang)})")
    speed = text("campaign.rate").format(
        rate=f"{result.rate:.1f}", workers=result.workers, bench=duration(result.bench_s)
    )
    screen.print(speed.show(lang))
    if result.refusals:
        screen.print(text("campaign.refused").format(n=len(result.refusals), first=result.refusals[0]).show(lang))
    folder = out or Path("runs") / f"campaign-{system}-{seed}-{runs}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "campaign.json").write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")
    for path in draw(result, folder, lang):
        screen.print(f"  {path}", soft_wrap=True)
    screen.print(f"  {folder / 'campaign.json'}", soft_wrap=True)
    if not result.honest:
        raise typer.Exit(1)


def _table(result: Campaign, lang: Language) -> Table:
    table = Table(
        box=None, pad_edge=False, title=text("campaign.title").format(system=result.system, runs=result.runs).show(lang)
    )
    for heading in ("point", "coverage", "band", "coverage_U", "bias", "false_accept", "false_reject"):
        table.add_column(text(f"campaign.{heading}").show(lang), justify="left" if heading == "point" else "right")
    for point in result.points:
        low, high = point.band
        style = "" if point.honest else "bold red"
        table.add_row(
            point.key,
            f"{100 * point.covered / point.runs:.1f} %",
            f"{100 * low / point.runs:.1f}…{100 * high / point.runs:.1f} %",
            f"{100 * point.covered_by_U / point.runs:.1f} %",
            f"{point.deviation:+.2f} ± {point.spread:.2f}",
            f"{point.false_accept} ({point.expected_false_accept:.1f})",
            f"{point.false_reject} ({point.expected_false_reject:.1f})",
            style=style,
        )
    return table
