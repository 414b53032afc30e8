"""Seals: both libraries verify, a foreign one is refused, and no single byte can be changed unseen."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

from reports.dcc_check import check
from reports.errors import ReportError, SealBroken, Untrusted
from reports.issue import make
from reports.seal import SEAL_ROLE, Seal, Trust, seal_html, verify_html
from reports.seal_dcc import seal_dcc, verify_dcc
from reports.seal_pdf import attached, seal_pdf, verify_pdf

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from measured_run import measured_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from reports.issue import Documents

NOW = datetime.now(UTC).replace(microsecond=0)
VERIFY: dict[str, Callable[[bytes, Trust], Any]] = {"dcc": verify_dcc, "pdf": verify_pdf, "html": verify_html}


class Signer:
    """A seal whose key lives in memory: the smallest thing that `reports.seal.Signer` permits."""

    def __init__(self, root: Root, role: str = SEAL_ROLE, begin: datetime = NOW - timedelta(days=1)) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = root.certify("Test Seal", role, self._key, begin)

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data, ec.ECDSA(SHA256()))


class Root:
    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test Root")])
        self.certificate = self._issue(self._name, self._key, NOW - timedelta(days=3000), 6000)

    @property
    def trust(self) -> Trust:
        return Trust(root=self.certificate)

    def certify(self, name: str, role: str, key: ec.EllipticCurvePrivateKey, begin: datetime) -> x509.Certificate:
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, role),
                x509.NameAttribute(NameOID.COMMON_NAME, name),
            ]
        )
        return self._issue(subject, key, begin, 30)

    def _issue(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, begin: datetime, days: int
    ) -> x509.Certificate:
        authority = subject == self._name
        usage = x509.KeyUsage(not authority, not authority, False, False, False, authority, authority, False, False)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, SHA256())
        )


@pytest.fixture(scope="module")
def root() -> Root:
    return Root()


@pytest.fixture(scope="module")
def plain() -> Documents:
    return make(measured_record("C-2026-00001"))


@pytest.fixture(scope="module")
def sealed(root: Root) -> Documents:
    return make(measured_record("C-2026-00001"), signer=Signer(root))


def test_each_seal_verifies_and_says_who_and_when(sealed: Documents, root: Root) -> None:
    for kind, verify in VERIFY.items():
        found = verify(getattr(sealed, kind), root.trust)
        seal: Seal = found[0] if kind == "dcc" else found
        assert seal.name == "Test Seal"
        assert NOW - timedelta(minutes=1) <= seal.time <= datetime.now(UTC)


def test_the_sealed_dcc_is_valid_and_says_that_it_is_sealed(sealed: Documents, root: Root) -> None:
    assert check(sealed.dcc) == ()
    seen = verify_dcc(sealed.dcc, root.trust)[1]
    assert seen.findtext(".//{https://ptb.de/dcc}cryptElectronicSeal") == "true"
    algorithm = re.search(rb'CanonicalizationMethod Algorithm="([^"]+)"', sealed.dcc)
    assert algorithm is not None and algorithm[1] == b"http://www.w3.org/2006/12/xml-c14n11"


def test_the_sealed_dcc_lies_in_the_pdf_byte_for_byte(sealed: Documents) -> None:
    assert attached(sealed.pdf) == sealed.dcc
    assert f'dcc-sha256">{__import__("hashlib").sha256(sealed.dcc).hexdigest()}<' in sealed.html.decode()
    assert f'pdf-sha256">{__import__("hashlib").sha256(sealed.pdf).hexdigest()}<' in sealed.html.decode()


def test_the_pdf_permits_no_change_and_keeps_its_form(sealed: Documents, plain: Documents) -> None:
    import io

    assert sealed.pdf.startswith(plain.pdf[:2000])
    with pikepdf.open(io.BytesIO(sealed.pdf)) as pdf:
        assert pdf.open_metadata()["pdfaid:part"] == "3"
        signature = pdf.Root.AcroForm.Fields[0].V
        assert signature.SubFilter == "/ETSI.CAdES.detached"
        assert int(signature.Reference[0].TransformParams.P) == 1
        assert pdf.Root.Perms.DocMDP.objgen == signature.objgen


def test_one_line_feed_stands_between_typst_and_the_seal(sealed: Documents) -> None:
    """Without it the sealed file is no PDF/A any more (rule 6.1.9 of veraPDF)."""
    assert re.search(rb"%%EOF\n\d+ 0 obj", sealed.pdf)


def test_a_server_seals_and_verifies_inside_its_own_event_loop(plain: Documents, root: Root) -> None:
    import asyncio

    async def serve() -> Seal:
        return verify_pdf(seal_pdf(plain.pdf, Signer(root)), root.trust)

    assert asyncio.run(serve()).name == "Test Seal"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl program")
def test_openssl_verifies_the_seal_of_the_pdf(sealed: Documents, root: Root, tmp_path: Path) -> None:
    """A witness that shares no code with the sealing library."""
    found = re.findall(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]", sealed.pdf)
    _, length, after, rest = (int(n) for n in found[0])
    (tmp_path / "content").write_bytes(sealed.pdf[:length] + sealed.pdf[after : after + rest])
    (tmp_path / "seal.der").write_bytes(bytes.fromhex(sealed.pdf[length + 1 : after - 1].decode()))
    (tmp_path / "root.pem").write_bytes(root.certificate.public_bytes(Encoding.PEM))
    verify = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "seal.der", "-content", "content"]
    more = ["-CAfile", "root.pem", "-purpose", "any", "-out", "out"]
    good = subprocess.run([*verify, *more], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert good.returncode == 0, good.stderr
    content = bytearray((tmp_path / "content").read_bytes())
    content[1000] ^= 1
    (tmp_path / "content").write_bytes(content)
    bad = subprocess.run([*verify, *more], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert bad.returncode != 0


@pytest.mark.skipif(shutil.which("xmlsec1") is None, reason="needs the xmlsec1 program")
def test_xmlsec_verifies_the_seal_of_the_dcc(sealed: Documents, root: Root, tmp_path: Path) -> None:
    """A witness that shares no code with the sealing library, nor its canonicalisation."""
    (tmp_path / "root.pem").write_bytes(root.certificate.public_bytes(Encoding.PEM))
    names = [word for name in ("SignedProperties", "KeyInfo", "Signature") for word in ("--id-attr:Id", name)]
    for data, good in ((sealed.dcc, True), (sealed.dcc.replace(b"Acme", b"Acne"), False)):
        (tmp_path / "dcc.xml").write_bytes(data)
        command = ["xmlsec1", "--verify", "--trusted-pem", "root.pem", *names, "dcc.xml"]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (ran.returncode == 0) == good, ran.stderr


# ---------------------------------------------------------------- every byte


def edited(data: bytes, place: int, generator: random.Random) -> bytes:
    changed = bytearray(data)
    changed[place] = generator.choice([b for b in range(256) if b != data[place]])
    return bytes(changed)


def critical(kind: str, data: bytes) -> list[int]:
    """Return the places that no digest covers by itself: the seal, the declaration, the ends."""
    begin = {"dcc": b"<ds:Signature ", "pdf": b"/Contents <", "html": b"<!-- caltwin-seal"}[kind]
    start = data.rindex(begin)
    return [*range(60), *range(start, min(len(data), start + 6000)), *range(len(data) - 800, len(data))]


@pytest.mark.parametrize(("kind", "count"), [("dcc", 500), ("pdf", 60), ("html", 300)])
def test_every_single_byte_edit_is_found(kind: str, count: int, sealed: Documents, root: Root) -> None:
    """A seeded sample over the file and over what no digest covers; `tests/torture/documents.py` does every byte."""
    data: bytes = getattr(sealed, kind)
    generator = random.Random(20261122)
    places = generator.sample(range(len(data)), count // 2) + generator.sample(critical(kind, data), count // 2)
    missed = []
    for place in places:
        try:
            VERIFY[kind](edited(data, place, generator), root.trust)
        except ReportError:
            continue
        missed.append(place)
    assert not missed, [data[p - 20 : p + 20] for p in missed]


@pytest.mark.parametrize("kind", list(VERIFY))
@pytest.mark.parametrize("change", ["append", "cut", "prepend", "drop", "insert"])
def test_bytes_added_or_removed_are_found(kind: str, change: str, sealed: Documents, root: Root) -> None:
    data: bytes = getattr(sealed, kind)
    middle = len(data) // 2
    changed = {
        "append": data + b"\n",
        "cut": data[:-1],
        "prepend": b"\n" + data,
        "drop": data[:middle] + data[middle + 1 :],
        "insert": data[:middle] + b" " + data[middle:],
    }[change]
    with pytest.raises(ReportError):
        VERIFY[kind](changed, root.trust)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<?xml version='1.0'", b'<?xml version="1.0"'),
        (b"<?xml version='1.0'", b"<?xml version='1.1'"),
        (b"<?xml version='1.0'", b"<?xml version='1.7'"),
        (b"encoding='UTF-8'?>", b"encoding='UTF-8' ?>"),
        (b"<dcc:items>", b"<dcc:items >"),
        (b"<dcc:items>", b"<!-- x --><dcc:items>"),
        (b"</ds:KeyInfo>", b"</ds:KeyInfo> "),
        (b"<ds:Object>", b"<ds:Object> "),
        (b"<ds:Object>", b'<ds:Object Id="x">'),
        (b"<ds:SignatureValue>", b"<ds:SignatureValue> "),
        (b"</dcc:digitalCalibrationCertificate>", b"</dcc:digitalCalibrationCertificate><!-- x -->"),
        (b"?>\n<dcc", b"?>\n<!DOCTYPE x><dcc"),
        (b"?>\n<dcc", b"?>\n<?x y?><dcc"),
    ],
)
def test_an_edit_that_xml_signatures_forgive_is_found(old: bytes, new: bytes, sealed: Documents, root: Root) -> None:
    changed = sealed.dcc.replace(old, new)
    assert changed != sealed.dcc
    with pytest.raises(SealBroken):
        verify_dcc(changed, root.trust)


def test_the_hexadecimal_of_a_pdf_seal_has_one_form(sealed: Documents, root: Root) -> None:
    start = sealed.pdf.rindex(b"/Contents <") + 11
    place = next(n for n in range(start, start + 400) if sealed.pdf[n : n + 1] in b"ABCDEF")
    lower = sealed.pdf[:place] + sealed.pdf[place : place + 1].lower() + sealed.pdf[place + 1 :]
    with pytest.raises(SealBroken, match="not of the form"):
        verify_pdf(lower, root.trust)


def test_an_update_after_the_seal_is_found(sealed: Documents, root: Root) -> None:
    import io

    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(sealed.pdf))
    writer.root["/PageMode"] = __import__("pyhanko.pdf_utils.generic", fromlist=["NameObject"]).NameObject("/UseNone")
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    with pytest.raises(SealBroken, match="does not cover the whole file"):
        verify_pdf(out.getvalue(), root.trust)


def test_a_signature_moved_to_another_document_is_found(sealed: Documents, root: Root) -> None:
    other = make(measured_record("C-2026-00002"), signer=Signer(root))
    pattern = re.compile(rb"<ds:Signature .*</ds:Signature>", re.DOTALL)
    moved = pattern.search(other.dcc)
    assert moved is not None
    with pytest.raises(SealBroken):
        verify_dcc(pattern.sub(lambda _: moved[0], sealed.dcc), root.trust)
    head = b"<!-- caltwin-seal "
    with pytest.raises(SealBroken):
        verify_html(sealed.html.partition(head)[0] + head + other.html.partition(head)[2], root.trust)


def test_signature_wrapping_is_found(sealed: Documents, root: Root) -> None:
    """The signed document moved into a corner of another one that the reader would see instead."""
    tree = etree.fromstring(sealed.dcc)
    signature = tree[-1]
    evil = etree.fromstring(sealed.dcc)
    evil.remove(evil[-1])
    number = evil.find(".//{https://ptb.de/dcc}uniqueIdentifier")
    assert number is not None
    number.text = "C-2026-99999"
    holder = etree.SubElement(evil, "{https://ptb.de/dcc}comment")
    holder.append(tree)
    evil.append(signature)
    with pytest.raises(SealBroken):
        verify_dcc(etree.tostring(evil.getroottree(), xml_declaration=True, encoding="UTF-8") + b"\n", root.trust)


# ---------------------------------------------------------------- whose seal


@pytest.mark.parametrize("kind", list(VERIFY))
def test_the_seal_of_another_authority_is_refused(kind: str, sealed: Documents) -> None:
    with pytest.raises(Untrusted, match="was not issued by 'Test Root'"):
        VERIFY[kind](getattr(sealed, kind), Root().trust)


@pytest.mark.parametrize("kind", list(VERIFY))
def test_an_expired_another_role_or_a_revoked_seal_is_refused(kind: str, plain: Documents, root: Root) -> None:
    data: bytes = getattr(plain, kind)
    seal: Callable[..., bytes] = {"dcc": seal_dcc, "pdf": seal_pdf, "html": seal_html}[kind]
    expired = seal(data, Signer(root, begin=NOW - timedelta(days=90)))
    with pytest.raises(Untrusted, match="is valid"):
        VERIFY[kind](expired, root.trust)
    with pytest.raises(Untrusted, match="does not name the role 'seal'"):
        VERIFY[kind](seal(data, Signer(root, role="approver")), root.trust)
    good = Signer(root)
    sealed = seal(data, good)
    VERIFY[kind](sealed, root.trust)
    lost = Trust(root=root.certificate, revoked={good.certificate.serial_number: NOW - timedelta(hours=1)})
    with pytest.raises(Untrusted, match="was revoked"):
        VERIFY[kind](sealed, lost)
    later = Trust(root=root.certificate, revoked={good.certificate.serial_number: NOW + timedelta(days=1)})
    VERIFY[kind](sealed, later)


@pytest.mark.parametrize("kind", list(VERIFY))
def test_a_document_is_sealed_once(kind: str, sealed: Documents, root: Root) -> None:
    seal: Callable[..., bytes] = {"dcc": seal_dcc, "pdf": seal_pdf, "html": seal_html}[kind]
    with pytest.raises(SealBroken, match="carries a seal already"):
        seal(getattr(sealed, kind), Signer(root))


@pytest.mark.parametrize("kind", list(VERIFY))
def test_what_carries_no_seal_is_refused(kind: str, plain: Documents, root: Root) -> None:
    with pytest.raises(SealBroken, match=r"carries (no seal|0 seals)"):
        VERIFY[kind](getattr(plain, kind), root.trust)


@pytest.mark.parametrize("kind", list(VERIFY))
@pytest.mark.parametrize("data", [b"", b"\0" * 100, b"%PDF-1.7\n%%EOF\n", b"<?xml version='1.0'?><a/>\n", b"<html>"])
def test_nonsense_is_refused(kind: str, data: bytes, root: Root) -> None:
    with pytest.raises(SealBroken):
        VERIFY[kind](data, root.trust)
