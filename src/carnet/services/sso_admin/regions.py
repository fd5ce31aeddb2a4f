"""The Regions of an instance: its primary one, and those it was added to.

Every Region's endpoint is this server, so that one is ACTIVE at once: added Regions are kept and told of.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_AddRegion.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from carnet.base.faults import AlreadyExists, InUse, Missing
from carnet.base.timestamps import moment_of_ms
from carnet.catalog.regions import check_region
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page
from carnet.services.sso_admin import targets
from carnet.services.sso_admin.callers import Held
from carnet.services.sso_admin.service import sso_admin
from carnet.services.sso_admin.settings import keep, settings_of
from carnet.services.sso_admin.targets import primary_region


@sso_admin.write("AddRegion", on=targets.organization_instance, context=(primary_region,))
def add_region(call: WriteCall, given: Mapping[str, Any], held: Held) -> Answer:
    """Add a Region."""
    name: str = given["RegionName"]
    check_region(held.instance.partition, name)
    settings = settings_of(held)
    if name == held.instance.region or name in settings.regions:
        raise AlreadyExists(f"The instance is in the Region {name} already.")
    keep(call, held, replace(settings, regions={**settings.regions, name: call.now_ms}))
    return {"Status": "ADDING"}


@sso_admin.write("RemoveRegion", on=targets.organization_instance, context=(primary_region,))
def remove_region(call: WriteCall, given: Mapping[str, Any], held: Held) -> Answer:
    """Remove a Region other than the primary one."""
    name: str = given["RegionName"]
    if name == held.instance.region:
        raise InUse("The primary Region cannot be removed.")
    settings = settings_of(held)
    if name not in settings.regions:
        raise _region_missing(name)
    left = {each: since for each, since in settings.regions.items() if each != name}
    keep(call, held, replace(settings, regions=left))
    return {"Status": "REMOVING"}


@sso_admin.read("DescribeRegion", on=targets.instance, context=(primary_region,))
def describe_region(call: Call, given: Mapping[str, Any], held: Held) -> Answer:
    """One Region of the instance."""
    found = next((each for each in regions_of(held) if each["RegionName"] == given["RegionName"]), None)
    if found is None:
        raise _region_missing(given["RegionName"])
    return found


@sso_admin.read("ListRegions", on=targets.instance, context=(primary_region,))
def list_regions(call: Call, given: Mapping[str, Any], held: Held) -> Answer:
    """The Regions of the instance, by name."""
    found = page(call.paging, "ListRegions", regions_of(held), given, key=lambda each: str(each["RegionName"]))
    return found.answer("Regions", dict)


def regions_of(held: Held) -> list[dict[str, object]]:
    """The Regions of an instance as answers tell of them, by name."""
    instance = held.instance
    added = {name: moment_of_ms(since) for name, since in settings_of(held).regions.items()}
    return [
        {"RegionName": name, "Status": "ACTIVE", "AddedDate": since, "IsPrimaryRegion": name == instance.region}
        for name, since in sorted({instance.region: instance.created, **added}.items())
    ]


def _region_missing(name: str) -> Missing:
    return Missing(f"The instance is not in the Region {name}.")
