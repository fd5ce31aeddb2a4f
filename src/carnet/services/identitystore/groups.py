"""Groups.

https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_Group.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from carnet.directory.identity_center import group_named, group_with_external_id
from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.services.identitystore import alternate_identifiers, sentences, shapes, targets
from carnet.services.identitystore.attributes import capitalized, read_text
from carnet.services.identitystore.condition_keys import group_issuers
from carnet.services.identitystore.filters import filtered
from carnet.services.identitystore.revisions import check_revision
from carnet.services.identitystore.service import read, write
from carnet.services.identitystore.targets import StoreView, administrator, anywhere, primary_region
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page
from carnet.services.target import Target

_KEYS = (primary_region, group_issuers)
_group_id = targets.given_arn(IdentityStoreGroup, "GroupId")


@write("CreateGroup", on=targets.identity_store(administrator), context=_KEYS)
def create_group(call: WriteCall, given: Mapping[str, Any], store: StoreView) -> Answer:
    """Add a group without members."""
    if "DisplayName" not in given:
        raise sentences.required("displayname")
    group = targets.change(call, store).add_group(given["DisplayName"], given.get("Description"))
    return {**shapes.group_named(store, group), "Revision": str(group.revision)}


@read(
    "DescribeGroup",
    on=targets.member(anywhere, IdentityStoreGroup, "GroupId"),
    acts_on=_group_id,
    context=_KEYS,
)
def describe_group(call: Call, given: Mapping[str, Any], store: StoreView, group: IdentityStoreGroup) -> Answer:
    """One group."""
    return shapes.group(store, group)


@write(
    "UpdateGroup",
    on=targets.member(administrator, IdentityStoreGroup, "GroupId"),
    acts_on=_group_id,
    context=_KEYS,
)
def update_group(call: WriteCall, given: Mapping[str, Any], store: StoreView, group: IdentityStoreGroup) -> Answer:
    """Change a group's display name or description."""
    check_revision(group, given)
    saved = targets.change(call, store).save(group, _apply_operations(group, given["Operations"]))
    return {**shapes.group_named(store, saved), "Revision": str(saved.revision)}


@write(
    "DeleteGroup",
    on=targets.member(administrator, IdentityStoreGroup, "GroupId"),
    acts_on=_group_id,
    context=_KEYS,
)
def delete_group(call: WriteCall, given: Mapping[str, Any], store: StoreView, group: IdentityStoreGroup) -> Answer:
    """Remove a group; its members stay."""
    check_revision(group, given)
    targets.change(call, store).remove_group(group)
    return {}


@read("ListGroups", on=targets.identity_store(anywhere), acts_on=targets.every(IdentityStoreGroup), context=_KEYS)
def list_groups(call: Call, given: Mapping[str, Any], store: StoreView) -> Answer:
    """Groups, by id."""
    groups = filtered(store, given, "DisplayName", group_named, IdentityStoreGroup)
    found = page(call.paging, "ListGroups", groups, given, key=lambda group: group.id)
    return found.answer("Groups", lambda group: shapes.group(store, group))


_find_group = alternate_identifiers.finder(sentences.GROUP, group_with_external_id, {"displayname": group_named})


def _group_target(call: Call, given: Any) -> Target[StoreView, IdentityStoreGroup]:
    return targets.in_store(call, given, anywhere, lambda store: _find_group(store, given))


@read(
    "GetGroupId",
    on=_group_target,
    acts_on=targets.found_arns(IdentityStoreGroup),
    context=(primary_region,),
)
def get_group_id(call: Call, given: Mapping[str, Any], store: StoreView, group: IdentityStoreGroup) -> Answer:
    """The group of that display name or external id."""
    return shapes.group_named(store, group)


def _apply_operations(group: IdentityStoreGroup, operations: Iterable[Mapping[str, Any]]) -> IdentityStoreGroup:
    for operation in operations:
        path, value = operation["AttributePath"], operation.get("AttributeValue")
        match capitalized(path):
            case "DisplayName":
                group = replace(group, display_name=read_text(value, path))
            case "Description":
                group = replace(group, description=None if value is None else read_text(value, path))
            case _:
                raise sentences.unknown_path(path)
    return group
