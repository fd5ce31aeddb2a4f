"""Users and groups under a new name or path.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from carnet.access.authorize import Check
from carnet.entities.group import Group
from carnet.entities.user import User
from carnet.services.iam.kinds import E, Kind
from carnet.services.operation import Also, Call, resource_tag_keys


def renamed(entity: E, given: Any, new_name: str) -> E:
    """The same entity under the NewPath, and the name in the member `new_name`, as far as they are given."""
    return replace(entity, name=given.get(new_name, entity.name), path=given.get("NewPath", entity.path))


def allowed_as(action: str, kind: Kind[User] | Kind[Group], new_name: str) -> Also:
    """A further check for `also=`: who renames needs the permission on what the entity becomes, too."""

    def also(call: Call, given: Any) -> Iterator[Check]:
        entity = kind.find(call.view, given[kind.member])
        if entity is not None:
            arn = renamed(entity, given, new_name).arn
            keys = resource_tag_keys(arn, entity.tags)
            yield Check(action=action, resource=arn, resource_account=call.account, resource_keys=keys)

    return also
