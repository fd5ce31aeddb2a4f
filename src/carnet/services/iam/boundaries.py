"""Put and Delete the permissions boundary of users and roles.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPermissionsBoundary.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.services.iam.attachable import boundary_at
from carnet.services.iam.condition_keys import present_boundary, requested_boundary
from carnet.services.iam.kinds import ROLES, USERS, Kind
from carnet.services.iam.service import iam
from carnet.services.operation import Adds, Answer, WriteCall

H = TypeVar("H", bound=User | Role)


def _family(kind: Kind[H], *, put: str, delete: str, present: Adds) -> None:
    """Register the operations of these names for one kind of entity."""

    @iam.write(put, on=kind.to_change, context=(requested_boundary,))
    def put_boundary(call: WriteCall, given: Any, entity: H) -> Answer:
        """Set the permissions boundary, which replaces the present one."""
        kind.save(
            call, entity, replace(entity, boundary=boundary_at(call, given["PermissionsBoundary"], holder=kind.word))
        )
        return {}

    @iam.write(delete, on=kind.to_change, context=(present,))
    def delete_boundary(call: WriteCall, given: Any, entity: H) -> Answer:
        """Remove the permissions boundary; nothing changes if there is none."""
        kind.save(call, entity, replace(entity, boundary=None))
        return {}


_family(
    USERS,
    put="PutUserPermissionsBoundary",
    delete="DeleteUserPermissionsBoundary",
    present=present_boundary,
)
_family(
    ROLES,
    put="PutRolePermissionsBoundary",
    delete="DeleteRolePermissionsBoundary",
    present=present_boundary,
)
