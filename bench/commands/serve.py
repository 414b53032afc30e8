"""`caltwin serve`: the twins of a station on TCP, for any VISA client in any language."""

from __future__ import annotations

import contextlib
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.catalogue import find
from bench.commands.options import Lang, help_of, text
from bench.commands.verify import open_station
from bench.errors import ConfigurationError
from bench.station import Station
from uncertainty.text import Language

if TYPE_CHECKING:
    from bench.serve import Server


class ServedClock(StrEnum):
    """The clock of served twins."""

    FAST = "fast"
    """Bench time runs on to each reply, then stands still."""
    REALTIME = "realtime"
    """The wall clock."""


def _help(key: str) -> str:
    both = text(f"serve.help.{key}")
    return f"{both.en} {both.zh}"


StationArgument = Annotated[Path | None, typer.Argument(help=_help("station"), show_default=False, metavar="[STATION]")]
SystemOption = Annotated[str | None, typer.Option("--system", help=_help("system"), metavar="NAME")]
WorldSeed = Annotated[int | None, typer.Option(help=_help("seed"), min=0, max=2**32 - 1)]


def chosen_station(file: Path | None, system: str | None, option: str = "STATION") -> Station:
    """Return the station of a file, or a system's own.

    Raises:
        ConfigurationError: both are given or neither, or the station is wrong.
    """
    if (file is None) == (system is None):
        raise ConfigurationError(
            "serve" if option == "STATION" else "replay", option, "give a station file or --system NAME, one of the two"
        )
    if file is not None:
        return Station.from_file(file)
    assert system is not None
    return open_station(find(system), None)


def serve(
    station: StationArgument = None,
    system: SystemOption = None,
    clock: Annotated[ServedClock, typer.Option(help=_help("clock"))] = ServedClock.FAST,
    speed: Annotated[float | None, typer.Option(help=help_of("speed"), min=1e-3, max=1e6)] = None,
    host: Annotated[str, typer.Option(help=_help("host"))] = "127.0.0.1",
    port_base: Annotated[int | None, typer.Option(help=_help("port_base"), min=1, max=65535)] = None,
    seed: WorldSeed = None,
    record: Annotated[Path | None, typer.Option(help=_help("record"), metavar="FILE")] = None,
    control: Annotated[bool, typer.Option("--control", help=_help("control"))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_help("json"))] = False,
    lang: Lang = Language.BOTH,
) -> None:
    """Serve until Ctrl-C, SIGTERM or, with --control, the end of standard input; then end quietly."""
    from bench.serve import serve as run  # asyncio: not for `caltwin --help`
    from bench.serve_control import control as obeying
    from bench.served_transcript import ServedRecorder

    stage = chosen_station(station, system)
    realtime = clock is ServedClock.REALTIME
    if speed is not None and not realtime:
        raise ConfigurationError("serve", "--speed", "needs --clock realtime; virtual time is as fast as it can be")
    world = stage.build(seed, realtime=realtime, factor=1.0 / (speed or 1.0))
    if not world.twins:
        raise ConfigurationError(stage.source, "devices", "there is no twin to serve; give one a 'twin:' key")
    if port_base is not None and port_base + 2 * len(world.twins) - 1 > 65535:
        raise ConfigurationError(
            "serve", "--port-base", f"{port_base} leaves too few ports for {len(world.twins)} twins of two ports each"
        )
    ports = {} if port_base is None else {name: port_base + 2 * n for n, name in enumerate(world.twins)}

    def announce(server: Server) -> None:
        _announce(server, stage, as_json=as_json, realtime=realtime, lang=lang)

    with contextlib.ExitStack() as stack:
        try:
            note = None if record is None else stack.enter_context(ServedRecorder(record, stage, world))
        except OSError as problem:
            raise ConfigurationError(str(record), "--record", problem.strerror or str(problem)) from None
        try:
            run(world, announce, obeying(sys.stdin, _say) if control else None, host=host, ports=ports, note=note)
        except OSError as problem:
            raise ConfigurationError("serve", "--host, --port-base", f"cannot serve: {problem}") from None
        except ValueError as problem:
            if not str(problem).startswith("host:"):
                raise  # not the user's: a defect of a twin
            raise ConfigurationError("serve", "--host", str(problem)) from None


def _say(line: str) -> None:
    """Print a line at once: another program waits for it."""
    typer.echo(line)
    sys.stdout.flush()


def _announce(server: Server, station: Station, *, as_json: bool, realtime: bool, lang: Language) -> None:
    """Say where the twins are: addresses on standard output, one a line; everything else on standard error."""
    if as_json:
        told = {
            "station": station.source,
            "seed": server.world.seed,
            "clock": "realtime" if realtime else "fast",
            "loopback": server.loopback,
            "endpoints": [
                {
                    "device": endpoint.device,
                    "kind": "hislip" if endpoint.address.endswith("INSTR") else "socket",
                    "address": endpoint.address,
                    "host": endpoint.host,
                    "port": endpoint.port,
                }
                for endpoint in server.endpoints
            ],
        }
        _say(json.dumps(told))
    else:
        for endpoint in server.endpoints:
            _say(f"{endpoint.device}\t{endpoint.address}")
    if not server.loopback:
        warning = text("serve.open").format(host=server.host).show(lang)
        typer.secho(f"!!! {warning} !!!", err=True, bold=True, fg="red")
    left = sorted({str(entry["name"]) for entry in station.plain.values()})
    if left:
        typer.echo(text("serve.plain").format(names=", ".join(left)).show(lang), err=True)
    kind = text("serve.realtime" if realtime else "serve.fast")
    told_all = text("serve.ready").format(n=len(server.world.twins), seed=server.world.seed, clock=kind)
    typer.echo(told_all.show(lang), err=True)
