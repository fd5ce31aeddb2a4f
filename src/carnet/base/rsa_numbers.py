"""RSA private keys that somebody else has made: whether their numbers fit each other.

OpenSSL's own check looks for primes: with a key of 8,192 bits it takes seconds, in which no other thread runs. Without
any check, numbers that are too large make each use of the key take as long. What is not looked for here, whether the
factors are primes, makes a key that opens nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


def numbers_fit(key: RSAPrivateKey) -> bool:
    """Whether both factors are odd and make the modulus, and the exponents and the coefficient follow from them."""
    private = key.private_numbers()
    p, q, d, public = private.p, private.q, private.d, private.public_numbers
    if p * q != public.n or min(p, q) < 3 or not p & q & 1 or d >= public.n:
        return False
    one = d * public.e - 1
    return (
        one % (p - 1) == one % (q - 1) == 0
        and (private.dmp1, private.dmq1) == (d % (p - 1), d % (q - 1))
        and private.iqmp < p
        and private.iqmp * q % p == 1
    )
