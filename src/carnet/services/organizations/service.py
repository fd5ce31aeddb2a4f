"""The traits of AWS Organizations."""

from __future__ import annotations

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
from carnet.services.organizations.quotas import OrganizationsQuotas
from carnet.services.organizations.voice import VOICE
from carnet.services.paging import PagingStyle
from carnet.services.service import Service

organizations = Service(
    "organizations",
    fault_codes={
        AlreadyExists: "ConflictException",
        Denied: "AccessDeniedException",
        InUse: "ConflictException",
        Invalid: "InvalidInputException",
        Malformed: "MalformedPolicyDocumentException",
        Missing: "TargetNotFoundException",
        TooMany: "ConstraintViolationException",
        Unavailable: "ServiceUnavailable",
        Unmodifiable: "AccessDeniedException",
    },
    voice=VOICE,
    quotas=OrganizationsQuotas(),
    paging=PagingStyle(
        limit="MaxResults",
        start="NextToken",
        next="NextToken",
        invalid=(
            "You specified an invalid value for nextToken. You must get the value from the response to a previous call"
            " to the API."
        ),
        invalid_members={"Reason": "INVALID_NEXT_TOKEN"},
        default=20,
    ),
)
