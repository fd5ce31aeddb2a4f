"""Deletions of service-linked roles, whose status can be asked for afterwards.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteServiceLinkedRole.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from carnet.entities.role import SERVICE_LINKED_PATH

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_TASK = re.compile(rf"task{SERVICE_LINKED_PATH}([^/]+)/([\w+=,.@-]+)/({_UUID})", re.ASCII)


class DeletionTask(NamedTuple):
    """The parts of a DeletionTaskId."""

    service: str
    role: str
    id: str


def deletion_task(text: str) -> DeletionTask | None:
    """What a DeletionTaskId says; None for another text."""
    found = _TASK.fullmatch(text)
    return DeletionTask(*found.groups()) if found is not None else None


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleDeletion:
    """One service-linked role that was deleted. What is remembered of it is the answer that it succeeded."""

    id: str
    """A UUID, the last part of the task's id."""
    account: str
    service: str
    """The service principal that the role belonged to."""
    role: str
    """Its name."""
    created: datetime

    @property
    def task_id(self) -> str:
        """The DeletionTaskId."""
        return f"task{SERVICE_LINKED_PATH}{self.service}/{self.role}/{self.id}"
