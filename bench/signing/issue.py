"""Issue: from an approved run to sealed documents with a number, all of them or nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench.audit import HEADS
from bench.signing.approvals import require_approval
from bench.signing.keys import Role
from bench.signing.register import Document, Register, discard, staged
from bench.signing.runs import APPROVALS, RECORD, open_run
from bench.signing.statements import SigningError, sign
from reports.issue import make
from reports.kind import Kind, kind_of
from scenarios.record import People, Replaced, to_json
from uncertainty.text import Language, Text

if TYPE_CHECKING:
    from bench.signing.keys import FileSigner
    from bench.signing.runs import Run
    from bench.signing.statements import People as Known
    from reports.seal import Trust
    from scenarios.record import RunRecord

MANIFEST = "manifest.jsonl"
"""File name of the signed list of an issued document's files."""
LETTERS = {Kind.VERIFICATION: "V", Kind.NOTIFICATION: "N", Kind.CALIBRATION: "C"}
"""First letter of a number, by the kind of document."""
DCC, PDF, HTML = "dcc.xml", "certificate.pdf", "certificate.html"
"""File names of the documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """Say what an amendment replaces (ISO/IEC 17025:2017 7.8.8)."""

    number: str
    """Number of the document that is replaced."""
    reason: Text
    """Why."""
    changed: Text
    """Which parts are changed."""


def issue(
    path: Path,
    register: Register,
    seal: FileSigner,
    trust: Trust,
    *,
    out: Path,
    language: Language = Language.BOTH,
    amendment: Amendment | None = None,
    people: Known | None = None,
) -> Document:
    """Issue the documents of an approved run into `out/<number>`.

    Args:
        path: record or folder of the run.
        register: register of issued documents; gives the number.
        seal: the laboratory's seal.
        trust: the laboratory's authority.
        out: folder of issued documents.
        language: language of PDF and HTML.
        amendment: what this document replaces; None for a first issue.
        people: the laboratory's register of people.

    Raises:
        SigningError: the run is simulated, not approved, issued already, or the amendment does not fit.
        ReportError: seals, approvals or documents are not in order.
        OSError: the folder cannot be written; nothing was issued.
    """
    now = datetime.now().astimezone().replace(microsecond=0)
    trust.require(seal.certificate, now, Role.SEAL)
    run = open_run(path, trust)
    approval = require_approval(run, trust, people)
    known = register.of_run(run.digest)
    if known is not None:
        raise SigningError(f"{run.record.number}: was issued as {known.number} on {known.issued[:10]} already")
    replaced = None if amendment is None else _replaced(register, amendment)
    series = f"{LETTERS[kind_of(run.record)]}-{now:%Y}"
    with register.next_number(series) as ticket:
        issued = replace(
            run.record,
            number=ticket.number,
            people=People(operator=approval.operator, checker=approval.checker, approver=approval.approver),
            issued=now.isoformat(timespec="seconds"),
            run=run.digest,
            replaces=replaced,
        )
        folder = (out / ticket.number).absolute()
        if folder.exists():
            raise SigningError(f"{folder}: exists, but {ticket.number} was never issued; move it away")
        files = _files(issued, run, language, seal)
        discard(folder)
        try:
            _stage(staged(folder), files)
            ticket.commit(_document(ticket.number, ticket.series, ticket.place, files, issued, folder))
        except BaseException:
            if register.find(ticket.number) is None:
                discard(folder)
            raise
    document = register.find(ticket.number)
    assert document is not None  # committed above
    return document


def issued_files(document: Document) -> tuple[Path, ...]:
    """Return the files of an issued document that are handed out, and the manifest."""
    return tuple(Path(document.folder) / name for name in (PDF, DCC, HTML, MANIFEST))


def _replaced(register: Register, amendment: Amendment) -> Replaced:
    old = register.find(amendment.number)
    if old is None:
        raise SigningError(
            f"{amendment.number}: is not in {register.path.name}; only an issued document can be replaced"
        )
    newer = register.replacement_of(amendment.number)
    if newer is not None:
        raise SigningError(f"{amendment.number}: was replaced by {newer.number} already; amend that one")
    return Replaced(number=old.number, digest=old.dcc, reason=amendment.reason, changed=amendment.changed)


def _files(issued: RunRecord, run: Run, language: Language, seal: FileSigner) -> dict[str, bytes]:
    """Make every file of a document; the manifest, which names all others, last."""
    made = make(issued, language, signer=seal)
    files = {
        RECORD: to_json(issued),
        DCC: made.dcc,
        PDF: made.pdf,
        HTML: made.html,
        APPROVALS: run.approvals.read_bytes(),
        HEADS: run.journal.with_name(HEADS).read_bytes(),
        f"run-{RECORD}": run.data,
    }
    body = {
        "files": {name: _sha256(data) for name, data in files.items()},
        "journal": run.audit.digest,
        "number": issued.number,
        "replaces": issued.replaces.number if issued.replaces else "",
        "run": run.digest,
    }
    return {**files, MANIFEST: sign("issue", body, seal)}


def _document(
    number: str, series: str, place: int, files: dict[str, bytes], issued: RunRecord, folder: Path
) -> Document:
    return Document(
        number=number,
        series=series,
        place=place,
        run=issued.run or "",
        record=_sha256(files[RECORD]),
        dcc=_sha256(files[DCC]),
        pdf=_sha256(files[PDF]),
        html=_sha256(files[HTML]),
        manifest=_sha256(files[MANIFEST]),
        issued=issued.issued or "",
        folder=str(folder),
        replaces=issued.replaces.number if issued.replaces else None,
    )


def _stage(folder: Path, files: dict[str, bytes]) -> None:
    """Write files to the disk, durably."""
    try:
        folder.mkdir(parents=True)
        for name, data in files.items():
            with (folder / name).open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
