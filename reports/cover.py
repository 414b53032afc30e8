"""The first page: whom it is from and for, what was measured, what is stated, who signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.kind import Kind, names
from reports.numerals import day, last_day, moment, setting
from reports.units import unit
from reports.view import Cover, Fact, Signature, same
from scenarios.record import Rule
from uncertainty.conformity import Verdict
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from scenarios.record import Party, Rating, RunRecord


def cover(record: RunRecord, kind: Kind, results: str) -> Cover:
    """Make the first page; `results` is the number of the section that holds the results.

    Raises:
        IncompleteRecord: a date of the record is no date.
    """
    texts = catalogue("reports")
    laboratory = record.laboratory
    accreditation = None
    if laboratory.accreditation:
        accreditation = Fact(label=texts["label.accreditation"], value=same(laboratory.accreditation))
    people = record.people
    duty = "verification" if kind.regulated else "calibration"
    roles = (
        ("role.approver", people.approver),
        ("role.checker", people.checker),
        (f"role.operator_{duty}", people.operator),
    )
    return Cover(
        laboratory=laboratory.name,
        address=laboratory.address,
        contact=laboratory.contact or "",
        accreditation=accreditation,
        customer=_customer(record.customer),
        item=_item(record),
        basis=tuple(
            Fact(
                label=texts[f"label.basis_{duty}"], value=Text(zh=f"{r.id}《{r.title.zh}》", en=f"{r.id}, {r.title.en}")
            )
            for r in record.basis
        ),
        conclusion=_conclusion(record, kind, results),
        dates=_dates(record, kind, duty),
        signatures=tuple(Signature(role=texts[role], name=name or "") for role, name in roles),
        signing_note=texts["simulated.unsigned"] if record.simulated else None,
    )


def _customer(party: Party | None) -> tuple[Fact, ...]:
    texts = catalogue("reports")
    if party is None:
        return (Fact(label=texts["label.customer"], value=texts["word.no_customer"]),)
    facts = [
        Fact(label=texts["label.customer"], value=party.name),
        Fact(label=texts["label.address"], value=party.address),
    ]
    if party.contact:
        facts.append(Fact(label=texts["label.contact"], value=same(party.contact)))
    return tuple(facts)


def _item(record: RunRecord) -> tuple[Fact, ...]:
    texts = catalogue("reports")
    device = record.device
    facts = [
        Fact(label=texts["label.item"], value=device.name),
        Fact(label=texts["label.manufacturer"], value=same(device.manufacturer)),
        Fact(label=texts["label.model"], value=same(device.model)),
        Fact(label=texts["label.serial"], value=same(device.serial)),
    ]
    if device.accuracy_class:
        facts.append(Fact(label=texts["label.class"], value=same(device.accuracy_class)))
    facts += [Fact(label=r.name, value=_rating(r)) for r in device.ratings]
    if device.firmware:
        facts.append(Fact(label=texts["label.firmware"], value=same(device.firmware)))
    return tuple(facts)


def _rating(rating: Rating) -> Text:
    symbol = unit(rating.quantity.unit).symbol
    value = setting(rating.quantity.value)
    return same(value if symbol == "1" else f"{value}\u00a0{symbol}")


def _conclusion(record: RunRecord, kind: Kind, results: str) -> tuple[Fact, ...]:
    texts = catalogue("reports")
    failed = names(i.title for i in record.items if i.verdict is Verdict.FAIL)
    if kind is Kind.VERIFICATION:
        klass = record.device.accuracy_class
        said = texts["conclusion.verification"].format(klass=klass) if klass else texts["conclusion.verification_bare"]
        return (Fact(label=texts["label.conclusion_verification"], value=_marked(said, record), tone="good"),)
    label = texts["label.conclusion_verification" if kind.regulated else "label.conclusion_calibration"]
    if kind is Kind.NOTIFICATION:
        said = texts["conclusion.notification"].format(items=failed)
        return (Fact(label=label, value=_marked(said, record), tone="bad"),)
    facts = [Fact(label=label, value=texts["conclusion.calibration"])]
    if record.decision.rule is not Rule.NONE:
        stated = texts["label.conformity"]
        undecided = names(i.title for i in record.items if i.verdict not in (Verdict.PASS, Verdict.FAIL))
        if failed.en:
            said = texts["conclusion.conformity_outside"].format(items=failed)
            facts.append(Fact(label=stated, value=said, tone="bad"))
        if undecided.en:
            said = texts["conclusion.conformity_open"].format(items=undecided)
            facts.append(Fact(label=stated, value=said, tone="warn"))
        if not failed.en and not undecided.en:
            said = texts["conclusion.conformity_within"].format(section=results)
            facts.append(Fact(label=stated, value=said, tone="good"))
    return tuple(facts)


def _marked(said: Text, record: RunRecord) -> Text:
    """Mark a conclusion in its own words, so that it cannot be quoted without the mark."""
    if not record.simulated:
        return said
    suffix = catalogue("reports")["simulated.suffix"]
    return Text(zh=said.zh + suffix.zh, en=said.en + suffix.en)


def _dates(record: RunRecord, kind: Kind, duty: str) -> tuple[Fact, ...]:
    texts = catalogue("reports")
    begun = moment(record.started, "started").date()
    ended = moment(record.ended, "ended").date()
    when = same(str(begun)) if begun == ended else Text(zh=f"{begun} 至 {ended}", en=f"{begun} to {ended}")
    issued = str(day(record.issued, "issued")) if record.issued else ""
    facts = [
        Fact(label=texts[f"label.date_{duty}"], value=when),
        Fact(label=texts[f"label.place_{duty}"], value=record.place),
        Fact(label=texts["label.issued"], value=same(issued)),
    ]
    if record.replaces is not None:
        facts.append(Fact(label=texts["label.replaces"], value=same(record.replaces.number)))
    if kind is Kind.VERIFICATION and record.interval_months is not None:
        until = last_day(ended, record.interval_months)
        facts.append(Fact(label=texts["label.valid_until"], value=same(str(until))))
    return tuple(facts)
