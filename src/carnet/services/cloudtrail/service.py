"""The traits of the CloudTrail service."""

from __future__ import annotations

from carnet import models
from carnet.base.faults import FAULTS, Denied, Unavailable
from carnet.services.service import Service

cloudtrail = Service(
    "cloudtrail",
    fault_codes={
        **dict.fromkeys(FAULTS, "ValidationError"),
        Denied: "AccessDenied",
        Unavailable: "ServiceUnavailable",
    },
    not_written=tuple(sorted(set(models.service("cloudtrail").operations) - {"LookupEvents"})),
)
