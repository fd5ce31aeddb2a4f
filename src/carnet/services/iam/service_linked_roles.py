"""Service-linked roles: made for a service of AWS, with its policies, and changed by nobody else.

https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html

Nothing here uses such a role, so that a deletion succeeds at once; its sessions end with it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from carnet.base.faults import AlreadyExists, Refused, TooMany
from carnet.base.ids import ROLE
from carnet.catalog.managed_policies import managed_policy
from carnet.catalog.service_linked_roles import LinkedRole
from carnet.entities.role import SERVICE_LINKED_PATH, Role
from carnet.entities.role_deletion import RoleDeletion
from carnet.services.iam import sentences, shapes, targets
from carnet.services.iam.condition_keys import aws_service_name
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.service import iam
from carnet.services.operation import Answer, Call, WriteCall

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        CreateServiceLinkedRoleRequestTypeDef,
        DeleteServiceLinkedRoleRequestTypeDef,
        GetServiceLinkedRoleDeletionStatusRequestTypeDef,
    )

_LONGEST_NAME = 64
_DELETIONS_KEPT = 100
"""How many deletions of an account can be asked for: of the newest."""


@iam.write("CreateServiceLinkedRole", on=targets.new_linked_role, context=(aws_service_name,))
def create_service_linked_role(
    call: WriteCall, given: CreateServiceLinkedRoleRequestTypeDef, linked: LinkedRole
) -> Answer:
    """Add the role of a service, with the policies that AWS gives it. There is one of each name."""
    suffix = given.get("CustomSuffix")
    if suffix is not None and not linked.takes_suffix:
        raise Refused("InvalidInput", sentences.suffix_not_allowed(linked.service))
    name = linked.named(suffix)
    if len(name) > _LONGEST_NAME:
        raise Refused("InvalidInput", sentences.linked_name_long(name, _LONGEST_NAME))
    quotas: IamQuotas = call.quotas
    if len(call.view.of(Role)) >= quotas.roles:
        raise TooMany(sentences.quota("RolesPerAccount", quotas.roles))
    role = Role(
        id=call.ids.unique(ROLE),
        account=call.account,
        partition=call.partition,
        path=f"{SERVICE_LINKED_PATH}{linked.service}/",
        name=name,
        trust=_trust(linked.service, "sts:AssumeRole"),
        description=given.get("Description"),
        attached=tuple(_policies(call, linked)),
        linked_service=linked.service,
        created=call.now,
    )
    try:
        call.store.add(role)
    except AlreadyExists as fault:
        raise Refused("InvalidInput", sentences.linked_role_exists(name)) from fault
    return {"Role": shapes.created_linked_role(role, _trust([linked.service], ["sts:AssumeRole"]))}


def _trust(service: str | list[str], action: str | list[str]) -> str:
    """The trust policy, which the answer of the creation writes with lists, and all others without."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


def _policies(call: Call, linked: LinkedRole) -> list[str]:
    """The ARNs of the role's policies, as far as the catalogue has them."""
    arns = [f"arn:{call.partition}:iam::aws:policy{SERVICE_LINKED_PATH}{name}" for name in linked.policies]
    return [arn for arn in arns if managed_policy(arn) is not None]


@iam.write("DeleteServiceLinkedRole", on=targets.linked_role)
def delete_service_linked_role(call: WriteCall, given: DeleteServiceLinkedRoleRequestTypeDef, role: Role) -> Answer:
    """Remove a service-linked role, and remember that it was."""
    deletion = RoleDeletion(
        id=call.ids.uuid(),
        account=call.account,
        service=role.linked_service or "",
        role=role.name,
        created=call.now,
    )
    call.store.remove(role)
    for old in call.view.of(RoleDeletion).sorted()[: 1 - _DELETIONS_KEPT]:
        call.store.remove(old)
    call.store.add(deletion)
    return {"DeletionTaskId": deletion.task_id}


@iam.read("GetServiceLinkedRoleDeletionStatus", on=targets.deleted_linked_role)
def get_service_linked_role_deletion_status(
    call: Call, given: GetServiceLinkedRoleDeletionStatusRequestTypeDef, deletion: RoleDeletion
) -> Answer:
    """What became of a deletion."""
    return {"Status": "SUCCEEDED"}
