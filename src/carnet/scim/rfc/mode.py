"""SCIM in the mode of RFC 7644: its endpoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.scim.calls import ScimCall
from carnet.scim.discovery import discovery_of
from carnet.scim.endpoints import Body, Endpoint, Mode
from carnet.scim.groups import delete_group, group_of, set_members
from carnet.scim.refusals import Refusal, written_by_rfc
from carnet.scim.representation import GivenGroup, read_group, read_user, with_external_id
from carnet.scim.rfc.listing import Query, listed, projection_in_url, projects_in_url, query_in_body, query_in_url
from carnet.scim.rfc.patching import patched
from carnet.scim.rfc.reading import read_resource
from carnet.scim.rfc.resources import RFC_PATH, group_resource, members_of, user_resource
from carnet.scim.schemas import GROUPS, RFC_TYPES, USERS, ResourceType
from carnet.scim.users import delete_user, save_user, user_of
from carnet.services.operation import Parts

MOST_MEMBERS = 1_000
"""How many people a request puts into a group, and takes out of it."""


def _create_user(call: ScimCall, parts: Parts, _: str | None) -> dict[str, Any]:
    given = read_user(read_resource(call.body, USERS), rfc=True)
    external_ids = with_external_id({}, call.instance, given.external_id)
    change = call.change(parts)
    user = change.add_user(given.user_name, given.attributes, external_ids=external_ids, enabled=given.enabled)
    return _user_told(call, parts, user)


def _get_user(call: ScimCall, parts: Parts, user_id: str | None) -> dict[str, Any]:
    return _user_told(call, parts, user_of(call, user_id))


def _put_user(call: ScimCall, parts: Parts, user_id: str | None) -> dict[str, Any]:
    given = read_user(read_resource(call.body, USERS), rfc=True)
    return _user_told(call, parts, save_user(call, parts, user_of(call, user_id), given, rfc=True))


def _patch_user(call: ScimCall, parts: Parts, user_id: str | None) -> dict[str, Any]:
    user = user_of(call, user_id)
    after = read_user(patched(user_resource(call, parts, user, linked=False), call.body, USERS), rfc=True)
    return _user_told(call, parts, save_user(call, parts, user, after, rfc=True))


def _user_told(call: ScimCall, parts: Parts, user: IdentityStoreUser) -> dict[str, Any]:
    asked = projection_in_url(call)
    return asked.of(user_resource(call, parts, user, linked=asked.shows("groups")), USERS)


def _create_group(call: ScimCall, parts: Parts, _: str | None) -> dict[str, Any]:
    given = read_group(read_resource(call.body, GROUPS), rfc=True)
    external_ids = with_external_id({}, call.instance, given.external_id)
    group = call.change(parts).add_group(given.display_name, external_ids=external_ids)
    _set_members(call, parts, group, given, ())
    return _group_told(call, parts, group, given.members)


def _get_group(call: ScimCall, parts: Parts, group_id: str | None) -> dict[str, Any]:
    group = group_of(call, group_id)
    return _group_told(call, parts, group, members_of(call, group))


def _put_group(call: ScimCall, parts: Parts, group_id: str | None) -> dict[str, Any]:
    given = read_group(read_resource(call.body, GROUPS), rfc=True)
    group = group_of(call, group_id)
    after = _save_group(call, parts, group, given, members_of(call, group))
    return _group_told(call, parts, after, given.members)


def _patch_group(call: ScimCall, parts: Parts, group_id: str | None) -> dict[str, Any]:
    """Nothing is told, unless attributes are asked for: a group may have thousands of members.

    https://www.rfc-editor.org/rfc/rfc7644#section-3.5.2
    """
    group = group_of(call, group_id)
    before = members_of(call, group)
    given = read_group(patched(group_resource(call, parts, group, before), call.body, GROUPS), rfc=True)
    after = _save_group(call, parts, group, given, before)
    return _group_told(call, parts, after, given.members) if projects_in_url(call) else {}


def _save_group(
    call: ScimCall, parts: Parts, group: IdentityStoreGroup, given: GivenGroup, before: tuple[str, ...]
) -> IdentityStoreGroup:
    external_ids = with_external_id(group.external_ids, call.instance, given.external_id)
    after = replace(group, display_name=given.display_name, external_ids=external_ids)
    saved = group if after == group else call.change(parts).save(group, after)
    _set_members(call, parts, saved, given, before)
    return saved


def _set_members(
    call: ScimCall, parts: Parts, group: IdentityStoreGroup, given: GivenGroup, before: tuple[str, ...]
) -> None:
    """Add and remove members, so that the group has those that it shall have."""
    there, wanted = set(before), set(given.members)
    changed = {each: True for each in given.members if each not in there}
    changed |= {each: False for each in before if each not in wanted}
    if len(changed) > MOST_MEMBERS:
        raise Refusal(413, f"A request changes {MOST_MEMBERS} members at most.", "tooMany")
    set_members(call, call.change(parts), group, changed)


def _group_told(call: ScimCall, parts: Parts, group: IdentityStoreGroup, members: tuple[str, ...]) -> dict[str, Any]:
    asked = projection_in_url(call)
    shown = group_resource(call, parts, group, members if asked.shows("members") else ())
    return asked.of(shown, GROUPS)


def _asks(kinds: Sequence[ResourceType], read: Callable[[ScimCall], Query]) -> Body:
    """The body that lists resources of these kinds."""

    def list_resources(call: ScimCall, parts: Parts, _: str | None) -> dict[str, Any]:
        return listed(call, parts, kinds, read(call))

    return list_resources


_LISTS, _ONES = discovery_of(RFC_TYPES)

RFC_MODE = Mode(
    path=RFC_PATH,
    of_all={
        **_LISTS,
        ("POST", "Users"): Endpoint("ScimCreateUser", _create_user, 201),
        ("GET", "Users"): Endpoint("ScimListUsers", _asks((USERS,), query_in_url), writes=False),
        ("POST", "Users/.search"): Endpoint("ScimListUsers", _asks((USERS,), query_in_body), writes=False),
        ("POST", "Groups"): Endpoint("ScimCreateGroup", _create_group, 201),
        ("GET", "Groups"): Endpoint("ScimListGroups", _asks((GROUPS,), query_in_url), writes=False),
        ("POST", "Groups/.search"): Endpoint("ScimListGroups", _asks((GROUPS,), query_in_body), writes=False),
        ("GET", ""): Endpoint("ScimSearch", _asks(RFC_TYPES, query_in_url), writes=False),
        ("POST", ".search"): Endpoint("ScimSearch", _asks(RFC_TYPES, query_in_body), writes=False),
    },
    of_one={
        **_ONES,
        ("GET", "Users"): Endpoint("ScimGetUser", _get_user, writes=False),
        ("PUT", "Users"): Endpoint("ScimPutUser", _put_user),
        ("PATCH", "Users"): Endpoint("ScimPatchUser", _patch_user),
        ("DELETE", "Users"): Endpoint("ScimDeleteUser", delete_user, 204),
        ("GET", "Groups"): Endpoint("ScimGetGroup", _get_group, writes=False),
        ("PUT", "Groups"): Endpoint("ScimPutGroup", _put_group),
        ("PATCH", "Groups"): Endpoint("ScimPatchGroup", _patch_group),
        ("DELETE", "Groups"): Endpoint("ScimDeleteGroup", delete_group, 204),
    },
    not_done=frozenset({"Me", "Bulk"}),
    written=written_by_rfc,
)
