"""HKDF with SHA-256, in its two steps: several keys are derived from one salt, and the first step is the same for all.

https://www.rfc-editor.org/rfc/rfc5869
"""

from __future__ import annotations

import hmac

_HASH = "sha256"
_HASH_BYTES = 32


def extracted(secret: bytes, salt: bytes) -> bytes:
    """The pseudorandom key (32 bytes) of a secret and a salt."""
    return hmac.digest(salt, secret, _HASH)


def expanded(root: bytes, info: bytes, length: int) -> bytes:
    """So many bytes of key material from an extracted key, for the use that `info` names; 8160 bytes at most."""
    block = material = b""
    for counter in range(1, -(-length // _HASH_BYTES) + 1):
        block = hmac.digest(root, block + info + bytes((counter,)), _HASH)
        material += block
    return material[:length]
