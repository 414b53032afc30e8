"""`caltwin replay`: hold twins against a recording, or make a recording a station of its own."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
import yaml

from bench.commands.options import Lang, console, text
from bench.commands.serve import SystemOption, WorldSeed, chosen_station
from bench.errors import ConfigurationError
from instruments.transcript import Transcript, TranscriptError, read_transcript
from uncertainty.text import Language

if TYPE_CHECKING:
    from bench.station import Station
    from bench.transcripts import Residual


def _help(key: str) -> str:
    both = text(f"replay.help.{key}")
    return f"{both.en} {both.zh}"


def replay(
    transcript: Annotated[Path, typer.Argument(help=_help("transcript"), show_default=False, metavar="TRANSCRIPT")],
    station: Annotated[Path | None, typer.Option("--station", help=_help("station"), metavar="FILE")] = None,
    system: SystemOption = None,
    u: Annotated[list[str] | None, typer.Option("--u", help=_help("u"), metavar="MESSAGE=U")] = None,
    within: Annotated[float, typer.Option(help=_help("within"), min=0.0)] = 2.0,
    seed: WorldSeed = None,
    everything: Annotated[bool, typer.Option("--all", help=_help("all"))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_help("json"))] = False,
    lang: Lang = Language.BOTH,
) -> None:
    """Compare the replies of twins with recorded ones; without a station print one that replays the recording.

    Exit code: 0 every reply is the same or within the limit, 1 some reply is not, 2 the input is wrong.
    """
    try:
        recorded = read_transcript(transcript)
    except TranscriptError as problem:
        raise ConfigurationError(str(transcript), "(file)", str(problem).removeprefix(f"{transcript}: ")) from None
    if not recorded.addresses:
        raise ConfigurationError(str(transcript), "(file)", "nothing was said in this recording")
    if station is None and system is None:
        typer.echo(fixture(recorded, transcript), nl=False)
        return
    found = compare(recorded, chosen_station(station, system, "--station"), uncertainties(u or []), seed)
    counts: Counter[str] = Counter()
    screen = console()
    for address, residuals in found.items():
        for residual in residuals:
            standing = residual.standing(within)
            counts[standing] += 1
            if as_json:
                typer.echo(json.dumps(_row(address, residual, standing), ensure_ascii=False))
            elif everything or standing in ("outside", "no_u", "text"):
                screen.print(f"{address}\t{residual}", soft_wrap=True, markup=False)
    if not as_json:
        summary = text("replay.summary").format(
            n=counts.total(), k=f"{within:g}", **{name: counts[name] for name in STANDINGS}
        )
        screen.print(summary.show(lang), soft_wrap=True, markup=False)
    if counts["outside"] or counts["no_u"] or counts["text"]:
        raise typer.Exit(1)


STANDINGS = ("same", "within", "outside", "no_u", "text")
"""How a reply can stand against the recorded one, see `Residual.standing`."""


def compare(
    recorded: Transcript, station: Station, u: dict[str, float], seed: int | None
) -> dict[str, tuple[Residual, ...]]:
    """Return address -> residuals, each address on a world of its own.

    Raises:
        ConfigurationError: no twin answers at a recorded address.
    """
    from bench.transcripts import front_of, residuals

    found = {}
    for address in recorded.addresses:
        front = front_of(station.build(seed), address)
        if front is None:
            why = f"no twin answers at {address}, which was recorded; there are: {', '.join(station.resources)}"
            raise ConfigurationError(station.source, "resources", why)
        found[address] = residuals(recorded, address, front, u)
    return found


def uncertainties(given: list[str]) -> dict[str, float]:
    """Return regular expression of messages -> standard uncertainty, of options like "READ=1e-4".

    Raises:
        ConfigurationError: an option cannot be read.
    """
    import re

    found = {}
    for item in given:
        pattern, equals, number = item.rpartition("=")
        try:
            value = float(number)
            re.compile(pattern)
        except (ValueError, re.error) as problem:
            raise ConfigurationError("replay", "--u", f"{item!r}: {problem}") from None
        if not (equals and pattern and 0 < value < float("inf")):
            raise ConfigurationError("replay", "--u", f"{item!r} is not MESSAGE=U with U above 0, e.g. READ=1e-4")
        found[pattern] = value
    return found


def fixture(recorded: Transcript, path: Path) -> str:
    """Return a station in which every address of a recording says again what it said."""
    devices, resources = {}, {}
    for number, address in enumerate(recorded.addresses, 1):
        name = f"recorded{number}"
        devices[name] = {"twin": "replay", "parameters": {"transcript": str(path), "address": address}}
        if "::" in address:
            resources[address] = {"device": name}
    station: str = yaml.safe_dump({"spec": "1.1", "devices": devices, "resources": resources}, sort_keys=False)
    return station


def _row(address: str, residual: Residual, standing: str) -> dict[str, object]:
    return {
        "address": address,
        "message": residual.message,
        "recorded": residual.recorded,
        "twin": residual.twin,
        "differences": list(residual.differences),
        "in_u": residual.in_u,
        "standing": standing,
    }
