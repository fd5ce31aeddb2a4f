"""The kinds of IAM entities, as the families of operations (tags, inline policies, attachments, boundaries) need them.

A kind knows which input member names an entity, and what is said of one that is missing or whose name is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from carnet.base.faults import AlreadyExists, Missing, Unmodifiable
from carnet.directory.account_view import AccountView
from carnet.entities.entity import name_key
from carnet.entities.group import Group
from carnet.entities.instance_profile import InstanceProfile
from carnet.entities.managed_policy import ManagedPolicy
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.services.iam import sentences, targets
from carnet.services.operation import Call, Names, WriteCall

E = TypeVar("E", bound=User | Group | Role | ManagedPolicy | InstanceProfile)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[E]):
    """One kind of IAM entity."""

    word: str
    """As AWS's names of operations and quotas have it: `User`."""
    member: str
    """The input member that names an existing one: `UserName`."""
    target: Names
    """Its existing entities, for `on=` of an operation."""
    find: Callable[[AccountView, str], E | None]
    missing: Callable[[str], str]
    taken: Callable[[str], str]
    tag_key: Callable[[str], str] = name_key
    """The form under which two keys of its tags are the same: of users and roles without case, of others as written."""

    def existing(self, call: Call, given: Any) -> E:
        """The entity that the input names; raises Missing."""
        name = given[self.member]
        entity = self.find(call.view, name)
        if entity is None:
            raise Missing(self.missing(name))
        return entity

    def changeable(self, call: Call, given: Any) -> E:
        """The entity that the input names; raises Missing, and Unmodifiable for what AWS keeps for itself."""
        entity = self.existing(call, given)
        if isinstance(entity, Role) and entity.linked_service is not None:
            raise Unmodifiable(sentences.role_protected(entity.name))
        return entity

    def add(self, call: WriteCall, entity: E) -> None:
        """Create; raises AlreadyExists."""
        try:
            call.store.add(entity)
        except AlreadyExists as fault:
            raise AlreadyExists(self.taken(entity.name)) from fault

    def save(self, call: WriteCall, before: E, after: E) -> None:
        """Store what has changed, and nothing where nothing has; raises AlreadyExists for a new name in use."""
        if after == before:
            return
        try:
            call.store.save(after)
        except AlreadyExists as fault:
            raise AlreadyExists(self.taken(after.name)) from fault


USERS: Kind[User] = Kind(
    word="User",
    member="UserName",
    target=targets.user,
    find=lambda view, name: view.of(User).named(name),
    missing=sentences.user_missing,
    taken=sentences.user_exists,
)
GROUPS: Kind[Group] = Kind(
    word="Group",
    member="GroupName",
    target=targets.group,
    find=lambda view, name: view.of(Group).named(name),
    missing=sentences.group_missing,
    taken=sentences.group_exists,
)
ROLES: Kind[Role] = Kind(
    word="Role",
    member="RoleName",
    target=targets.role,
    find=lambda view, name: view.of(Role).named(name),
    missing=sentences.role_missing,
    taken=sentences.role_exists,
)
POLICIES: Kind[ManagedPolicy] = Kind(
    word="Policy",
    member="PolicyArn",
    target=targets.policy_to_change,
    find=lambda view, arn: view.policy(arn),
    missing=sentences.policy_missing,
    taken=sentences.policy_exists,
    tag_key=str,
)
"""Customer-managed policies; AWS's own cannot be changed."""
INSTANCE_PROFILES: Kind[InstanceProfile] = Kind(
    word="InstanceProfile",
    member="InstanceProfileName",
    target=targets.instance_profile,
    find=lambda view, name: view.of(InstanceProfile).named(name),
    missing=sentences.instance_profile_missing,
    taken=sentences.instance_profile_exists,
    tag_key=str,
)
