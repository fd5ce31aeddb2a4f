"""Global services, held against botocore's endpoints."""

from __future__ import annotations

from typing import Any

from botocore.loaders import Loader

from carnet.models import GLOBAL_REGIONS, SERVICES, service


def partitions() -> list[dict[str, Any]]:
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    found: list[dict[str, Any]] = loader.load_data("endpoints")["partitions"]
    return found


def regions_of(described: dict[str, Any]) -> str | None:
    if described.get("isRegionalized", True):
        return None
    region: str = described["endpoints"][described["partitionEndpoint"]]["credentialScope"]["region"]
    return region


def test_the_table_is_what_botocore_says_of_the_services_offered() -> None:
    said: dict[str, dict[str, str]] = {}
    for partition in partitions():
        for name in SERVICES:
            described = partition["services"].get(service(name).endpoint_prefix, {})
            region = regions_of(described)
            if region is not None:
                said.setdefault(service(name).signing_name, {})[partition["partition"]] = region
    assert said == GLOBAL_REGIONS
