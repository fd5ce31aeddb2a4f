"""A long text of bytes, sealed under the master key for a file.

`head length (4 bytes) | head | wrapped key (60) | parts`, each part `length (4) | ciphertext | tag (16)`. The head is
readable and authenticated. Each file has a key of its own, so that a part's number can be its nonce: parts cannot be
moved, left out or taken from another file, and the last one says that it is the last.

https://eprint.iacr.org/2015/189 (STREAM)
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from carnet.keyring.aead import KEY_BYTES, joined
from carnet.keyring.errors import Unsealable
from carnet.keyring.master_key import Wrapping

_PART_BYTES = 4 * 1024 * 1024
_LENGTH_BYTES = 4
_TAG_BYTES = 16
_WRAPPED_BYTES = 12 + KEY_BYTES + _TAG_BYTES
_WRAPPING = b"carnet-sealed-file-v1"


def seal(master: Wrapping, purpose: str, head: bytes, body: bytes) -> Iterator[bytes]:
    """The bytes of the file. `purpose` is what it is for: under another one it does not open."""
    key = os.urandom(KEY_BYTES)
    about = _context_of(purpose, head)
    yield len(head).to_bytes(_LENGTH_BYTES) + head + master.wrap(key, about)
    cipher, view = AESGCM(key), memoryview(body)
    starts = range(0, max(len(body), 1), _PART_BYTES)
    for number, start in enumerate(starts):
        part = cipher.encrypt(_nonce(number, last=number == len(starts) - 1), view[start : start + _PART_BYTES], about)
        yield len(part).to_bytes(_LENGTH_BYTES) + part


def head_of(sealed: bytes) -> bytes:
    """The head, of which nobody knows yet whether it is genuine. Raises Unsealable."""
    length = int.from_bytes(sealed[:_LENGTH_BYTES])
    if len(sealed) < _LENGTH_BYTES + length + _WRAPPED_BYTES:
        raise Unsealable("The file is not whole.")
    return sealed[_LENGTH_BYTES : _LENGTH_BYTES + length]


def unseal(master: Wrapping, purpose: str, sealed: bytes) -> bytes:
    """The body. Raises Unsealable for a file that was altered, cut, or sealed for another purpose or by another key."""
    about = _context_of(purpose, head := head_of(sealed))
    at = _LENGTH_BYTES + len(head) + _WRAPPED_BYTES
    key = master.unwrap(sealed[at - _WRAPPED_BYTES : at], about)
    if key is None:
        raise Unsealable("The file was altered, or sealed with another master key.")
    try:
        return b"".join(_parts(AESGCM(key), about, memoryview(sealed)[at:]))
    except InvalidTag:
        raise Unsealable("The file was altered.") from None


def _parts(cipher: AESGCM, about: bytes, rest: memoryview) -> Iterator[bytes]:
    number, last = 0, False
    while not last:
        length = int.from_bytes(rest[:_LENGTH_BYTES])
        part, rest = rest[_LENGTH_BYTES : _LENGTH_BYTES + length], rest[_LENGTH_BYTES + length :]
        last = len(rest) == 0
        if len(part) != length or length < _TAG_BYTES:
            raise Unsealable("The file is not whole.")
        yield cipher.decrypt(_nonce(number, last=last), part, about)
        number += 1


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11) + (b"\1" if last else b"\0")


def _context_of(purpose: str, head: bytes) -> bytes:
    return joined(_WRAPPING, purpose.encode(), hashlib.sha256(head).digest())
