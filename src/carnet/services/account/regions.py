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
from carnet.directory.account_view import AccountView
from carnet.services.account import sentences
from carnet.services.account.condition_keys import of_the_member, target_region
from carnet.services.account.service import account
from carnet.services.account.targets import account_asked_for
from carnet.services.account_details import details_of, is_enabled, keep_details, regions_of
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page


@account.read("ListRegions", on=account_asked_for("ListRegions"), context=(of_the_member,))
def list_regions(call: Call, given: Mapping[str, Any], view: AccountView) -> Answer:
    """The Regions of the account's partition, of the statuses asked for."""
    told = [_region_members(view, region) for region in regions_of(view)]
    wanted = given.get("RegionOptStatusContains")
    return page(
        call.paging,
        "ListRegions",
        told,
        given,
        key=lambda region: region["RegionName"],
        matching=lambda region: not wanted or region["RegionOptStatus"] in wanted,
    ).answer("Regions", dict)


@account.read("GetRegionOptStatus", on=account_asked_for("GetRegionOptStatus"), context=(of_the_member, target_region))
def get_region_opt_status(call: Call, given: Mapping[str, Any], view: AccountView) -> Answer:
    """Whether one Region is enabled."""
    return _region_members(view, _region(view, given["RegionName"]))


@account.write("EnableRegion", on=account_asked_for("EnableRegion"), context=(of_the_member, target_region))
def enable_region(call: WriteCall, given: Mapping[str, Any], view: AccountView) -> Answer:
    """Enable a Region that is not enabled."""
    region, details = _to_change(view, given, enabled=False), details_of(view)
    keep_details(call, view, replace(details, regions=details.regions | {region.name}))
    return {}


@account.write("DisableRegion", on=account_asked_for("DisableRegion"), context=(of_the_member, target_region))
def disable_region(call: WriteCall, given: Mapping[str, Any], view: AccountView) -> Answer:
    """Disable a Region that the account has enabled."""
    region, details = _to_change(view, given, enabled=True), details_of(view)
    keep_details(call, view, replace(details, regions=details.regions - {region.name}))
    return {}


def _region_members(view: AccountView, region: Region) -> dict[str, str]:
    status = "ENABLED_BY_DEFAULT"
    if region.opt_in:
        status = "ENABLED" if is_enabled(view, region) else "DISABLED"
    return {"RegionName": region.name, "RegionOptStatus": status}


def _region(view: AccountView, name: str) -> Region:
    found = next((region for region in regions_of(view) if region.name == name), None)
    if found is None:
        raise _invalid("fieldValidationFailed", sentences.region_missing(name))
    return found


def _to_change(view: AccountView, given: Mapping[str, Any], *, enabled: bool) -> Region:
    """The Region, if it can be changed and has the status that is to change."""
    region = _region(view, given["RegionName"])
    if not region.opt_in or is_enabled(view, region) is not enabled:
        raise _invalid("invalidRegionOptTarget", sentences.REGION_STATUS_KEPT)
    return region


def _invalid(reason: str, sentence: str) -> Invalid:
    return Invalid(sentence, {"reason": reason, "fieldList": [{"name": "RegionName", "message": sentence}]})
