"""Who has which permission set in which account, as it was at one revision.

What a person may use is what is assigned to the person, or to a group that the person is in, in an account that is
open, in the organization of the instance, and has the role by now.

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
    """One permission set that a person has in one account, and its role there."""

    instance: Instance
    target: AccountView
    permission_set: PermissionSet
    provisioned: ProvisionedPermissionSet
    role: Role


def assigned_to(snapshot: Snapshot, person: IdentityStoreUser) -> Iterator[Assigned]:
    """Each once; nothing of a person who is disabled. Raises Unavailable if an organization cannot be read.

    It takes as long as there are groups and assignments of this person, however many others there are.
    """
    view = snapshot.accounts[person.account]
    instance = own_instance(view)
    if instance is None or not person.enabled:
        return
    seen: set[str] = set()
    for assignment in assignments_of(view, person.id):
        if assignment.provisioned not in seen:
            seen.add(assignment.provisioned)
            yield from _found(snapshot, view, instance, assignment)


def assignments_of(view: AccountView, user: str) -> Iterator[AccountAssignment]:
    """What is assigned to the person of that id, and to the person's groups; `view` is that of the instance's owner.

    One permission set of one account may come several times.
    """
    principals = [(PrincipalType.USER, user)]
    principals += [(PrincipalType.GROUP, membership.group) for membership in memberships_of_user(view, user)]
    for kind, principal in principals:
        assignments = view.of(AccountAssignment).referring("principal", principal)
        yield from (each for each in assignments if each.principal_type is kind)


def is_assigned(snapshot: Snapshot, user: str, account: str, role: str) -> bool:
    """Whether the person of that id has the role (AROA...) of that account. Raises Unavailable as `assigned_to`."""
    person = person_of(snapshot, user)
    if person is None:
        return False
    return any(each.role.id == role and each.role.account == account for each in assigned_to(snapshot, person))


def administers(snapshot: Snapshot, instance: Instance, account: str) -> bool:
    """Whether an account is, now, in the organization whose instance it is; or that of an account instance itself.

    Raises Unavailable as `assigned_to`.
    """
    if instance.organization is None:
        return account == instance.account
    organization = snapshot.organization_of(account)
    return organization is not None and organization.scope.id == instance.organization


def _found(
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
