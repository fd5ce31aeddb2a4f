"""The traits of AWS Sign-In.

https://docs.aws.amazon.com/signin/latest/APIReference/Welcome.html
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
from carnet.services.paging import PagingStyle
from carnet.services.service import Service


def _validation_error(operation: str, faults: Sequence[Unmet]) -> Spoken:
    return Spoken("The request is invalid.", {"error": "INVALID_REQUEST"})


signin = Service(
    "signin",
    fault_codes={
        AlreadyExists: "ConflictException",
        Denied: "AccessDeniedException",
        InUse: "ConflictException",
        Invalid: "ValidationException",
        Malformed: "ValidationException",
        Missing: "ResourceNotFoundException",
        TooMany: "ServiceQuotaExceededException",
        Unavailable: "ServiceUnavailable",
        Unmodifiable: "AccessDeniedException",
    },
    voice=Voice(code="ValidationException", of_faults=_validation_error),
    paging=PagingStyle(
        limit="maxResults",
        start="nextToken",
        next="nextToken",
        invalid="The nextToken is none of this operation.",
        invalid_members={"error": "INVALID_REQUEST"},
    ),
)
