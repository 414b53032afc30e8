"""A certificate is refused while something that it must contain is missing, and the field is named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sample_records import calibration_record, long_record, verification_record

from reports.certificate import certificate
from reports.checklist import checklist, require_complete
from reports.errors import IncompleteRecord
from scenarios.record import DecisionRule, Rule
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenarios.record import RunRecord

EMPTY = Text(zh="", en="")


def change(path: str, value: object) -> Callable[[RunRecord], RunRecord]:
    """Return a function that replaces one field, given by its path."""

    def inner(node: Any, names: list[str]) -> Any:
        name, *rest = names
        return replace(node, **{name: inner(getattr(node, name), rest) if rest else value})

    def changed(record: RunRecord) -> RunRecord:
        result: RunRecord = inner(record, path.split("."))
        return result

    return changed


def without_budget(record: RunRecord) -> RunRecord:
    item = record.items[3]
    point = replace(item.points[0], budget=())
    return replace(record, items=(*record.items[:3], replace(item, points=(point, *item.points[1:]))))


def without_standard(record: RunRecord) -> RunRecord:
    return replace(record, equipment=tuple(replace(e, certificate=None) for e in record.equipment))


def empty_item(record: RunRecord) -> RunRecord:
    return replace(record, items=(replace(record.items[0], findings=()), *record.items[1:]))


def expired(record: RunRecord) -> RunRecord:
    standard, *others = record.equipment
    assert standard.certificate is not None
    old = replace(standard, certificate=replace(standard.certificate, due="2026-11-21"))
    return replace(record, equipment=(old, *others))


def unmarked(record: RunRecord) -> RunRecord:
    return replace(record, simulated=False, number="DCE-2026-1")


FAULTS = [
    (change("number", ""), "number"),
    (change("laboratory.name", EMPTY), "laboratory.name"),
    (change("laboratory.address", Text(zh="某路", en=" ")), "laboratory.address"),
    (change("customer.address", EMPTY), "customer.address"),
    (change("place", EMPTY), "place"),
    (change("basis", ()), "basis"),
    (change("device.serial", ""), "device.serial"),
    (change("device.model", " "), "device.model"),
    (change("started", ""), "started"),
    (change("items", ()), "items"),
    (change("conditions", ()), "conditions"),
    (
        change("decision", DecisionRule(rule=Rule.SIMPLE, statement=EMPTY, maximum_ratio=None)),
        "decision.statement",
    ),
    (empty_item, "items.appearance"),
    (without_budget, "items.basic_error.basic_error/import/1.2In.budget"),
    (without_standard, "equipment"),
    (expired, "equipment.standard.certificate.due"),
    (unmarked, "simulated"),
    (change("number", "DCE-2026-1"), "number"),
]


@pytest.mark.parametrize("sample", [calibration_record, verification_record, long_record])
def test_the_samples_are_complete(sample: Callable[[], RunRecord]) -> None:
    require_complete(sample())
    assert not [r for r in checklist(sample()) if r.missing]


@pytest.mark.parametrize(("fault", "field"), FAULTS, ids=[field for _, field in FAULTS])
def test_a_missing_field_is_named_in_one_line(fault: Callable[[RunRecord], RunRecord], field: str) -> None:
    with pytest.raises(IncompleteRecord) as refusal:
        certificate(fault(calibration_record()))
    assert refusal.value.field == field
    assert str(refusal.value).startswith(f"{field}: ")
    assert "\n" not in str(refusal.value)


def test_a_real_run_needs_a_customer_and_a_simulated_one_does_not() -> None:
    record = calibration_record()
    real = replace(
        record,
        number="DCE-2026-1",
        simulated=False,
        customer=None,
        device=replace(record.device, simulated=False),
        equipment=tuple(replace(e, simulated=False) for e in record.equipment),
    )
    with pytest.raises(IncompleteRecord, match=r"^customer: missing"):
        certificate(real)
    assert certificate(replace(record, customer=None)).cover.customer[0].value.en == "not specified"


def test_a_real_run_must_not_use_the_simulated_series() -> None:
    record = calibration_record()
    real = replace(
        record,
        simulated=False,
        device=replace(record.device, simulated=False),
        equipment=tuple(replace(e, simulated=False) for e in record.equipment),
    )
    with pytest.raises(IncompleteRecord, match="only simulated runs begin with SIM-"):
        certificate(real)


@pytest.mark.parametrize(
    ("field", "value"),
    [("issued", "soon"), ("started", "yesterday"), ("started", "2026-11-22T09:00:00"), ("ended", "22.11.2026")],
)
def test_a_date_that_is_none_is_named(field: str, value: str) -> None:
    with pytest.raises(IncompleteRecord, match=f"^{field}: '{value}'"):
        certificate(change(field, value)(calibration_record()))


@pytest.mark.parametrize("number", ["nan", "0,05", "", "1.0 %", "+"])
def test_a_printed_number_that_is_none_is_named(number: str) -> None:
    record = calibration_record()
    item = record.items[3]
    point = item.points[0]
    broken = replace(point, reported=replace(point.reported, error=number))
    changed = replace(record, items=(*record.items[:3], replace(item, points=(broken, *item.points[1:]))))
    with pytest.raises(IncompleteRecord, match=r"^items\.basic_error\.basic_error/import/1\.2In\.reported\.error"):
        certificate(changed)


def test_a_setting_without_a_name_is_named_and_can_be_given_one() -> None:
    record = calibration_record()
    item = record.items[4]
    (point,) = item.points
    odd = replace(point, point=replace(point.point, settings={"tilt": point.point.settings["voltage"]}))
    changed = replace(record, items=(*record.items[:4], replace(item, points=(odd,))))
    with pytest.raises(IncompleteRecord, match="setting 'tilt' has no name in print; give it in setting_names"):
        certificate(changed)
    named = replace(changed, setting_names={"tilt": Text(zh="倾角", en="Tilt")})
    heads = [c.head.en for s in certificate(named).sections for b in s.blocks if b.block == "table" for c in b.columns]
    assert "Tilt" in heads
