"""Tokens that prove something by 256 random bits, of which only the digest is kept."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class TokenForm:
    """The tokens of one kind: their prefix, by which scanners for secrets find them, and 64 hexadecimal digits."""

    prefix: str

    def text(self, entropy: bytes) -> str:
        """The token of TOKEN_BYTES random bytes."""
        return self.prefix + entropy.hex()

    def digest(self, text: str) -> str | None:
        """What is kept of a token: its SHA-256. None for a text that is no token of this kind.

        A slow hash, as passwords need one, would add nothing to 256 random bits, and would let wrong tokens cost time.
        """
        if re.fullmatch(rf"{self.prefix}[0-9a-f]{{{2 * TOKEN_BYTES}}}", text, re.ASCII) is None:
            return None
        return hashlib.sha256(text.encode("ascii")).hexdigest()
