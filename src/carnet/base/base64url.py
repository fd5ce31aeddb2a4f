"""Base64 for URLs and tokens, without padding.

https://www.rfc-editor.org/rfc/rfc7515#appendix-C
"""

from __future__ import annotations

import base64
import binascii


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """The bytes that the text stands for. Raises ValueError for any other text than `encode` makes of them.

    Python skips what is not base64 and ignores bits left over, so that several texts would stand for the same bytes.
    """
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise ValueError("it is no base64url") from None
    if encode(raw) != text:
        raise ValueError("it is no base64url")
    return raw
