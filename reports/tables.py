"""Result tables of an item: what was found, and the measured points."""

from __future__ import annotations

from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING

from reports.errors import IncompleteRecord
from reports.kind import Kind
from reports.numerals import aligned, numeral, setting, shown
from reports.units import after, unit
from reports.view import Cell, Column, Row, Table, Tone, same
from scenarios.record import Rule
from uncertainty.conformity import Verdict
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scenarios.record import Finding, ItemResult, Measurand, PointResult, RunRecord
    from uncertainty.quantity import Quantity

_TONES: dict[Verdict, Tone] = {
    Verdict.PASS: "good",
    Verdict.CONDITIONAL: "warn",
    Verdict.INCONCLUSIVE: "warn",
    Verdict.FAIL: "bad",
    Verdict.ERROR: "bad",
}


def verdict_tone(verdict: Verdict) -> Tone:
    """Return how a verdict is meant."""
    return _TONES[verdict]


def verdict_text(verdict: Verdict, kind: Kind) -> Text:
    """Return the word for a verdict; a calibration says whether a limit is met, not that an item passes."""
    key: str = verdict.value
    if kind is Kind.CALIBRATION:
        key = {Verdict.PASS: "within", Verdict.FAIL: "outside"}.get(verdict, verdict.value)
    return catalogue("reports")[f"verdict.{key}"]


def findings_table(item: ItemResult, kind: Kind) -> Table:
    """Return the table of findings without uncertainty."""
    texts = catalogue("reports")

    def row(finding: Finding) -> Row:
        verdict = Cell(text=verdict_text(finding.verdict, kind), tone=verdict_tone(finding.verdict))
        limit = finding.limit or texts["verdict.none"]
        return Row(cells=(Cell(text=finding.label), Cell(text=finding.value), Cell(text=limit), verdict))

    columns = (
        Column(head=texts["column.finding"], weight=1.3),
        Column(head=texts["column.found"], weight=1.0),
        Column(head=texts["column.limit"], weight=1.0),
        Column(head=texts["column.verdict"], align="center"),
    )
    return Table(key=f"findings/{item.key}", columns=columns, rows=tuple(row(f) for f in item.findings))


def ratio(point: PointResult) -> str | None:
    """Return U/MPE of the printed numbers to three decimals, rounded up so as never to flatter."""
    if point.reported.mpe is None or not Decimal(point.reported.mpe):
        return None
    value = Decimal(point.reported.U) / Decimal(point.reported.mpe)
    return str(value.quantize(Decimal("0.001"), ROUND_UP))


def common_unit(units: Sequence[str]) -> str | None:
    """Return the unit that all share; None where they differ."""
    return units[0] if len(set(units)) == 1 else None


def groups(item: ItemResult) -> list[tuple[Text | None, list[PointResult]]]:
    """Return the points under the series they belong to, in the order of the figure; one nameless group for no figure.

    Raises:
        IncompleteRecord: the figure names a point that the item does not hold.
    """
    if item.figure is None or len(item.figure.series) < 2:
        return [(None, list(item.points))]
    points = {p.point.key: p for p in item.points}
    grouped: list[tuple[Text | None, list[PointResult]]] = []
    for series in item.figure.series:
        for key in series.points:
            if key not in points:
                raise IncompleteRecord(f"items.{item.key}.figure", f"{key!r} is none of the item's points")
        grouped.append((series.name, [points.pop(key) for key in series.points]))
    if points:
        grouped.append((catalogue("reports")["word.series_other"], list(points.values())))
    return grouped


def ordered(item: ItemResult) -> list[PointResult]:
    """Return the points in the order of print; their place in it, from 1, is the number that annex A refers to."""
    return [point for _, points in groups(item) for point in points]


def points_table(record: RunRecord, item: ItemResult, kind: Kind) -> Table:
    """Return the table of measured points."""
    texts = catalogue("reports")
    points = ordered(item)
    measurand = record.measurand_of(item)
    columns: list[Column] = [Column(head=texts["column.no"], align="center")]
    cells: list[list[Cell]] = [[Cell(text=same(str(n)), tone="muted") for n in range(1, len(points) + 1)]]

    def add(head: Text, symbol: str, column: list[Cell], weight: float = 1.0) -> None:
        columns.append(Column(head=head, unit=symbol, align="number", weight=weight))
        cells.append(column)

    def numbers(head: Text, symbol: str, name: str, weight: float = 1.0) -> None:
        field = f"items.{item.key}.%s.reported.{name}"
        printed = [shown(numeral(str(getattr(p.reported, name)), field % p.point.key)) for p in points]
        if measurand.kind == "value":
            printed = [number.removeprefix("+") for number in printed]
        add(head, symbol, aligned(printed), weight)

    if _ambiguous(item):
        columns.append(Column(head=texts["column.point"], weight=1.6))
        cells.append([Cell(text=p.point.label) for p in points])
    for key in dict.fromkeys(key for p in points for key in p.point.settings):
        _quantities(add, setting_name(record, item, key), [p.point.settings.get(key) for p in points])
    sides = (
        (texts["column.reference"], "reference_value", [p.reference_value.unit for p in points]),
        (texts["column.indication"], "indication", [p.indication.unit for p in points]),
    )
    for head, name, units in sides if measurand.kind == "error" else ():
        shared = common_unit(units)
        printed = [shown(numeral(getattr(p.reported, name), f"items.{item.key}.{p.point.key}.{name}")) for p in points]
        if shared is None:
            printed = [f"{text} {unit(u).symbol}" for text, u in zip(printed, units, strict=True)]
        add(head, "" if shared is None else after(shared), aligned(printed))

    symbol = after(measurand.unit)
    numbers(result_name(measurand), symbol, "error")
    if kind is Kind.CALIBRATION:
        numbers(texts["column.U"], symbol, "U", 0.8)
        numbers(texts["column.k"], "", "k", 0.45)
    if any(p.reported.mpe is not None for p in points):
        limits = [None if p.reported.mpe is None else numeral(p.reported.mpe, "mpe") for p in points]
        if measurand.kind == "error":
            numbers(texts["column.rounded"], symbol, "rounded_error")
            add(
                texts["column.mpe"],
                "" if symbol == "1" else symbol,
                aligned(["–" if m is None else f"±{m}" for m in limits]),
                1.15,
            )
        else:
            numbers(texts["column.rounded_result"], symbol, "rounded_error")
            add(
                texts["column.limit"],
                "" if symbol == "1" else symbol,
                aligned(["–" if m is None else f"≤ {m}" for m in limits]),
                1.0,
            )
        if record.decision.rule is not Rule.NONE:
            columns.append(Column(head=texts["column.verdict"], align="center"))
            cells.append([Cell(text=verdict_text(p.verdict, kind), tone=verdict_tone(p.verdict)) for p in points])
    return Table(key=f"points/{item.key}", columns=tuple(columns), rows=_rows(item, cells))


def result_name(measurand: Measurand) -> Text:
    """Return what stands over the column of results."""
    return catalogue("reports")["column.error" if measurand.kind == "error" else "column.result"]


def _rows(item: ItemResult, cells: list[list[Cell]]) -> tuple[Row, ...]:
    body = [Row(cells=row) for row in zip(*cells, strict=True)]
    rows: list[Row] = []
    for name, points in groups(item):
        if name is not None:
            rows.append(Row(cells=(Cell(text=name),), heading=True))
        rows.extend(body[: len(points)])
        del body[: len(points)]
    return tuple(rows)


def _quantities(
    add: Callable[[Text, str, list[Cell]], None], head: Text, quantities: Sequence[Quantity | None]
) -> None:
    shared = common_unit([q.unit for q in quantities if q is not None])
    printed = []
    for quantity in quantities:
        if quantity is None:
            printed.append("–")
            continue
        symbol = unit(quantity.unit).symbol
        unit_shown = "" if shared is not None or symbol == "1" else f" {symbol}"
        printed.append(setting(quantity.value) + unit_shown)
    add(head, "" if shared is None else after(shared), aligned(printed))


def setting_name(record: RunRecord, item: ItemResult, key: str) -> Text:
    """Return the name of a setting in print.

    Raises:
        IncompleteRecord: neither the record nor the catalogue names it.
    """
    name = record.setting_names.get(key) or catalogue("reports").get(f"setting.{key}")
    if name is None:
        raise IncompleteRecord(f"items.{item.key}", f"setting {key!r} has no name in print; give it in setting_names")
    return name


def _ambiguous(item: ItemResult) -> bool:
    """Return whether the settings alone do not tell the points of a group apart, so that their labels are needed.

    Points that are about different things (components, quantities) are not told apart by numbers.
    """
    for _, points in groups(item):
        if any(p.point.about != points[0].point.about for p in points):
            return True
        seen = [tuple((k, q.value, q.unit) for k, q in p.point.settings.items()) for p in points]
        if () in seen or len(set(seen)) < len(seen):
            return True
    return False
