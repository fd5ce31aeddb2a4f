"""A device, or a program, that asks a person for leave by a code which the person types in a browser.

https://www.rfc-editor.org/rfc/rfc8628
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

ASKING = timedelta(minutes=10)
"""How long a device asks."""
POLL_SECONDS = 1
USER_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""What user codes are made of: no vowels, so no words, and nothing that looks like another."""
USER_CODE_LENGTH = 8


class DeviceState(StrEnum):
    """How far an authorization has come."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceAuthorization:
    """What one device asks. Of its user code the digest is kept, nothing of its device code, which is sealed."""

    id: str
    account: str
    """That of the Identity Center instance."""
    instance: str
    """The ARN of the instance."""
    user_code: str = field(repr=False)
    """The digest of the code that the person types. INVARIANT: unique in the installation while it is kept."""
    client: str
    client_name: str
    scopes: tuple[str, ...]
    network: str
    """From where it asked: a network, as text."""
    address: str
    user_agent: str
    created: datetime
    expires: datetime
    state: DeviceState = DeviceState.PENDING
    holder: str = ""
    """The id of the person who has answered; empty as long as none has."""
    sign_in: str = ""
    """The id of the browser's session in which that was."""

    def is_pending(self, now: datetime) -> bool:
        return self.state is DeviceState.PENDING and now < self.expires


def user_code_digest(text: str) -> str | None:
    """What is kept of a user code, however a person types it; None for a text that is none."""
    letters = text.replace("-", "").replace(" ", "").upper()
    if len(letters) != USER_CODE_LENGTH or not set(letters) <= set(USER_CODE_LETTERS):
        return None
    return hashlib.sha256(letters.encode()).hexdigest()


def user_code_of(entropy: bytes) -> str:
    """`XXXX-XXXX` from random bytes; the first letters come a little oftener."""
    letters = "".join(USER_CODE_LETTERS[byte % len(USER_CODE_LETTERS)] for byte in entropy[:USER_CODE_LENGTH])
    return f"{letters[:4]}-{letters[4:]}"
