"""The seal of a PDF: a PAdES baseline B certification signature that permits no later change.

The seal covers every byte but the place where it is itself written; that place is held to its one canonical form, so
that not even the unused zeros in it can be edited unseen.
"""

from __future__ import annotations

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from asn1crypto import cms  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding

from reports.checklist import SIMULATED_SERIES
from reports.errors import ReportError, SealBroken
from reports.pdf import DCC_NAME
from reports.seal import SEAL_ROLE, Seal, Trust, common_name, refuse_marked, simulated
from reports.seal_dcc import parse, refuse_simulated

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography import x509
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

    from reports.seal import Signer

FIELD = "Seal"
"""Name of the signature field."""
_ROOM = 4096
_Found = TypeVar("_Found")


def seal_pdf(pdf: bytes, signer: Signer) -> bytes:
    """Seal a PDF that carries a DCC.

    Raises:
        Refused: the PDF's title, keywords or its DCC carry a mark of simulation.
        SealBroken: it is no PDF, is sealed already, or carries no DCC.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers
    from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter

    reader = _reader(pdf)
    if list(reader.embedded_signatures):
        raise SealBroken("certificate.pdf: carries a seal already; seal the file as it was made")
    for key, value in _info(reader).items():
        where = f"certificate.pdf: {key.lower().lstrip('/')}"
        refuse_marked(where, str(value))
        if any(word.upper().startswith(SIMULATED_SERIES) for word in str(value).split()):
            raise simulated(where, str(value))
    refuse_simulated(parse(attached(pdf)))
    # Typst ends at %%EOF without a line feed; what follows would break PDF/A (rule 6.1.9 of veraPDF).
    whole = pdf if pdf.endswith(b"\n") else pdf + b"\n"
    sealer = signers.PdfSigner(
        signers.PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm="sha256",
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
            subfilter=SigSeedSubFilter.PADES,
            name=common_name(signer.certificate),
        ),
        signer=_pdf_signer(signer),
        new_field_spec=SigFieldSpec(FIELD, on_page=0),
    )

    def sealed() -> bytes:
        writer = IncrementalPdfFileWriter(io.BytesIO(whole))
        out: Any = sealer.sign_pdf(writer, bytes_reserved=_ROOM, output=io.BytesIO(), in_place=False)
        data: bytes = out.getvalue()
        return data

    return _outside_a_loop(sealed)


def attached(pdf: bytes) -> bytes:
    """Return the DCC that a PDF carries, byte for byte.

    Raises:
        SealBroken: it is no PDF, or does not carry exactly one DCC.
    """
    from pyhanko.pdf_utils.misc import PdfError

    reader = _reader(pdf)
    try:
        found = _files(reader.root["/Names"]["/EmbeddedFiles"])
        if len(found) != 1 or str(found[0].get("/UF", found[0].get("/F"))) != DCC_NAME:
            raise SealBroken(f"certificate.pdf: carries {len(found)} files instead of one {DCC_NAME}")
        data: bytes = found[0]["/EF"]["/F"].data
    except (PdfError, KeyError, TypeError, AttributeError, ValueError) as problem:
        raise SealBroken(f"certificate.pdf: carries no {DCC_NAME} that can be read ({problem})") from None
    return data


def verify_pdf(pdf: bytes, trust: Trust) -> Seal:
    """Verify the seal of a PDF, byte for byte.

    Raises:
        SealBroken: there is no seal, or a byte was changed or added.
        Untrusted: the seal is not of the trusted authority.
    """
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.general import SigningError
    from pyhanko.sign.validation.errors import SignatureValidationError

    reader = _reader(pdf)
    try:
        found = list(reader.embedded_signatures)
        if len(found) != 1:
            raise SealBroken(f"certificate.pdf: carries {len(found)} seals instead of one")
        embedded = found[0]
        certificate = trust.load(_strict(pdf, embedded))
        time = _time(embedded)
        status = _status(embedded, trust, certificate)
    except (PdfError, SignatureValidationError, SigningError) as problem:
        raise SealBroken(f"certificate.pdf: the seal cannot be read ({problem})") from None
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as problem:
        # pyHanko reads lazily and lets what a broken file causes through as it is.
        if isinstance(problem, ReportError):
            raise
        raise SealBroken(f"certificate.pdf: the file is damaged ({type(problem).__name__}: {problem})") from None
    trust.require(certificate, time, SEAL_ROLE)
    if not (status.intact and status.valid and status.trusted and status.docmdp_ok):
        raise SealBroken("certificate.pdf: the seal does not fit the content")
    return Seal(name=common_name(certificate), certificate=certificate, time=time)


def _reader(pdf: bytes) -> Any:
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        return PdfFileReader(io.BytesIO(pdf), strict=True)
    except (PdfError, KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as problem:
        raise SealBroken(f"certificate.pdf: not a PDF that can be read ({problem})") from None


def _info(reader: Any) -> dict[str, Any]:
    """Return the document information: title, author, keywords."""
    info = reader.trailer_view.get("/Info")
    held = {} if info is None else info.get_object() if hasattr(info, "get_object") else info
    return {str(key): held[key] for key in held}


def _files(node: Any) -> list[Any]:
    """Return the file specifications of a name tree."""
    names = list(node.get("/Names") or [])
    mine = [names[n].get_object() if hasattr(names[n], "get_object") else names[n] for n in range(1, len(names), 2)]
    return mine + [spec for kid in node.get("/Kids") or [] for spec in _files(kid.get_object())]


def _pdf_signer(signer: Signer) -> Any:
    from pyhanko.sign.signers.pdf_cms import Signer as CmsSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    store: Any = SimpleCertificateStore  # its constructor has no types

    class Adapter(CmsSigner):
        async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
            return signer.sign(data)

    return Adapter(signing_cert=_asn1(signer.certificate), cert_registry=store(), embed_roots=False)


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    made: asn1_x509.Certificate = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
    return made


def _time(embedded: EmbeddedPdfSignature) -> datetime:
    time = embedded.self_reported_timestamp
    if time is None or time.tzinfo is None:
        raise SealBroken("certificate.pdf: the seal names no time")
    return time.astimezone(UTC)


def _status(embedded: EmbeddedPdfSignature, trust: Trust, certificate: x509.Certificate) -> Any:
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    context = ValidationContext(
        trust_roots=[_asn1(trust.root)],
        allow_fetching=False,
        # Validity is held against the time of sealing, by `Trust`; any time inside serves here.
        moment=certificate.not_valid_before_utc,
    )
    return _outside_a_loop(lambda: validate_pdf_signature(embedded, signer_validation_context=context))


def _outside_a_loop(work: Callable[[], _Found]) -> _Found:
    """Call a function of pyHanko, which runs an event loop of its own, also from within one (a panel, a server)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(max_workers=1) as aside:
        return aside.submit(work).result()


def _strict(pdf: bytes, embedded: EmbeddedPdfSignature) -> bytes:
    """Hold the bytes that no digest covers to their one form; return the sealer's certificate, DER."""
    start, length, after, rest = (int(n) for n in embedded.byte_range)
    if start != 0 or after + rest != len(pdf) or not 0 < length < after:
        raise SealBroken("certificate.pdf: the seal does not cover the whole file")
    place = pdf[length:after]
    body = place[1:-1]
    if place[:1] != b"<" or place[-1:] != b">" or len(body) % 2:
        raise SealBroken("certificate.pdf: the seal is not of the form in which it was made")
    try:
        raw = bytes.fromhex(body.decode("ascii"))
        content = cms.ContentInfo.load(raw)
        der = content.dump()
    except (ValueError, UnicodeDecodeError, TypeError):
        raise SealBroken("certificate.pdf: the seal is damaged") from None
    if raw.hex().upper().encode() != body or raw != der + bytes(len(raw) - len(der)):
        raise SealBroken("certificate.pdf: the seal is not of the form in which it was made")
    return _profile(content, der)


def _profile(content: cms.ContentInfo, der: bytes) -> bytes:
    """Hold a CMS object (RFC 5652) to the profile that `seal_pdf` writes, by writing it anew from what is signed."""
    signed = content["content"]
    info, held = signed["signer_infos"][0], signed["certificates"][0].chosen
    sealer: bytes = held.dump()
    who = _der(0x30, held.issuer.dump(), held["tbs_certificate"]["serial_number"].dump())
    signer = _der(
        0x30,
        _VERSION_1,
        who,
        _SHA256,
        info["signed_attrs"].dump(),
        _der(0x30, _OID_ECDSA_SHA256),
        _der(0x04, info["signature"].native),
    )
    data = _der(
        0x30,
        _VERSION_1,
        _der(0x31, _SHA256),
        _der(0x30, _OID_DATA),
        _der(0xA0, sealer),
        _der(0x31, signer),
    )
    if _der(0x30, _OID_SIGNED_DATA, _der(0xA0, data)) != der:
        raise SealBroken("certificate.pdf: the seal is not of the form in which it was made")
    return sealer


def _der(tag: int, *parts: bytes) -> bytes:
    """Write one DER element."""
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes((tag, len(body))) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + body


_VERSION_1 = _der(0x02, b"\x01")
_OID_DATA = _der(0x06, bytes.fromhex("2a864886f70d010701"))
_OID_SIGNED_DATA = _der(0x06, bytes.fromhex("2a864886f70d010702"))
_OID_ECDSA_SHA256 = _der(0x06, bytes.fromhex("2a8648ce3d040302"))
_SHA256 = _der(0x30, _der(0x06, bytes.fromhex("608648016503040201")), _der(0x05))
