"""Which users are in which groups.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddUserToGroup.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carnet.base.faults import TooMany
from carnet.entities.entity import Entity
from carnet.entities.group import Group
from carnet.entities.user import User
from carnet.services.iam import sentences, shapes, targets
from carnet.services.iam.kinds import USERS
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.service import iam
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        AddUserToGroupRequestTypeDef,
        GetGroupRequestTypeDef,
        ListGroupsForUserRequestTypeDef,
        RemoveUserFromGroupRequestTypeDef,
    )


@iam.write("AddUserToGroup", on=targets.group_and_user)
def add_user_to_group(call: WriteCall, given: AddUserToGroupRequestTypeDef, group: Group, user: User) -> Answer:
    """Add a user to a group; nothing changes if the user is in it already."""
    if group.id in user.groups:
        return {}
    quotas: IamQuotas = call.quotas
    most = quotas.groups_per_user
    if len(user.groups) >= most:
        raise TooMany(sentences.quota("GroupsPerUser", most))
    USERS.save(call, user, replace(user, groups=(*user.groups, group.id)))
    return {}


@iam.write("RemoveUserFromGroup", on=targets.group_and_user)
def remove_user_from_group(
    call: WriteCall, given: RemoveUserFromGroupRequestTypeDef, group: Group, user: User
) -> Answer:
    """Remove a user from a group; nothing changes if the user is not in it."""
    USERS.save(call, user, replace(user, groups=tuple(each for each in user.groups if each != group.id)))
    return {}


@iam.read("GetGroup", on=targets.group)
def get_group(call: Call, given: GetGroupRequestTypeDef, group: Group) -> Answer:
    """A group and its members, by name."""
    members = page(call.paging, "GetGroup", call.view.members(group.id), given, key=_name_key)
    return {"Group": shapes.group(group), **members.answer("Users", shapes.listed_user)}


@iam.read("ListGroupsForUser", on=targets.user)
def list_groups_for_user(call: Call, given: ListGroupsForUserRequestTypeDef, user: User) -> Answer:
    """The groups that a user is in, by name."""
    groups = (call.view.of(Group).get(each) for each in user.groups)
    found = sorted((group for group in groups if group is not None), key=_name_key)
    return page(call.paging, "ListGroupsForUser", found, given, key=_name_key).answer("Groups", shapes.group)


def _name_key(entity: Entity) -> str:
    return entity.name_key
