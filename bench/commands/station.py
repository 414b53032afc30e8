"""`caltwin station`: check a station file, print its manual, give it to people who only have pyvisa-sim."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import Lang, text
from bench.errors import ConfigurationError
from bench.station import Station
from uncertainty.text import Language


class ManualFormat(StrEnum):
    """How a manual is written."""

    MD = "md"
    """Markdown."""
    TEXT = "text"
    """Columns for a terminal."""


def _help(key: str) -> str:
    both = text(f"station.help.{key}")
    return f"{both.en} {both.zh}"


StationPath = Annotated[Path, typer.Argument(help=_help("file"), show_default=False, metavar="FILE")]

app = typer.Typer(no_args_is_help=True)


@app.command("check", help=_help("check"))
def check(file: StationPath, lang: Lang = Language.BOTH) -> None:
    """Read a station, build its world once, and say what is in it; an error names file, line and key."""
    station = Station.from_file(file)
    world = station.build()
    by_device: dict[str, list[str]] = {}
    for address, device in station.resources.items():
        by_device.setdefault(device, []).append(address)
    kinds = {plan.name: twin_name(station, plan.name) for plan in station.plan.devices}
    for device in {**dict.fromkeys(world.twins), **dict.fromkeys(by_device)}:
        addresses = by_device.get(device) or [text("station.no_address").show(lang)]
        typer.echo(f"{device}\t{kinds.get(device, 'pyvisa-sim')}\t{' '.join(addresses)}")
    for role, address in station.roles.items():
        if address not in station.resources:
            typer.echo(text("station.hardware").format(role=role, address=address).show(lang))
    good = text("station.good").format(
        file=file, twins=len(world.twins), addresses=len(station.resources), seed=station.seed
    )
    typer.echo(good.show(lang))


@app.command("manual", help=_help("manual"))
def manual(
    file: StationPath,
    form: Annotated[ManualFormat, typer.Option("--format", help=_help("format"))] = ManualFormat.MD,
) -> None:
    """Print the manual of each kind of twin in a station, once."""
    from bench.station_manual import manual as write

    station = Station.from_file(file)
    devices: dict[int, tuple[str, list[str]]] = {}
    for plan in station.plan.devices:
        _, names = devices.setdefault(id(plan.kind), (write(twin_name(station, plan.name), plan.kind), []))
        names.append(plan.name)
    if not devices:
        raise ConfigurationError(str(file), "devices", "there is no twin to print a manual of")
    pages = [page.replace("\n", f" ({', '.join(names)})\n", 1) for page, names in devices.values()]
    whole = "\n".join(pages)
    typer.echo(whole if form is ManualFormat.MD else plain(whole), nl=False)


@app.command("export", help=_help("export"))
def export(
    file: StationPath,
    sim: Annotated[bool, typer.Option("--sim", help=_help("sim"))] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help=_help("out"), metavar="FILE")] = None,
    seed: Annotated[int | None, typer.Option(help=_help("seed"), min=0, max=2**32 - 1)] = None,
) -> None:
    """Write a station as a plain pyvisa-sim file, after pyvisa-sim has opened every address in it."""
    from bench.station_export import export as make

    if not sim:
        raise ConfigurationError(
            "station export", "--sim", "say what to export to; pyvisa-sim (--sim) is what there is"
        )
    written = make(Station.from_file(file), seed)
    if out is None:
        typer.echo(written, nl=False)
        return
    try:
        out.write_text(written, encoding="utf-8")
    except OSError as problem:
        raise ConfigurationError(str(out), "--out", problem.strerror or str(problem)) from None
    typer.echo(str(out))


def twin_name(station: Station, device: str) -> str:
    """Return the name under which the station file asks for a device's twin."""
    name: str = station.description["devices"][device]["twin"]
    return name


def plain(markdown: str) -> str:
    """Return a manual for a terminal: tables as columns, no marks."""
    lines: list[str] = []
    rows: list[list[str]] = []

    def flush() -> None:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)] if rows else []
        lines.extend(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        )
        rows.clear()

    for line in markdown.splitlines():
        if line.startswith("|"):
            cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            if not all(set(cell) <= {"-"} and cell for cell in cells):
                rows.append([re.sub("`([^`]*)`", r"\1", cell) for cell in cells])
            continue
        flush()
        lines.append(re.sub("`([^`]*)`", r"\1", line).lstrip("# ") if line.startswith("#") else line)
    flush()
    return "\n".join(lines) + "\n"
