"""DescribeRegions.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from carnet.base.faults import Invalid, Refused
from carnet.catalog.regions import DNS_SUFFIXES, Region
from carnet.policy.patterns import glob, wildcard_tokens
from carnet.services.account_details import is_enabled, regions_of
from carnet.services.ec2.condition_keys import region
from carnet.services.ec2.service import ec2
from carnet.services.operation import Answer, Call, account_wide

_FILTERS: Mapping[str, str] = {
    "endpoint": "Endpoint",
    "opt-in-status": "OptInStatus",
    "region-name": "RegionName",
}
"""Name of a filter to the member of the answer that it looks at."""


@ec2.read("DescribeRegions", on=account_wide, context=(region,))
def describe_regions(call: Call, given: Mapping[str, Any]) -> Answer:
    """The Regions that the account can use; all of its partition, or those named, if it asks for them.

    Raises Refused (DryRunOperation) for a caller who asks only if it may, Invalid for a Region or a filter that does
    not exist.
    """
    if given.get("DryRun"):
        raise Refused("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
    known = {one.name: one for one in regions_of(call.view)}
    names = given.get("RegionNames", ())
    if unknown := [name for name in names if name not in known]:
        raise Invalid(f"Invalid region: {', '.join(unknown)}")
    asked = [known[name] for name in sorted(set(names))] if names else list(known.values())
    if not (names or given.get("AllRegions")):
        asked = [one for one in asked if is_enabled(call.view, one)]
    described = [_region_members(call, one) for one in asked]
    return {"Regions": [one for one in described if all(passes(one) for passes in _filters(given))]}


def _region_members(call: Call, one: Region) -> dict[str, str]:
    status = "opt-in-not-required"
    if one.opt_in:
        status = "opted-in" if is_enabled(call.view, one) else "not-opted-in"
    return {
        "RegionName": one.name,
        "Endpoint": f"ec2.{one.name}.{DNS_SUFFIXES[call.partition]}",
        "OptInStatus": status,
    }


def _filters(given: Mapping[str, Any]) -> list[Callable[[Mapping[str, str]], bool]]:
    """All of them must pass; of the values of one, any is enough, and `*` and `?` stand for what they usually do."""
    return [_filter(one.get("Name", ""), tuple(one.get("Values", ()))) for one in given.get("Filters", ())]


def _filter(name: str, values: tuple[str, ...]) -> Callable[[Mapping[str, str]], bool]:
    member = _FILTERS.get(name)
    if member is None:
        raise Invalid(f"The filter '{name}' is invalid")
    patterns = [glob(wildcard_tokens(value)) for value in values]
    return lambda described: any(pattern.matches(described[member]) for pattern in patterns)
