"""Decide which document a record permits, and refuse the others."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from reports.errors import Refused
from scenarios.record import Rule
from uncertainty.conformity import Verdict
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scenarios.record import DecisionRule, PointResult, RunRecord


class Kind(StrEnum):
    """The kind of a document."""

    VERIFICATION = "verification"
    """检定证书: every item of a regulation passes, by numbers that were compared with its printed text."""
    NOTIFICATION = "notification"
    """检定结果通知书: the same, but at least one item fails."""
    CALIBRATION = "calibration"
    """校准证书: values with uncertainty; a statement of conformity is information against stated limits."""

    @property
    def regulated(self) -> bool:
        """Return whether the document quotes a regulation as its authority."""
        return self is not Kind.CALIBRATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Hold the one kind that a record permits, and why."""

    kind: Kind
    """The kind."""
    reasons: tuple[Text, ...]
    """Why this kind and not a higher one; at least one."""


def names(texts: Iterable[Text]) -> Text:
    """Join texts by the list mark of each language."""
    listed = tuple(texts)
    return Text(zh="、".join(t.zh for t in listed), en=", ".join(t.en for t in listed))


def ratio_limit(decision: DecisionRule) -> str:
    """Return the largest permitted U/MPE as a fraction, e.g. "1/3"; empty where the rule has none."""
    limit = decision.maximum_ratio
    return "" if limit is None else str(Fraction(limit).limit_denominator(100))


def beyond_ratio(record: RunRecord) -> tuple[PointResult, ...]:
    """Return the points at which U/MPE is larger than the decision rule permits."""
    limit = record.decision.maximum_ratio
    if limit is None:
        return ()
    points = [p for item in record.items for p in item.points]
    # A rounding error of the quotient is no violation.
    return tuple(p for p in points if p.point.mpe is not None and p.U > p.point.mpe.value * limit * (1 + 1e-12))


def permission(record: RunRecord) -> Permission:
    """Find the kind of document that a record permits.

    A regulation-based document needs a verification regulation, prescribed numbers from it, each compared with the
    printed text, a decision rule whose condition on U/MPE is met everywhere, a run that was not broken off, and a
    conclusion on every item (or one that fails).
    """
    texts = catalogue("reports")
    obstacles: list[Text] = []
    regulations = {r.id for r in record.basis if r.use == "verification"}
    if not regulations:
        obstacles.append(texts["reason.no_regulation"])
    elif not any(p.document in regulations for p in record.provisions):
        obstacles.append(texts["reason.no_provisions"])
    if record.unverified:
        count, total = len(record.unverified), len(record.provisions)
        obstacles.append(texts["reason.unverified"].format(count=count, total=total))
    if record.decision.rule is Rule.NONE:
        obstacles.append(texts["reason.no_rule"])
    if any(i.resumed is None for i in record.interruptions):
        obstacles.append(texts["reason.unfinished"])
    if unmet := len(beyond_ratio(record)):
        limit = ratio_limit(record.decision)
        obstacles.append(texts["reason.ratio"].format(count=unmet, limit=limit))
    failed = names(i.title for i in record.items if i.verdict is Verdict.FAIL)
    undecided = [i.title for i in record.items if i.verdict not in (Verdict.PASS, Verdict.FAIL)]
    if undecided and not failed.en:
        obstacles.append(texts["reason.no_conclusion"].format(items=names(undecided)))
    if obstacles:
        return Permission(kind=Kind.CALIBRATION, reasons=tuple(obstacles))
    if failed.en:
        return Permission(kind=Kind.NOTIFICATION, reasons=(texts["reason.failed"].format(items=failed),))
    return Permission(kind=Kind.VERIFICATION, reasons=(texts["reason.all_pass"],))


def kind_of(record: RunRecord) -> Kind:
    """Return the kind of document that a record permits."""
    return permission(record).kind


def require(record: RunRecord, kind: Kind) -> None:
    """Refuse a kind that the record does not permit; a calibration certificate is always permitted.

    Raises:
        Refused: the record does not permit the kind; the message names the reasons and the first unverified numbers.
    """
    permitted = permission(record)
    if kind in (permitted.kind, Kind.CALIBRATION):
        return
    reasons = "; ".join(r.en for r in permitted.reasons)
    listed = [f"{p.key} ({p.document})" for p in record.unverified]
    shown = ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")
    detail = f": {shown}" if listed else ""
    raise Refused(f"{record.number}: a {kind} document is refused because {reasons}{detail}")
