"""The traits of IAM Identity Center OIDC.

https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Sequence

from carnet.base.faults import (
    AlreadyExists,
    Denied,
    InUse,
    Invalid,
    Malformed,
    Missing,
    TooMany,
    Unavailable,
    Unmodifiable,
)
from carnet.models import Spoken, Unmet, Voice
from carnet.services.service import Service


def _validation_error(operation: str, faults: Sequence[Unmet]) -> Spoken:
    return Spoken("Invalid request", {"error": "invalid_request"})


sso_oidc = Service(
    "sso-oidc",
    fault_codes={
        AlreadyExists: "InvalidRequestException",
        Denied: "AccessDeniedException",
        InUse: "InvalidRequestException",
        Invalid: "InvalidRequestException",
        Malformed: "InvalidRequestException",
        Missing: "InvalidRequestException",
        TooMany: "SlowDownException",
        Unavailable: "ServiceUnavailable",
        Unmodifiable: "InvalidRequestException",
    },
    voice=Voice(code="InvalidRequestException", of_faults=_validation_error),
)
