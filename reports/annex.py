"""The annexes: uncertainty evaluation, prescribed numbers, software and data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.kind import names
from reports.numerals import aligned, fixed, numeral, shown, significant
from reports.tables import ordered, ratio
from reports.units import after, unit
from reports.view import Block, Cell, Column, Fact, Facts, Heading, Paragraph, Row, Section, Table, same
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from scenarios.record import BudgetLine, ItemResult, PointResult, RunRecord


def budgets(record: RunRecord) -> Section:
    """Return annex A: per item one worked point in full, and all points in one summary."""
    texts = catalogue("reports")
    blocks: list[Block] = []
    for item in record.items:
        if item.points:
            blocks += [Heading(text=item.title), *_worked(record, item), *_summary(record, item)]
    if not blocks:
        blocks.append(Paragraph(text=texts["text.uncertainty_none"]))
    return Section(key="budgets", title=texts["section.budgets"], number="", blocks=tuple(blocks))


def _worked(record: RunRecord, item: ItemResult) -> list[Block]:
    texts = catalogue("reports")
    points = ordered(item)
    limited = [p for p in points if ratio(p) is not None]
    worked = max(limited or points, key=lambda p: float(ratio(p) or p.U))
    measurand = record.measurand_of(item)
    symbol = after(measurand.unit)
    number = points.index(worked) + 1
    label = worked.point.label
    title = texts["text.worked" if limited else "text.worked_plain"]
    result = texts["text.worked_result"].format(
        symbol=measurand.symbol,
        error=shown(worked.reported.error),
        unit=f"\u00a0{symbol}" if symbol else "",
        u=significant(worked.standard_uncertainty),
        k=worked.reported.k,
        U=worked.reported.U,
        dof=_freedom(worked.degrees_of_freedom),
    )
    return [
        Paragraph(text=title.format(number=number, label=label)),
        _budget_table(item, worked, symbol),
        Paragraph(text=result, small=True),
    ]


def _budget_table(item: ItemResult, point: PointResult, symbol: str) -> Table:
    texts = catalogue("reports")
    lines = point.budget

    def evaluation(line: BudgetLine) -> Cell:
        return Cell(text=same(line.evaluation))

    def distribution(line: BudgetLine) -> Cell:
        key = f"distribution.{line.distribution.lower().replace(' ', '_')}"
        return Cell(text=texts.get(key) or same(line.distribution))

    def unit_cell(line: BudgetLine) -> Cell:
        return Cell(text=same(unit(line.unit).symbol))

    columns = (
        Column(head=texts["column.line"]),
        Column(head=texts["column.line_label"], weight=1.0),
        Column(head=texts["column.evaluation"], align="center"),
        Column(head=texts["column.distribution"]),
        Column(head=texts["column.value"], align="number"),
        Column(head=texts["column.u"], align="number"),
        Column(head=texts["column.unit"], align="center"),
        Column(head=texts["column.dof"], align="center"),
        Column(head=texts["column.sensitivity"], align="number"),
        Column(head=texts["column.contribution"], unit=symbol, align="number"),
        Column(head=texts["column.share"], unit="%", align="number"),
    )
    numbers = zip(
        aligned([significant(line.value) for line in lines]),
        aligned([significant(line.standard_uncertainty) for line in lines]),
        aligned([significant(line.sensitivity) for line in lines]),
        aligned([significant(line.contribution) for line in lines]),
        aligned([f"{100 * line.share:.1f}" for line in lines]),
        strict=True,
    )
    rows = tuple(
        Row(
            cells=(
                Cell(text=same(line.name)),
                Cell(text=line.label),
                evaluation(line),
                distribution(line),
                value,
                u,
                unit_cell(line),
                Cell(text=same(_freedom(line.degrees_of_freedom))),
                sensitivity,
                contribution,
                share,
            )
        )
        for line, (value, u, sensitivity, contribution, share) in zip(lines, numbers, strict=True)
    )
    return Table(key=f"budget/{item.key}", columns=columns, rows=rows, compact=True)


def _summary(record: RunRecord, item: ItemResult) -> list[Block]:
    texts = catalogue("reports")
    points = ordered(item)
    symbol = after(record.measurand_of(item).unit)
    U = aligned([numeral(p.reported.U, f"items.{item.key}.{p.point.key}.reported.U") for p in points])
    k = aligned([numeral(p.reported.k, f"items.{item.key}.{p.point.key}.reported.k") for p in points])
    columns: list[tuple[Column, list[Cell]]] = [
        (Column(head=texts["column.no"], align="center"), [Cell(text=same(str(n + 1))) for n in range(len(points))]),
        (Column(head=texts["column.u_combined"], unit=symbol, align="number", weight=1), _floats(points, "u")),
        (Column(head=texts["column.dof_effective"], align="center", weight=1), _floats(points, "dof")),
        (Column(head=texts["column.U"], unit=symbol, align="number", weight=1), U),
        (Column(head=texts["column.k"], align="number"), k),
        (Column(head=texts["column.mc_low"], unit=symbol, align="number", weight=1), _floats(points, "low")),
        (Column(head=texts["column.mc_high"], unit=symbol, align="number", weight=1), _floats(points, "high")),
        (Column(head=texts["column.d_low"], unit=symbol, align="number", weight=1), _floats(points, "d_low")),
        (Column(head=texts["column.d_high"], unit=symbol, align="number", weight=1), _floats(points, "d_high")),
        (Column(head=texts["column.delta"], unit=symbol, align="number", weight=1), _floats(points, "delta")),
        (Column(head=texts["column.validated"], align="center"), [_yes(p.validation.validated) for p in points]),
    ]
    ratios = [ratio(p) for p in points]
    if any(ratios):
        column = Column(head=texts["column.ratio"], align="number", weight=1)
        columns.insert(5, (column, aligned([r or "–" for r in ratios])))
    table = Table(
        key=f"summary/{item.key}",
        columns=tuple(c for c, _ in columns),
        rows=tuple(Row(cells=row) for row in zip(*(cells for _, cells in columns), strict=True)),
        compact=True,
    )
    trials = names(same(f"{t:,}".replace(",", "\u202f")) for t in sorted({p.trials for p in points}))
    p = names(same(f"{100 * p:g}\u00a0%") for p in sorted({p.p for p in points}))
    note = Paragraph(text=texts["text.summary_note"], small=True)
    return [Paragraph(text=texts["text.summary"].format(trials=trials, p=p)), table, note]


def _floats(points: list[PointResult], name: str) -> list[Cell]:
    def one(p: PointResult) -> str:
        u = p.standard_uncertainty
        return {
            "u": lambda: significant(u),
            "dof": lambda: _freedom(p.degrees_of_freedom),
            "low": lambda: fixed(p.interval[0], u),
            "high": lambda: fixed(p.interval[1], u),
            "d_low": lambda: significant(p.validation.d_low, 2),
            "d_high": lambda: significant(p.validation.d_high, 2),
            "delta": lambda: significant(p.validation.delta, 2),
        }[name]()

    return aligned([one(p) for p in points])


def _freedom(value: float | None) -> str:
    """Print degrees of freedom cut to an integer, as JCGM 100:2008 G.4.1 does."""
    return "∞" if value is None or value >= 10_000 else str(int(value))


def _yes(value: bool) -> Cell:
    return Cell(text=catalogue("reports")["word.yes" if value else "word.no"], tone="good" if value else "warn")


def provisions(record: RunRecord) -> Section:
    """Return annex B: every prescribed number, its document and whether it was compared with the printed text."""
    texts = catalogue("reports")
    title = texts["section.provisions"]
    if not record.provisions:
        return Section(
            key="provisions", title=title, number="", blocks=(Paragraph(text=texts["text.provisions_none"]),)
        )
    unverified = len(record.unverified)
    count = texts["text.provisions_count"].format(
        total=len(record.provisions), verified=len(record.provisions) - unverified, unverified=unverified
    )
    columns = (
        Column(head=texts["column.provision"], weight=1.0),
        Column(head=texts["column.number"], align="number"),
        Column(head=texts["column.unit"], align="center"),
        Column(head=texts["column.document"], align="center"),
        Column(head=texts["column.clause"], align="center"),
        Column(head=texts["column.verified"], align="center"),
    )
    values = aligned([shown(p.value) for p in record.provisions])
    rows = tuple(
        Row(
            cells=(
                Cell(text=same(p.key)),
                value,
                Cell(text=same(unit(p.unit).symbol)),
                Cell(text=texts["word.laboratory"] if p.document == "laboratory" else same(p.document)),
                Cell(text=same(p.clause or "–")),
                Cell(text=texts["word.verified"], tone="good")
                if p.verified
                else Cell(text=texts["word.unverified"], tone="warn"),
            )
        )
        for p, value in zip(record.provisions, values, strict=True)
    )
    table = Table(key="provisions", columns=columns, rows=rows, compact=True)
    return Section(key="provisions", title=title, number="", blocks=(Paragraph(text=count), table))


def software(record: RunRecord) -> Section:
    """Return annex C: what made the record, so that it can be made again."""
    texts = catalogue("reports")
    of = record.software
    clock = texts.get(f"software.clock_{record.clock}") or same(record.clock)
    seed = texts["word.none"] if record.seed is None else same(str(record.seed))
    readings = sum(len(p.readings) for item in record.items for p in item.points) + len(record.conditions_readings)
    values: tuple[tuple[str, Text], ...] = (
        ("program", same(f"{of.name} {of.version}")),
        ("digest", same(of.digest)),
        ("sheet", same(of.sheet)),
        ("station", same(of.station)),
        ("platform", same(of.platform)),
        ("started", same(record.started)),
        ("ended", same(record.ended)),
        ("clock", clock),
        ("seed", seed),
        ("readings", same(str(readings))),
        *((("run", same(record.run)),) if record.run else ()),
    )
    facts = Facts(facts=tuple(Fact(label=texts[f"software.{key}"], value=value) for key, value in values))
    return Section(key="software", title=texts["section.software"], number="", blocks=(facts,))
