"""The longest duration of a console sign-in, as UpdateLoginProfile and UpdateRole change it.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnet.base.faults import Refused
from carnet.services.iam import sentences


def longest_sign_in(given: Mapping[str, Any], present: int | None) -> int | None:
    """The new duration in seconds, None for the default. Raises Refused (InvalidInput) if it is both set and reset."""
    reset = given.get("ResetMaxSigninSessionDuration", False)
    if reset and "MaxSigninSessionDuration" in given:
        raise Refused("InvalidInput", sentences.SESSION_DURATION_OR_NONE)
    return None if reset else given.get("MaxSigninSessionDuration", present)
