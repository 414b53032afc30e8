"""`caltwin verify`: one run, from bytes to certificate, with live progress."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.prompt import Prompt as AskPrompt
from rich.table import Table

from bench.catalogue import find
from bench.commands.options import (
    Clock,
    Lang,
    Seed,
    SheetFile,
    StationFile,
    SystemName,
    console,
    duration,
    help_of,
    text,
)
from bench.errors import ConfigurationError
from bench.journal import Journal
from bench.operators import AnswersFile, Person, Simulation
from bench.runs import Finished, Order, execute
from bench.signing.bench_key import sign_end
from bench.station import Station
from bench.stop import StopSwitch
from drivers.errors import InstrumentError
from scenarios.procedure import ProcedureAborted
from scenarios.record import RunRecord, to_json
from uncertainty.conformity import Verdict
from uncertainty.text import Language

if TYPE_CHECKING:
    from rich.console import Console

    from bench.catalogue import System
    from bench.desk import Operator
    from scenarios.procedure import Progress as Step
    from scenarios.procedure import Prompt

JOURNAL, RECORD = "journal.sqlite", "record.json"
_STYLE = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.ERROR: "bold red"}


def verify(
    system: SystemName,
    seed: Seed = 20260101,
    lang: Lang = Language.BOTH,
    sheet: SheetFile = None,
    station: StationFile = None,
    clock: Annotated[Clock, typer.Option(help=help_of("clock"))] = Clock.VIRTUAL,
    speed: Annotated[float, typer.Option(help=help_of("speed"), min=0.01, max=1e6)] = 1.0,
    out: Annotated[Path | None, typer.Option(help=help_of("out"), metavar="DIR")] = None,
    answers: Annotated[Path | None, typer.Option(help=help_of("answers"), metavar="FILE")] = None,
    trials: Annotated[int | None, typer.Option(help=help_of("trials"), min=1000)] = None,
    lab: Annotated[
        str | None, typer.Option("--lab", help=help_of("lab"), metavar="URL|FILE", envvar="CALTWIN_LAB")
    ] = None,
    order: Annotated[str | None, typer.Option("--order", help=help_of("order"), metavar="NUMBER")] = None,
    opened: Annotated[list[str] | None, typer.Option("--open", help=help_of("open"), metavar="GATE")] = None,
    person: Annotated[str | None, typer.Option("--as", help=help_of("as"), metavar="CODE")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help=help_of("reason"))] = None,
) -> None:
    """Verify a device, then write record.json, certificate.pdf, certificate.html and dcc.xml.

    Exit code: 0 conforms, 1 does not conform, 2 wrong input, 3 aborted (sources are off).
    """
    begin = perf_counter()
    chosen = find(system, sheet)
    stage = open_station(chosen, station)
    operator = operator_of(stage, answers, lang)
    folder: list[Path] = []

    with ExitStack() as files:

        def journal(number: str) -> Journal:
            folder.append(_new_folder(out or Path("runs") / number))
            return files.enter_context(Journal(folder[0] / JOURNAL))

        now = datetime.now().astimezone()
        plan = Order(seed=seed, started=now, trials=trials, realtime=clock is Clock.REALTIME, speed=speed)
        if order is None:
            if opened or person or reason:
                raise ConfigurationError(
                    "--open", "--order", "missing; gates are those of a work order in the register"
                )
            carry_out(
                chosen,
                plan,
                lambda plan: execute(chosen, stage, plan, operator, journal),
                lambda: folder[0],
                lang,
                begin,
            )
            return
        from bench.ordered import Ordered, opening_of  # SQLAlchemy: only who works with a register waits for it

        with Ordered(lab, order, chosen.sheet, stage, now, opening_of(opened or [], person, reason)) as ordered:

            def run(plan: Order) -> Finished:
                return execute(chosen, ordered.station, plan, operator, journal, gatekeeper=ordered.gatekeeper)

            carry_out(chosen, plan, run, lambda: folder[0], lang, begin, ordered.keep)


def carry_out(
    system: System,
    order: Order,
    run: Callable[[Order], Finished],
    folder: Callable[[], Path],
    lang: Language,
    begin: float,
    keep: Callable[[Path], None] = lambda record: None,
) -> None:
    """Make a run with live progress, write record and documents, and say how it ended.

    Args:
        system: what is verified.
        order: how; progress and stop switch are put in here.
        run: makes the run.
        folder: where to write, known once the run has begun.
        lang: language of messages and documents.
        begin: `perf_counter()` at the start.
        keep: enters a record into the register.

    Raises:
        typer.Exit: with code 1 if a device does not conform, 3 if a position ended without a result.
    """
    screen = console()
    title = system.sheet.title.show(lang)
    screen.print(f"[bold]{title}[/bold]  {text('run.seed').show(lang)} {order.seed}")
    with (
        StopSwitch(said=lambda: screen.print(text("run.stopping").show(lang))) as switch,
        Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=screen,
            transient=True,
        ) as bar,
    ):
        task = bar.add_task(title, total=None)

        def show(step: Step) -> None:
            where = step.item.show(lang) + ("" if step.step is None else f" · {step.step.show(lang)}")
            bar.update(task, description=where, completed=step.done, total=step.total)
            if step.reported is not None and not screen.is_terminal:
                screen.print(f"{where}: {step.reported.error} ± {step.reported.U}  {step.verdict}", soft_wrap=True)

        try:
            finished = run(replace(order, show=show, checkpoint=switch.checkpoint))
        except (ProcedureAborted, InstrumentError):
            with suppress(IndexError):  # stopped before the run had a folder: nothing to take up
                screen.print(f"{text('run.take_up').show(lang)}: caltwin resume {folder()}", soft_wrap=True)
            raise
        bar.update(task, description=text("run.writing").show(lang))
        sign_end(folder() / JOURNAL)
        made = _write_all(finished, folder(), lang)
        for _, paths in made:
            keep(paths[0])
    for record, paths in made:
        _summary(screen, record, lang)
        screen.print(f"{text('run.documents').show(lang)}:")
        for path in paths:
            screen.print(f"  {path}", soft_wrap=True)
    for position, failure in finished.failures.items():
        said = text("run.position_failed").format(position=position, why=str(failure))
        screen.print(f"[bold red]{said.show(lang)}[/bold red]", soft_wrap=True)
    screen.print(
        f"{text('run.bench_time').show(lang)}: {duration(max(record.duration_s for record, _ in made))}   "
        f"{text('run.wall_time').show(lang)}: {duration(perf_counter() - begin)}"
    )
    if finished.failures:
        raise typer.Exit(3)
    if any(record.verdict not in (Verdict.PASS, Verdict.CONDITIONAL) for record, _ in made):
        raise typer.Exit(1)


def _write_all(finished: Finished, folder: Path, lang: Language) -> list[tuple[RunRecord, tuple[Path, ...]]]:
    """Write record and documents of every position; a bench with many gives each a folder of its own."""
    from reports.issue import issue  # matplotlib, Typst and lxml: only who makes documents waits for them

    made: list[tuple[RunRecord, tuple[Path, ...]]] = []
    for position, record in finished.records.items():
        place = folder if len(finished.records) + len(finished.failures) == 1 else folder / f"position-{position}"
        place.mkdir(exist_ok=True)
        _write(place / RECORD, to_json(record))
        issued = issue(record, place, lang)
        made.append((record, (place / RECORD, issued.pdf, issued.html, issued.dcc)))
    return made


def open_station(system: System, path: Path | None) -> Station:
    """Return the station of a file, or the sheet's own all-twin station.

    Raises:
        ConfigurationError: the station is wrong.
    """
    if path is not None:
        return Station.from_file(path)
    return Station.from_dict(system.sheet.station, source=f"{system.source} [station]")


def operator_of(station: Station, answers: Path | None, lang: Language) -> Operator:
    """Return who answers prompts: the file if given, the simulation for a twin, else the person at the terminal.

    Raises:
        ConfigurationError: the file is wrong, or nobody is at the terminal.
    """
    if answers is not None:
        return AnswersFile.read(answers)
    devices = [address for role, address in station.roles.items() if role.startswith("device")]
    if all(address in station.resources for address in devices):
        return Simulation()
    if not sys.stdin.isatty():
        raise ConfigurationError(
            station.source, "roles.device", "is a real device and nobody is at the terminal; give --answers FILE"
        )

    def ask(prompt: Prompt, refusal: str | None) -> str:
        if refusal is not None:
            console().print(f"[yellow]{refusal}[/yellow]")
        if prompt.picture is not None:
            console().print(prompt.picture, soft_wrap=True)
        wanted = "/".join(prompt.choices) if prompt.unit is None else prompt.unit
        return AskPrompt.ask(f"{prompt.question.show(lang)} [{wanted}]".replace("[", r"\["))

    return Person(ask=ask, name=getpass.getuser())


def _new_folder(folder: Path) -> Path:
    """Make the folder of a run; a folder that holds a run already is left alone."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = [name for name in (JOURNAL, RECORD) if (folder / name).exists()]
    except OSError as problem:
        raise ConfigurationError(str(folder), "--out", problem.strerror or str(problem)) from None
    if taken:
        raise ConfigurationError(str(folder), "--out", f"holds a run already ({taken[0]}); give another folder")
    return folder


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)


def _verdict(verdict: Verdict, lang: Language) -> str:
    style = _STYLE.get(verdict, "yellow")
    return f"[{style}]{text(f'verdict.{verdict.value}').show(lang)}[/{style}]"


def _summary(screen: Console, record: RunRecord, lang: Language) -> None:
    points = Table(box=None, pad_edge=False)
    for heading, side in (("item", "left"), ("point", "left"), ("error", "right"), ("U", "right"), ("mpe", "right")):
        name = "U (k)" if heading == "U" else text(f"run.{heading}").show(lang)
        points.add_column(name, justify="right" if side == "right" else "left")
    points.add_column(text("run.verdict").show(lang))
    for item in record.items:
        measurand = record.measurand_of(item)
        unit, sign, plus = (measurand.unit, "±", "") if measurand.kind == "error" else (measurand.unit, "≤ ", "+")
        for finding in item.findings:
            found = finding.value.show(lang)
            if len(item.findings) > 1:  # one finding is what the item's title says already
                found = f"{finding.label.show(lang)}: {found}"
            points.add_row(item.title.show(lang), found, "", "", "", _verdict(finding.verdict, lang))
        for point in item.points:
            settings = ", ".join(str(quantity) for quantity in point.point.settings.values())
            about = " ".join(point.point.about.values())
            mpe = "" if point.reported.mpe is None else f"{sign}{point.reported.mpe} {unit}"
            points.add_row(
                item.title.show(lang),
                f"{about} {settings}".strip() or point.point.label.show(lang),
                f"{point.reported.error.removeprefix(plus)} {unit}",
                f"{point.reported.U} {unit} ({point.reported.k})",
                mpe,
                _verdict(point.verdict, lang),
            )
    screen.print(points)
    screen.print(
        f"[bold]{text('run.overall').show(lang)}: {_verdict(record.verdict, lang)}[/bold]   "
        f"{text('run.number').show(lang)} {record.number}"
    )
    if record.simulated:
        screen.print(f"[bold magenta]{text('run.simulated').show(lang)}[/bold magenta]")
    if record.unverified:
        screen.print(f"[yellow]{text('run.unverified').format(n=len(record.unverified)).show(lang)}[/yellow]")
