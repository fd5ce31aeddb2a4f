"""Service-linked roles, which only their AWS service changes.

https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html

Nothing here uses such a role, so a deletion succeeds at once; the role's sessions end with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carnet.base.faults import AlreadyExists, Refused, TooMany
from carnet.catalog.service_linked_roles import LinkedRole
from carnet.entities.role import Role
from carnet.entities.role_deletion import RoleDeletion
from carnet.services.iam import sentences, shapes, targets
from carnet.services.iam.condition_keys import aws_service_name
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.service import iam
from carnet.services.linked_roles import linked_trust, service_linked_role
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
    """Add the role of a service, with the policies that AWS gives it. Its name is unique."""
    suffix = given.get("CustomSuffix")
    if suffix is not None and not linked.takes_suffix:
        raise Refused("InvalidInput", sentences.suffix_not_allowed(linked.service))
    name = linked.named(suffix)
    if len(name) > _LONGEST_NAME:
        raise Refused("InvalidInput", sentences.linked_name_long(name, _LONGEST_NAME))
    quotas: IamQuotas = call.quotas
    if len(call.view.of(Role)) >= quotas.roles:
        raise TooMany(sentences.quota("RolesPerAccount", quotas.roles))
    role = service_linked_role(
        call.ids, call.view.account, linked, name=name, description=given.get("Description"), now=call.now
    )
    try:
        call.store.add(role)
    except AlreadyExists as fault:
        raise Refused("InvalidInput", sentences.linked_role_exists(name)) from fault
    return {"Role": shapes.created_linked_role(role, linked_trust([linked.service], ["sts:AssumeRole"]))}


@iam.write("DeleteServiceLinkedRole", on=targets.linked_role)
def delete_service_linked_role(call: WriteCall, given: DeleteServiceLinkedRoleRequestTypeDef, role: Role) -> Answer:
    """Remove a service-linked role, and remember the deletion."""
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
    """The status of a deletion."""
    return {"Status": "SUCCEEDED"}
