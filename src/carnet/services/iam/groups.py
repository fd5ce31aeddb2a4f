"""IAM groups. GetGroup, which lists the members, is in `memberships`.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from carnet.base.faults import InUse, TooMany
from carnet.base.ids import GROUP
from carnet.entities.group import Group
from carnet.services.iam import sentences, shapes, targets
from carnet.services.iam.kinds import GROUPS
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.renaming import allowed_as, renamed
from carnet.services.iam.service import iam
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import entity_list

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        CreateGroupRequestTypeDef,
        DeleteGroupRequestTypeDef,
        ListGroupsRequestTypeDef,
        UpdateGroupRequestTypeDef,
    )


@iam.write("CreateGroup", on=targets.new_group)
def create_group(call: WriteCall, given: CreateGroupRequestTypeDef) -> Answer:
    """Add a group without members and permissions."""
    quotas: IamQuotas = call.quotas
    if len(call.view.of(Group)) >= quotas.groups:
        raise TooMany(sentences.quota("GroupsPerAccount", quotas.groups))
    group = Group(
        id=call.ids.unique(GROUP),
        account=call.account,
        partition=call.partition,
        path=given.get("Path", "/"),
        name=given["GroupName"],
        created=call.now,
    )
    GROUPS.add(call, group)
    return {"Group": shapes.group(group)}


@iam.read("ListGroups", on=targets.list_groups)
def list_groups(call: Call, given: ListGroupsRequestTypeDef) -> Answer:
    """The groups below PathPrefix, by name."""
    return entity_list(call.paging, "ListGroups", call.view.of(Group).sorted(), given, "Groups", shapes.group)


@iam.write("UpdateGroup", on=targets.group, also=(allowed_as("iam:UpdateGroup", "NewGroupName"),))
def update_group(call: WriteCall, given: UpdateGroupRequestTypeDef, group: Group) -> Answer:
    """Rename a group or change its path. It stays the same group: id, members and permissions are kept."""
    GROUPS.save(call, group, renamed(group, given, "NewGroupName"))
    return {}


@iam.write("DeleteGroup", on=targets.group)
def delete_group(call: WriteCall, given: DeleteGroupRequestTypeDef, group: Group) -> Answer:
    """Remove a group that has neither members nor policies."""
    if conflict := next(_conflicts(call, group), None):
        raise InUse(conflict)
    call.store.remove(group)
    return {}


def _conflicts(call: Call, group: Group) -> Iterator[str]:
    if call.view.members(group.id):
        yield sentences.REMOVE_USERS_FIRST
    if group.inline:
        yield sentences.DELETE_POLICIES_FIRST
    if group.attached:
        yield sentences.DETACH_POLICIES_FIRST
