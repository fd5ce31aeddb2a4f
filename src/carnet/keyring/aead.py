"""AES-256-GCM with a random nonce, and additional data that cannot be read in two ways.

https://csrc.nist.gov/pubs/sp/800/38/d/final
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16


class Aead:
    """One AES-256 key. A random nonce is safe for 2**32 messages under a key."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError("an AES-256 key has 32 bytes")
        self._cipher = AESGCM(key)

    def encrypt(self, plain: bytes, aad: bytes) -> bytes:
        """Nonce (12 bytes), ciphertext, tag (16 bytes)."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, aad)

    def decrypt(self, sealed: bytes, aad: bytes) -> bytes | None:
        """What was encrypted; None if bytes, key or additional data are not the ones of then."""
        if len(sealed) < _NONCE_BYTES + _TAG_BYTES:
            return None
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], aad)
        except InvalidTag:
            return None


def joined(*parts: bytes) -> bytes:
    """The parts with their lengths (4 bytes each), so that no two lists of parts give the same bytes."""
    return b"".join([len(part).to_bytes(4) + part for part in parts])
