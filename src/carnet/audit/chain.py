"""The chain of the audit log: every line ends with its number and a hash over it and all lines before it.

The last member of a line's object is `"chain":{"log":...,"number":...,"hash":...}`. The hash is SHA-256 of the former
line's hash, 32 bytes, and the line as it is without that member and without its end. The first line's number is 1, and
it follows 32 zero bytes. Who changes a line must change all that follow, and the checkpoints (`audit/checkpoints.py`)
hold some of their hashes, signed.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import NamedTuple

MEMBER_BYTES = 160
"""Longer than any member with what stands around it."""
_MEMBER = re.compile(
    rb',"chain":\{"log":"([0-9a-f]{16})","number":([1-9][0-9]{0,17}),"hash":"([0-9a-f]{64})"\}\}', re.ASCII
)
_BEGINS = b',"chain":{'
_LINKED = b'%b,"chain":{"log":"%b","number":%d,"hash":"%b"}}\n'


class Tip(NamedTuple):
    """A place in the chain: the line before it."""

    log: str
    """16 hexadecimal digits, which no other log has."""
    number: int
    hash: bytes


def beginning(log: str) -> Tip:
    """Before the first line."""
    return Tip(log, 0, bytes(32))


def linked(tip: Tip, lines: bytes) -> tuple[Tip, bytes]:
    """The lines with their places in the chain, and the place behind them."""
    number, last, log = tip.number, tip.hash, tip.log.encode()
    made: list[bytes] = []
    for line in lines.split(b"\n")[:-1]:
        number, last = number + 1, sha256(last + line).digest()
        made.append(_LINKED % (line[:-1], log, number, last.hex().encode()))
    return Tip(tip.log, number, last), b"".join(made)


def place_of(line: bytes) -> Tip | None:
    """What a line says of its place, without looking whether it is true; None for a line that says nothing."""
    begins = line.rfind(_BEGINS, -MEMBER_BYTES)
    found = _MEMBER.fullmatch(line, begins) if begins > 0 else None
    return None if found is None else Tip(found[1].decode(), int(found[2]), bytes.fromhex(found[3].decode()))


def hash_of(former: bytes, line: bytes) -> bytes:
    """The hash that a line with a place must have behind a line with this hash."""
    return sha256(former + line[: line.rfind(_BEGINS, -MEMBER_BYTES)] + b"}").digest()
