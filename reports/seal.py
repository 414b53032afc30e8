"""Seals: who may seal, whom to trust, and the seal of the HTML view.

A seal is an ECDSA signature (P-256, SHA-256) by a certificate that the laboratory's own authority issued. This module
holds what the seals of all formats share; `seal_dcc` and `seal_pdf` hold the two standard formats. A document that
carries a mark of simulation is refused by every sealing function, whoever calls it.
"""

from __future__ import annotations

import base64
import re
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Protocol

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID

from reports.checklist import SIMULATED_SERIES
from reports.errors import Refused, SealBroken, Untrusted
from uncertainty.text import catalogue

SEAL_ROLE = "seal"
"""Role that a certificate must name before its key may seal documents."""
_HTML_CONTEXT = b"caltwin html seal 1\0"
_HTML_HEAD, _HTML_TAIL = b"<!-- caltwin-seal ", b" -->\n"


class Signer(Protocol):
    """Sign on behalf of one certificate; the key itself may lie in a file, a token or a remote service."""

    @property
    def certificate(self) -> x509.Certificate:
        """Return the certificate whose key signs."""

    def sign(self, data: bytes) -> bytes:
        """Return the ECDSA signature of SHA-256 over `data`, DER."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """Hold what a verified seal says."""

    name: str
    """Common name of the certificate."""
    certificate: x509.Certificate
    """The certificate, issued by the trusted authority."""
    time: datetime
    """Time of sealing as the sealer's clock had it; no time-stamping authority stands behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Hold the one authority that is trusted and the certificates that it has revoked."""

    root: x509.Certificate
    """Certificate of the laboratory's authority, obtained by a way that is trusted."""
    revoked: dict[int, datetime] = field(default_factory=dict)
    """Serial number -> time from which the certificate counts no more."""

    def load(self, der: bytes) -> x509.Certificate:
        """Load a certificate that this authority issued; nothing else in it is read before that is known.

        Raises:
            SealBroken: it is no certificate, or not written in its one form.
            Untrusted: somebody else issued it.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # what the library only frowns at, no authority of ours has issued
                certificate = x509.load_der_x509_certificate(der)
            written = certificate.public_bytes(Encoding.DER)
        except (ValueError, x509.InvalidVersion, CryptographyDeprecationWarning):
            raise SealBroken("the certificate of a seal cannot be read") from None
        if written != der:
            raise SealBroken("the certificate of a seal is not written as it was issued")
        self._require_issued(certificate)
        return certificate

    def require(self, certificate: x509.Certificate, at: datetime, role: str | None = None) -> None:
        """Refuse a certificate that this authority did not issue, that was not valid at a time, or lacks a role.

        Raises:
            Untrusted: names the certificate, what is wrong with it and the remedy.
        """
        self._require_issued(certificate)
        name = common_name(certificate)
        if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            span = f"{certificate.not_valid_before_utc:%Y-%m-%d} to {certificate.not_valid_after_utc:%Y-%m-%d}"
            raise Untrusted(f"the certificate of {name!r} is valid {span}, not on {at:%Y-%m-%d}; make a new key")
        since = self.revoked.get(certificate.serial_number)
        if since is not None and at >= since:
            raise Untrusted(f"the certificate of {name!r} was revoked on {since:%Y-%m-%d}; make a new key")
        if role is not None and role not in roles_in(certificate):
            held = ", ".join(sorted(roles_in(certificate))) or "none"
            raise Untrusted(f"the certificate of {name!r} does not name the role '{role}' (it names: {held})")

    def _require_issued(self, certificate: x509.Certificate) -> None:
        try:
            certificate.verify_directly_issued_by(self.root)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
            who = common_name(self.root)
            name = common_name(certificate)
            raise Untrusted(f"the certificate of {name!r} was not issued by {who!r}; trust no other") from None


def common_name(certificate: x509.Certificate) -> str:
    """Return the name of a certificate's holder; "?" where the certificate is damaged."""
    try:
        found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError:
        return "?"
    return str(found[0].value) if found else ""


def roles_in(certificate: x509.Certificate) -> frozenset[str]:
    """Return the roles that the authority wrote into a certificate (its organisational units)."""
    return frozenset(str(a.value) for a in certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME))


def require_signature(certificate: x509.Certificate, signature: bytes, data: bytes) -> None:
    """Hold a signature against data.

    Raises:
        SealBroken: it is the signature of something else or of somebody else.
    """
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SealBroken(f"the key of {common_name(certificate)!r} is not of the kind P-256")
    try:
        key.verify(signature, data, ec.ECDSA(SHA256()))
    except InvalidSignature:
        raise SealBroken(f"the signature of {common_name(certificate)!r} does not fit the content") from None


def refuse_marked(what: str, text: str) -> None:
    """Refuse a text that carries a mark of simulation.

    Raises:
        Refused: names the mark.
    """
    for mark in marks():
        if mark in text:
            raise simulated(what, mark)


def simulated(what: str, mark: str) -> Refused:
    """Return the refusal of a document that carries a mark of simulation."""
    return Refused(f"{what}: carries the mark of simulation {mark!r}; a simulated document is never sealed")


@cache
def marks() -> tuple[str, ...]:
    """Return the texts by which the writers mark a simulated document.

    The Chinese word alone is not among them: 模拟 also means analogue, and may stand in the name of an instrument.
    """
    texts = catalogue("reports")
    said = [texts[f"simulated.{key}"] for key in ("banner", "statement", "unsigned")]
    return (texts["simulated.mark"].en, *(t for both in said for t in (both.zh, both.en)))


class _HtmlSeal(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    certificate: str
    signature: str
    time: datetime


def seal_html(page: bytes, signer: Signer) -> bytes:
    """Seal an HTML page: its last line becomes a comment with a signature over every byte before it.

    Raises:
        Refused: the page carries a mark of simulation.
        SealBroken: the page is sealed already, or does not end with a line feed.
    """
    text = _visible(page)
    refuse_marked("certificate.html", text)
    numbers = re.findall(rf"<title>[^<]*\s({SIMULATED_SERIES}\S*)</title>", text)
    if numbers:
        raise simulated("certificate.html: title", numbers[0])
    if _HTML_HEAD in page:
        raise SealBroken("certificate.html: carries a seal already; seal the page as it was made")
    body = page if page.endswith(b"\n") else page + b"\n"
    time = datetime.now(UTC).replace(microsecond=0)
    signature = signer.sign(_html_message(body, time))
    said = _HtmlSeal(
        certificate=base64.b64encode(signer.certificate.public_bytes(Encoding.DER)).decode(),
        signature=base64.b64encode(signature).decode(),
        time=time,
    )
    return body + _HTML_HEAD + msgspec.json.encode(said, order="sorted") + _HTML_TAIL


def verify_html(page: bytes, trust: Trust) -> Seal:
    """Verify the seal of an HTML page, byte for byte.

    Raises:
        SealBroken: there is no seal, or a byte was changed.
        Untrusted: the seal is not of the trusted authority.
    """
    body, head, rest = page.partition(_HTML_HEAD)
    if not head:
        raise SealBroken("certificate.html: carries no seal")
    try:
        said = msgspec.json.decode(rest.removesuffix(_HTML_TAIL), type=_HtmlSeal)
        given = base64.b64decode(said.certificate, validate=True)
        signature = base64.b64decode(said.signature, validate=True)
    except (msgspec.MsgspecError, ValueError) as problem:
        raise SealBroken(f"certificate.html: the seal cannot be read: {problem}") from None
    certificate = trust.load(given)
    again = _HtmlSeal(
        certificate=base64.b64encode(certificate.public_bytes(Encoding.DER)).decode(),
        signature=base64.b64encode(signature).decode(),
        time=said.time,
    )
    if msgspec.json.encode(again, order="sorted") + _HTML_TAIL != rest or said.time.tzinfo is None:
        raise SealBroken("certificate.html: the seal is not written as it was made")
    require_signature(certificate, signature, _html_message(body, said.time))
    trust.require(certificate, said.time, SEAL_ROLE)
    return Seal(name=common_name(certificate), certificate=certificate, time=said.time)


def _html_message(body: bytes, time: datetime) -> bytes:
    return _HTML_CONTEXT + time.isoformat().encode() + b"\0" + body


def _visible(page: bytes) -> str:
    """Return a page without its embedded files, in whose base64 any four letters may occur."""
    return re.sub(r"base64,[A-Za-z0-9+/=]+", "", page.decode("utf-8"))
