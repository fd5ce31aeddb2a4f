"""The traits of the access portal.

https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/Welcome.html
"""

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
from carnet.models import Voice
from carnet.services.paging import PagingStyle
from carnet.services.service import Service

sso = Service(
    "sso",
    fault_codes={
        AlreadyExists: "InvalidRequestException",
        Denied: "Forbidden",
        InUse: "InvalidRequestException",
        Invalid: "InvalidRequestException",
        Malformed: "InvalidRequestException",
        Missing: "ResourceNotFoundException",
        TooMany: "TooManyRequestsException",
        Unavailable: "ServiceUnavailable",
        Unmodifiable: "InvalidRequestException",
    },
    voice=Voice(code="InvalidRequestException"),
    event_source="sso.amazonaws.com",
    paging=PagingStyle(
        limit="maxResults", start="nextToken", next="nextToken", invalid="Next token is not valid", default=100
    ),
)
