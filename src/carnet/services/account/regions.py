"""The Regions that an account has enabled.

At AWS it takes minutes until a Region is enabled; here it is at once. Requests are answered whatever Region they are
signed for.
https://docs.aws.amazon.com/accounts/latest/reference/API_EnableRegion.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from carnet.base.faults import Invalid
from carnet.catalog.regions import Region
from carnet.services.account import sentences
from carnet.services.account.condition_keys import target_region
from carnet.services.account.service import account
from carnet.services.account.targets import own_account
from carnet.services.account_details import details_of, is_enabled, keep_details, regions_of
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page


@account.read("ListRegions", on=own_account)
def list_regions(call: Call, given: Mapping[str, Any]) -> Answer:
    """The Regions of the account's partition, of the statuses asked for."""
    told = [_told(call, region) for region in regions_of(call.view)]
    wanted = given.get("RegionOptStatusContains")
    return page(
        call.paging,
        "ListRegions",
        told,
        given,
        key=lambda region: region["RegionName"],
        matching=lambda region: not wanted or region["RegionOptStatus"] in wanted,
    ).answer("Regions", dict)


@account.read("GetRegionOptStatus", on=own_account, context=(target_region,))
def get_region_opt_status(call: Call, given: Mapping[str, Any]) -> Answer:
    """Whether one Region is enabled."""
    return _told(call, _region(call, given["RegionName"]))


@account.write("EnableRegion", on=own_account, context=(target_region,))
def enable_region(call: WriteCall, given: Mapping[str, Any]) -> Answer:
    """Enable a Region that is not enabled by default."""
    region, details = _to_change(call, given), details_of(call.view)
    keep_details(call, replace(details, regions=details.regions | {region.name}))
    return {}


@account.write("DisableRegion", on=own_account, context=(target_region,))
def disable_region(call: WriteCall, given: Mapping[str, Any]) -> Answer:
    """Disable a Region that is not enabled by default."""
    region, details = _to_change(call, given), details_of(call.view)
    keep_details(call, replace(details, regions=details.regions - {region.name}))
    return {}


def _told(call: Call, region: Region) -> dict[str, str]:
    status = "ENABLED_BY_DEFAULT"
    if region.opt_in:
        status = "ENABLED" if is_enabled(call.view, region) else "DISABLED"
    return {"RegionName": region.name, "RegionOptStatus": status}


def _region(call: Call, name: str) -> Region:
    found = next((region for region in regions_of(call.view) if region.name == name), None)
    if found is None:
        raise Invalid(sentences.region_missing(name), {"reason": "invalidRegionOptTarget"})
    return found


def _to_change(call: Call, given: Mapping[str, Any]) -> Region:
    region = _region(call, given["RegionName"])
    if not region.opt_in:
        raise Invalid(sentences.region_always_enabled(region.name), {"reason": "invalidRegionOptTarget"})
    return region
