"""People and groups as RFC 7643 shows them: with their places, the groups of people, and the members of groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from carnet.directory.identity_center import memberships_in_group, memberships_of_user
from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.scim.calls import PREFIX, ScimCall
from carnet.scim.representation import group_shown, user_shown
from carnet.scim.schemas import ENTERPRISE_SCHEMA, GROUPS, USERS, ResourceType
from carnet.services.operation import Parts

RFC_PATH = "rfc/v2"


def location(call: ScimCall, parts: Parts, kind: ResourceType, resource: str) -> str:
    """The location of a resource."""
    return f"{parts.public_url}{PREFIX}{call.instance.identity_store}/{RFC_PATH}{kind.endpoint}/{resource}"


def user_resource(call: ScimCall, parts: Parts, user: IdentityStoreUser, *, linked: bool = True) -> dict[str, Any]:
    """A person; with the groups that the person is in, if `linked`."""
    shown = user_shown(call.instance, user, rfc=True)
    shown["meta"]["location"] = location(call, parts, USERS, user.id)
    if ENTERPRISE_SCHEMA not in shown:
        shown["schemas"] = [USERS.schema.id]
    if linked and (groups := list(_groups_of(call, parts, user))):
        shown["groups"] = groups
    return shown


def group_resource(
    call: ScimCall, parts: Parts, group: IdentityStoreGroup, members: Iterable[str] = ()
) -> dict[str, Any]:
    """A group, with these members."""
    shown = group_shown(call.instance, group)
    shown["meta"]["location"] = location(call, parts, GROUPS, group.id)
    place = location(call, parts, USERS, "")
    shown["members"] = [{"value": each, "$ref": f"{place}{each}", "type": "User"} for each in members]
    if not shown["members"]:
        del shown["members"]
    return shown


def members_of(call: ScimCall, group: IdentityStoreGroup) -> tuple[str, ...]:
    """The ids of the members of a group."""
    return tuple(each.member for each in memberships_in_group(call.view, group.id))


def _groups_of(call: ScimCall, parts: Parts, user: IdentityStoreUser) -> Iterator[dict[str, Any]]:
    for membership in memberships_of_user(call.view, user.id):
        group = call.view.of(IdentityStoreGroup).get(membership.group)
        if group is not None:
            link = location(call, parts, GROUPS, group.id)
            yield {"value": group.id, "$ref": link, "display": group.display_name, "type": "direct"}
