"""IAM's errors for two consecutive codes of an MFA device.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ResyncMFADevice.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from carnet.base.faults import Missing, Refused
from carnet.identity.mfa import Codes, Hindrance
from carnet.services.code_check import CodeCheck
from carnet.services.iam import mfa_sentences


def check_of_pair(codes: Callable[[Any, Any], Codes]) -> CodeCheck:
    """For `prepare=` of an operation that takes two consecutive codes; `codes` is as that of a `CodeCheck`."""
    return CodeCheck(
        members=None,
        codes=codes,
        missing=lambda pair: Missing(mfa_sentences.MFA_DEVICE_NOT_OF_USER),
        wrong=lambda: _invalid(mfa_sentences.MFA_CODE_INVALID),
        hindered={
            Hindrance.PAUSE: lambda: _invalid(mfa_sentences.MFA_CODES_PAUSED),
            Hindrance.LOCK: lambda: _invalid(mfa_sentences.MFA_CODES_PAUSED),
        },
    )


def _invalid(message: str) -> Refused:
    return Refused("InvalidAuthenticationCode", message)
