"""`caltwin preflight`: duration, consumption and expected uncertainty, before anything is energised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from bench.catalogue import find
from bench.commands.options import Lang, Seed, SheetFile, StationFile, SystemName, console, duration, text
from bench.commands.verify import open_station
from uncertainty.text import Language

if TYPE_CHECKING:
    from bench.catalogue import System
    from bench.preflight import Preflight


def preflight(
    system: SystemName,
    seed: Seed = 20260101,
    lang: Lang = Language.BOTH,
    sheet: SheetFile = None,
    station: StationFile = None,
) -> None:
    """Show what a run would take: time per item, what is used up, expected U per point."""
    from bench.preflight import preflight as look

    chosen = find(system, sheet)
    found = look(chosen, open_station(chosen, station), seed=seed)
    screen = console()
    screen.print(f"[bold]{chosen.sheet.title.show(lang)}[/bold]")
    screen.print(_points(found, chosen, lang))
    screen.print(_items(found, lang))
    for name, used in found.consumed.items():
        amounts = ", ".join(f"{part.what} {part.amount:.4g} {part.unit}" for part in used)
        screen.print(f"{text('preflight.used').show(lang)}: {name}: {amounts}", soft_wrap=True)
    screen.print(f"[bold]{text('preflight.total').show(lang)}: {duration(found.duration_s)}[/bold]")
    if found.own_twins:
        screen.print(text("preflight.own_twins").show(lang))


def _points(found: Preflight, system: System, lang: Language) -> Table:
    table = Table(box=None, pad_edge=False)
    for key, side in (("point", "left"), ("U", "right"), ("limit", "right"), ("ratio", "right"), ("duration", "right")):
        table.add_column(text(f"preflight.{key}").show(lang), justify="right" if side == "right" else "left")
    for forecast in found.forecasts:
        unit, mpe = (forecast.measurand or system.sheet.measurand).unit, forecast.point.mpe
        symbol = "" if unit == "1" else f" {unit}"
        table.add_row(
            forecast.point.key,
            f"{forecast.U:.3g}{symbol}",
            "–" if mpe is None else f"{mpe.value:.3g}{symbol}",
            "–" if mpe is None else f"{forecast.U / mpe.value:.2f}",
            duration(forecast.duration_s),
        )
    return table


def _items(found: Preflight, lang: Language) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(text("run.item").show(lang))
    table.add_column(text("preflight.duration").show(lang), justify="right")
    for stretch in found.stretches:
        table.add_row(stretch.item.show(lang), duration(stretch.duration_s))
    return table
