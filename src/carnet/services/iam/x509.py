"""X.509 certificates as they are uploaded: whether they parse, are valid now, fit their key, and chain.

Reading them is slow work that a caller decides the size of, so it is done before an operation takes its turn.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_server-certs.html
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from carnet.base.faults import Refused
from carnet.base.rsa_numbers import numbers_fit
from carnet.services.iam import certificate_sentences
from carnet.services.operation import Call
from carnet.services.preparing import Pool, Preparation

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.x509 import Certificate

CERTIFICATES = Pool(name="certificates", size=1, waiting=16, seconds=10)
LONGEST_CHAIN = 20
"""Certificates in a chain. AWS does not say how many it takes; each costs a signature to verify."""
SMALLEST_RSA_BITS, LARGEST_RSA_BITS = 1024, 8192
_PROBE = b"the private key of a server certificate"


class ReadCertificate(NamedTuple):
    """The facts about a certificate that are stored beside its text."""

    fingerprint: str
    """SHA-256 of the certificate, in hexadecimal digits."""
    expires: datetime


def _signing_certificate(call: Call, given: Any) -> ReadCertificate:
    """Raises Refused (MalformedCertificate), also for one that is not valid now."""
    body = given["CertificateBody"]
    try:
        certificate = _certificate(body)
        _refuse_outdated(certificate, call.now)
    except Refused as fault:
        raise Refused("MalformedCertificate", certificate_sentences.certificate_malformed(body)) from fault
    return _read_certificate(certificate)


def _server_certificate(call: Call, given: Any) -> ReadCertificate:
    """Raises Refused: MalformedCertificate, or KeyPairMismatch."""
    certificate = _certificate(given["CertificateBody"])
    _refuse_outdated(certificate, call.now)
    _check_key(certificate, _private_key(given["PrivateKey"]))
    if "CertificateChain" in given:
        _check_chain([certificate, *_certificates(given["CertificateChain"])])
    return _read_certificate(certificate)


SIGNING_CERTIFICATE = Preparation(pool=CERTIFICATES, work=_signing_certificate)
"""For `prepare=` of the operation that uploads a signing certificate; gives a ReadCertificate."""
SERVER_CERTIFICATE = Preparation(pool=CERTIFICATES, work=_server_certificate)
"""For `prepare=` of the operation that uploads a server certificate, its key and its chain; gives a ReadCertificate."""


def _certificate(text: str) -> Certificate:
    found = _certificates(text)
    if len(found) != 1:
        raise Refused("MalformedCertificate", certificate_sentences.CERTIFICATE_NOT_PARSED)
    return found[0]


def _certificates(text: str) -> list[Certificate]:
    from cryptography.x509 import load_pem_x509_certificates

    if text.count("-----BEGIN CERTIFICATE-----") > LONGEST_CHAIN:
        raise Refused("MalformedCertificate", certificate_sentences.chain_too_long(LONGEST_CHAIN))
    try:
        return load_pem_x509_certificates(text.encode("latin-1"))
    except ValueError as problem:
        raise Refused("MalformedCertificate", certificate_sentences.CERTIFICATE_NOT_PARSED) from problem


def _private_key(text: str) -> PrivateKeyTypes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        # OpenSSL would search for primes (`base.rsa_numbers`).
        return load_pem_private_key(text.encode("latin-1"), password=None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm) as problem:
        raise Refused("MalformedCertificate", certificate_sentences.PRIVATE_KEY_NOT_PARSED) from problem


def _check_key(certificate: Certificate, private: PrivateKeyTypes) -> None:
    """Raise Refused unless the certificate's public key verifies a signature of the private key."""
    from cryptography.exceptions import InternalError, InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        public = certificate.public_key()
        match private, public:
            case RSAPrivateKey(), RSAPublicKey():
                if not SMALLEST_RSA_BITS <= private.key_size <= LARGEST_RSA_BITS:
                    raise Refused(
                        "MalformedCertificate", certificate_sentences.rsa_bits(SMALLEST_RSA_BITS, LARGEST_RSA_BITS)
                    )
                if not numbers_fit(private):
                    raise InvalidSignature
                public.verify(private.sign(_PROBE, PKCS1v15(), SHA256()), _PROBE, PKCS1v15(), SHA256())
            case EllipticCurvePrivateKey(), EllipticCurvePublicKey():
                public.verify(private.sign(_PROBE, ECDSA(SHA256())), _PROBE, ECDSA(SHA256()))
            case _:
                raise InvalidSignature
    except (InvalidSignature, InternalError, ValueError, UnsupportedAlgorithm) as problem:
        raise Refused("KeyPairMismatch", certificate_sentences.KEY_PAIR_MISMATCH) from problem


def _check_chain(certificates: Iterable[Certificate]) -> None:
    """Raise Refused unless each certificate was signed by the next one."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    for index, (signed, signer) in enumerate(pairwise(certificates), start=-1):
        try:
            signed.verify_directly_issued_by(signer)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError) as problem:
            raise Refused("MalformedCertificate", certificate_sentences.chain_broken(index)) from problem


def _refuse_outdated(certificate: Certificate, now: datetime) -> None:
    """Raise Refused for a certificate that has expired, or is not valid yet."""
    if now > certificate.not_valid_after_utc:
        raise Refused("MalformedCertificate", certificate_sentences.CERTIFICATE_EXPIRED)
    if now < certificate.not_valid_before_utc:
        first = certificate.not_valid_before_utc.isoformat()
        raise Refused("MalformedCertificate", certificate_sentences.certificate_not_valid_yet(first))


def _read_certificate(certificate: Certificate) -> ReadCertificate:
    from cryptography.hazmat.primitives.hashes import SHA256

    return ReadCertificate(certificate.fingerprint(SHA256()).hex(), certificate.not_valid_after_utc)
