"""`caltwin trace`: which results rest on a standard, and on what a result rests.

caltwin trace --standard SN                      every record that used the standard
caltwin trace --standard SN --revised FILE       the same, with verdicts under a revised certificate
caltwin trace --record NUMBER|FILE               the chain of traceability of a record, with --picture its picture
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from bench.commands.lab_options import LabFile
from bench.commands.options import Lang, console, text
from bench.errors import ConfigurationError
from uncertainty.conformity import Verdict
from uncertainty.text import Language

if TYPE_CHECKING:
    from rich.console import Console
    from sqlalchemy.orm import Session

    from bench.lab.chain import Chain
    from bench.lab.follow import Followed

_STYLE = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.ERROR: "bold red"}


def _help(key: str) -> Any:
    both = text(f"trace.help.{key}")
    return f"{both.en} {both.zh}"


def trace(
    standard: Annotated[str | None, typer.Option(help=_help("standard"), metavar="SN")] = None,
    revised: Annotated[Path | None, typer.Option(help=_help("revised"), metavar="FILE")] = None,
    replaces: Annotated[str | None, typer.Option(help=_help("replaces"), metavar="NUMBER")] = None,
    name: Annotated[str | None, typer.Option("--input", help=_help("input"), metavar="SYMBOL")] = None,
    record: Annotated[str | None, typer.Option(help=_help("record"), metavar="NUMBER|FILE")] = None,
    picture: Annotated[Path | None, typer.Option(help=_help("picture"), metavar="FILE")] = None,
    out: Annotated[Path | None, typer.Option(help=_help("out"), metavar="FILE")] = None,
    lab: LabFile = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Follow a standard to its results, or a result to its standards.

    Exit code: 0 nothing changes and every chain is complete, 1 a verdict changes, a record cannot be recomputed or a
    chain is open, 2 wrong input.
    """
    from bench.lab.register import open_register, where  # SQLAlchemy: only who uses the register waits for it

    if (standard is None) == (record is None):
        raise ConfigurationError("caltwin trace", "--standard, --record", "give one of the two")
    if revised is not None and standard is None:
        raise ConfigurationError("caltwin trace", "--revised", "belongs to --standard SN")
    screen = console()
    with open_register(where(lab)) as register, register.reading() as session:
        if record is not None:
            good = _upwards(session, record, picture, screen, lang)
        else:
            good = _downwards(session, standard or "", revised, replaces, name, out, screen, lang)
    if not good:
        raise typer.Exit(1)


def _downwards(
    session: Session,
    serial: str,
    revised: Path | None,
    replaces: str | None,
    name: str | None,
    out: Path | None,
    screen: Console,
    lang: Language,
) -> bool:
    """List every record of a standard; with a revised certificate, recompute them."""
    import msgspec

    from bench.lab.follow import follow, read_revised
    from bench.lab.intake import by_serial
    from bench.lab.models import Standard

    row = by_serial(session, Standard, serial)
    certificate = None if revised is None else read_revised(revised)
    found = follow(session, row, certificate, replaces, name)
    screen.print(text("trace.used").format(serial=row.serial, n=len(found)).show(lang), soft_wrap=True)
    if found:
        screen.print(_records(found, certificate is not None, lang))
    if certificate is not None and found:
        _changes(found, screen, lang)
    if out is not None:
        try:
            out.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
        except OSError as problem:
            raise ConfigurationError(str(out), "--out", problem.strerror or str(problem)) from None
        screen.print(f"  {out}", soft_wrap=True)
    return not any(one.changed or one.refused for one in found)


def _records(found: tuple[Followed, ...], revised: bool, lang: Language) -> Table:
    table = Table(box=None, pad_edge=False)
    columns = ("number", "date", "device", "certificate", "verdict", *(("now",) if revised else ()))
    for column in columns:
        table.add_column(text(f"trace.{column}").show(lang))
    for one in found:
        cells = [one.number, one.measured, one.device, one.certificate or "", _verdict(one.verdict, lang)]
        if revised:
            cells.append(one.refused or _verdict(one.now, lang))
        table.add_row(*cells)
    return table


def _changes(found: tuple[Followed, ...], screen: Console, lang: Language) -> None:
    """Show the points whose verdict changes, and count the rest."""
    table = Table(box=None, pad_edge=False)
    for column in ("number", "point", "before", "now"):
        table.add_column(text(f"trace.{column}").show(lang))
    judged = changed = 0
    for one in found:
        for point in () if one.revision is None else one.revision.points:
            judged += 1
            if not point.changed:
                continue
            changed += 1
            new = point.printed[1] if point.covered else text("trace.uncovered").show(lang)
            table.add_row(
                one.number,
                point.key,
                f"{point.printed[0]}  {_verdict(point.verdict[0], lang)}",
                f"{new}  {_verdict(point.verdict[1], lang)}",
            )
    if changed:
        screen.print(table)
    screen.print(text("trace.summary").format(judged=judged, changed=changed).show(lang), soft_wrap=True)


def _upwards(session: Session, named: str, picture: Path | None, screen: Console, lang: Language) -> bool:
    """Show the chain of traceability of a record."""
    from bench.lab.chain import chain_of
    from bench.lab.follow import record_named

    chain = chain_of(session, record_named(session, named))
    screen.print(_chain(chain, lang))
    said = text("trace.chain_complete" if chain.complete else "trace.chain_incomplete")
    screen.print(f"[{'green' if chain.complete else 'bold red'}]{said.show(lang)}[/]")
    if picture is not None:
        from bench.lab.chain_figure import draw

        try:
            draw(chain, picture, lang)
        except (OSError, ValueError) as problem:  # Matplotlib refuses an unknown suffix by ValueError
            raise ConfigurationError(str(picture), "--picture", str(problem)) from None
        screen.print(f"  {picture}", soft_wrap=True)
    return chain.complete


def _chain(chain: Chain, lang: Language) -> Table:
    title = text("trace.chain_title").format(number=chain.number).show(lang)
    table = Table(title=title, title_justify="left", pad_edge=False, show_lines=False)
    for column in ("level", "instrument", "certificate", "issuer", "valid", "uncertainty"):
        # A number that is cut off is no number.
        table.add_column(text(f"trace.{column}").show(lang), overflow="fold", no_wrap=column == "certificate")
    for branch in chain.branches:
        for step in reversed(branch.steps):
            state = text(f"trace.state_{step.state.value}").show(lang)
            span = f"{step.issued or '?'} – {step.due or '∞'}"
            table.add_row(
                text(f"trace.level_{step.level}").show(lang),
                f"{step.name.show(lang)}\n{step.identity}",
                step.number or "",
                step.issuer or "",
                span if step.state == "valid" else f"{span}\n[bold red]{state}[/bold red]",
                "\n".join(step.U),
            )
        table.add_section()
    table.add_row(
        text("trace.device").show(lang),
        f"{chain.device_name.show(lang)}\n{chain.device}",
        chain.number,
        chain.laboratory.show(lang),
        str(chain.measured),
        chain.U,
    )
    return table


def _verdict(verdict: Verdict, lang: Language) -> str:
    style = _STYLE.get(verdict, "yellow")
    return f"[{style}]{text(f'verdict.{verdict.value}').show(lang)}[/{style}]"
