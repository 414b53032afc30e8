"""The contents that ISO/IEC 17025:2017 7.8 asks of a certificate, as a check that refuses to issue.

The sub-clauses are named by number only and put in own words; the words of the standard count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports.errors import IncompleteRecord
from reports.numerals import day, moment
from scenarios.record import Rule
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenarios.record import RunRecord

SIMULATED_SERIES = "SIM-"
"""Beginning of every number of a simulated document, and of no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """Hold one requirement and what the record says to it."""

    clause: str
    """Sub-clause of ISO/IEC 17025:2017, or "" for a rule of the house."""
    what: Text
    """What is required."""
    field: str
    """Field of the record that answers it."""
    missing: str
    """Why it is not met, with the remedy; empty where it is met."""


def checklist(record: RunRecord) -> tuple[Requirement, ...]:
    """Hold a record against the list; what a writer itself sees to (page numbers, end mark) is not in it."""
    texts = catalogue("reports")
    return tuple(
        Requirement(clause=clause, what=texts[f"check.{what}"], field=field, missing=missing)
        for clause, what, field, missing in (*_identification(record), *_results(record), *_simulation(record))
    )


def require_complete(record: RunRecord) -> None:
    """Refuse a record that lacks something a certificate must contain.

    Raises:
        IncompleteRecord: names the first field that is missing, the requirement and the remedy.
    """
    for point in checklist(record):
        if point.missing:
            source = f"ISO/IEC 17025:2017 {point.clause}" if point.clause else "house rule"
            raise IncompleteRecord(point.field, f"{point.missing} ({source} asks for {point.what.en})")


_Line = tuple[str, str, str, str]


def _identification(record: RunRecord) -> Iterator[_Line]:
    yield "7.8.2.1", "title", "title", _blank(record.title)
    yield "7.8.2.1", "number", "number", _blank(record.number)
    yield "7.8.2.1", "laboratory", "laboratory.name", _blank(record.laboratory.name)
    yield "7.8.2.1", "laboratory", "laboratory.address", _blank(record.laboratory.address)
    yield "7.8.2.1", "place", "place", _blank(record.place)
    if record.customer is not None:
        yield "7.8.2.1", "customer", "customer.name", _blank(record.customer.name)
        yield "7.8.2.1", "customer", "customer.address", _blank(record.customer.address)
    elif not record.simulated:  # nobody orders a simulated run
        yield "7.8.2.1", "customer", "customer", "missing; enter the customer"
    yield "7.8.2.1", "method", "basis", "" if record.basis else "empty; name the documents followed"
    yield "7.8.2.1", "item", "device.name", _blank(record.device.name)
    for field in ("manufacturer", "model", "serial"):
        yield "7.8.2.1", "item", f"device.{field}", _blank(str(getattr(record.device, field)))
    yield "7.8.2.1", "dates", "started", _blank(record.started)
    yield "7.8.2.1", "dates", "ended", _blank(record.ended)


def _results(record: RunRecord) -> Iterator[_Line]:
    empty = [i.key for i in record.items if not i.points and not i.findings]
    yield "7.8.2.1", "results", "items", "" if record.items else "empty; the record holds no result"
    yield "7.8.2.1", "results", f"items.{empty[0]}" if empty else "items", "holds no result" if empty else ""
    for item in record.items:
        for point in item.points:
            field = f"items.{item.key}.{point.point.key}"
            yield "7.8.4.1", "uncertainty", f"{field}.U", "" if point.U > 0 else f"{point.U:g} is not positive"
            yield "7.8.4.1", "uncertainty", f"{field}.budget", "" if point.budget else "empty; the budget is missing"
    yield "7.8.4.1", "conditions", "conditions", "" if record.conditions else "empty; record the influence quantities"
    standards = [e for e in record.equipment if e.certificate is not None]
    measured = any(item.points for item in record.items)
    unproven = measured and not standards
    yield "7.8.4.1", "traceability", "equipment", "no standard with a certificate" if unproven else ""
    yield from _in_force(record)
    statement = "" if record.decision.rule is Rule.NONE else _blank(record.decision.statement)
    yield "7.8.6", "decision", "decision.statement", statement


def _in_force(record: RunRecord) -> Iterator[_Line]:
    ended = moment(record.ended, "ended").date() if record.ended.strip() else None
    for of in record.equipment:
        if of.certificate is None or ended is None:
            continue
        field = f"equipment.{of.role}.certificate.due"
        due = day(of.certificate.due, field)
        expired = f"{due} lies before the measurement of {ended}; use a standard in force" if due < ended else ""
        yield "", "due", field, expired


def _simulation(record: RunRecord) -> Iterator[_Line]:
    twins = [e.role for e in record.equipment if e.simulated] + (["device"] if record.device.simulated else [])
    hidden = (
        "" if record.simulated or not twins else f"false, but {twins[0]} was a twin; a twin marks the record for good"
    )
    yield "", "simulated", "simulated", hidden
    series = record.number.startswith(SIMULATED_SERIES)
    wrong = f"{record.number!r} and simulated={record.simulated} disagree; only simulated runs begin with SIM-"
    yield "", "simulated", "number", "" if series == record.simulated else wrong


def _blank(value: Text | str) -> str:
    if isinstance(value, Text):
        lacking = [language for language in ("zh", "en") if not str(getattr(value, language)).strip()]
        return f"the {lacking[0]} text is empty; fill it in" if lacking else ""
    return "" if value.strip() else "empty; fill it in"
