"""Signed statements: an append-only, hash-chained file of JSON lines, each signed by one person's key.

Approvals and journal heads are such files. Each line has exactly one valid form, so that no byte of it can be changed
unseen; each names the digest of the line before it, so that none can be dropped from the middle or reordered.
"""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from reports.errors import ReportError, SealBroken
from reports.seal import Trust, common_name, require_signature

if TYPE_CHECKING:
    from pathlib import Path

    from reports.seal import Signer

_CONTEXT = b"caltwin statement 1\0"


class SigningError(ReportError):
    """An act of review, approval or issue is refused; the message names the record, why, and the remedy."""


class People(Protocol):
    """Know who may do what, beyond what a certificate says: a laboratory's register of people."""

    def roles(self, name: str, certificate: x509.Certificate) -> frozenset[str]:
        """Return the roles that a person holds today; empty for nobody known."""


class _Line(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    act: str
    before: str
    body: dict[str, Any]
    certificate: str
    sequence: int
    signature: str = ""
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Hold one verified statement."""

    sequence: int
    """Place in the file, from 1."""
    act: str
    """What was done: "review", "approve", "head", "issue"."""
    body: dict[str, Any]
    """What it was done to."""
    name: str
    """Who signed."""
    certificate: x509.Certificate
    """With which certificate; issued by the trusted authority and valid at `time`."""
    time: datetime
    """When, by the signer's clock."""
    digest: str
    """SHA-256 of the line, which the next line names."""


def sign(act: str, body: dict[str, Any], signer: Signer, before: Statement | None = None) -> bytes:
    """Make one signed line."""
    blank = _Line(
        act=act,
        before="" if before is None else before.digest,
        body=body,
        certificate=base64.b64encode(signer.certificate.public_bytes(Encoding.DER)).decode(),
        sequence=1 if before is None else before.sequence + 1,
        time=datetime.now(UTC).replace(microsecond=0),
    )
    signature = base64.b64encode(signer.sign(_CONTEXT + _written(blank))).decode()
    return _written(msgspec.structs.replace(blank, signature=signature)) + b"\n"


def append(path: Path, act: str, body: dict[str, Any], signer: Signer, trust: Trust, role: str) -> Statement:
    """Verify a file of statements and add one to it; durable when this returns.

    Raises:
        SealBroken: the file is not whole.
        Untrusted: the signer's certificate is not trusted now, or lacks the role; nothing is written.
    """
    trust.require(signer.certificate, datetime.now(UTC), role)
    before = read(path, trust) if path.exists() else ()
    line = sign(act, body, signer, before[-1] if before else None)
    with path.open("ab") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    return read(path, trust)[-1]


def read(path: Path, trust: Trust) -> tuple[Statement, ...]:
    """Read and verify a file of statements.

    Raises:
        OSError: the file cannot be read.
        SealBroken: a line is not whole, dropped or out of order; names the line.
        Untrusted: a signature is of nobody whom the authority certified.
    """
    return verify(path.read_bytes(), trust, path.name)


def verify(data: bytes, trust: Trust, source: str) -> tuple[Statement, ...]:
    """Verify the bytes of a file of statements; `source` names it in messages.

    Raises:
        SealBroken: a line is not whole, dropped or out of order; names the line.
        Untrusted: a signature is of nobody whom the authority certified.
    """
    if not data or not data.endswith(b"\n"):
        raise SealBroken(f"{source}: ends in the middle of a line; the last statement is not whole")
    statements: list[Statement] = []
    for number, line in enumerate(data[:-1].split(b"\n"), 1):
        one = _verified(line, trust, f"{source}: line {number}")
        before = statements[-1] if statements else None
        if one.sequence != number or _named(line) != ("" if before is None else before.digest):
            raise SealBroken(f"{source}: line {number} does not follow the line before it; one was dropped or moved")
        if before is not None and one.time < before.time:
            raise SealBroken(f"{source}: line {number} is older than the line before it")
        statements.append(one)
    return tuple(statements)


def _verified(line: bytes, trust: Trust, where: str) -> Statement:
    try:
        said = msgspec.json.decode(line, type=_Line)
        given = base64.b64decode(said.certificate, validate=True)
        signature = base64.b64decode(said.signature, validate=True)
    except (msgspec.MsgspecError, ValueError) as problem:
        raise SealBroken(f"{where}: is no statement ({problem})") from None
    exact = (
        _written(said) == line
        and base64.b64encode(given).decode() == said.certificate
        and base64.b64encode(signature).decode() == said.signature
        and said.time.tzinfo is not None
    )
    if not exact:
        raise SealBroken(f"{where}: is not written as it was signed")
    try:
        certificate = trust.load(given)
        require_signature(certificate, signature, _CONTEXT + _written(msgspec.structs.replace(said, signature="")))
        trust.require(certificate, said.time)
    except ReportError as problem:
        raise type(problem)(f"{where}: {problem}") from None
    return Statement(
        sequence=said.sequence,
        act=said.act,
        body=said.body,
        name=common_name(certificate),
        certificate=certificate,
        time=said.time,
        digest=hashlib.sha256(line).hexdigest(),
    )


def _named(line: bytes) -> str:
    return msgspec.json.decode(line, type=_Line).before


def _written(line: _Line) -> bytes:
    return msgspec.json.encode(line, order="sorted")
