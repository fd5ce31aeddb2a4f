"""The outcome of a step of a sign-in, and its failure, which has one sentence, whatever the cause."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from carnet.audit.events import Event
from carnet.server.own_api.problems import Problem

INCORRECT = "Your authentication information is incorrect. Please try again."
"""AWS's sentence, for an unknown account, an unknown user, one without a password, and a wrong password or code."""
EXPIRED = "Your sign-in has expired, or something has changed meanwhile. Please begin again."
PAUSED = "Too many wrong codes were given. Wait a minute, and try the code that is shown then."
LOCKED = "Too many wrong codes were given. The device has to be resynchronized, or replaced, by an administrator."
ELSEWHERE = "The people of this identity store sign in with their identity provider. Load the page again."
RESET_NEEDED = "Your password has expired. Ask your administrator to set another one."
NOT_MADE = "The passkey was not made for this page, or without checking who you are."
TOO_MANY_DEVICES = "There are 8 MFA devices already, and no more can be added."
NOT_ALLOWED = "Your policies do not allow iam:EnableMFADevice on yourself."
BEING_READ = "The policies of your account are being read. Load the page again."
SIGN_IN_AGAIN = "You have signed in a while ago. Sign in again, and do it then."
NOT_CHANGED = (
    "Either user is not authorized to perform iam:ChangePassword or entered password does not comply with account "
    "password policy set by administrator"
)
"""AWS's sentence."""


class Told(Struct, frozen=True, kw_only=True):
    """The answer to the browser."""

    members: dict[str, Any]
    event: Event | None = None
    """What the audit log is told; None for nothing, or if it knows it already."""
    token: str | None = None
    """Of the session that was begun."""
    account: str = ""
    revision: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    """Further ones, such as cookies."""


class Refusal(Problem):
    """A step that is refused, and the event that tells of it, if the audit log does not have it already."""

    def __init__(self, code: str, message: str, event: Event | None, status: int = 401) -> None:
        super().__init__(status, code, message)
        self.event = event


def expired(event: Event | None = None) -> Refusal:
    """The refusal of a flow that is not valid."""
    return Refusal("SignInExpired", EXPIRED, event)


def signed_out() -> Problem:
    """The refusal for a browser whose session is over."""
    return Problem(401, "SignInExpired", "Nobody has signed in in this browser, or the session is over.")
