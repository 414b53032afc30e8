"""`caltwin resume`: list unfinished runs, or take one up again from its journal alone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer
from rich.table import Table

from bench.catalogue import parse
from bench.commands.options import Lang, console, help_of, text
from bench.commands.verify import JOURNAL, RECORD, carry_out, operator_of
from bench.errors import ConfigurationError
from bench.journal import Journal, JournalError
from bench.past import beginning
from bench.runs import Finished, Order, Resumption, execute
from bench.station import Station
from uncertainty.text import Language


def resume(
    folder: Annotated[Path | None, typer.Argument(help=help_of("run_folder"), show_default=False)] = None,
    lang: Lang = Language.BOTH,
    answers: Annotated[Path | None, typer.Option(help=help_of("answers"), metavar="FILE")] = None,
) -> None:
    """Take up an interrupted run: what its journal holds is not measured again; see `docs/runs.md`."""
    if folder is None:
        _list(Path("runs"), lang)
        return
    begin = perf_counter()
    path = folder / JOURNAL
    if not path.is_file():
        raise ConfigurationError(str(folder), JOURNAL, "missing; give the folder of a run")
    if _finished(folder):
        raise ConfigurationError(str(folder), RECORD, "the run is finished; nothing to take up")
    now = datetime.now().astimezone()
    alive = datetime.fromtimestamp(max(p.stat().st_mtime for p in folder.glob(f"{JOURNAL}*")), now.tzinfo)
    with Journal(path) as journal:
        start = beginning(journal)
        if not start:
            raise ConfigurationError(str(path), "begin", "the run ended before its first entry; start it anew")
        system = parse(start["sheet"].encode(), start["sheet_source"], start["system"])
        station = Station.from_dict(start["station"], source=start["station_source"])
        order = Order(
            seed=start["seed"],
            started=datetime.fromisoformat(start["started"]),
            trials=start["trials"],
            realtime=start["realtime"],
            speed=start["speed"],
        )
        operator = operator_of(station, answers, lang)
        resumption = Resumption(journal=journal, now=now, alive=alive)

        def run(order: Order) -> Finished:
            return execute(system, station, order, operator, resumption=resumption)

        carry_out(system, order, run, lambda: folder, lang, begin)


def _finished(folder: Path) -> bool:
    """Tell whether a run has its documents; each position of a bench with many has a folder of its own."""
    places = [folder, *folder.glob("position-*")]
    return any((place / RECORD).exists() for place in places) and all(
        (place / "certificate.pdf").exists() for place in places if place != folder or (place / RECORD).exists()
    )


def _list(runs: Path, lang: Language) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("folder", "number", "last", "entries"):
        table.add_column(text(f"run.{heading}").show(lang), justify="right" if heading == "entries" else "left")
    for path in sorted(runs.glob(f"*/{JOURNAL}")):
        if _finished(path.parent):
            continue
        try:
            with Journal(path) as journal:
                entries = list(journal.entries())
                number = beginning(journal).get("number", "")
        except JournalError as problem:
            table.add_row(str(path.parent), str(problem), "", "")
            continue
        last = next((entry.step for entry in reversed(entries) if entry.kind != "stop"), "")
        table.add_row(str(path.parent), number, last, str(len(entries)))
    screen = console()
    if table.row_count:
        screen.print(f"[bold]{text('run.unfinished').show(lang)}[/bold]  (caltwin resume FOLDER)")
        screen.print(table)
    else:
        screen.print(text("run.none_unfinished").show(lang))
