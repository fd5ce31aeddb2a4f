"""The IAM service: the codes of its faults, and the operations not written yet."""

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
from carnet.services.iam.not_written import NOT_WRITTEN
from carnet.services.operation import Service

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
    not_written=NOT_WRITTEN,
)
