"""Which permission sets a person has in which accounts, at one revision.

A person may use a permission set if it is assigned to the person, or to a group of the person, in an account that is
open, belongs to the instance's organization, and has the role already.

https://docs.aws.amazon.com/singlesignon/latest/userguide/useraccess.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from carnet.directory.account_view import AccountView
from carnet.directory.identity_center import memberships_of_user, own_instance
from carnet.directory.identity_center import person as person_of
from carnet.directory.snapshot import Snapshot
from carnet.entities.account_assignment import AccountAssignment, PrincipalType
from carnet.entities.identity_center_instance import Instance
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.permission_set import PermissionSet
from carnet.entities.provisioned_permission_set import ProvisionedPermissionSet
from carnet.entities.role import Role


class Assigned(NamedTuple):
    """A permission set that a person has in an account, and its role there."""

    instance: Instance
    target: AccountView
    permission_set: PermissionSet
    provisioned: ProvisionedPermissionSet
    role: Role


def assigned_to(snapshot: Snapshot, person: IdentityStoreUser) -> Iterator[Assigned]:
    """The permission sets of a person, each once; none if the person is disabled. Raises Unavailable if an organization
    cannot be read.

    The time grows with the groups and assignments of this person only.
    """
    view = snapshot.accounts[person.account]
    instance = own_instance(view)
    if instance is None or not person.enabled:
        return
    seen: set[str] = set()
    for assignment in assignments_of(view, person.id):
        if assignment.provisioned not in seen:
            seen.add(assignment.provisioned)
            yield from _find_assigned(snapshot, view, instance, assignment)


def assignments_of(view: AccountView, user: str) -> Iterator[AccountAssignment]:
    """The assignments of the person of that id and of the person's groups.

    `view` is the account that owns the instance. The same permission set of an account may come several times.
    """
    principals = [(PrincipalType.USER, user)]
    principals += [(PrincipalType.GROUP, membership.group) for membership in memberships_of_user(view, user)]
    for kind, principal in principals:
        assignments = view.of(AccountAssignment).referring("principal", principal)
        yield from (each for each in assignments if each.principal_type is kind)


def is_assigned(snapshot: Snapshot, user: str, account: str, role: str) -> bool:
    """Whether the person of that id may use the role (AROA...) of that account. Raises Unavailable as `assigned_to`
    does."""
    person = person_of(snapshot, user)
    if person is None:
        return False
    return any(each.role.id == role and each.role.account == account for each in assigned_to(snapshot, person))


def administers(snapshot: Snapshot, instance: Instance, account: str) -> bool:
    """Whether an account is now in the organization of an instance, or is the account of an account instance.

    Raises Unavailable as `assigned_to` does.
    """
    if instance.organization is None:
        return account == instance.account
    organization = snapshot.organization_of(account)
    return organization is not None and organization.scope.id == instance.organization


def _find_assigned(
    snapshot: Snapshot, view: AccountView, instance: Instance, assignment: AccountAssignment
) -> Iterator[Assigned]:
    target = snapshot.open_account(assignment.target)
    permission_set = view.of(PermissionSet).get(assignment.permission_set)
    provisioned = view.of(ProvisionedPermissionSet).get(assignment.provisioned)
    if target is None or permission_set is None or provisioned is None:
        return
    role = target.of(Role).get(provisioned.role)
    if role is not None and administers(snapshot, instance, assignment.target):
        yield Assigned(instance, target, permission_set, provisioned, role)
