"""Gives users, groups and server certificates a new name or path.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from carnet.access.authorize import Check
from carnet.base.faults import Fault
from carnet.entities.group import Group
from carnet.entities.server_certificate import ServerCertificate
from carnet.entities.user import User
from carnet.services.iam.kinds import E
from carnet.services.operation import Also, Call
from carnet.services.target import Keys, Target

Renamed = Target[User] | Target[Group] | Target[ServerCertificate]


def renamed(entity: E, given: Any, new_name: str) -> E:
    """The entity with the NewPath, and with the new name in the member `new_name`, as far as they are given."""
    return dataclasses.replace(entity, name=given.get(new_name, entity.name), path=given.get("NewPath", entity.path))


def allowed_as(action: str, new_name: str) -> Also:
    """A further check for `also=`: the caller needs the permission on the renamed entity, too."""

    def also(call: Call, given: Any, target: Renamed, keys: Keys) -> Iterator[Check]:
        if not isinstance(target.found, Fault):
            yield replace(target, arn=renamed(target.found[0], given, new_name).arn).check(action)

    return also
