"""The QR code by which an authenticator app imports the seed of a virtual MFA device.

https://github.com/google/google-authenticator/wiki/Key-Uri-Format
"""

from __future__ import annotations

import io
from urllib.parse import quote

_PIXELS = 5
"""The side of each square."""


def otpauth_uri(device: str, account: str, seed: str) -> str:
    """The URI in the QR code, as CreateVirtualMFADevice documents it; `seed` is Base32."""
    return f"otpauth://totp/{quote(f'{device}@{account}', safe='@')}?secret={seed}"


def png(text: str) -> bytes:
    """The QR code of the text. Drawing it takes some ten milliseconds."""
    import segno  # the import takes a tenth of a second

    picture = io.BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="png", scale=_PIXELS)
    return picture.getvalue()
