"""The measurement results of a DCC: methods, equipment, conditions and one table per item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.certificate import uncertainty_statement
from reports.dcc_parts import CONFORMITY, identification, marked, software
from reports.dcc_xml import Element, dcc, expanded, named, quantity, real, real_list, rich
from reports.numerals import numeral
from reports.tables import ordered, result_name, setting_name, verdict_text
from reports.units import unit
from reports.view import same
from scenarios.record import Rule
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reports.kind import Kind
    from scenarios.record import Condition, Equipment, Finding, ItemResult, Measurand, PointResult, RunRecord

_CONDITIONS = {"degC": "basic_temperature"}


def measurement_result(record: RunRecord, kind: Kind) -> Element:
    """Make the one measurement result of a run.

    Raises:
        UnknownUnit: a unit has no D-SI form.
        IncompleteRecord: a number is none, or one column mixes units.
    """
    texts = catalogue("reports")
    return dcc(
        "measurementResult",
        named("name", marked(texts["dcc.result"], record.simulated)),
        dcc("usedMethods", *_methods(record)),
        dcc("usedSoftware", software(record)),
        dcc("measuringEquipments", *(_equipment(e) for e in record.equipment)) if record.equipment else None,
        dcc("influenceConditions", *(_condition(c) for c in record.conditions)),
        dcc("results", *(_result(record, item, kind) for item in record.items)),
        refId="item",
    )


def _methods(record: RunRecord) -> list[Element]:
    texts = catalogue("reports")
    method = dcc(
        "usedMethod",
        named("name", texts["dcc.uncertainty"]),
        rich("description", *uncertainty_statement(record)),
        dcc("norm", text="JCGM 100:2008"),
        dcc("norm", text="JCGM 101:2008"),
        refType="basic_uncertainty",
    )
    followed = [
        dcc("usedMethod", named("name", r.title), dcc("norm", text=r.id), refType=f"caltwin_{r.use}")
        for r in record.basis
    ]
    return [method, *followed]


def _equipment(of: Equipment) -> Element:
    texts = catalogue("reports")
    held = None
    if of.certificate is not None:
        # The DCC asks for a hash of the file; the record names the certificate but does not hold its file.
        held = dcc(
            "certificate",
            named("referral", texts["dcc.certificate"]),
            dcc("referralID", text=of.certificate.number),
            dcc("procedure", text="none"),
            dcc("value", text="none"),
            rich("description", texts["dcc.no_file"], same(f"{of.certificate.issuer}, {of.certificate.due}")),
            dcc("traceable", text="false" if of.simulated else "true"),
        )
    return dcc(
        "measuringEquipment",
        named("name", marked(of.name, of.simulated)),
        rich("description", same(f"{of.measuring_range}; {of.accuracy}")),
        held,
        dcc("manufacturer", named("name", same(of.manufacturer))),
        dcc("model", text=of.model) if of.model else None,
        identification(of.serial),
        refType="basic_measurementStandard" if of.certificate else "caltwin_auxiliary",
    )


def _condition(of: Condition) -> Element:
    texts = catalogue("reports")
    base = _CONDITIONS.get(of.unit, "caltwin_condition")
    ends = (("minimum", "Min", of.minimum), ("maximum", "Max", of.maximum))
    quantities = [
        quantity(
            texts[f"dcc.{end}"].format(name=of.name),
            real(numeral(value, f"conditions.{of.name.en}.{end}"), unit(of.unit).dsi),
            ref_type=f"{base}{suffix}",
        )
        for end, suffix, value in ends
    ]
    return dcc("influenceCondition", named("name", of.name), dcc("data", *quantities), refType=base)


def _result(record: RunRecord, item: ItemResult, kind: Kind) -> Element:
    method = None if item.method is None else rich("description", item.method)
    lists = []
    if item.findings:
        lists.append(dcc("list", *(_finding(record, f, kind) for f in item.findings), refType="caltwin_findings"))
    if item.points:
        tables = _tables(ordered(item))
        lists += [dcc("list", *_columns(record, item, points), refType="caltwin_points") for points in tables]
    ref_type = f"caltwin_item caltwin_item_{item.key}"
    return dcc("result", named("name", item.title), method, dcc("data", *lists), refType=ref_type)


def _finding(record: RunRecord, of: Finding, kind: Kind) -> Element:
    texts = catalogue("reports")
    limit = texts["column.limit"]
    declared = [verdict_text(of.verdict, kind)]
    if of.limit is not None:
        declared.append(Text(zh=f"{limit.zh}：{of.limit.zh}", en=f"{limit.en}: {of.limit.en}"))
    meta = None
    if record.decision.rule is not Rule.NONE:
        meta = dcc(
            "measurementMetaData",
            dcc(
                "metaData",
                rich("declaration", *declared),
                dcc("conformity", text=CONFORMITY[of.verdict]),
                refType="basic_conformity",
            ),
        )
    return quantity(of.label, rich("noQuantity", of.value), meta, ref_type="caltwin_finding")


def _tables(points: list[PointResult]) -> list[list[PointResult]]:
    """Split points so that every column of a table has one unit and a number in every row."""
    tables: dict[tuple[object, ...], list[PointResult]] = {}
    for point in points:
        settings = tuple((key, of.unit) for key, of in point.point.settings.items())
        limited = point.reported.mpe is not None
        shape = (settings, point.reference_value.unit, point.indication.unit, limited)
        tables.setdefault(shape, []).append(point)
    return list(tables.values())


def _columns(record: RunRecord, item: ItemResult, points: list[PointResult]) -> list[Element]:
    texts = catalogue("reports")
    field = f"items.{item.key}"
    first = points[0]
    made = []
    for key, of in first.point.settings.items():
        values = [f"{p.point.settings[key].value:.10g}" for p in points]
        column = real_list(values, unit(of.unit).dsi)
        made.append(quantity(setting_name(record, item, key), column, ref_type="basic_nominalValue"))
    measurand = record.measurand_of(item)
    sides = (
        ("reference", "reference_value", "basic_referenceValue", first.reference_value.unit),
        ("indication", "indication", "basic_measuredValue", first.indication.unit),
    )
    for head, name, ref_type, spelled in sides if measurand.kind == "error" else ():
        column = real_list(_numbers(points, name, field), unit(spelled).dsi)
        made.append(quantity(texts[f"column.{head}"], column, ref_type=ref_type))
    symbol = unit(measurand.unit).dsi
    uncertainty = expanded(_numbers(points, "U", field), _numbers(points, "k", field), [f"{p.p:g}" for p in points])
    errors = real_list(_numbers(points, "error", field), symbol, uncertainty)
    limited = first.reported.mpe is not None
    meta = _conformity(record, measurand, points, field) if limited else None
    kind = "basic_measurementError" if measurand.kind == "error" else "basic_measuredValue"
    made.append(quantity(result_name(measurand), errors, meta, ref_type=kind))
    if limited:
        rounded = real_list(_numbers(points, "rounded_error", field), symbol)
        name_of_rounded = texts["column.rounded" if measurand.kind == "error" else "column.rounded_result"]
        made.append(quantity(name_of_rounded, rounded, ref_type="caltwin_roundedError"))
    return made


def _conformity(record: RunRecord, measurand: Measurand, points: Sequence[PointResult], field: str) -> Element:
    texts = catalogue("reports")
    symbol = unit(measurand.unit).dsi
    mpe = _numbers(points, "mpe", field)
    lower = quantity(
        texts["dcc.mpe_lower"], real_list([f"-{m}" for m in mpe], symbol), ref_type="basic_toleranceLimitLower"
    )
    upper = quantity(texts["dcc.mpe_upper"], real_list(mpe, symbol), ref_type="basic_toleranceLimitUpper")
    limits = dcc("data", *((lower, upper) if measurand.kind == "error" else (upper,)))
    stated = None
    if record.decision.rule is not Rule.NONE:
        stated = dcc("conformityXMLList", text=" ".join(CONFORMITY[p.verdict] for p in points))
    declaration = rich("declaration", texts["dcc.conformity"])
    return dcc("measurementMetaData", dcc("metaData", declaration, stated, limits, refType="basic_conformity"))


def _numbers(points: Sequence[PointResult], name: str, field: str) -> list[str]:
    # A leading plus sign is for readers; D-SI does without.
    return [
        numeral(str(getattr(p.reported, name)), f"{field}.{p.point.key}.reported.{name}").removeprefix("+")
        for p in points
    ]
