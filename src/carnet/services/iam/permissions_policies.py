"""The permissions policies of a user, a group, a role or a managed policy in a report: only identity-based ones.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPoliciesGrantingServiceAccess.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from carnet.access.documents import stored_policy
from carnet.access.gather import find_managed_policy
from carnet.directory.account_view import AccountView
from carnet.entities.group import Group
from carnet.entities.managed_policy import ManagedPolicy
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.policy.document import Grammar, Policy

Reported = User | Group | Role | ManagedPolicy
"""What a report can be asked of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionsPolicy:
    """A policy, and the entity that has it."""

    policy: Policy
    name: str
    holder: User | Group | Role | None
    """Who has it inline; None for a managed policy."""
    arn: str | None
    """The ARN of a managed policy; None for an inline policy."""


def permissions_policies(view: AccountView, reported: Reported) -> Iterator[PermissionsPolicy]:
    """Those of the entity itself, and of a user those of its groups; a managed policy that comes twice comes once."""
    if isinstance(reported, ManagedPolicy):
        yield _of_managed_policy(reported)
        return
    holders: list[User | Group | Role] = [reported]
    if isinstance(reported, User):
        holders += [group for group in map(view.of(Group).get, reported.groups) if group is not None]
    for arn in dict.fromkeys(arn for holder in holders for arn in holder.attached):
        policy = find_managed_policy(view, arn)
        if policy is not None:
            yield _of_managed_policy(policy)
    for holder in holders:
        for name, document in holder.inline.items():
            source = f"{holder.resource_type}/{holder.name}/{name}"
            parsed = stored_policy(document, Grammar.IDENTITY, source)
            yield PermissionsPolicy(policy=parsed, name=name, holder=holder, arn=None)


def _of_managed_policy(policy: ManagedPolicy) -> PermissionsPolicy:
    parsed = stored_policy(policy.document, Grammar.IDENTITY, policy.arn)
    return PermissionsPolicy(policy=parsed, name=policy.name, holder=None, arn=policy.arn)


def accessing_entities(view: AccountView, reported: Reported) -> list[User | Role]:
    """The users and roles that use these policies: the entity itself, the group's members, or the holders of the
    policy."""
    if isinstance(reported, User | Role):
        return [reported]
    if isinstance(reported, Group):
        return list(view.members(reported.id))
    attached = view.attachments(reported.arn)
    users = {user.id: user for user in attached.users}
    for group in attached.groups:
        users |= {user.id: user for user in view.members(group.id)}
    return [*users.values(), *attached.roles]
