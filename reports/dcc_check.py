"""Check a DCC by its schema and by the rules that the schema cannot express.

The schema is that of PTB, read at check time from the installed package dcclib (0.3 is its last release that carries
the schema files); dcclib itself is not imported.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

from lxml import etree

from reports.dcc_rules import Fault, post_check
from reports.errors import InvalidDcc, ReportError

SCHEMA = "dcclib/validation/schema/dcc/v3.3.0.xsd"
"""The schema's path inside the package dcclib."""


@cache
def schema_path() -> Path:
    """Find the schema file; its imports (D-SI 2.2.1, QUDT, XML signature) lie beside it.

    Raises:
        ReportError: dcclib is not installed, or its release carries no schema.
    """
    try:
        entries = files("dcclib") or []
    except PackageNotFoundError:
        entries = []
    for entry in entries:
        if str(entry).replace("\\", "/") == SCHEMA:
            return Path(str(entry.locate()))
    raise ReportError("the DCC schema 3.3.0 is missing: install 'dcclib>=0.3.0,<0.4', later releases do not carry it")


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(schema_path()), _parser()))


def _parser() -> etree.XMLParser:
    return etree.XMLParser(no_network=True, resolve_entities=False, remove_blank_text=False)


def check(dcc: bytes) -> tuple[Fault, ...]:
    """Return the faults of a DCC: those of the schema, or else those of the post-check; empty for a good one."""
    try:
        root = etree.fromstring(dcc, _parser())
    except etree.XMLSyntaxError as problem:
        return (Fault(rule="xml", where="/", what=str(problem)),)
    schema = _schema()
    if not schema.validate(root):
        entries: Any = schema.error_log  # its stub forgets that it can be iterated
        return tuple(Fault(rule="schema", where=f"line {e.line}", what=e.message) for e in entries)
    return post_check(root)


def require_valid(dcc: bytes) -> None:
    """Refuse a DCC that has a fault.

    Raises:
        InvalidDcc: names the first fault and how many more there are.
    """
    faults = check(dcc)
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise InvalidDcc(f"dcc.xml: {faults[0]}{more}")
