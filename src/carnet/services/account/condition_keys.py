"""Condition keys that the operations of Account Management bring to the request.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsaccountmanagement.html#awsaccountmanagement-policy-keys
"""

from __future__ import annotations

from typing import Any

from carnet.services.operation import Call
from carnet.services.target import Keys


def alternate_contact_types(call: Call, given: Any, target: object) -> Keys:
    """account:AlternateContactTypes: the one contact that is asked for."""
    return {"account:AlternateContactTypes": (given["AlternateContactType"],)}


def target_region(call: Call, given: Any, target: object) -> Keys:
    """account:TargetRegion: the Region that is asked for."""
    return {"account:TargetRegion": given["RegionName"]}
