"""What names the key that an identity provider signs with."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

_KEPT = 1024


@lru_cache(_KEPT)
def key_hash(certificate: str) -> str:
    """SHA-256, in hexadecimal digits, of the public key of a certificate (base64 of DER), as it stands there.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SAMLKeyHashEntry.html
    """
    # cryptography is imported when the first certificate comes.
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = x509.load_der_x509_certificate(base64.b64decode(certificate)).public_key()
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def key_hashes(*certificates: Iterable[str]) -> list[str]:
    """The hashes of the keys of certificates, each once, in their order."""
    return list(dict.fromkeys(map(key_hash, chain(*certificates))))
