"""Review and approval: who may, in which order, over which record.

Three roles take part: the operator, who measured and stands in the record; the checker (核验员), who reviews; the
approver (批准人), who authorises the issue (ISO/IEC 17025:2017 7.8.1). Nobody reviews or approves what he measured
himself, so that at least two people take part; checker and approver may be one person, if the laboratory's authority
gave him both roles.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bench.signing.keys import Role
from bench.signing.statements import SigningError, append, read

if TYPE_CHECKING:
    from bench.signing.keys import FileSigner
    from bench.signing.runs import Run
    from bench.signing.statements import People, Statement
    from reports.seal import Trust


class Act(StrEnum):
    """An act over a record."""

    REVIEW = "review"
    """The checker found record, readings and results in order."""
    APPROVE = "approve"
    """The approver authorises the issue."""


ROLE_OF = {Act.REVIEW: Role.CHECKER, Act.APPROVE: Role.APPROVER}
"""The role that each act asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Hold the people behind an approved record."""

    operator: str
    """Who measured."""
    checker: str
    """Who reviewed."""
    approver: str
    """Who approved."""
    digest: str
    """SHA-256 of the approving statement, which chains to the review."""


def act(run: Run, what: Act, signer: FileSigner, trust: Trust, people: People | None = None) -> Statement:
    """Review or approve a record: add a signed statement to the approvals beside it.

    Args:
        run: the run, opened by `open_run`, which refuses simulated ones.
        what: the act.
        signer: key of the person.
        trust: the laboratory's authority.
        people: the laboratory's register; what it says narrows what the certificate says.

    Raises:
        SigningError: the person may not, or the act is out of order.
        Untrusted: the certificate is not valid now or does not name the role.
        SealBroken: the approvals were tampered with.
    """
    now = datetime.now(UTC)
    trust.require(signer.certificate, now, ROLE_OF[what])
    operator = _operator(run)
    if _same(signer.name, operator):
        raise SigningError(f"{run.record.number}: {signer.name} measured this; somebody else must {what} it")
    _require_known(signer.name, what, people, signer.certificate)
    done = _acts(run, trust)
    if what in done:
        raise SigningError(
            f"{run.record.number}: {done[what].name} did {what} it on {done[what].time:%Y-%m-%d} already"
        )
    if what is Act.APPROVE and Act.REVIEW not in done:
        raise SigningError(f"{run.record.number}: nobody reviewed it; a checker must do so first (caltwin review)")
    return append(run.approvals, what, _body(run), signer, trust, ROLE_OF[what])


def require_approval(run: Run, trust: Trust, people: People | None = None) -> Approval:
    """Return who reviewed and approved a record.

    Raises:
        SigningError: an act is missing, is of another record, or was done by somebody who may not.
        SealBroken: the approvals were tampered with.
        Untrusted: a certificate was not valid at the time, or lacks the role.
    """
    number, operator, done = run.record.number, _operator(run), _acts(run, trust)
    for what in Act:
        if what not in done:
            raise SigningError(f"{number}: nobody did {what} it; run caltwin {what}")
        one = done[what]
        trust.require(one.certificate, one.time, ROLE_OF[what])
        # A certificate that was revoked since, for a key that was lost, stops an issue too.
        trust.require(one.certificate, datetime.now(UTC), ROLE_OF[what])
        if _same(one.name, operator):
            raise SigningError(f"{number}: {one.name} measured this and may not {what} it")
        _require_known(one.name, what, people, one.certificate)
    if done[Act.APPROVE].sequence < done[Act.REVIEW].sequence:
        raise SigningError(f"{number}: was approved before it was reviewed")
    last = done[Act.APPROVE]
    return Approval(operator=operator, checker=done[Act.REVIEW].name, approver=last.name, digest=last.digest)


def _body(run: Run) -> dict[str, Any]:
    return {"journal": run.audit.digest, "number": run.record.number, "record": run.digest}


def _acts(run: Run, trust: Trust) -> dict[Act, Statement]:
    """Return the acts over exactly this record; refuse a file that holds any other."""
    if not run.approvals.exists():
        return {}
    done: dict[Act, Statement] = {}
    for one in read(run.approvals, trust):
        where = f"{run.record.number}: {run.approvals.name}: line {one.sequence}"
        if one.act not in set(Act):
            raise SigningError(f"{where}: {one.act!r} is no act of review or approval")
        if one.body != _body(run):
            raise SigningError(
                f"{where}: {one.name} did {one.act} another record ({one.body.get('number')}, "
                f"{str(one.body.get('record'))[:12]}…), not this one ({run.digest[:12]}…); an approval cannot be moved"
            )
        if one.act in done:
            raise SigningError(f"{where}: a second {one.act}")
        done[Act(one.act)] = one
    return done


def _operator(run: Run) -> str:
    name = run.record.people.operator
    if not name or not name.strip():
        raise SigningError(f"{run.record.number}: people.operator: empty; who measured must be known before a review")
    return name


def _same(one: str, other: str) -> bool:
    """Return whether two names are of one person, written in whatever width, case or spacing."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _require_known(name: str, what: Act, people: People | None, certificate: Any) -> None:
    if people is not None and ROLE_OF[what].value not in people.roles(name, certificate):
        raise SigningError(f"{name}: the register does not give the role '{ROLE_OF[what]}'; caltwin lab add-person")
