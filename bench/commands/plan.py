"""`caltwin plan`: a day's batch on shared rigs, balances and people; throughput, waiting, and what more would bring."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from bench.commands.options import Lang, console, duration, help_of, text
from bench.day import Day, Job, simulate
from bench.errors import ConfigurationError
from uncertainty.text import Language

WHAT_IF_MORE = 1
"""By how many each resource is raised in turn to say what more of it would bring."""


def plan(
    system: Annotated[str | None, typer.Argument(help=help_of("plan_system"), show_default=False)] = None,
    count: Annotated[int, typer.Option(help=help_of("plan_count"), min=1)] = 8,
    have: Annotated[list[str] | None, typer.Option("--have", help=help_of("plan_have"), metavar="NAME=COUNT")] = None,
    batch: Annotated[Path | None, typer.Option("--batch", help=help_of("plan_batch"), metavar="FILE")] = None,
    hours: Annotated[float | None, typer.Option(help=help_of("plan_hours"), min=0.1)] = None,
    lang: Lang = Language.BOTH,
    out: Annotated[Path | None, typer.Option(help=help_of("plan_out"), metavar="DIR")] = None,
) -> None:
    """Simulate a day's batch; nothing is energised."""
    from bench.batch import Batch, Devices, jobs, length_s, read, resources_of
    from uncertainty.quantity import Quantity

    if (system is None) == (batch is None):
        raise ConfigurationError("plan", "SYSTEM", "give a system, or --batch FILE with the devices of the day")
    wanted = read(batch) if batch is not None else Batch(devices=(Devices(system=system or "", count=count),))
    if hours is not None:
        wanted = replace(wanted, day=Quantity(value=hours, unit="h"))
    wanted = replace(wanted, resources={**wanted.resources, **_counts(have or [])})
    queue = jobs(wanted, batch.parent if batch is not None else Path())
    resources = resources_of(wanted, queue)
    length = length_s(wanted)
    day = simulate(queue, resources, length)
    screen = console()
    screen.print(_summary(day, lang))
    screen.print(_resources(day, _more(queue, resources, length, day), lang))
    folder = out or Path("runs") / f"plan-{system or 'batch'}"
    folder.mkdir(parents=True, exist_ok=True)
    from bench.day_figure import draw  # matplotlib: not for `caltwin --help`

    for path in draw(day, folder, lang):
        screen.print(f"  {path}", soft_wrap=True)
    (folder / "plan.json").write_bytes(msgspec.json.format(msgspec.json.encode(day), indent=1) + b"\n")
    screen.print(f"  {folder / 'plan.json'}", soft_wrap=True)


def _counts(given: list[str]) -> dict[str, int]:
    counts = {}
    for word in given:
        name, _, number = word.partition("=")
        if not name or not number.isdigit():
            raise ConfigurationError("--have", word, "is not of the form NAME=COUNT, e.g. balance=2")
        counts[name] = int(number)
    return counts


def _more(queue: tuple[Job, ...], resources: dict[str, int], length: float, day: Day) -> dict[str, Day]:
    """Return the day with one more of each resource that devices waited for."""
    return {
        name: simulate(queue, {**resources, name: resources[name] + WHAT_IF_MORE}, length)
        for name, waited in day.waiting_s.items()
        if waited
    }


def _summary(day: Day, lang: Language) -> str:
    said = text("plan.summary").format(
        finished=day.finished,
        devices=day.devices,
        hours=f"{day.length_s / 3600:g}",
        makespan=duration(day.makespan_s),
        turnaround=duration(day.turnaround_s),
    )
    return f"[bold]{said.show(lang)}[/bold]"


def _resources(day: Day, more: dict[str, Day], lang: Language) -> Table:
    table = Table(box=None, pad_edge=False)
    for key in ("resource", "count", "utilisation", "waiting", "one_more"):
        table.add_column(text(f"plan.{key}").show(lang), justify="left" if key == "resource" else "right")
    for name, number in day.resources.items():
        better = more.get(name)
        gain = "–"
        if better is not None:
            gain = f"{better.finished - day.finished:+d}, {duration(better.makespan_s)}"
        mark = " ←" if name == day.bottleneck else ""
        table.add_row(
            name + mark,
            str(number),
            f"{100 * day.utilisation[name]:.0f} %",
            duration(day.waiting_s[name]),
            gain,
        )
    return table
