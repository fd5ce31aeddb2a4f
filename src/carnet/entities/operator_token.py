"""Operator tokens: what the operator of an installation gives to programs that call Carnet's own HTTP API."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

PREFIX = "carnet_ot_"
"""How every token begins. Scanners for secrets find one by `carnet_ot_[0-9a-f]{64}`."""
TOKEN_BYTES = 32
_TOKEN = re.compile(rf"{PREFIX}[0-9a-f]{{{2 * TOKEN_BYTES}}}", re.ASCII)
_NAME = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?", re.ASCII)

TOKEN_RULE = f"An operator token is {PREFIX} and {2 * TOKEN_BYTES} of the characters 0 to 9 and a to f."
NAME_RULE = "The name of an operator token has 1 to 64 printable ASCII characters, and no space at its ends."


class OperatorScope(StrEnum):
    """What a token may be used for, in all accounts."""

    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"
    AUDIT_READ = "audit:read"
    DECISIONS_READ = "decisions:read"
    STATUS_READ = "status:read"


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorToken:
    """A token, of which only the digest is kept.

    `scopes` may hold some that a later release has made: they allow nothing here.
    """

    id: str
    name: str
    digest: str = field(repr=False)
    scopes: tuple[str, ...]
    created: datetime
    expires: datetime

    def is_good(self, now: datetime) -> bool:
        return now < self.expires


def is_token_name(text: str) -> bool:
    """Whether a token may be called that."""
    return _NAME.fullmatch(text) is not None


def token_text(entropy: bytes) -> str:
    """The token of TOKEN_BYTES random bytes."""
    return PREFIX + entropy.hex()


def token_digest(text: str) -> str | None:
    """What is kept of a token: its SHA-256. None for a text that is no token.

    A slow hash, as passwords need one, would add nothing to 256 random bits, and would let wrong tokens cost time.
    """
    if _TOKEN.fullmatch(text) is None:
        return None
    return hashlib.sha256(text.encode("ascii")).hexdigest()
