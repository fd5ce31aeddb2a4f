"""Condition keys that the operations of Account Management bring to the request.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsaccountmanagement.html#awsaccountmanagement-policy-keys
"""

from __future__ import annotations

from typing import Any

from carnet.services.account.targets import member_asked_for
from carnet.services.operation import Call
from carnet.services.target import Keys


def of_the_member(call: Call, given: Any, target: object) -> Keys:
    """account:AccountResourceOrgPaths and ...OrgTags/...: of the member that is asked for by AccountId."""
    found = member_asked_for(call, given)
    if found is None:
        return {}
    view, member = found
    tags = {f"account:AccountResourceOrgTags/{key}": value for key, value in member.tags.items()}
    return {"account:AccountResourceOrgPaths": (view.org_path(member),), **tags}


def alternate_contact_types(call: Call, given: Any, target: object) -> Keys:
    """account:AlternateContactTypes: the one contact that is asked for."""
    return {"account:AlternateContactTypes": (given["AlternateContactType"],)}


def target_region(call: Call, given: Any, target: object) -> Keys:
    """account:TargetRegion: the Region that is asked for."""
    return {"account:TargetRegion": given["RegionName"]}
