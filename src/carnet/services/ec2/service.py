"""The traits of the EC2 service."""

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

ec2 = Service(
    "ec2",
    fault_codes={
        AlreadyExists: "InvalidParameterValue",
        Denied: "UnauthorizedOperation",
        InUse: "InvalidParameterValue",
        Invalid: "InvalidParameterValue",
        Malformed: "InvalidParameterValue",
        Missing: "InvalidParameterValue",
        TooMany: "RequestLimitExceeded",
        Unavailable: "Unavailable",
        Unmodifiable: "UnauthorizedOperation",
    },
)
