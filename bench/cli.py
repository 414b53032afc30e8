"""The command line `caltwin`: commands in `bench/commands/`, and one place where every error becomes one line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands import keys, lab, station
from bench.commands.audit import audit
from bench.commands.campaign import campaign
from bench.commands.certificate import certificate
from bench.commands.check import check
from bench.commands.faults import faults
from bench.commands.issue import approve, issue, review
from bench.commands.list import list_systems
from bench.commands.options import help_of, text
from bench.commands.plan import plan
from bench.commands.preflight import preflight
from bench.commands.replay import replay
from bench.commands.resume import resume
from bench.commands.serve import serve
from bench.commands.trace import trace
from bench.commands.uncertainty import uncertainty
from bench.commands.verify import verify
from bench.errors import ConfigurationError
from bench.journal import JournalError
from bench.software import release
from drivers.errors import InstrumentError
from reports.errors import ReportError
from scenarios.procedure import PlanRefused, ProcedureAborted
from scenarios.sheet import SheetError
from uncertainty.errors import InputError, ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

WRONG_INPUT = 2
"""Exit code: sheet, station, option or plan is wrong; nothing was energised."""
ABORTED = 3
"""Exit code: the procedure was stopped; sources are off."""


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"caltwin {release()}")
        raise typer.Exit


def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help=help_of("version"))
    ] = False,
) -> None: ...


def _both(key: str) -> str:
    both = text(key)
    return f"{both.en} {both.zh}"


def _application() -> typer.Typer:
    both = text("app.help")
    app = typer.Typer(
        name="caltwin",
        help=f"{both.en}\n\n{both.zh}",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    app.callback()(_common)
    for name, command, key in (
        ("list", list_systems, "help.list"),
        ("preflight", preflight, "help.preflight"),
        ("plan", plan, "help.plan"),
        ("verify", verify, "help.verify"),
        ("resume", resume, "help.resume"),
        ("certificate", certificate, "help.certificate"),
        ("campaign", campaign, "help.campaign"),
        ("faults", faults, "help.faults"),
        ("uncertainty", uncertainty, "help.uncertainty"),
        ("review", review, "sign.help.review"),
        ("approve", approve, "sign.help.approve"),
        ("issue", issue, "sign.help.issue"),
        ("check", check, "check.help.check"),
        ("audit", audit, "audit.help.audit"),
        ("trace", trace, "trace.help.command"),
        ("serve", serve, "serve.help.command"),
        ("replay", replay, "replay.help.command"),
    ):
        app.command(name, help=_both(key))(command)
    app.add_typer(lab.app, name="lab", help=_both("lab.help.app"))
    app.add_typer(station.app, name="station", help=_both("station.help.app"))
    app.add_typer(keys.app, name="keys", help=_both("sign.help.keys"))
    return app


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")  # lab PCs still have code pages
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _application()(given or ["--help"], standalone_mode=False)
    except typer.TyperException as problem:  # unknown option, missing argument, value out of range
        return _fail(f"{problem.format_message()} (caltwin --help)", WRONG_INPUT)
    except (ConfigurationError, SheetError, PlanRefused, ReportError, InputError, ModelError) as problem:
        return _fail(str(problem), WRONG_INPUT)
    except (ProcedureAborted, InstrumentError, JournalError) as problem:
        return _fail(str(problem), ABORTED)
    except (typer.Abort, KeyboardInterrupt):
        both = text("run.stopped")
        return _fail(f"{both.en} / {both.zh}", 130)
    return code if isinstance(code, int) else 0


def _fail(message: str, code: int) -> int:
    """Print an error as one line."""
    typer.echo(f"caltwin: {' '.join(message.split())}", err=True)
    return code


def main() -> None:
    """Run the command line of this process."""
    sys.exit(run())
