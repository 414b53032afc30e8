"""TOML and CSV files of entries, into the register and out of it.

A TOML file holds `[laboratory]` and arrays of tables `[[standard]]`, `[[certificate]]`, ...; a CSV file holds one
table, its columns named by the keys, nested ones joined by dots (`name.zh`), lists in the short form. A file is taken
as a whole or not at all.
"""

from __future__ import annotations

import csv
import io
import tomllib
from typing import TYPE_CHECKING, Any

import tomli_w

from bench.errors import ConfigurationError
from bench.lab.dump import rows_of
from bench.lab.entries import KINDS, entry_of
from bench.lab.intake import add
from bench.lab.short import line_of, ranges_of

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

_LISTS = {"roles", "devices", "readings"}
_NUMBERS = {"readings", "limit", "repeatability"}
_FLAGS = {"active": True, "simulated": True, "corrected": True}


def import_file(session: Session, path: Path, table: str | None = None) -> dict[str, int]:
    """Write every entry of a TOML or CSV file; return how many of each table.

    Args:
        session: a writing session.
        path: the file; `.csv` is a CSV file, anything else TOML.
        table: table of a CSV file; the file's name if left out (`standard.csv`).

    Raises:
        ConfigurationError: the file cannot be read or an entry is refused; names file, table, place and key.
    """
    try:
        written = path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise ConfigurationError(str(path), "(file)", problem.strerror or str(problem)) from None
    except UnicodeDecodeError as problem:
        raise ConfigurationError(str(path), "(file)", f"not UTF-8: {problem.reason}; save it as UTF-8") from None
    if path.suffix.lower() == ".csv":
        entries = _from_csv(written, str(path), table or path.stem)
    else:
        entries = _from_toml(written, str(path))
    done: dict[str, int] = {}
    for kind in KINDS:
        for place, data in entries.get(kind, []):
            add(session, kind, entry_of(kind, data, place), place)
            done[kind] = done.get(kind, 0) + 1
    return done


def export_toml(session: Session) -> str:
    """Return everything that can be entered as TOML; importing it into an empty register gives the same register."""
    tables: dict[str, Any] = {}
    for kind in KINDS:
        if rows := rows_of(session, kind):
            tables[kind] = rows[0] if kind == "laboratory" else rows
    return tomli_w.dumps(tables)


Placed = tuple[str, dict[str, Any]]


def _from_toml(written: str, source: str) -> dict[str, list[Placed]]:
    try:
        tables = tomllib.loads(written)
    except tomllib.TOMLDecodeError as problem:
        raise ConfigurationError(source, "(file)", f"not a TOML file: {problem}") from None
    found: dict[str, list[Placed]] = {}
    for name, rows in tables.items():
        if name not in KINDS:
            raise ConfigurationError(source, name, f"unknown table; known: {', '.join(KINDS)}")
        listed = [rows] if isinstance(rows, dict) else rows
        if not isinstance(listed, list) or not all(isinstance(row, dict) for row in listed):
            raise ConfigurationError(source, name, f"is no table; write [[{name}]] above its keys")
        found[name] = [(f"{source}: no. {n}" if len(listed) > 1 else source, row) for n, row in enumerate(listed, 1)]
    return found


def _from_csv(written: str, source: str, table: str) -> dict[str, list[Placed]]:
    if table not in KINDS:
        raise ConfigurationError(source, table, f"unknown table; known: {', '.join(KINDS)}; give it with --table")
    reader = csv.DictReader(io.StringIO(written, newline=""), strict=True)
    rows: list[Placed] = []
    try:
        for cells in reader:
            place = f"{source}:{reader.line_num}"
            if None in cells or None in cells.values():
                raise ConfigurationError(place, table, f"has not the {len(reader.fieldnames or ())} cells of its head")
            rows.append((place, _nested(cells, place, table)))
    except csv.Error as problem:
        raise ConfigurationError(source, "(file)", f"not a CSV file: {problem}") from None
    return {table: rows}


def _nested(cells: dict[str, str], place: str, table: str) -> dict[str, Any]:
    """Turn the cells of one row into an entry; an empty cell is a key left out."""
    entry: dict[str, Any] = {}
    for column, cell in cells.items():
        if not cell.strip():
            continue
        *above, key = column.strip().split(".")
        node = entry
        for name in above:
            node = node.setdefault(name, {})
        if above[:1] == ["markings"]:
            node[key] = _marking(cell.strip())
        else:
            node[key] = _value(key if not above else "", cell.strip(), place, f"{table}.{column}")
    return entry


def _value(key: str, cell: str, place: str, where: str) -> Any:
    if key == "ranges":
        return ranges_of(cell, place, where)
    if key == "lines":
        return [line_of(part, place, where) for part in cell.split("|")]
    if key in _LISTS:
        parts = [part.strip() for part in cell.split(";") if part.strip()]
        return [_float(part, place, where) for part in parts] if key in _NUMBERS else parts
    if key in _FLAGS:
        if cell.lower() not in ("true", "false"):
            raise ConfigurationError(place, where, f"{cell!r} is neither true nor false")
        return cell.lower() == "true"
    return _float(cell, place, where) if key in _NUMBERS else cell


def _marking(cell: str) -> str | float:
    """Return what a nameplate says: a number where it reads as one."""
    try:
        return float(cell)
    except ValueError:
        return cell


def _float(cell: str, place: str, where: str) -> float:
    try:
        return float(cell)
    except ValueError:
        raise ConfigurationError(place, where, f"{cell!r} is no number") from None
