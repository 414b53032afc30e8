"""Keys and certificates of the laboratory: one authority, and one certificate for each person, bench and seal.

A folder holds them: `authority.pem` (what others must trust), `<name>.pem`, the encrypted private keys `<name>.key`,
and `revoked.pem`, a revocation list. A laboratory keeps `authority.key` away from the bench. Keys in a token or a
remote service need a class with the two members of `reports.seal.Signer`, nothing else.
"""

from __future__ import annotations

import base64
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from bench.errors import ConfigurationError
from reports.seal import Trust, common_name, roles_in

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

AUTHORITY = "authority"
"""File name, without ending, of the authority's certificate and key."""
REVOKED = "revoked.pem"
"""File name of the revocation list."""


class Role(StrEnum):
    """What the holder of a key may do."""

    OPERATOR = "operator"
    """Measures (检定员 / 校准员)."""
    CHECKER = "checker"
    """Reviews a record (核验员)."""
    APPROVER = "approver"
    """Approves a record for issue (批准人)."""
    SEAL = "seal"
    """Seals documents in the laboratory's name."""
    BENCH = "bench"
    """Signs the heads of journals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSigner:
    """Sign with a key that was read from a file; implements `reports.seal.Signer`."""

    certificate: x509.Certificate
    """Certificate of the key."""
    _key: ec.EllipticCurvePrivateKey

    @property
    def name(self) -> str:
        """Return the holder's name."""
        return common_name(self.certificate)

    def sign(self, data: bytes) -> bytes:
        """Return the ECDSA signature of SHA-256 over `data`, DER."""
        return self._key.sign(data, ec.ECDSA(SHA256()))


def new_authority(
    folder: Path, organisation: str, password: str, *, now: datetime, years: int = 20
) -> x509.Certificate:
    """Make the laboratory's authority.

    Raises:
        ConfigurationError: the folder holds one already, or the password is too short.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{organisation} CA"),
        ]
    )
    certificate = (
        _builder(name, name, key.public_key(), now, years)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .sign(key, SHA256())
    )
    _keep(folder, AUTHORITY, certificate, key, password)
    return certificate


def new_key(
    folder: Path,
    name: str,
    roles: Iterable[Role],
    password: str,
    authority_password: str,
    *,
    now: datetime,
    years: int = 3,
) -> x509.Certificate:
    """Make a key and have the authority certify it for some roles.

    Raises:
        ConfigurationError: no authority, a wrong password, no role, or a name that is taken or is no file name.
    """
    chosen = sorted(set(roles))
    if not chosen:
        raise ConfigurationError(str(folder), "--role", f"name at least one role: {', '.join(Role)}")
    if {Role.SEAL, Role.BENCH} & set(chosen) and len(chosen) > 1:
        raise ConfigurationError(str(folder), "--role", "a seal or bench key holds no other role; make two keys")
    issuer = open_key(folder, AUTHORITY, authority_password)
    key = ec.generate_private_key(ec.SECP256R1())
    organisation = issuer.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    subject = x509.Name(
        [
            *organisation,
            *(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, role.value) for role in chosen),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    certificate = (
        _builder(subject, issuer.certificate.subject, key.public_key(), now, years)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.certificate.public_key()),  # type: ignore[arg-type]
            critical=False,
        )
        .sign(issuer._key, SHA256())
    )
    _keep(folder, name, certificate, key, password)
    return certificate


def open_key(folder: Path, name: str, password: str) -> FileSigner:
    """Open a key by its password.

    Raises:
        ConfigurationError: no such key, a wrong password, or a key file that others may read.
    """
    path = _place(folder, name, ".key")
    certificate = read_certificate(folder, name)
    try:
        shared = os.name == "posix" and path.stat().st_mode & 0o077
        secret = path.read_bytes()
    except OSError as problem:
        raise ConfigurationError(str(path), "(file)", problem.strerror or str(problem)) from None
    if shared:
        raise ConfigurationError(str(path), "(file)", "others may read this key; chmod 600, and consider it known")
    try:
        key = load_pem_private_key(secret, password.encode())
    except (ValueError, TypeError):
        raise ConfigurationError(str(path), "(password)", "is not the password of this key") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise ConfigurationError(str(path), "(file)", "is not the key of the certificate beside it")
    return FileSigner(certificate=certificate, _key=key)


def read_certificate(folder: Path, name: str) -> x509.Certificate:
    """Read a certificate.

    Raises:
        ConfigurationError: there is none by this name, or it cannot be read.
    """
    path = _place(folder, name, ".pem")
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as problem:
        known = ", ".join(names(folder)) or "none"
        why = f"{problem.strerror}; keys here: {known}; make one by `caltwin keys new`"
        raise ConfigurationError(str(path), "(file)", why) from None
    except ValueError:
        raise ConfigurationError(str(path), "(file)", "is no certificate in PEM form") from None


def names(folder: Path) -> tuple[str, ...]:
    """Return the names of the certificates in a folder, the authority's left out."""
    return tuple(sorted(p.stem for p in folder.glob("*.pem") if p.name not in (f"{AUTHORITY}.pem", REVOKED)))


def read_trust(folder: Path) -> Trust:
    """Read the authority to be trusted and what it has revoked.

    Raises:
        ConfigurationError: no authority, or a revocation list that is not its own.
    """
    root = read_certificate(folder, AUTHORITY)
    path = folder / REVOKED
    if not path.exists():
        return Trust(root=root)
    try:
        revoked = x509.load_pem_x509_crl(path.read_bytes())
    except ValueError:
        raise ConfigurationError(str(path), "(file)", "is no revocation list") from None
    key = root.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not revoked.is_signature_valid(key):
        raise ConfigurationError(str(path), "(file)", "is not signed by the authority beside it")
    return Trust(root=root, revoked={entry.serial_number: entry.revocation_date_utc for entry in revoked})


def revoke(folder: Path, name: str, authority_password: str, *, now: datetime) -> None:
    """Revoke a certificate from now on; what it signed before stays valid.

    Raises:
        ConfigurationError: no such certificate, or a wrong password.
    """
    issuer = open_key(folder, AUTHORITY, authority_password)
    certificate = read_certificate(folder, name)
    known = dict(read_trust(folder).revoked)
    known.setdefault(certificate.serial_number, now)
    listed = x509.CertificateRevocationListBuilder(issuer.certificate.subject, now, now + timedelta(days=3650))
    for serial, since in known.items():
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build()
        listed = listed.add_revoked_certificate(entry)
    part = folder / f"{REVOKED}.part"
    part.write_bytes(listed.sign(issuer._key, SHA256()).public_bytes(Encoding.PEM))
    part.replace(folder / REVOKED)


def roles_of(certificate: x509.Certificate) -> frozenset[Role]:
    """Return the roles that a certificate names."""
    return frozenset(role for role in Role if role.value in roles_in(certificate))


def public_key_of(certificate: x509.Certificate) -> str:
    """Return the key of a certificate as the register holds it: SubjectPublicKeyInfo, DER, base64."""
    der = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, years: int
) -> x509.CertificateBuilder:
    begin = now.astimezone(UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=round(365.25 * years)))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _place(folder: Path, name: str, ending: str) -> Path:
    if not re.fullmatch(r"[\w](?:[\w .·-]{0,62}[\w])?", name):
        raise ConfigurationError(str(folder), "--name", f"{name!r} cannot be a file name; use letters, digits, - . _")
    return folder / f"{name}{ending}"


def _keep(
    folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, password: str
) -> None:
    """Write key and certificate; an existing one is never overwritten."""
    if len(password) < 8:
        raise ConfigurationError(str(folder), "(password)", "is shorter than 8 characters; choose a longer one")
    place, held = _place(folder, name, ".pem"), _place(folder, name, ".key")
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode()))
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if place.exists() or held.exists():
            raise ConfigurationError(str(place), "--name", "exists already; revoke it and choose another name")
        descriptor = os.open(held, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret)
        place.write_bytes(certificate.public_bytes(Encoding.PEM))
    except OSError as problem:
        raise ConfigurationError(str(folder), "(folder)", problem.strerror or str(problem)) from None
