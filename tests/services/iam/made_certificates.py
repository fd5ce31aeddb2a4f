"""X.509 certificates and keys that tests make for themselves, around the time at which the world begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from tests.services.world import START

FIRST, LAST = START - timedelta(days=1), datetime(2099, 12, 31, tzinfo=UTC)
"""When they begin and end: good both by the clock of a world and by that of the machine."""
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Made:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def private(self, password: bytes | None = None) -> str:
        """The private key; encrypted, if there is a password."""
        encryption = NoEncryption() if password is None else BestAvailableEncryption(password)
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


def made(name: str, signer: Made | None = None, *, key: Key | None = None, last: datetime = LAST) -> Made:
    """A certificate of that name, signed by `signer` or by itself."""
    own = key or ec.generate_private_key(ec.SECP256R1())
    subject = _name(name)
    issuer = subject if signer is None else signer.certificate.subject
    builder = (
        x509.CertificateBuilder(issuer, subject, own.public_key(), x509.random_serial_number())
        .not_valid_before(FIRST)
        .not_valid_after(last)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    return Made(builder.sign(own if signer is None else signer.key, SHA256()), own)


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """A key, made once: making one takes long."""
    return rsa.generate_private_key(65537, bits)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
