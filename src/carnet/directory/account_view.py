"""One account as it was at one revision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from copy import copy
from dataclasses import dataclass
from operator import attrgetter
from types import MappingProxyType
from typing import Any

import immutables

from carnet.directory.indexed import Indexed
from carnet.directory.named import Named
from carnet.entities.access_key import AccessKey
from carnet.entities.account import Account
from carnet.entities.group import Group
from carnet.entities.instance_profile import InstanceProfile
from carnet.entities.managed_policy import ManagedPolicy
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.store.changes import Change, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachments:
    """Who has a managed policy attached, and whose permissions boundary it is; each by name."""

    users: tuple[User, ...]
    groups: tuple[Group, ...]
    roles: tuple[Role, ...]
    boundary_users: tuple[User, ...]
    boundary_roles: tuple[Role, ...]


def _boundary(entity: User | Role) -> tuple[str, ...]:
    return () if entity.boundary is None else (entity.boundary,)


def _role(profile: InstanceProfile) -> tuple[str, ...]:
    return () if profile.role is None else (profile.role,)


def _owner(key: AccessKey) -> tuple[str, ...]:
    return (key.owner,)


def _age(key: AccessKey) -> tuple[Any, str]:
    return key.created, key.id


class AccountView:
    """Immutable: every change of the account makes another view, which shares what did not change.

    `memo` is for what other rooms derive from this very view (the policies gathered for a principal, for example): it
    lives as long as the view, so what is in it never has to be invalidated. Keys begin with a class or function of
    whoever remembers. Several threads may use it at once; two of them may derive the same value.
    """

    __slots__ = ("_keys", "account", "groups", "instance_profiles", "memo", "policies", "roles", "users")

    def __init__(self, account: Account) -> None:
        self.account = account
        self.users: Named[User] = Named(
            {"groups": attrgetter("groups"), "attached": attrgetter("attached"), "boundary": _boundary}
        )
        self.groups: Named[Group] = Named({"attached": attrgetter("attached")})
        self.roles: Named[Role] = Named({"attached": attrgetter("attached"), "boundary": _boundary})
        self.policies: Named[ManagedPolicy] = Named()
        self.instance_profiles: Named[InstanceProfile] = Named({"role": _role})
        self._keys: Indexed[AccessKey] = Indexed(_age, {"owner": _owner})
        self.memo: dict[Hashable, Any] = {}

    @property
    def access_keys(self) -> immutables.Map[str, AccessKey]:
        """Access key id to the key."""
        return self._keys.by_id

    def keys_of(self, owner: str) -> tuple[AccessKey, ...]:
        """The access keys of a user (by id) or of the root user (by account id), oldest first."""
        return self._keys.referring("owner", owner)

    def members(self, group: str) -> tuple[User, ...]:
        """The users in the group of that id, by name."""
        return self.users.referring("groups", group)

    def profiles_of(self, role: str) -> tuple[InstanceProfile, ...]:
        """The instance profiles that hold the role of that id, by name."""
        return self.instance_profiles.referring("role", role)

    def attachments(self, policy_arn: str) -> Attachments:
        """Who uses the managed policy of that ARN, AWS-managed ones included."""
        return Attachments(
            users=self.users.referring("attached", policy_arn),
            groups=self.groups.referring("attached", policy_arn),
            roles=self.roles.referring("attached", policy_arn),
            boundary_users=self.users.referring("boundary", policy_arn),
            boundary_roles=self.roles.referring("boundary", policy_arn),
        )

    def policy(self, arn: str) -> ManagedPolicy | None:
        """The customer-managed policy of that ARN, which is compared exactly."""
        policy = self.policies.named(arn.rpartition("/")[2])
        return policy if policy is not None and policy.arn == arn else None

    def changed(self, changes: Iterable[Change]) -> AccountView:
        """This view with other rows, all of this account."""
        by_kind: defaultdict[Kind, dict[str, Any]] = defaultdict(dict)
        for change in changes:
            by_kind[change.kind][change.key] = change.entity
        new = copy(self)
        new.memo = {}
        for kind, entities in by_kind.items():
            if kind is Kind.ACCOUNT:
                new.account = entities[self.account.id]
            else:
                place = _PLACES[kind]
                setattr(new, place, getattr(self, place).changed(entities))
        return new


_PLACES = MappingProxyType(
    {
        Kind.USER: "users",
        Kind.GROUP: "groups",
        Kind.ROLE: "roles",
        Kind.POLICY: "policies",
        Kind.INSTANCE_PROFILE: "instance_profiles",
        Kind.ACCESS_KEY: "_keys",
    }
)
