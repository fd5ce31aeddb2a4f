"""The events of sign-ins in a browser, as CloudTrail has them.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html
https://docs.aws.amazon.com/singlesignon/latest/userguide/understanding-sign-in-events.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from carnet.audit.events import Event, arrival
from carnet.audit.redaction import HIDDEN
from carnet.audit.steps import Arrived

SIGN_IN, SIGN_OUT, NEW_PASSWORD, NEW_DEVICE = "ConsoleLogin", "Logout", "PasswordUpdated", "MfaDeviceRegistered"
FAILED = "Failed authentication"
NO_USER = "No username found in supplied account"
_SOURCE = "signin.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who signs in, as far as it is known."""

    type: str
    """`IAMUser`, `Root` or `IdentityCenterUser`."""
    account: str | None
    name: str | None = None
    """None if there is nobody of the name that was typed: people type passwords there, so it is told to nobody."""
    principal_id: str | None = None
    arn: str | None = None
    extra: Mapping[str, Any] | None = None

    def identity(self) -> Event:
        known = {"principalId": self.principal_id, "arn": self.arn, "accountId": self.account}
        told = {"type": self.type, **{name: value for name, value in known.items() if value is not None}}
        if self.type == "IAMUser" or self.principal_id is None:
            told["userName"] = self.name if self.name is not None else HIDDEN
        return {**told, **(self.extra or {})}


def sign_in_event(
    arrived: Arrived,
    who: Who,
    *,
    name: str = SIGN_IN,
    to: str,
    problem: str | None = None,
    mfa: str | None = None,
) -> Event:
    """The event of a sign-in that has succeeded, or failed for a `problem`; `mfa` names the device, if one was used."""
    event = arrival(arrived, ())
    mfa_used = {"MFAIdentifier": mfa, "MFAUsed": "Yes"} if mfa is not None else {"MFAUsed": "No"}
    event |= {
        "userIdentity": who.identity(),
        "eventSource": _SOURCE,
        "eventName": name,
        "eventType": "AwsConsoleSignIn",
        "readOnly": False,
        "responseElements": {name: "Success" if problem is None else "Failure"},
        "additionalEventData": {"LoginTo": to, "MobileVersion": "No", **mfa_used},
        "recipientAccountId": who.account,
    }
    if problem is not None:
        event["errorMessage"] = problem
    return event
