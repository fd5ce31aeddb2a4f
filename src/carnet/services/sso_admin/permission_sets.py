"""Permission sets.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreatePermissionSet.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from carnet.base.faults import AlreadyExists, TooMany
from carnet.entities.account_assignment import AccountAssignment
from carnet.entities.permission_set import DEFAULT_DURATION, PermissionSet
from carnet.entities.provisioned_permission_set import ProvisionedPermissionSet
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page
from carnet.services.request_tags import request_tags
from carnet.services.sso_admin import sentences, targets
from carnet.services.sso_admin.callers import Held
from carnet.services.sso_admin.durations import duration_seconds
from carnet.services.sso_admin.permission_set_operations import changes_permission_set, reads_permission_set
from carnet.services.sso_admin.quotas import quotas_of
from carnet.services.sso_admin.service import sso_admin
from carnet.services.sso_admin.tagging import tags_of
from carnet.services.sso_admin.targets import and_instance, and_tags, primary_region

_ID_BYTES = 8


@sso_admin.write(
    "CreatePermissionSet",
    on=targets.new_permission_set,
    also=(*and_instance("CreatePermissionSet"), and_tags),
    context=(request_tags, primary_region),
)
def create_permission_set(call: WriteCall, given: Mapping[str, Any], held: Held) -> Answer:
    """Add a permission set without permissions."""
    quotas = quotas_of(call, held.view)
    if len(held.view.of(PermissionSet)) >= quotas.permission_sets:
        raise TooMany(f"An instance can have at most {quotas.permission_sets} permission sets.")
    made = PermissionSet(
        id=f"ps-{call.ids.random(_ID_BYTES).hex()}",
        account=held.instance.account,
        instance=held.instance.id,
        partition=held.instance.partition,
        name=given["Name"],
        created=call.now,
        tags=tags_of(call, held.view, given, "permissionSet"),
        **_changeable(given),
    )
    try:
        call.store.add(made)
    except AlreadyExists as fault:
        raise sentences.permission_set_exists(made.name) from fault
    return {"PermissionSet": described(made)}


@reads_permission_set("DescribePermissionSet")
def describe_permission_set(call: Call, given: Mapping[str, Any], held: Held, one: PermissionSet) -> Answer:
    """A permission set, without its policies."""
    return {"PermissionSet": described(one)}


@sso_admin.read("ListPermissionSets", on=targets.organization_instance, context=(primary_region,))
def list_permission_sets(call: Call, given: Mapping[str, Any], held: Held) -> Answer:
    """The ARNs of all permission sets."""
    found = page(call.paging, "ListPermissionSets", held.view.of(PermissionSet).sorted(), given, key=lambda one: one.id)
    return found.answer("PermissionSets", lambda one: one.arn)


@changes_permission_set("UpdatePermissionSet")
def update_permission_set(call: WriteCall, given: Mapping[str, Any], held: Held, one: PermissionSet) -> Answer:
    """Replace description, session duration and relay state: what is not given is cleared.

    Where the set is provisioned nothing changes until it is provisioned again.
    """
    save(call, one, replace(one, **_changeable(given)))
    return {}


@changes_permission_set("DeletePermissionSet")
def delete_permission_set(call: WriteCall, given: Mapping[str, Any], held: Held, one: PermissionSet) -> Answer:
    """Remove a permission set that is neither assigned nor provisioned."""
    for kind in (AccountAssignment, ProvisionedPermissionSet):
        if held.view.of(kind).referring("permission_set", one.id):
            raise sentences.permission_set_in_use()
    call.store.remove(one)
    return {}


def save(call: WriteCall, before: PermissionSet, after: PermissionSet) -> None:
    """Store the permission set if it has changed."""
    if after != before:
        call.store.save(after)


def described(one: PermissionSet) -> dict[str, object]:
    """A permission set as it is answered."""
    told = {
        "Name": one.name,
        "PermissionSetArn": one.arn,
        "Description": one.description,
        "CreatedDate": one.created,
        "SessionDuration": one.session_duration,
        "RelayState": one.relay_state,
    }
    return {name: value for name, value in told.items() if value is not None}


def _changeable(given: Mapping[str, Any]) -> dict[str, Any]:
    """The members that an update replaces. Raises Invalid for a duration that sessions cannot have."""
    duration: str = given.get("SessionDuration", DEFAULT_DURATION)
    duration_seconds(duration)
    return {
        "description": given.get("Description"),
        "session_duration": duration,
        "relay_state": given.get("RelayState"),
    }
