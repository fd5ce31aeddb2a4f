"""Groups, as a provisioner manages them.

https://docs.aws.amazon.com/singlesignon/latest/developerguide/supported-apis.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from carnet.directory.identity_center import group_named, group_with_external_id, memberships_of_user
from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_membership import IdentityStoreMembership, membership_pair
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.scim.calls import ScimCall
from carnet.scim.filters import read_filter
from carnet.scim.listing import listed
from carnet.scim.patching import MOST_OPERATIONS, Operation, read_operations
from carnet.scim.refusals import FILTER_NOT_SUPPORTED, NO_REPLACEMENT, PATH_NOT_SUPPORTED, Refusal, missing, unparsable
from carnet.scim.representation import group_shown, issuer_of, read_group, read_members, with_external_id
from carnet.services.identitystore.directory_changes import DirectoryChange
from carnet.services.operation import Parts

_ONE_MEMBER = re.compile(r'members\[\s*value\s+eq\s+"([^"]{1,200})"\s*\]', re.ASCII)
_NAMES = ("displayName", "externalId")
_FINDING = ("displayname", "externalid", "id", "members", "members.value")


def create_group(call: ScimCall, parts: Parts, _: str | None) -> dict[str, Any]:
    given = read_group(call.body)
    change = call.change(parts)
    people = [_person(call, each) for each in _check_number(given.members)]
    external_ids = with_external_id({}, call.instance, given.external_id)
    group = change.add_group(given.display_name, external_ids=external_ids)
    for person in people:
        change.add_member(group, person)
    return group_shown(call.instance, group)


def get_group(call: ScimCall, parts: Parts, group_id: str | None) -> dict[str, Any]:
    return group_shown(call.instance, group_of(call, group_id))


def list_groups(call: ScimCall, parts: Parts, _: str | None) -> dict[str, Any]:
    wanted = call.query.get("filter")
    found: Iterable[IdentityStoreGroup] = call.view.of(IdentityStoreGroup).sorted()
    if wanted is not None:
        found = _filter_groups(call, read_filter(wanted))
    return listed(call, "Groups", tuple(found), lambda group: group_shown(call.instance, group))


def patch_group(call: ScimCall, parts: Parts, group_id: str | None) -> dict[str, Any]:
    """Rename a group, add members and remove members: at most 100 changes."""
    group = group_of(call, group_id)
    change, names = call.change(parts), _names_of(call, group)
    wanted: dict[str, bool] = {}
    for operation in read_operations(call.body):
        if operation.path is not None and operation.path.startswith("members"):
            wanted |= _members(operation)
        else:
            names |= _names_to_set(operation, wanted)
    _check_number(tuple(wanted))
    set_members(call, change, group, wanted)
    given = read_group(names)
    external_ids = with_external_id(group.external_ids, call.instance, given.external_id)
    after = replace(group, display_name=given.display_name, external_ids=external_ids)
    if after != group:
        change.save(group, after)
    return {}


def delete_group(call: ScimCall, parts: Parts, group_id: str | None) -> dict[str, Any]:
    call.change(parts).remove_group(group_of(call, group_id))
    return {}


def group_of(call: ScimCall, group_id: str | None) -> IdentityStoreGroup:
    """The group of that id. Raises Refusal."""
    group = call.view.of(IdentityStoreGroup).get(group_id or "")
    if group is None:
        raise missing()
    return group


def _person(call: ScimCall, user_id: str) -> IdentityStoreUser:
    user = call.view.of(IdentityStoreUser).get(user_id)
    if user is None:
        raise missing()
    return user


def _check_number(members: tuple[str, ...]) -> tuple[str, ...]:
    if len(members) > MOST_OPERATIONS:
        raise unparsable(f"A request changes {MOST_OPERATIONS} members at most.")
    return members


def _names_of(call: ScimCall, group: IdentityStoreGroup) -> dict[str, Any]:
    shown = group_shown(call.instance, group)
    return {name: shown[name] for name in _NAMES if name in shown}


def _members(operation: Operation) -> dict[str, bool]:
    """Maps ids of people to whether they shall be members. Raises Refusal for an operation on all members."""
    path = operation.path or ""
    one = _ONE_MEMBER.fullmatch(path)
    if operation.op == "replace":
        raise Refusal(400, NO_REPLACEMENT)
    if operation.op == "remove":
        if one is not None:
            return {one[1]: False}
        if path != "members" or not operation.value:
            raise Refusal(400, NO_REPLACEMENT)
    elif path != "members":
        raise unparsable(PATH_NOT_SUPPORTED)
    return dict.fromkeys(read_members(operation.value), operation.op == "add")


def _names_to_set(operation: Operation, wanted: dict[str, bool]) -> dict[str, Any]:
    """The names that an operation sets; members that stand beside them are added to `wanted`."""
    if operation.path is not None:
        return {operation.path: None if operation.op == "remove" else operation.value}
    if not isinstance(operation.value, dict):
        raise unparsable()
    if "members" in operation.value:
        wanted |= _members(Operation(operation.op, "members", operation.value["members"]))
    return {name: value for name, value in operation.value.items() if name != "members"}


def set_members(call: ScimCall, change: DirectoryChange, group: IdentityStoreGroup, wanted: dict[str, bool]) -> None:
    """Set memberships; those that are as requested already do not change."""
    for user_id, belongs in wanted.items():
        if not belongs:
            change.remove_member(group, user_id)
        elif call.view.of(IdentityStoreMembership).named(membership_pair(group.id, user_id)) is None:
            change.add_member(group, _person(call, user_id))


def _filter_groups(call: ScimCall, wanted: dict[str, str]) -> Iterable[IdentityStoreGroup]:
    if set(wanted) - set(_FINDING):
        raise unparsable(FILTER_NOT_SUPPORTED)
    member = wanted.get("members", wanted.get("members.value"))
    return [
        group
        for group in _candidates(call, wanted, member)
        if wanted.get("id") in (None, group.id)
        and wanted.get("externalid") in (None, group.external_ids.get(issuer_of(call.instance)))
        and (member is None or _has_member(call, group, member))
    ]


def _candidates(call: ScimCall, wanted: dict[str, str], member: str | None) -> Iterable[IdentityStoreGroup]:
    groups = call.view.of(IdentityStoreGroup)
    if "displayname" in wanted:
        found = [group_named(call.view, wanted["displayname"])]
    elif "externalid" in wanted:
        found = [group_with_external_id(call.view, issuer_of(call.instance), wanted["externalid"])]
    elif "id" in wanted:
        found = [groups.get(wanted["id"])]
    else:
        memberships = memberships_of_user(call.view, member or "")
        found = [groups.get(each) for each in sorted(membership.group for membership in memberships)]
    return [group for group in found if group is not None]


def _has_member(call: ScimCall, group: IdentityStoreGroup, member: str) -> bool:
    return call.view.of(IdentityStoreMembership).named(membership_pair(group.id, member)) is not None
