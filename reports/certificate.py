"""Make the view of a certificate from a record alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import annex
from reports.checklist import require_complete
from reports.cover import cover
from reports.kind import Kind, beyond_ratio, names, permission, ratio_limit, require
from reports.numerals import aligned, shown, unbroken
from reports.tables import findings_table, points_table, ratio, verdict_text, verdict_tone
from reports.units import unit
from reports.view import (
    Block,
    Cell,
    Certificate,
    Column,
    Fact,
    Facts,
    Heading,
    Paragraph,
    Picture,
    Row,
    Section,
    Table,
    same,
)
from scenarios.record import REFERENCE, Rule
from uncertainty.text import Language, Text, catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scenarios.record import Equipment, Interruption, ItemResult, Measurand, Override, RunRecord

RESULTS = "4"
"""Number of the section that holds the results."""


def certificate(
    record: RunRecord,
    kind: Kind | None = None,
    figures: Mapping[str, str] | None = None,
    language: Language = Language.BOTH,
) -> Certificate:
    """Make the view of a record's certificate.

    `kind` asks for a certain kind; the default is the one that the record permits. `figures` holds the SVG of each
    item that has a figure, by the item's key, and of each chart, by "item/chart"; what has no entry gets no picture.
    `language` is that of the pages: a document in one language needs no word on which of two is authoritative.

    Raises:
        Refused: the record does not permit the kind.
        IncompleteRecord: the record lacks something that a certificate must contain.
        UnknownUnit: a unit of the record has no printed symbol.
    """
    require_complete(record)
    chosen = kind or permission(record).kind
    require(record, chosen)
    texts = catalogue("reports")
    return Certificate(
        kind=chosen,
        title=texts[f"title.{chosen.value}"],
        number=Fact(label=texts["label.number"], value=same(record.number)),
        mark=texts["simulated.mark"] if record.simulated else None,
        banner=texts["simulated.banner"] if record.simulated else None,
        cover=cover(record, chosen, RESULTS),
        sections=(
            _conformity(record, chosen),
            _standards(record),
            _conditions(record),
            _results(record, chosen, figures or {}),
            _uncertainty(record, chosen),
            _statements(record, language),
            annex.budgets(record),
            annex.provisions(record),
            annex.software(record),
        ),
        page=texts["label.page"],
        end=texts["label.end"],
        date=record.ended,
    )


def kind_statement(record: RunRecord, kind: Kind) -> tuple[Text, ...]:
    """Return the paragraphs that say what the document is, and which prescribed numbers are not verified."""
    texts = catalogue("reports")
    if kind.regulated:
        documents = names(same(unbroken(r.id)) for r in record.basis if r.use == "verification")
        return (texts["text.verification_kind"].format(documents=documents),)
    given = permission(record)
    listed = given.reasons if given.kind is Kind.CALIBRATION else (texts["reason.requested"],)
    reasons = Text(zh="；".join(r.zh for r in listed), en="; ".join(r.en for r in listed))
    judged = record.decision.rule is not Rule.NONE
    key = "text.calibration_kind" if judged else "text.calibration_kind_plain"
    statement = texts[key].format(reasons=reasons, finding=texts["column.verdict"])
    if not record.unverified:
        return (statement,)
    documents = names(same(unbroken(d)) for d in dict.fromkeys(p.document for p in record.unverified))
    return (statement, texts["text.unverified_list"].format(documents=documents))


def traceability_statement(record: RunRecord) -> Text:
    """Return the statement of metrological traceability, which a simulation cannot make."""
    texts = catalogue("reports")
    if not any(e.certificate for e in record.equipment):
        return texts["text.no_standard"]
    return texts["text.traceability_simulated" if record.simulated else "text.traceability"]


def decision_statement(record: RunRecord) -> tuple[Text, ...]:
    """Return the decision rule in words and, where it has one, how its entry condition was met."""
    texts = catalogue("reports")
    if record.decision.rule is Rule.NONE:
        return (texts["text.decision_none"],)
    lead, said = texts["text.decision"], record.decision.statement
    statement = Text(zh=lead.zh + said.zh, en=lead.en + said.en)
    ratios = [r for item in record.items for p in item.points if (r := ratio(p)) is not None]
    if record.decision.maximum_ratio is None or not ratios:
        return (statement,)
    limit = ratio_limit(record.decision)
    condition = texts["text.decision_ratio"].format(limit=limit, largest=max(ratios, key=float))
    if not (unmet := beyond_ratio(record)):
        return (statement, condition)
    return (statement, condition, texts["text.decision_unmet"].format(count=len(unmet)))


def uncertainty_statement(record: RunRecord) -> tuple[Text, ...]:
    """Return the paragraphs that explain U, k and p and say where the GUM interval is not validated."""
    texts = catalogue("reports")
    points = [p for item in record.items for p in item.points]
    if not points:
        return (texts["text.uncertainty_none"],)
    shown_p = names(same(f"{100 * p:g}\u00a0%") for p in sorted({p.p for p in points}))
    statement = texts["text.uncertainty"].format(p=shown_p)
    unvalidated = sum(not p.validation.validated for p in points)
    if not unvalidated:
        return (statement,)
    return (statement, texts["text.unvalidated"].format(count=unvalidated, total=len(points)))


def general_statements(record: RunRecord, language: Language = Language.BOTH) -> tuple[Text, ...]:
    """Return the statements that stand under every certificate, then what was remarkable in this run."""
    texts = catalogue("reports")
    remark = texts["text.remark"]
    return (
        *((texts["simulated.statement"],) if record.simulated else ()),
        texts["text.only_item"],
        texts["text.only_full"],
        texts["text.attached"],
        *((texts["text.authoritative"],) if language is Language.BOTH else ()),
        *_replacement(record),
        *(_interruption(i) for i in record.interruptions),
        *(_override(o) for o in record.overrides),
        *(Text(zh=remark.zh + r.zh, en=remark.en + r.en) for r in record.remarks),
    )


def _replacement(record: RunRecord) -> tuple[Text, ...]:
    """Name the document that this one replaces, why, and what is changed (ISO/IEC 17025:2017 7.8.8)."""
    old = record.replaces
    if old is None:
        return ()
    said = catalogue("reports")["text.replaces"]
    return (said.format(number=unbroken(old.number), digest=old.digest, reason=old.reason, changed=old.changed),)


def _interruption(of: Interruption) -> Text:
    key = "text.interruption" if of.resumed else "text.interruption_open"
    return catalogue("reports")[key].format(time=f"{of.time_s:g}", reason=of.reason, resumed=of.resumed)


def _override(of: Override) -> Text:
    """Say which condition was not met, and who let the run go on all the same, and why."""
    role = catalogue("reports")[f"word.person_{of.role}"]
    texts = {"gate": of.name, "found": of.found, "required": of.required, "role": role}
    said = catalogue("reports")["text.override"]
    return said.format(subject=of.subject, person=of.person, reason=of.reason, time=of.time, **texts)


def _conformity(record: RunRecord, kind: Kind) -> Section:
    blocks = tuple(Paragraph(text=t) for t in kind_statement(record, kind))
    return Section(key="conformity", title=catalogue("reports")["section.conformity"], number="1", blocks=blocks)


def _standards(record: RunRecord) -> Section:
    texts = catalogue("reports")
    keys = ("role", "instrument", "identity", "range", "accuracy", "certificate", "due")
    weights = (0.0, 1.35, 1.15, 1.15, 1.05, 1.2, 0.0)
    columns = tuple(Column(head=texts[f"column.{k}"], weight=w) for k, w in zip(keys, weights, strict=True))

    def row(e: Equipment) -> Row:
        values = (
            _marked(e, texts.get(f"role_of.{e.role}") or same(e.role)),
            e.name,
            same(f"{e.manufacturer} {e.model}\n{e.serial}"),
            same(shown(e.measuring_range)),
            same(e.accuracy),
            *_proof(e),
        )
        return Row(cells=tuple(Cell(text=v) for v in values))

    instruments = [e for e in record.equipment if not e.role.startswith(REFERENCE)]
    blocks: list[Block] = [Paragraph(text=traceability_statement(record))]
    if instruments or not record.equipment:
        blocks.append(Table(key="standards", columns=columns, rows=tuple(map(row, instruments)), compact=True))
    if len(instruments) < len(record.equipment):
        blocks.append(_references([e for e in record.equipment if e.role.startswith(REFERENCE)]))
    return Section(key="standards", title=texts["section.standards"], number="2", blocks=tuple(blocks))


def _references(equipment: Sequence[Equipment]) -> Table:
    """Return the table of references, with one line per certified value."""
    texts = catalogue("reports")
    keys = ("reference_object", "identity", "certified", "U", "certificate", "due")
    weights = (1.5, 1.2, 1.3, 1.3, 1.2, 0.0)

    def row(e: Equipment) -> Row:
        values = (
            _marked(e, e.name),
            same(f"{e.manufacturer} {e.model}".strip() + f"\n{e.serial}"),
            same(shown(e.measuring_range).replace("; ", "\n")),
            same(e.accuracy.replace("; ", "\n")),
            *_proof(e),
        )
        return Row(cells=tuple(Cell(text=v) for v in values))

    columns = tuple(Column(head=texts[f"column.{k}"], weight=w) for k, w in zip(keys, weights, strict=True))
    return Table(key="references", columns=columns, rows=tuple(map(row, equipment)), compact=True)


def _marked(e: Equipment, name: Text) -> Text:
    if not e.simulated:
        return name
    mark = catalogue("reports")["simulated.instrument"]
    return Text(zh=f"{name.zh}（{mark.zh}）", en=f"{name.en} ({mark.en})")


def _proof(e: Equipment) -> tuple[Text, Text]:
    """Return certificate with issuer, and due date."""
    held = e.certificate
    if held is None:
        return catalogue("reports")["word.not_needed"], same("–")
    return same(f"{held.number}\n{held.issuer}"), same(held.due)


def _conditions(record: RunRecord) -> Section:
    texts = catalogue("reports")
    columns = (
        Column(head=texts["column.condition"], weight=1.4),
        Column(head=texts["column.minimum"], align="number", weight=1.0),
        Column(head=texts["column.maximum"], align="number", weight=1.0),
        Column(head=texts["column.permitted"], align="center", weight=1.0),
        Column(head=texts["column.unit"], align="center", weight=0.6),
    )
    low = aligned([shown(c.minimum) for c in record.conditions])
    high = aligned([shown(c.maximum) for c in record.conditions])
    rows = tuple(
        Row(
            cells=(
                Cell(text=c.name),
                low[n],
                high[n],
                Cell(text=same(shown(c.permitted))),
                Cell(text=same(unit(c.unit).symbol)),
            )
        )
        for n, c in enumerate(record.conditions)
    )
    table = Table(key="conditions", columns=columns, rows=rows)
    return Section(key="conditions", title=texts["section.conditions"], number="3", blocks=(table,))


def _results(record: RunRecord, kind: Kind, figures: Mapping[str, str]) -> Section:
    texts = catalogue("reports")
    of = record.measurand
    measurand = texts["text.measurand"].format(name=of.name, symbol=of.symbol, unit=unit(of.unit).symbol)
    blocks: list[Block] = [Paragraph(text=measurand)]
    for number, item in enumerate(record.items, 1):
        blocks += _item(record, item, f"{RESULTS}.{number}", kind, figures)
    title = texts["section.results_verification" if kind.regulated else "section.results_calibration"]
    return Section(key="results", title=title, number=RESULTS, blocks=tuple(blocks))


def _item(record: RunRecord, item: ItemResult, number: str, kind: Kind, figures: Mapping[str, str]) -> list[Block]:
    texts = catalogue("reports")
    verdict = None
    if record.decision.rule is not Rule.NONE:
        word = verdict_text(item.verdict, kind)
        verdict = Fact(label=texts["column.verdict"], value=word, tone=verdict_tone(item.verdict))
    blocks: list[Block] = [Heading(text=item.title, number=number, verdict=verdict)]
    about = []
    if item.measurand is not None:
        about.append(Fact(label=texts["text.measurand_of"], value=_named(item.measurand)))
    if item.method is not None:
        about.append(Fact(label=texts["text.method"], value=item.method))
    if item.clause is not None:
        about.append(Fact(label=texts["text.clause"], value=same(item.clause)))
    if about:
        blocks.append(Facts(facts=tuple(about)))
    if item.findings:
        blocks.append(findings_table(item, kind))
    if item.points:
        blocks.append(points_table(record, item, kind))
    if item.key in figures:
        limited = any(p.reported.mpe is not None for p in item.points)
        caption = texts["text.figure" if limited else "text.figure_plain"]
        blocks.append(Picture(key=item.key, svg=figures[item.key], caption=caption))
    for chart in item.charts:
        key = f"{item.key}/{chart.key}"
        if key in figures:
            blocks.append(Picture(key=key, svg=figures[key], caption=chart.title))
    return blocks


def _named(measurand: Measurand) -> Text:
    symbol = unit(measurand.unit).symbol
    tail = f" {measurand.symbol}" if symbol == "1" else f" {measurand.symbol} / {symbol}"
    return Text(zh=measurand.name.zh + tail, en=measurand.name.en + tail)


def _uncertainty(record: RunRecord, kind: Kind) -> Section:
    texts = catalogue("reports")
    paragraphs = [*uncertainty_statement(record), *decision_statement(record)]
    if any(p.reported.mpe is not None for item in record.items for p in item.points):
        columns = {"rounded": texts["column.rounded"], "error": texts["column.error"]}
        key = "text.rounding" if kind is Kind.CALIBRATION else "text.rounding_verification"
        paragraphs.append(texts[key].format(**columns))
    blocks = tuple(Paragraph(text=p) for p in paragraphs)
    return Section(key="uncertainty", title=texts["section.uncertainty"], number="5", blocks=blocks)


def _statements(record: RunRecord, language: Language) -> Section:
    blocks = tuple(Paragraph(text=t) for t in general_statements(record, language))
    return Section(key="statements", title=catalogue("reports")["section.statements"], number="6", blocks=blocks)
