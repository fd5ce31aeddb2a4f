"""Proof Key for Code Exchange (PKCE): only the client that asked for a code can redeem it.

https://www.rfc-editor.org/rfc/rfc7636
"""

from __future__ import annotations

import hashlib
import hmac
import re

from carnet.base import base64url

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def is_challenge(text: str) -> bool:
    """Whether a text has the form of a challenge that was made by SHA-256: base64url of 32 bytes."""
    return _CHALLENGE.fullmatch(text) is not None


def is_verifier_of(challenge: str, verifier: str) -> bool:
    """Whether a PKCE challenge was made of a verifier, by SHA-256. INVARIANT: there is no other method."""
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    made = base64url.encode(hashlib.sha256(verifier.encode("ascii")).digest())
    return hmac.compare_digest(made.encode(), challenge.encode())
