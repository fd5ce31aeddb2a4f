"""Registers operations on one permission set: the caller needs the permission on the set and on its instance."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from carnet.entities.permission_set import PermissionSet
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.preparing import Preparation
from carnet.services.sso_admin.callers import Held
from carnet.services.sso_admin.service import sso_admin
from carnet.services.sso_admin.targets import (
    and_instance,
    permission_set,
    permission_set_to_change,
    primary_region,
)

Given = TypeVar("Given")
_ReadBody = Callable[[Call, Given, Held, PermissionSet], Answer]
_WriteBody = Callable[[WriteCall, Given, Held, PermissionSet], Answer]


def reads_permission_set(name: str) -> Callable[[_ReadBody[Given]], _ReadBody[Given]]:
    """Register the body of an operation that reads a permission set."""
    return sso_admin.read(name, on=permission_set, also=and_instance(name), context=(primary_region,))


def changes_permission_set(
    name: str, *, prepare: Preparation | None = None
) -> Callable[[_WriteBody[Given]], _WriteBody[Given]]:
    """Register the body of an operation that changes a permission set."""
    also, context = and_instance(name), (primary_region,)
    return sso_admin.write(name, on=permission_set_to_change, also=also, context=context, prepare=prepare)
