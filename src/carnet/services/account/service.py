"""The traits of the Account Management service."""

from __future__ import annotations

from dataclasses import replace

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
from carnet.services.paging import NEXT_TOKENS
from carnet.services.service import Service

account = Service(
    "account",
    fault_codes={
        AlreadyExists: "ConflictException",
        Denied: "AccessDeniedException",
        InUse: "ConflictException",
        Invalid: "ValidationException",
        Malformed: "ValidationException",
        Missing: "ResourceNotFoundException",
        TooMany: "TooManyRequestsException",
        Unavailable: "ServiceUnavailable",
        Unmodifiable: "ValidationException",
    },
    paging=replace(NEXT_TOKENS, default=50),
    not_written=(
        "AcceptPrimaryEmailUpdate",
        "GetGovCloudAccountInformation",
        "GetPrimaryEmailUpdateStatus",
        "SendPhoneNumberVerification",
        "StartPrimaryEmailUpdate",
        "VerifyPhoneNumber",
    ),
)
