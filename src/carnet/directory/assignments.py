"""Who has which permission set in which account, as it was at one revision.

https://docs.aws.amazon.com/singlesignon/latest/userguide/useraccess.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from carnet.directory.account_view import AccountView
from carnet.directory.identity_center import memberships_of_user
from carnet.directory.snapshot import Snapshot
from carnet.entities.account_assignment import AccountAssignment
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.permission_set import PermissionSet
from carnet.entities.provisioned_permission_set import ProvisionedPermissionSet


class Assigned(NamedTuple):
    """One permission set that a person has in one account, and its role there."""

    target: AccountView
    permission_set: PermissionSet
    provisioned: ProvisionedPermissionSet


def assigned_to(snapshot: Snapshot, person: IdentityStoreUser) -> Iterator[Assigned]:
    """Each once, assigned to the person or to a group that the person is in; none of accounts that are closed.

    It takes as long as there are groups and assignments of this person, however many others there are.
    """
    view = snapshot.accounts[person.account]
    seen: set[str] = set()
    principals = (person.id, *(membership.group for membership in memberships_of_user(view, person.id)))
    for principal in principals:
        for assignment in view.of(AccountAssignment).referring("principal", principal):
            if assignment.provisioned not in seen:
                seen.add(assignment.provisioned)
                yield from _found(snapshot, view, assignment)


def _found(snapshot: Snapshot, view: AccountView, assignment: AccountAssignment) -> Iterator[Assigned]:
    target = snapshot.open_account(assignment.target)
    permission_set = view.of(PermissionSet).get(assignment.permission_set)
    provisioned = view.of(ProvisionedPermissionSet).get(assignment.provisioned)
    if target is not None and permission_set is not None and provisioned is not None:
        yield Assigned(target, permission_set, provisioned)
