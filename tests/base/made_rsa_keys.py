"""RSA private keys made of numbers, as PEM that anybody may send."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.saml import idp


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """Those of a private key, in the order of RFC 8017."""

    n: int
    e: int
    d: int
    p: int
    q: int
    dmp1: int
    dmq1: int
    iqmp: int

    def pem(self) -> str:
        inside = b"".join(map(_integer, (0, *asdict(self).values())))
        text = base64.encodebytes(b"\x30" + _length(inside) + inside).decode()
        return f"-----BEGIN RSA PRIVATE KEY-----\n{text}-----END RSA PRIVATE KEY-----\n"

    def key(self) -> RSAPrivateKey:
        key = load_pem_private_key(self.pem().encode(), None, unsafe_skip_rsa_key_validation=True)
        assert isinstance(key, RSAPrivateKey)
        return key


def _length(inside: bytes) -> bytes:
    size = len(inside)
    if size < 0x80:
        return bytes([size])
    return b"\x81" + bytes([size]) if size < 0x100 else b"\x82" + size.to_bytes(2)


def _integer(number: int) -> bytes:
    inside = number.to_bytes(number.bit_length() // 8 + 1)
    return b"\x02" + _length(inside) + inside


def of_factors(p: int, q: int) -> Numbers:
    d = pow(65537, -1, (p - 1) * (q - 1))
    return Numbers(n=p * q, e=65537, d=d, p=p, q=q, dmp1=d % (p - 1), dmq1=d % (q - 1), iqmp=pow(q, -1, p))


def own() -> Numbers:
    """Those of a good key."""
    numbers = idp.rsa_key("own").private_numbers()
    return of_factors(numbers.p, numbers.q)


def of_no_primes() -> Numbers:
    """Those of a key whose factors are products of two primes each."""
    one, other = idp.rsa_key("own").private_numbers(), idp.rsa_key("other").private_numbers()
    return of_factors(one.p * other.p, one.q * other.q)
