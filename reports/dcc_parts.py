"""Parts that both halves of a DCC use: software, identifications, the mark of simulation, words for verdicts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reports.dcc_xml import Element, dcc, named, rich
from reports.view import same
from uncertainty.conformity import Verdict
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from scenarios.record import RunRecord

CONFORMITY = {
    Verdict.PASS: "pass",
    Verdict.CONDITIONAL: "conditionalPass",
    Verdict.INCONCLUSIVE: "noPass",
    Verdict.FAIL: "fail",
    Verdict.ERROR: "noPass",
}
"""DCC word for a verdict: what cannot be stated to conform is noPass."""


def marked(name: Text, simulated: bool) -> Text:
    """Return a name with the mark of simulation where it applies."""
    if not simulated:
        return name
    mark = catalogue("reports")["simulated.suffix"]
    return Text(zh=name.zh + mark.zh, en=name.en + mark.en)


def release(version: str) -> str:
    """Return a version as PTB's rules ask for it: a letter, then digits and dots."""
    match = re.search(r"\d+(\.\d+)*", version)
    return f"v{match[0]}" if match else "v0"


def software(record: RunRecord) -> Element:
    """Make the entry of the program, its full version and digests in the description."""
    of = record.software
    said = f"{of.name} {of.version}; program sha256 {of.digest}; sheet sha256 {of.sheet}; station sha256 {of.station}"
    return dcc(
        "software",
        named("name", same(of.name)),
        dcc("release", text=release(of.version)),
        dcc("type", text="application"),
        rich("description", same(f"{said}; {of.platform}")),
    )


def identification(serial: str) -> Element:
    """Make the list of identifications of an instrument: its serial number."""
    return dcc(
        "identifications",
        dcc(
            "identification",
            dcc("issuer", text="manufacturer"),
            dcc("value", text=serial),
            named("name", catalogue("reports")["label.serial"]),
            refType="basic_serialNumber",
        ),
    )
