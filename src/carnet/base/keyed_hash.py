"""HMAC with SHA-256 for many short messages under one key, and HKDF, which derives further keys with it.

https://www.rfc-editor.org/rfc/rfc2104 https://www.rfc-editor.org/rfc/rfc5869
"""

from __future__ import annotations

from hashlib import sha256

_BLOCK_BYTES = 64
_HASH_BYTES = 32
_INNER_PAD = bytes(byte ^ 0x36 for byte in range(256))
_OUTER_PAD = bytes(byte ^ 0x5C for byte in range(256))


class KeyedHash:
    """The two hashes of an HMAC, with the key already in them.

    A copy of `hmac.HMAC` begins with the key taken up, too, and costs nearly twice as much. `hmac.digest` takes longer
    than a `KeyedHash` that is made for two messages.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        """Raises ValueError for a key longer than 64 bytes, which would have to be hashed first."""
        if len(key) > _BLOCK_BYTES:
            raise ValueError("the key is too long")
        block = key.ljust(_BLOCK_BYTES, b"\0")
        self._inner = sha256(block.translate(_INNER_PAD))
        self._outer = sha256(block.translate(_OUTER_PAD))

    def hexdigest(self, message: bytes) -> str:
        """The HMAC of `message`, in hexadecimal."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.hexdigest()

    def digest(self, message: bytes) -> bytes:
        """The HMAC of `message`, 32 bytes."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()

    def expanded(self, info: bytes, length: int) -> bytes:
        """HKDF's second step, for which this key is what the first has extracted: key material for the use `info`.

        `length` is in bytes; 8160 at most.
        """
        block = material = b""
        for counter in range(1, -(-length // _HASH_BYTES) + 1):
            block = self.digest(block + info + bytes((counter,)))
            material += block
        return material[:length]
