"""Which document a record permits, and that no other can be had."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sample_records import calibration_record, failing_record, verification_record

from reports.certificate import certificate
from reports.errors import Refused
from reports.kind import Kind, kind_of, permission
from scenarios.record import DecisionRule, Interruption, Rule, RunRecord
from uncertainty.conformity import Verdict
from uncertainty.text import Text


def with_verdict(record: RunRecord, verdict: Verdict) -> RunRecord:
    first, *others = record.items
    return replace(record, items=(replace(first, verdict=verdict), *others))


def test_all_items_pass_by_verified_numbers_is_a_verification_certificate() -> None:
    assert kind_of(verification_record()) is Kind.VERIFICATION


def test_the_conclusion_of_a_simulated_run_carries_the_mark_in_its_words() -> None:
    (said,) = certificate(verification_record()).cover.conclusion
    assert said.value.zh == "合格，准予作 0.5 级使用（模拟）"
    assert said.value.en == "Conforms; accepted for use as class 0.5 (SIMULATED)"


def test_a_failing_item_is_a_notification_that_names_it() -> None:
    record = failing_record()
    assert kind_of(record) is Kind.NOTIFICATION
    (said,) = certificate(record).cover.conclusion
    assert "基本误差" in said.value.zh
    assert "Basic error" in said.value.en


def test_one_unverified_number_is_enough_for_a_calibration_certificate() -> None:
    record = verification_record()
    first, *others = record.provisions
    one = replace(record, provisions=(replace(first, verified=False), *others))
    assert kind_of(one) is Kind.CALIBRATION
    assert "1 of the 21" in permission(one).reasons[0].en


def test_a_failing_record_with_unverified_numbers_is_no_notification() -> None:
    record = replace(failing_record(), provisions=calibration_record().provisions)
    assert kind_of(record) is Kind.CALIBRATION


@pytest.mark.parametrize("verdict", [Verdict.CONDITIONAL, Verdict.INCONCLUSIVE, Verdict.ERROR])
def test_no_conclusion_is_no_verification(verdict: Verdict) -> None:
    record = with_verdict(verification_record(), verdict)
    assert kind_of(record) is Kind.CALIBRATION
    assert "Visual inspection" in permission(record).reasons[0].en


def test_a_failing_item_beside_an_undecided_one_is_still_a_notification() -> None:
    assert kind_of(with_verdict(failing_record(), Verdict.ERROR)) is Kind.NOTIFICATION


def test_without_a_regulation_or_a_number_from_it_there_is_no_verification() -> None:
    record = verification_record()
    assert kind_of(replace(record, basis=record.basis[1:])) is Kind.CALIBRATION
    house = tuple(p for p in record.provisions if p.document == "laboratory")
    assert kind_of(replace(record, provisions=house)) is Kind.CALIBRATION
    assert kind_of(replace(record, provisions=())) is Kind.CALIBRATION


def test_without_a_decision_rule_there_is_no_verification_and_no_statement_of_conformity() -> None:
    nothing = DecisionRule(rule=Rule.NONE, statement=Text(zh="无", en="none"), maximum_ratio=None)
    record = replace(verification_record(), decision=nothing)
    made = certificate(record)
    assert made.kind is Kind.CALIBRATION
    assert len(made.cover.conclusion) == 1
    heads = {c.head.en for s in made.sections for b in s.blocks if b.block == "table" for c in b.columns if s.number}
    assert "MPE" in heads
    points = next(b for s in made.sections for b in s.blocks if b.block == "table" and b.key == "points/basic_error")
    assert points.columns[-1].head.en == "MPE"


def test_a_run_that_was_broken_off_is_no_verification() -> None:
    record = verification_record()
    resumed = Interruption(time_s=10.0, reason="pause", resumed="2026-11-22T10:00:00+08:00")
    assert kind_of(replace(record, interruptions=(resumed,))) is Kind.VERIFICATION
    broken = replace(record, interruptions=(replace(resumed, resumed=None),))
    assert kind_of(broken) is Kind.CALIBRATION
    assert "never resumed" in permission(broken).reasons[0].en


def test_a_u_beyond_the_condition_of_the_rule_is_no_verification_and_is_said() -> None:
    record = verification_record()
    item = record.items[3]
    first, *others = item.points
    wide = replace(first, U=0.18, reported=replace(first.reported, U="0.180"))
    record = replace(record, items=(*record.items[:3], replace(item, points=(wide, *others)), record.items[4]))
    assert kind_of(record) is Kind.CALIBRATION
    assert permission(record).reasons[0].en.startswith("at 1 point(s) the condition U/MPE ≤ 1/3")
    section = next(s for s in certificate(record).sections if s.key == "uncertainty")
    said = " ".join(b.text.en for b in section.blocks if b.block == "paragraph")
    assert "largest in this run: 0.360. At 1 point(s) the condition is not met" in said


@pytest.mark.parametrize("kind", [Kind.VERIFICATION, Kind.NOTIFICATION])
def test_a_regulation_based_document_is_refused_while_a_number_is_unverified(kind: Kind) -> None:
    with pytest.raises(Refused) as refusal:
        certificate(calibration_record(), kind)
    message = str(refusal.value)
    assert "\n" not in message
    assert "items.basic_error.mpe.class_0.5.from_0.1In (JJG 842-2017)" in message
    assert "and 17 more" in message


def test_a_pass_cannot_be_had_for_a_failing_record() -> None:
    with pytest.raises(Refused, match="these items fail: Basic error"):
        certificate(failing_record(), Kind.VERIFICATION)


def test_a_calibration_certificate_can_always_be_asked_for() -> None:
    made = certificate(verification_record(), Kind.CALIBRATION)
    assert made.kind is Kind.CALIBRATION
    statement = made.sections[0].blocks[0]
    assert statement.block == "paragraph"
    assert "asked for" in statement.text.en


def test_a_calibration_certificate_says_what_is_unverified() -> None:
    section = certificate(calibration_record()).sections[0]
    said = " ".join(b.text.en for b in section.blocks if b.block == "paragraph")
    assert "20 of the 21 prescribed numbers" in said
    assert "no verification conclusion" in said
    assert "JJG\u00a0842-2017" in said


def test_only_a_verification_certificate_has_a_last_day() -> None:
    def labels(record: RunRecord) -> dict[str, str]:
        return {f.label.en: f.value.en for f in certificate(record).cover.dates}

    assert labels(verification_record())["Valid until"] == "2029-11-21"
    assert "Valid until" not in labels(failing_record())
    assert "Valid until" not in labels(calibration_record())
