"""The traits of the IAM service."""

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
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.session_rule import refuse_session
from carnet.services.iam.voice import VOICE
from carnet.services.paging import MARKERS
from carnet.services.service import Service

iam = Service(
    "iam",
    fault_codes={
        AlreadyExists: "EntityAlreadyExists",
        Denied: "AccessDenied",
        InUse: "DeleteConflict",
        Invalid: "ValidationError",
        Malformed: "MalformedPolicyDocument",
        Missing: "NoSuchEntity",
        TooMany: "LimitExceeded",
        Unavailable: "ServiceUnavailable",
        Unmodifiable: "UnmodifiableEntity",
    },
    voice=VOICE,
    refuse_session=refuse_session,
    tag_keys={"role/": "iam:ResourceTag/", "user/": "iam:ResourceTag/"},
    quotas=IamQuotas(),
    paging=MARKERS,
)
