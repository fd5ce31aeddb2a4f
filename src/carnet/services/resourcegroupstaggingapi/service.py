"""The traits of the Resource Groups Tagging API."""

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
from carnet.services.paging import PagingStyle
from carnet.services.service import Service

tagging = Service(
    "resourcegroupstaggingapi",
    fault_codes={
        AlreadyExists: "InvalidParameterException",
        Denied: "AccessDeniedException",
        InUse: "InvalidParameterException",
        Invalid: "InvalidParameterException",
        Malformed: "InvalidParameterException",
        Missing: "InvalidParameterException",
        TooMany: "InvalidParameterException",
        Unavailable: "ServiceUnavailableException",
        Unmodifiable: "InvalidParameterException",
    },
    action_prefix="tag",
    event_source="tagging.amazonaws.com",
    paging=PagingStyle(limit="ResourcesPerPage", start="PaginationToken", next="PaginationToken", default=50),
    not_written=(
        "DescribeReportCreation",
        "GetComplianceSummary",
        "ListRequiredTags",
        "StartReportCreation",
    ),
)
