"""The checksums of bodies that Amazon S3 knows.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable
from typing import Protocol

import anycrc
import xxhash

HEADER = "x-amz-checksum-"
"""The prefix of a checksum header; the name of the algorithm follows, in lower case."""


class Checksum(Protocol):
    """A checksum that is being computed."""

    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class _Cyclic:
    """A cyclic redundancy check, written in big-endian order."""

    def __init__(self, algorithm: Callable[[bytes, int], int], size: int) -> None:
        self._algorithm = algorithm
        self._size = size
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = self._algorithm(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size, "big")


_CRC32C = anycrc.Model("CRC32-ISCSI").calc
_CRC64NVME = anycrc.Model("CRC64-NVME").calc

ALGORITHMS: dict[str, tuple[Callable[[], Checksum], int]] = {
    "crc32": (lambda: _Cyclic(zlib.crc32, 4), 4),
    "crc32c": (lambda: _Cyclic(_CRC32C, 4), 4),
    "crc64nvme": (lambda: _Cyclic(_CRC64NVME, 8), 8),
    "md5": (lambda: hashlib.md5(usedforsecurity=False), 16),
    "sha1": (lambda: hashlib.sha1(usedforsecurity=False), 20),
    "sha256": (hashlib.sha256, 32),
    "sha512": (hashlib.sha512, 64),
    "xxhash64": (xxhash.xxh64, 8),
    "xxhash3": (xxhash.xxh3_64, 8),
    "xxhash128": (xxhash.xxh3_128, 16),
}
"""How each checksum is begun, and its length in bytes, by the name in the header."""


def read_checksum(text: str, size: int) -> bytes | None:
    """The bytes of a checksum header, which is base64; None if it has another length."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return value if len(value) == size else None
