"""Makes an account a member of an organization, and removes it: both sides of the membership, and the account's roles.

AWS Organizations' operations use it, and `carnet account` for the operator.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services-using_slrs.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from types import MappingProxyType
from typing import Any

from carnet.access.authorize import Check
from carnet.base.arns import root_arn
from carnet.base.ids import ROLE, Ids
from carnet.directory.account_view import AccountView
from carnet.directory.organization_view import OrganizationView
from carnet.entities.account import Account
from carnet.entities.entity import Tags
from carnet.entities.identity_center_instance import IDENTITY_CENTER
from carnet.entities.membership import Membership
from carnet.entities.organization import Organization
from carnet.entities.organization_account import JoinedMethod, OrganizationAccount
from carnet.entities.role import Role
from carnet.services.linked_roles import has_linked_role, linked_role_of, making_linked_role, service_linked_role
from carnet.services.operation import Call
from carnet.services.organization_events import Departure, departed, joined
from carnet.services.target import AnyTarget, Keys
from carnet.store.unit_of_work import Unit

ACCESS_ROLE = "OrganizationAccountAccessRole"
"""https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html"""

NO_TAGS: Tags = MappingProxyType({})

_SERVICE = "organizations.amazonaws.com"


def admit(
    store: Unit,
    ids: Ids,
    account: Account,
    place: OrganizationAccount,
    organization: Organization,
    view: AccountView | None,
) -> None:
    """Make an account a member of an organization.

    It gets the service-linked role of AWS Organizations and, if the organization trusts IAM Identity Center, that of
    IAM Identity Center, unless it has them. `view` is the account as it is now, None for a new one. Raises Taken if it
    is in an organization.
    """
    store.add(Membership(account=account.id, organization=place.organization))
    store.add(place)
    store.audit(joined(organization, place))
    for service in (_SERVICE, *({IDENTITY_CENTER} & set(organization.trusted_services))):
        linked = linked_role_of(service)
        if view is None or not has_linked_role(view, linked):
            store.add(service_linked_role(ids, account, linked, name=linked.name, now=place.joined))


def admit_new(
    store: Unit,
    ids: Ids,
    account: Account,
    view: OrganizationView,
    *,
    role_name: str = ACCESS_ROLE,
    tags: Tags = NO_TAGS,
) -> None:
    """Make a new account a member directly below the root, with the role by which the management account administers
    it.

    Raises Taken if the account has a role of that name already.
    """
    place = OrganizationAccount(
        id=account.id,
        organization=view.scope.id,
        parent=view.root.id,
        joined_method=JoinedMethod.CREATED,
        joined=account.created,
        tags=tags,
    )
    admit(store, ids, account, place, view.organization, None)
    store.add(_access_role(ids, account, management=view.organization.management, name=role_name))


def dismiss(
    store: Unit, place: OrganizationAccount, organization: Organization, method: Departure, now: datetime
) -> None:
    """Make a member a stand-alone account. It keeps its roles."""
    store.remove(Membership(account=place.id, organization=place.organization))
    store.remove(place)
    store.audit(departed(organization, place.id, method, now))


def _access_role(ids: Ids, account: Account, *, management: str, name: str) -> Role:
    """The role of a new account by which the management account administers it."""
    trusted = {"AWS": root_arn(account.partition, management)}
    statement = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
    return Role(
        id=ids.unique(ROLE),
        account=account.id,
        partition=account.partition,
        path="/",
        name=name,
        trust=json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":")),
        attached=(f"arn:{account.partition}:iam::aws:policy/AdministratorAccess",),
        created=account.created,
    )


def may_make_linked_role(call: Call, given: Any, target: AnyTarget, keys: Keys) -> Iterator[Check]:
    """For `also=` of an operation that makes the caller's account a member of an organization:
    iam:CreateServiceLinkedRole."""
    yield from making_linked_role(call, linked_role_of(_SERVICE))
