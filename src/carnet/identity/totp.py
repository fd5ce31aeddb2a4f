"""Time-based one-time codes, as authenticator apps make them: 6 digits, 30 seconds, HMAC-SHA-1.

https://www.rfc-editor.org/rfc/rfc6238 https://www.rfc-editor.org/rfc/rfc4226
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

STEP_SECONDS = 30
DIGITS = 6
SEED_BYTES = 40
"""As many as AWS's seeds have: 64 characters of Base32."""


def step_at(now: datetime) -> int:
    """The step that a moment belongs to: how many 30 seconds there are since 1970."""
    return int(now.timestamp()) // STEP_SECONDS


def code_of(seed: bytes, step: int) -> str:
    """The code of one step, which is not before 1970. `seed` has 16 bytes at least."""
    return HOTP(seed, DIGITS, SHA1()).generate(step).decode("ascii")  # noqa: S303 - as the RFC and the apps have it


def find_step(seed: bytes, codes: tuple[str, ...], steps: Iterable[int]) -> int | None:
    """The first of the steps whose code is the first of `codes`, if those that follow are the next ones.

    Returns the step of the last code. It takes the same time for all codes.
    """
    found = [step for step in steps if _all_same(seed, codes, step)]
    return found[0] + len(codes) - 1 if found else None


def _all_same(seed: bytes, codes: tuple[str, ...], step: int) -> bool:
    same = [
        hmac.compare_digest(code_of(seed, step + number).encode("ascii"), code.encode())
        for number, code in enumerate(codes)
    ]
    return all(same)
