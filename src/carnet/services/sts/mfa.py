"""The MFA code of AssumeRole and GetSessionToken.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnet.base.faults import Denied
from carnet.entities.mfa_device import MfaKind
from carnet.identity.mfa import Codes, Hindrance
from carnet.services.code_check import Accepted, CodeCheck
from carnet.services.operation import Call

_MEMBERS = frozenset(("SerialNumber", "TokenCode"))
_BOTH = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
_NOT_OF_USER = (
    "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid "
    "and associated with this user."
)
_WRONG = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
_PAUSED = "MultiFactorAuthentication failed, too many MFA one time pass codes were invalid. Try again in a minute."
_LOCKED = (
    "MultiFactorAuthentication failed, too many MFA one time pass codes were invalid. Resynchronize the device "
    "(ResyncMFADevice) first."
)


def mfa_ms(call: Call, given: Mapping[str, Any]) -> int | None:
    """When MFA was given for the requested session: now, if the request has a code; None without one.

    INVARIANT: raises Denied for a code that was not checked.
    """
    if _MEMBERS.isdisjoint(given):
        return None
    if not isinstance(call.prepared, Accepted):
        raise Denied(_WRONG)
    return call.now_ms


def _codes(call: Call, given: Mapping[str, Any]) -> Codes:
    """The code and its device, a virtual one that is enabled for the caller itself. A role session has none."""
    serial, code = given.get("SerialNumber"), given.get("TokenCode")
    if serial is None or code is None:
        raise Denied(_BOTH)
    device = call.view.mfa_device(serial)
    if device is None or device.kind is not MfaKind.VIRTUAL or device.holder != call.caller.principal.id:
        raise Denied(_NOT_OF_USER)
    return Codes(device=device, codes=(code,))


MFA_CODE = CodeCheck(
    members=_MEMBERS,
    codes=_codes,
    missing=lambda code: Denied(_NOT_OF_USER),
    wrong=lambda: Denied(_WRONG),
    hindered={Hindrance.PAUSE: lambda: Denied(_PAUSED), Hindrance.LOCK: lambda: Denied(_LOCKED)},
    proves_mfa=True,
)
"""For `prepare=` of both operations."""
