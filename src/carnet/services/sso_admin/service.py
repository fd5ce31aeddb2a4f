"""The traits of IAM Identity Center's API (sso-admin)."""

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
from carnet.services.service import Service
from carnet.services.sso_admin.quotas import SsoQuotas

sso_admin = Service(
    "sso-admin",
    fault_codes={
        AlreadyExists: "ConflictException",
        Denied: "AccessDeniedException",
        InUse: "ConflictException",
        Invalid: "ValidationException",
        Malformed: "ValidationException",
        Missing: "ResourceNotFoundException",
        TooMany: "ServiceQuotaExceededException",
        Unavailable: "InternalServerException",
        Unmodifiable: "ConflictException",
    },
    voice=Voice(code="ValidationException"),
    quotas=SsoQuotas(),
)
