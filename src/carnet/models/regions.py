"""Services that have one Region in each partition, whatever Region their callers sign for.

https://docs.aws.amazon.com/general/latest/gr/iam-service.html
"""

from __future__ import annotations

from functools import cache
from typing import Any

from carnet.models.load import endpoints


@cache
def global_region(service: str, partition: str) -> str | None:
    """The Region that requests to a global service (`iam`) are made to, as `us-east-1`; None for a regional service."""
    services: dict[str, Any] = next((one["services"] for one in _partitions() if one["partition"] == partition), {})
    described = services.get(service, {})
    if described.get("isRegionalized", True):
        return None
    region: str | None = described["endpoints"][described["partitionEndpoint"]].get("credentialScope", {}).get("region")
    return region


@cache
def _partitions() -> list[dict[str, Any]]:
    partitions: list[dict[str, Any]] = endpoints()["partitions"]
    return partitions
