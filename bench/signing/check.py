"""Check any file of caltwin: is it genuine, is it in force, and if not, why not."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from bench.audit import HEADS, audit
from bench.signing.approvals import ROLE_OF, Act
from bench.signing.issue import DCC, HTML, MANIFEST, PDF
from bench.signing.keys import Role
from bench.signing.runs import APPROVALS, RECORD
from bench.signing.simulation import signs
from bench.signing.statements import Statement, read
from reports.errors import Refused, ReportError, SealBroken
from reports.seal import Trust, verify_html
from reports.seal_dcc import parse, refuse_simulated, verify_dcc
from reports.seal_pdf import attached, verify_pdf
from scenarios.record import RecordError, RunRecord, from_json
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from bench.signing.register import Register
    from reports.seal import Seal

_NUMBER = ".//{https://ptb.de/dcc}coreData/{https://ptb.de/dcc}uniqueIdentifier"
_DATA = re.compile(rb'<a download="dcc\.xml" href="data:application/xml;base64,([A-Za-z0-9+/=]+)"')
_PDF_DIGEST = re.compile(rb'<code id="pdf-sha256">([0-9a-f]{64})</code>')


class Standing(StrEnum):
    """What a document is worth."""

    GENUINE = "genuine"
    """Issued by this laboratory, unchanged, not replaced."""
    REPLACED = "replaced"
    """Genuine, but an amendment has replaced it."""
    UNSEALED = "unsealed"
    """Never issued: a run's own files, or documents made again from a record."""
    SIMULATED = "simulated"
    """Of a simulated run; worth nothing, whoever sealed it."""
    UNKNOWN = "unknown"
    """Sealed by this laboratory, but its number is not in the register."""
    BROKEN = "broken"
    """Changed after it was sealed, or of somebody else."""
    UNREADABLE = "unreadable"
    """Of no kind that can be checked."""

    @property
    def code(self) -> int:
        """Return the exit code: 0 to be relied on, 1 not to be, 2 cannot be checked."""
        return {Standing.GENUINE: 0, Standing.UNREADABLE: 2}.get(self, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Hold what a check found."""

    standing: Standing
    """The verdict."""
    kind: str
    """Kind of file: "dcc", "pdf", "html", "record", "journal", "approvals", "heads", "manifest" or "folder"."""
    number: str = ""
    """Document number; empty where none could be read."""
    reason: str = ""
    """Why it is not genuine, in a line; empty where it is."""
    notes: tuple[Text, ...] = field(default=())
    """What else was found or could not be held against anything."""


class _Void(Exception):
    """End a check with a verdict."""

    def __init__(self, standing: Standing, reason: str) -> None:
        super().__init__(reason)
        self.standing = standing


def check(path: Path, trust: Trust, register: Register | None = None) -> Finding:
    """Check a file or the folder of an issued document.

    Args:
        path: DCC, PDF, HTML, record, journal, approvals, heads or manifest; or a folder of them.
        trust: the authority whose seals count; nothing is looked up in a network.
        register: register of issued documents, where there is one at hand.

    Raises:
        OSError: the file cannot be read.
    """
    kind = "folder" if path.is_dir() else _kind(path)
    if kind == "folder":
        return _folder(path, trust, register)
    if kind == "journal":
        return _journal(path, trust)
    data = path.read_bytes()
    try:
        if kind in ("approvals", "heads", "manifest"):
            return _statements(path, kind, trust, register)
        if kind == "record":
            return _record(path, data, trust, register)
        if kind in ("dcc", "pdf", "html"):
            return _document(path, kind, data, trust, register)
    except _Void as void:
        return Finding(standing=void.standing, kind=kind, number=_number_of(kind, data), reason=str(void))
    except ReportError as problem:
        return Finding(standing=_standing(kind, data), kind=kind, number=_number_of(kind, data), reason=str(problem))
    return Finding(standing=Standing.UNREADABLE, kind="", reason=f"{path.name}: of no kind that can be checked")


def _kind(path: Path) -> str:
    named = {
        DCC: "dcc",
        PDF: "pdf",
        HTML: "html",
        RECORD: "record",
        APPROVALS: "approvals",
        HEADS: "heads",
        MANIFEST: "manifest",
        f"run-{RECORD}": "record",
    }.get(path.name)
    if named:
        return named
    endings = {".pdf": "pdf", ".xml": "dcc", ".html": "html", ".htm": "html", ".sqlite": "journal", ".json": "record"}
    if path.suffix.lower() in endings:
        return endings[path.suffix.lower()]
    with path.open("rb") as file:
        head = file.read(4096)
    begins = {
        b"%PDF-": "pdf",
        b"<?xml": "dcc",
        b"SQLite format 3": "journal",
        b"<!DOCTYPE html": "html",
        b"{\n": "record",
    }
    found = next((kind for begin, kind in begins.items() if head.lstrip().startswith(begin)), "")
    acts = {b'"act":"head"': "heads", b'"act":"issue"': "manifest", b'"act":"': "approvals"}
    return found or next((kind for act, kind in acts.items() if act in head[:40]), "")


# ---------------------------------------------------------------- documents


def _document(path: Path, kind: str, data: bytes, trust: Trust, register: Register | None) -> Finding:
    seal, dcc, notes = _sealed(kind, data, trust)
    root = verify_dcc(dcc, trust)[1]
    try:
        refuse_simulated(root)
    except Refused as problem:
        raise _Void(Standing.SIMULATED, str(problem)) from None
    number = root.findtext(_NUMBER) or ""
    digest = hashlib.sha256(data).hexdigest()
    beside = path.with_name(MANIFEST)
    if beside.exists():
        files = _manifest(beside, trust).body["files"]
        if digest not in files.values():
            raise SealBroken(f"{path.name}: is not the file that {MANIFEST} beside it names")
        linked = _PDF_DIGEST.search(data) if kind == "html" else None
        if linked and linked[1].decode() != files.get(PDF):
            raise SealBroken(f"{path.name}: names another PDF than {MANIFEST} beside it")
    finding = Finding(
        standing=Standing.GENUINE, kind=kind, number=number, notes=(*notes, _sealed_by(seal), *_expired(seal))
    )
    return _registered(finding, register, kind, digest)


def _sealed(kind: str, data: bytes, trust: Trust) -> tuple[Seal, bytes, tuple[Text, ...]]:
    """Verify the seal of a document; return it with the DCC that the document carries."""
    if kind == "dcc":
        return verify_dcc(data, trust)[0], data, ()
    if kind == "pdf":
        return verify_pdf(data, trust), attached(data), ()
    seal = verify_html(data, trust)
    found = _DATA.search(data)
    if found is None:
        raise SealBroken("certificate.html: carries no DCC")
    dcc = base64.b64decode(found[1])
    if f'<code id="dcc-sha256">{hashlib.sha256(dcc).hexdigest()}</code>'.encode() not in data:
        raise SealBroken("certificate.html: names another DCC than it carries")
    return seal, dcc, (catalogue("bench")["check.view"],)


def _sealed_by(seal: Seal) -> Text:
    when = f"{seal.time:%Y-%m-%d %H:%M:%S} UTC"
    return catalogue("bench")["check.sealed_by"].format(name=seal.name, time=when)


def _expired(seal: Seal) -> tuple[Text, ...]:
    from datetime import UTC, datetime

    end = seal.certificate.not_valid_after_utc
    return (catalogue("bench")["check.expired"].format(end=f"{end:%Y-%m-%d}"),) if end < datetime.now(UTC) else ()


def _registered(finding: Finding, register: Register | None, kind: str, digest: str) -> Finding:
    """Hold a sealed document against the register: known, the same bytes, not replaced."""
    texts = catalogue("bench")
    if register is None:
        return replace(finding, notes=(*finding.notes, texts["check.no_register"]))
    known = register.find(finding.number)
    if known is None:
        why = f"{finding.number}: is not in {register.path.name}"
        return replace(finding, standing=Standing.UNKNOWN, reason=why)
    if getattr(known, kind) != digest:
        why = f"{finding.number}: {kind}: is not the one that was issued under this number"
        return replace(finding, standing=Standing.BROKEN, reason=why)
    newer = register.replacement_of(finding.number)
    if newer is not None:
        why = f"{finding.number}: was replaced by {newer.number} on {newer.issued[:10]}"
        return replace(finding, standing=Standing.REPLACED, reason=why)
    return replace(finding, notes=(*finding.notes, texts["check.registered"].format(date=known.issued[:10])))


def _standing(kind: str, data: bytes) -> Standing:
    """Say what a document without a valid seal is: never sealed, of a simulated run, or broken."""
    sealed = {"dcc": b"Signature", "pdf": b"/ByteRange", "html": b"caltwin-seal"}.get(kind)
    if sealed is None or sealed in data:
        return Standing.BROKEN
    try:
        dcc = data if kind == "dcc" else _carried(kind, data)
        if b"cryptElectronicSeal" in dcc:
            return Standing.BROKEN  # it announces a seal that is not there
        root = parse(dcc)
        if root.find(_NUMBER) is None:
            return Standing.BROKEN  # no DCC at all
        refuse_simulated(root)
    except Refused:
        return Standing.SIMULATED
    except ReportError:
        return Standing.BROKEN
    return Standing.UNSEALED


def _carried(kind: str, data: bytes) -> bytes:
    if kind == "pdf":
        return attached(data)
    found = _DATA.search(data)
    return base64.b64decode(found[1]) if found else b""


def _number_of(kind: str, data: bytes) -> str:
    """Return the number that a document claims; empty where none can be read."""
    try:
        if kind == "record":
            return from_json(data).number
        if kind in ("dcc", "pdf", "html"):
            return parse(data if kind == "dcc" else _carried(kind, data)).findtext(_NUMBER) or ""
    except (ReportError, RecordError, ValueError):
        return ""
    return ""


# ---------------------------------------------------------------- records


def _record(path: Path, data: bytes, trust: Trust, register: Register | None) -> Finding:
    try:
        record = from_json(data)
    except RecordError as problem:
        raise SealBroken(f"{path.name}: {problem}") from None
    found = signs(record)
    if found:
        raise _Void(Standing.SIMULATED, f"{record.number}: {found[0]}")
    beside = path.with_name(MANIFEST)
    digest = hashlib.sha256(data).hexdigest()
    if not beside.exists():
        if record.issued is None:
            raise _Void(Standing.UNSEALED, f"{record.number}: a run's own record, not issued; see caltwin audit")
        raise SealBroken(
            f"{record.number}: {MANIFEST} is missing beside it; check it in the folder in which it was issued"
        )
    body = _manifest(beside, trust).body
    if body["files"].get(path.name) != digest:
        raise SealBroken(f"{path.name}: is not the file that {MANIFEST} beside it names")
    if path.name == RECORD:
        _same_results(record, path.with_name(f"run-{RECORD}"), body)
        finding = Finding(standing=Standing.GENUINE, kind="record", number=record.number)
        return _registered(finding, register, "record", digest)
    if body["run"] != digest:
        raise SealBroken(f"{path.name}: is not the record that was approved")
    return Finding(standing=Standing.GENUINE, kind="record", number=record.number)


def _same_results(issued: RunRecord, run: Path, body: dict[str, object]) -> None:
    """Hold an issued record to the approved one: nothing but number, people, date and replacement may differ."""
    data = run.read_bytes() if run.exists() else b""
    if hashlib.sha256(data).hexdigest() != body["run"] or issued.run != body["run"]:
        raise SealBroken(f"{run.name}: is not the record that was approved")
    own = from_json(data)
    back = replace(issued, number=own.number, people=own.people, issued=own.issued, run=own.run, replaces=own.replaces)
    if back != own:
        raise SealBroken(f"{RECORD}: states other results than the record that was approved")


# ---------------------------------------------------------------- statements and journals


def _manifest(path: Path, trust: Trust) -> Statement:
    """Read a manifest: one statement by the laboratory's seal."""
    found = read(path, trust)
    if len(found) != 1 or found[0].act != "issue" or not isinstance(found[0].body.get("files"), dict):
        raise SealBroken(f"{path.name}: is no manifest of an issued document")
    trust.require(found[0].certificate, found[0].time, Role.SEAL)
    return found[0]


def _statements(path: Path, kind: str, trust: Trust, register: Register | None) -> Finding:
    if kind == "manifest":
        one = _manifest(path, trust)
        finding = Finding(standing=Standing.GENUINE, kind=kind, number=str(one.body["number"]))
        return _registered(finding, register, "manifest", hashlib.sha256(path.read_bytes()).hexdigest())
    found = read(path, trust)
    for one in found:
        role = "bench" if kind == "heads" else ROLE_OF[Act(one.act)].value if one.act in set(Act) else ""
        if not role or (kind == "heads") != (one.act == "head"):
            raise SealBroken(f"{path.name}: line {one.sequence}: {one.act!r} does not belong here")
        trust.require(one.certificate, one.time, role)
        record = path.with_name(f"run-{RECORD}") if path.with_name(MANIFEST).exists() else path.with_name(RECORD)
        if kind == "approvals" and record.exists():
            digest = hashlib.sha256(record.read_bytes()).hexdigest()
            if one.body.get("record") != digest:
                raise SealBroken(f"{path.name}: line {one.sequence}: is about another record than {record.name}")
    said = catalogue("bench")["check.statement"]
    notes = tuple(said.format(act=one.act, name=one.name, time=f"{one.time:%Y-%m-%d %H:%M:%S} UTC") for one in found)
    return Finding(standing=Standing.GENUINE, kind=kind, number=str(found[-1].body.get("number", "")), notes=notes)


def _journal(path: Path, trust: Trust) -> Finding:
    found = audit(path, trust)
    if not found.whole:
        why = f"{path.name}: {found.faults[0].text.en}"
        return Finding(standing=Standing.BROKEN, kind="journal", reason=why, notes=tuple(f.text for f in found.faults))
    body = found.heads[-1].body if found.heads else {}
    number = str(body.get("number", ""))
    if body.get("simulated"):
        return Finding(standing=Standing.SIMULATED, kind="journal", number=number, reason=f"{number}: a simulated run")
    if found.covered < len(found.entries) or not found.entries:
        why = f"{path.name}: no signed head covers entries {found.covered + 1} to {len(found.entries)}"
        return Finding(standing=Standing.UNSEALED, kind="journal", number=number, reason=why)
    return Finding(standing=Standing.GENUINE, kind="journal", number=number)


def _folder(path: Path, trust: Trust, register: Register | None) -> Finding:
    """Check every file of an issued document; the first that is not genuine speaks for the folder."""
    beside = path / MANIFEST
    if not beside.exists():
        if (path / RECORD).exists():
            return replace(check(path / RECORD, trust, register), kind="folder")
        return Finding(
            standing=Standing.UNREADABLE, kind="folder", reason=f"{path}: holds no {MANIFEST} and no {RECORD}"
        )
    own = check(beside, trust, register)
    if own.standing not in (Standing.GENUINE, Standing.REPLACED):
        return replace(own, kind="folder")
    files = _manifest(beside, trust).body["files"]
    for name, digest in sorted(files.items()):
        file = path / name
        if not file.exists():
            return replace(own, kind="folder", standing=Standing.BROKEN, reason=f"{name}: is missing")
        if hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            return replace(
                own, kind="folder", standing=Standing.BROKEN, reason=f"{name}: was changed after it was issued"
            )
        one = check(file, trust, register)
        if one.standing not in (Standing.GENUINE, own.standing):
            return replace(own, kind="folder", standing=one.standing, reason=one.reason)
    return replace(own, kind="folder", notes=(*own.notes, _files_whole(len(files))))


def _files_whole(count: int) -> Text:
    return catalogue("bench")["check.files"].format(count=count)
