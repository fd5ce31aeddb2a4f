"""What is known of a sign-in between its steps. The browser hands it back: nothing is stored for who only tries.

It is sealed, `base64url(sealed JSON)`, so that nobody makes one, or reads the seed of a device that is being enrolled.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from carnet.entities.browser_session import HolderKind
from carnet.keyring.data_keys import Purpose
from carnet.keyring.errors import Unsealable
from carnet.keyring.keyring import Keyring, SealContext

LIFETIME = timedelta(minutes=10)
"""How long a sign-in may take."""
LONGEST_FLOW = 2048
_CONTEXT = SealContext(
    table="sign_ins", column="flow", account="", key="", owner="", purpose=Purpose.AUTHORIZATION_MESSAGES
)


class Stage(StrEnum):
    """What is to be given next."""

    MFA = "mfa"
    NEW_PASSWORD = "new-password"  # noqa: S105 - no password
    ENROL = "enrol"
    """A new MFA device: a first one for who must have one, or one more of who is signed in."""


class Flow(Struct, frozen=True, kw_only=True):
    """A sign-in in which the password was right.

    INVARIANT: it is good only as long as the holder has that very password.
    """

    kind: HolderKind
    account: str
    holder: str
    password_set: datetime
    stage: Stage
    started: datetime
    must_change: bool = False
    """Whether another password has to be set before anybody is signed in."""
    mfa: datetime | None = None
    mfa_device: str | None = None
    """The id of the device by which MFA was given."""
    challenge: str = ""
    """What a passkey is asked to sign, in hexadecimal digits."""
    seed: str = ""
    """Of the authenticator app that is being enrolled, in hexadecimal digits."""

    def is_good(self, now: datetime) -> bool:
        """Whether its time is not over. A clock that goes back lets nobody take longer."""
        return timedelta() <= now - self.started < LIFETIME

    def but(self, **changes: Any) -> Flow:
        """The flow with some members changed."""
        return msgspec.structs.replace(self, **changes)


def sealed_flow(keyring: Keyring, flow: Flow) -> str:
    """The sealed flow for the browser."""
    sealed = keyring.seal(msgspec.json.encode(flow), context=_CONTEXT)
    return base64.urlsafe_b64encode(sealed).decode("ascii")


def opened_flow(keyring: Keyring, text: str, now: datetime) -> Flow | None:
    """The flow that the browser has sent; None if it was not made here, or is too old."""
    try:
        sealed = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        flow = msgspec.json.decode(keyring.open(sealed, context=_CONTEXT), type=Flow)
    except (Unsealable, binascii.Error, UnicodeEncodeError, msgspec.DecodeError):
        return None
    return flow if flow.is_good(now) else None
