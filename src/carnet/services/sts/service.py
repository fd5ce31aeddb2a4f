"""The traits of the STS service."""

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
from carnet.services.service import Service
from carnet.services.sts.quotas import StsQuotas
from carnet.services.sts.session_rule import refuse_session

sts = Service(
    "sts",
    fault_codes={
        AlreadyExists: "ValidationError",
        Denied: "AccessDenied",
        InUse: "ValidationError",
        Invalid: "ValidationError",
        Malformed: "MalformedPolicyDocument",
        Missing: "ValidationError",
        TooMany: "ValidationError",
        Unavailable: "ServiceUnavailable",
        Unmodifiable: "AccessDenied",
    },
    refuse_session=refuse_session,
    quotas=StsQuotas(),
)
