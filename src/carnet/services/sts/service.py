"""The STS service: the codes of its faults, and the operations not written yet."""

from __future__ import annotations

from carnet.base.faults import Denied, Invalid, Malformed, Unavailable
from carnet.services.operation import Service

sts = Service(
    "sts",
    fault_codes={
        Denied: "AccessDenied",
        Invalid: "ValidationError",
        Malformed: "MalformedPolicyDocument",
        Unavailable: "ServiceUnavailable",
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
