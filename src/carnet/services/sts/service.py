"""The STS service: the codes of its faults, and the operations not written yet."""

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
from carnet.services.operation import Service

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
    not_written=(
        "AssumeRoleWithSAML",
        "AssumeRoleWithWebIdentity",
        "AssumeRoot",
        "DecodeAuthorizationMessage",
        "GetDelegatedAccessToken",
        "GetFederationToken",
        "GetWebIdentityToken",
    ),
)
