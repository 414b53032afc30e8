"""`caltwin list`: the systems of the bench."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from bench.catalogue import find, names
from bench.commands.options import Lang, console, text
from scenarios.sheet import provisions
from uncertainty.text import Language

if TYPE_CHECKING:
    from scenarios.sheet import Sheet


def list_systems(lang: Lang = Language.BOTH) -> None:
    """Show the systems, their basis, and how many of their prescribed numbers are still unverified."""
    table = Table(box=None, pad_edge=False)
    for heading in ("system", "title", "basis", "unverified"):
        table.add_column(text(f"list.{heading}").show(lang), justify="right" if heading == "unverified" else "left")
    for name in names():
        system = find(name)
        sheet = system.sheet
        used = provisions(
            ("", [sheet.conditions, sheet.decision, sheet.interval_months]),
            ("procedure", system.plan),
            accuracy_class="",
        )
        table.add_row(
            name,
            sheet.title.show(lang),
            ", ".join(_basis(sheet)),
            f"{sum(not item.verified for item in used)}/{len(used)}",
        )
    console().print(table)


def _basis(sheet: Sheet) -> list[str]:
    """Return the documents that a sheet verifies or calibrates by; without any, those that describe its method."""
    chief = [document.id for document in sheet.basis if document.use in ("verification", "calibration")]
    return chief or [document.id for document in sheet.basis if document.use != "uncertainty"]
