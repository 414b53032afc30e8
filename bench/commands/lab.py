"""`caltwin lab`: the register of the laboratory."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from bench.commands.lab_checks import add_check, chart, drift
from bench.commands.lab_options import LabFile, help_of
from bench.commands.options import Lang, console, text
from bench.errors import ConfigurationError
from uncertainty.text import Language

if TYPE_CHECKING:
    from collections.abc import Mapping


app = typer.Typer(name="lab", help=help_of("app"), no_args_is_help=True)

_Many = list[str] | None


app.command("add-check", help=help_of("add_check"))(add_check)
app.command("chart", help=help_of("chart"))(chart)
app.command("drift", help=help_of("drift"))(drift)


def _option(key: str, *names: str) -> Any:
    return typer.Option(*names, help=help_of(key))


@app.command(help=help_of("init"))
def init(lab: LabFile = None, lang: Lang = Language.BOTH) -> None:
    """Make the tables of a register, or bring older ones up to date."""
    from bench.lab.register import create_register, where  # SQLAlchemy: only who uses the register waits for it

    with create_register(where(lab)) as register:
        console().print(text("lab.ready").format(name=register.name).show(lang), soft_wrap=True)


@app.command("add-customer", help=help_of("add_customer"))
def add_customer(
    code: Annotated[str, _option("code")],
    name_zh: Annotated[str, _option("in_zh")],
    name_en: Annotated[str, _option("in_en")],
    address_zh: Annotated[str, _option("in_zh")] = "",
    address_en: Annotated[str, _option("in_en")] = "",
    contact: Annotated[str | None, _option("contact")] = None,
    lab: LabFile = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Add a customer."""
    names = {"name": _both(name_zh, name_en), "address": _both(address_zh, address_en)}
    _add("customer", {"code": code, **names, "contact": contact}, lab, lang)


@app.command("add-person", help=help_of("add_person"))
def add_person(
    code: Annotated[str, _option("code")],
    name: Annotated[str, _option("person_name")],
    role: Annotated[list[str], _option("role")],
    lab: LabFile = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Add a member of the staff."""
    _add("person", {"code": code, "name": name, "roles": role}, lab, lang)


@app.command("set-person", help=help_of("set_person"))
def set_person(
    code: Annotated[str, typer.Argument(help=help_of("code"))],
    role: Annotated[_Many, _option("role")] = None,
    active: Annotated[bool | None, typer.Option("--active/--inactive", help=help_of("active"))] = None,
    public_key: Annotated[str | None, _option("public_key")] = None,
    lab: LabFile = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Change what a member of the staff may do."""
    from bench.lab.approvals import change_person
    from bench.lab.register import open_register, where

    with open_register(where(lab)) as register, register.writing() as session:
        change_person(session, code, roles=role, active=active, public_key=public_key)
    console().print(text("lab.changed").format(code=code).show(lang))


@app.command("add-standard", help=help_of("add_standard"))
def add_standard(
    serial: Annotated[str, _option("serial")],
    model: Annotated[str, _option("model")],
    manufacturer: Annotated[str, _option("manufacturer")],
    name_zh: Annotated[str, _option("in_zh")],
    name_en: Annotated[str, _option("in_en")],
    accuracy: Annotated[str, _option("accuracy")] = "",
    level: Annotated[str, _option("level")] = "working",
    holder: Annotated[str | None, _option("holder")] = None,
    ranges: Annotated[_Many, _option("range", "--range")] = None,
    simulated: Annotated[bool, typer.Option("--simulated", help=help_of("simulated"))] = False,
    lab: LabFile = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Add a measurement standard or an auxiliary instrument."""
    from bench.lab.short import range_of

    entry = {
        "serial": serial,
        "model": model,
        "manufacturer": manufacturer,
        "name": _both(name_zh, name_en),
        "accuracy": accuracy,
        "level": level,
        "holder": holder,
        "simulated": simulated,
        "ranges": [range_of(written, "caltwin", "--range") for written in ranges or ()],
    }
    _add("standard", entry, lab, lang)


@app.command("add-certificate", help=help_of("add_certificate"))
def add_certificate(
    number: Annotated[str, _option("number")],
    issuer: Annotated[str, _option("issuer")],
    standard: Annotated[str, _option("of_standard")],
    issued: Annotated[str, _option("issued")],
    line: Annotated[list[str], _option("line")],
    due: Annotated[str | None, _option("due")] = None,
    parent: Annotated[str | None, _option("parent")] = None,
    file: Annotated[Path | None, _option("certificate_file")] = None,
    lab: LabFile = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Add a certificate of a standard."""
    from bench.lab.short import line_of

    entry = {
        "number": number,
        "issuer": issuer,
        "standard": standard,
        "issued": issued,
        "due": due,
        "parent": parent,
        "sha256": None if file is None else _sha256(file),
        "lines": [line_of(written, "caltwin", "--line") for written in line],
    }
    _add("certificate", entry, lab, lang)


@app.command("add-device", help=help_of("add_device"))
def add_device(
    serial: Annotated[str, _option("serial")],
    model: Annotated[str, _option("model")],
    manufacturer: Annotated[str, _option("manufacturer")],
    accuracy_class: Annotated[str, _option("accuracy_class", "--class")],
    customer: Annotated[str | None, _option("customer")] = None,
    marking: Annotated[_Many, _option("marking")] = None,
    lab: LabFile = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Add a device under test."""
    entry = {
        "serial": serial,
        "model": model,
        "manufacturer": manufacturer,
        "accuracy_class": accuracy_class,
        "customer": customer,
        "markings": dict(_marking(written) for written in marking or ()),
    }
    _add("device", entry, lab, lang)


@app.command("add-order", help=help_of("add_order"))
def add_order(
    number: Annotated[str, _option("number")],
    system: Annotated[str, _option("system")],
    device: Annotated[list[str], _option("order_device")],
    received: Annotated[str | None, _option("received")] = None,
    customer: Annotated[str | None, _option("customer")] = None,
    equipment: Annotated[_Many, _option("equipment")] = None,
    operator: Annotated[str | None, _option("operator")] = None,
    checker: Annotated[str | None, _option("checker")] = None,
    approver: Annotated[str | None, _option("approver")] = None,
    lab: LabFile = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Add a work order with its devices."""
    entry = {
        "number": number,
        "system": system,
        "devices": device,
        "received": received or datetime.now().astimezone().date(),
        "customer": customer,
        "equipment": dict(_pair(written, "--equipment", "standard=SERIAL") for written in equipment or ()),
        "operator": operator,
        "checker": checker,
        "approver": approver,
    }
    _add("order", entry, lab, lang)


@app.command("approve-software", help=help_of("approve_software"))
def approve_software(
    person: Annotated[str, _option("as_approver", "--as")], lab: LabFile = None, lang: Lang = Language.BOTH
) -> None:
    """Approve the present version of the software for use."""
    from bench.lab.approvals import approve
    from bench.lab.register import open_register, where
    from bench.software import digest, release

    with open_register(where(lab)) as register, register.writing() as session:
        approve(session, person, digest(), release(), datetime.now().astimezone())
    console().print(text("lab.approved").format(version=release(), digest=digest()[:16]).show(lang), soft_wrap=True)


@app.command("list", help=help_of("list"))
def list_table(
    table: Annotated[str, typer.Argument(help=help_of("table"))] = "standard",
    lab: LabFile = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Show a table of the register."""
    from bench.lab.listing import TABLES, listing
    from bench.lab.provide import today_of
    from bench.lab.register import open_register, where

    if table not in TABLES:
        raise ConfigurationError("caltwin lab list", table, f"unknown table; known: {', '.join(TABLES)}")
    with open_register(where(lab)) as register, register.reading() as session:
        columns, rows = listing(session, table, today_of(session, datetime.now().astimezone()), lang)
    shown = Table(box=None, pad_edge=False)
    for column in columns:
        shown.add_column(text(f"lab.column.{column}").show(lang))
    for row in rows:
        shown.add_row(*row)
    console().print(shown)


@app.command(help=help_of("show"))
def show(
    table: Annotated[str, typer.Argument(help=help_of("table"))],
    key: Annotated[str, typer.Argument(help=help_of("key"))],
    lab: LabFile = None,
) -> None:
    """Show one entry with everything that is known of it, as TOML."""
    import tomli_w

    from bench.lab.dump import dump, find
    from bench.lab.register import open_register, where

    with open_register(where(lab)) as register, register.reading() as session:
        written = tomli_w.dumps({table: [dump(table, find(session, table, key))]})
    typer.echo(written, nl=False)


@app.command("import", help=help_of("import"))
def import_(
    file: Annotated[Path, typer.Argument(help=help_of("import_file"))],
    table: Annotated[str | None, _option("csv_table")] = None,
    order: Annotated[str | None, _option("of_order")] = None,
    lab: LabFile = None,
    lang: Lang = Language.BOTH,
) -> None:
    """Take over a TOML or CSV file as a whole, or enter a run's record.json."""
    from bench.lab.exchange import import_file
    from bench.lab.records import keep_record
    from bench.lab.register import open_register, where

    with open_register(where(lab)) as register, register.writing() as session:
        if file.is_dir() or file.suffix == ".json":
            keep_record(session, file, order)
            done = {"record": 1}
        else:
            done = import_file(session, file, table)
    counts = ", ".join(f"{n} {name}" for name, n in done.items()) or "0"
    console().print(text("lab.imported").format(counts=counts).show(lang), soft_wrap=True)


@app.command(help=help_of("export"))
def export(
    out: Annotated[Path | None, _option("export_out")] = None, lab: LabFile = None, lang: Lang = Language.BOTH
) -> None:
    """Write everything that can be entered as TOML."""
    from bench.lab.exchange import export_toml
    from bench.lab.register import open_register, where

    with open_register(where(lab)) as register, register.reading() as session:
        written = export_toml(session)
    if out is None:
        typer.echo(written, nl=False)
        return
    try:
        out.write_text(written, encoding="utf-8")
    except OSError as problem:
        raise ConfigurationError(str(out), "--out", problem.strerror or str(problem)) from None
    console().print(f"  {out}", soft_wrap=True)


def _add(table: str, data: Mapping[str, Any], lab: str | None, lang: Language) -> None:
    """Write one entry; options left out are keys left out."""
    from bench.lab.entries import entry_of
    from bench.lab.intake import add
    from bench.lab.register import open_register, where

    entry = entry_of(table, {key: value for key, value in data.items() if value is not None}, "caltwin lab")
    with open_register(where(lab)) as register, register.writing() as session:
        add(session, table, entry, register.name)
    console().print(text("lab.added").format(table=table).show(lang))


def _both(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def _sha256(file: Path) -> str:
    import hashlib

    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as problem:
        raise ConfigurationError(str(file), "--file", problem.strerror or str(problem)) from None


def _pair(written: str, option: str, example: str) -> tuple[str, str]:
    name, equals, value = (part.strip() for part in written.partition("="))
    if not (name and equals and value):
        raise ConfigurationError("caltwin", option, f"{written!r} is no pair; write it like {example}")
    return name, value


def _marking(written: str) -> tuple[str, Any]:
    """Read "voltage=500 V" as a quantity, "constant=1000" as a number, anything else as text."""
    name, value = _pair(written, "--marking", "'voltage=500 V'")
    number, _, unit = value.partition(" ")
    try:
        return name, {"value": float(number), "unit": unit.strip()} if unit.strip() else float(number)
    except ValueError:
        return name, value
