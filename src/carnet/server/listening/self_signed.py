"""A certificate for development, in a directory of its own, renewed before it expires.

It is signed by an authority that is made for this one signature: the authority's key is nowhere, so a client that
trusts the authority trusts this certificate and no other. (A certificate that is its own authority is refused by some
TLS libraries, such as rustls.)
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from carnet.base.whole_file import whole_file

AUTHORITY = "ca.pem"
"""The file of the authority, in the directory."""
_VALID = timedelta(days=365)
_RENEWED_BEFORE = timedelta(days=30)
_CLOCKS_DIFFER = timedelta(hours=1)
_LOCAL = ("localhost", "127.0.0.1", "::1")


class SelfSigned(NamedTuple):
    """The two files, each PEM."""

    authority: Path
    """What a client is told to trust, such as by AWS_CA_BUNDLE."""
    server: Path
    """The server's key and certificate."""


def self_signed(directory: Path, host: str, now: datetime) -> SelfSigned:
    """The certificate in the directory if it is good for `host` and for 30 more days; else a new one of 365 days.

    It is good for localhost, 127.0.0.1 and ::1 besides, and if `host` stands for every address, for this machine's
    name. The files are their owner's alone (0600). Raises OSError, and ValueError if `host` can be in no certificate.
    """
    files = SelfSigned(directory / AUTHORITY, directory / "server.pem")
    names = _names(host)
    if not _is_good(files, names, now):
        directory.mkdir(mode=0o700, exist_ok=True)
        authority, server = _file_contents(names, now)
        for path, content in ((files.authority, authority), (files.server, server)):
            with whole_file(path) as file:
                file.write(content)
    return files


def _names(host: str) -> tuple[x509.GeneralName, ...]:
    wanted = dict.fromkeys((*_LOCAL, host))
    try:
        if ip_address(host.partition("%")[0]).is_unspecified:
            wanted = dict.fromkeys((*_LOCAL, socket.gethostname()))
    except ValueError:
        pass
    return tuple(map(_name, wanted))


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host.partition("%")[0]))
    except ValueError:
        return x509.DNSName(host.encode("idna").decode())


def _is_good(files: SelfSigned, names: Iterable[x509.GeneralName], now: datetime) -> bool:
    """Whether both are there, in time, and belong together; an interrupted start may have left two that do not."""
    try:
        authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
        server = x509.load_pem_x509_certificate(files.server.read_bytes())
        key = load_pem_private_key(files.server.read_bytes(), None)
        server.verify_directly_issued_by(authority)
        certified = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (FileNotFoundError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return (
        key.public_key() == server.public_key()
        and set(names) <= set(certified)
        and server.not_valid_before_utc <= now < server.not_valid_after_utc - _RENEWED_BEFORE
    )


def _file_contents(names: Iterable[x509.GeneralName], now: datetime) -> tuple[bytes, bytes]:
    """The contents of the two files."""
    signing, key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    issuer = _name_of("Carnet, self-signed for development")
    identifier = x509.SubjectKeyIdentifier.from_public_key(signing.public_key())
    authority = (
        _certificate_builder(issuer, issuer, signing, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(of_authority=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(signing, SHA256())
    )
    server = (
        _certificate_builder(_name_of("Carnet"), issuer, key, now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(of_authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(signing, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return authority.public_bytes(Encoding.PEM), private + server.public_bytes(Encoding.PEM)


def _name_of(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate_builder(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(
        issuer, subject, key.public_key(), x509.random_serial_number(), now - _CLOCKS_DIFFER, now + _VALID
    )


def _usage(*, of_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not of_authority,
        key_cert_sign=of_authority,
        crl_sign=of_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
