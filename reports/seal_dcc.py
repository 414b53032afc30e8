"""The seal of a DCC: one enveloped XAdES signature, inclusive C14N 1.1, over the whole document.

XML signatures cover a canonical form, which forgives blanks inside tags, the XML declaration and the like. A sealed DCC
is therefore also held to the exact bytes that this module writes: what is not canonical is not ours.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lxml import etree

from reports.checklist import SIMULATED_SERIES
from reports.dcc_xml import DCC
from reports.errors import SealBroken
from reports.seal import SEAL_ROLE, Seal, Trust, common_name, refuse_marked, simulated

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

    from reports.seal import Signer

_DS = "http://www.w3.org/2000/09/xmldsig#"
_XADES = "http://uri.etsi.org/01903/v1.3.2#"
_NS = {"dcc": DCC, "ds": _DS, "xades": _XADES}
_DECLARATION = b"<?xml version='1.0' encoding='UTF-8'?>\n"
_SHAPE = ("SignedInfo", "SignatureValue", "KeyInfo", "Object")
_TWIN_MAKER, _TWIN_SERIAL = "caltwin", "TWIN"


class _Key:
    """Give a signer the face that signxml expects of a private key."""

    key_size = 256

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def sign(self, data: bytes, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        return self._signer.sign(data)


def parse(data: bytes) -> etree._Element:
    """Parse a DCC without network, entities or document type.

    Raises:
        SealBroken: not well-formed, or with a document type.
    """
    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as problem:
        raise SealBroken(f"dcc.xml: not well-formed: {problem}") from None
    docinfo: Any = root.getroottree().docinfo  # its stub forgets the document type
    if docinfo.doctype:
        raise SealBroken("dcc.xml: carries a document type, which no DCC has")
    return root


def written(root: etree._Element) -> bytes:
    """Return the one sequence of bytes in which a DCC of ours is written."""
    made: bytes = etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8")
    return made + b"\n"


def refuse_simulated(root: etree._Element) -> None:
    """Refuse a DCC that carries a mark of simulation or names an instrument that is a twin.

    Raises:
        Refused: names the mark and where it stands.
    """
    for element in root.iter(etree.Element):
        where = f"dcc.xml: {etree.QName(element).localname}"
        refuse_marked(where, element.text or "")
        if "caltwin_simulated" in (element.get("refType") or "").split():
            raise simulated(where, "caltwin_simulated")
    for element in root.iterfind(".//dcc:coreData/dcc:uniqueIdentifier", _NS):
        if (element.text or "").strip().upper().startswith(SIMULATED_SERIES):
            raise simulated("dcc.xml: uniqueIdentifier", str(element.text))
    for element in root.iterfind(".//dcc:identification/dcc:value", _NS):
        if _TWIN_SERIAL in (element.text or "").upper():
            raise simulated("dcc.xml: serial number", str(element.text))
    for element in root.iterfind(".//dcc:manufacturer//dcc:content", _NS):
        if (element.text or "").strip().lower() == _TWIN_MAKER:
            raise simulated("dcc.xml: manufacturer", str(element.text))


def seal_dcc(dcc: bytes, signer: Signer) -> bytes:
    """Seal a DCC; the result is to be stored and handed out as it is.

    Raises:
        Refused: the DCC carries a mark of simulation.
        SealBroken: it carries a seal already; a second one would break the first.
    """
    from signxml.algorithms import CanonicalizationMethod
    from signxml.xades.xades import XAdESDataObjectFormat, XAdESSigner

    root = parse(dcc)
    refuse_simulated(root)
    if root.find(f".//{{{_DS}}}Signature") is not None:
        raise SealBroken("dcc.xml: carries a seal already; a second one would break the first")
    sealer = XAdESSigner(
        signature_algorithm="ecdsa-sha256",
        digest_algorithm="sha256",
        c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_1,
        data_object_format=XAdESDataObjectFormat(Description="Digital calibration certificate", MimeType="text/xml"),
    )
    key: Any = _Key(signer)
    sealed = sealer.sign(root, key=key, cert=[signer.certificate], always_add_key_value=False)
    return written(sealed)


def verify_dcc(data: bytes, trust: Trust) -> tuple[Seal, etree._Element]:
    """Verify the seal of a DCC, byte for byte; return it with the document as the verifier saw it.

    Raises:
        SealBroken: there is no seal, or a byte was changed.
        Untrusted: the seal is not of the trusted authority.
    """
    from signxml.algorithms import DigestAlgorithm, SignatureMethod
    from signxml.exceptions import InvalidSignature as BrokenXml
    from signxml.exceptions import SignXMLException
    from signxml.xades.xades import XAdESSignatureConfiguration, XAdESVerifier

    root = parse(data)
    # lxml writes whatever version it has read: the declaration is held to its one form by itself.
    if written(root) != data or not data.startswith(_DECLARATION):
        raise SealBroken("dcc.xml: the bytes are not those that were sealed")
    signature = _signature(root)
    certificate = trust.load(_base64(signature, "ds:KeyInfo/ds:X509Data/ds:X509Certificate", folded=True))
    configuration = XAdESSignatureConfiguration(
        location="./",
        expect_references=3,
        signature_methods=frozenset({SignatureMethod.ECDSA_SHA256}),
        digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
        # Validity is held against the time of sealing, by `Trust`; any time inside serves here.
        verification_time=certificate.not_valid_before_utc,
    )
    try:
        results: Any = XAdESVerifier().verify(data, x509_cert=certificate, expect_config=configuration)
    except (SignXMLException, BrokenXml, etree.LxmlError, ValueError, KeyError, TypeError) as problem:
        raise SealBroken(f"dcc.xml: the seal does not fit the content ({type(problem).__name__})") from None
    covered = [r.signed_xml for r in results if r.signed_xml is not None and r.signed_xml.tag == root.tag]
    times = signature.findall(".//xades:SignedProperties//xades:SigningTime", _NS)
    if len(covered) != 1 or len(times) != 1:
        raise SealBroken("dcc.xml: the seal does not cover the whole document")
    time = datetime.fromisoformat(times[0].text or "")
    trust.require(certificate, time, SEAL_ROLE)
    return Seal(name=common_name(certificate), certificate=certificate, time=time), covered[0]


def _signature(root: etree._Element) -> etree._Element:
    """Return the one signature; refuse anything in or around it that no digest covers."""
    found = list(root.iter(f"{{{_DS}}}Signature"))
    if not found:
        raise SealBroken("dcc.xml: carries no seal")
    if len(found) > 1 or found[0].getparent() is not root or root[-1] is not found[0]:
        raise SealBroken("dcc.xml: carries a seal where none belongs")
    if next(root.iter(etree.Comment, etree.ProcessingInstruction), None) is not None or _beside(root):
        raise SealBroken("dcc.xml: carries a comment or an instruction, which no seal covers")
    signature = found[0]
    qualifying = signature.find("ds:Object/xades:QualifyingProperties", _NS)
    value = signature.find("ds:SignatureValue", _NS)
    loose = [signature, *signature, *signature.findall("ds:Object", _NS)]
    plain = (
        tuple(etree.QName(child).localname for child in signature) == _SHAPE
        and list(signature.attrib) == ["Id"]
        and qualifying is not None
        and qualifying.items() == [("Target", f"#{signature.get('Id')}")]
        and value is not None
        and not value.attrib
        and len(value) == 0
        and not signature[3].attrib
        and len(signature[3]) == 1
        and len(qualifying) == 1
        and not (signature.text or signature[3].text or qualifying.text)
        and not any(element.tail for element in (*loose[1:], qualifying, *qualifying))
    )
    if not plain:
        raise SealBroken("dcc.xml: the seal is not of the form in which it was made")
    _base64(signature, "ds:SignatureValue")
    return signature


def _beside(root: etree._Element) -> bool:
    return root.getprevious() is not None or root.getnext() is not None


def _base64(signature: etree._Element, path: str, *, folded: bool = False) -> bytes:
    """Decode base64 that is written in the one canonical way; a folded one may hold line feeds."""
    text = signature.findtext(path, "", _NS) or ""
    plain = text.replace("\n", "") if folded else text
    try:
        data = base64.b64decode(plain, validate=True)
    except ValueError:
        data = b""
    if not data or base64.b64encode(data).decode() != plain:
        raise SealBroken("dcc.xml: the seal is not of the form in which it was made")
    return data
