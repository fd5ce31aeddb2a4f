"""The accounts of an organization, and their places in it.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carnet.access.authorize import Check
from carnet.base.faults import Fault
from carnet.directory.organization_view import OrganizationView
from carnet.entities.organization_account import OrganizationAccount
from carnet.entities.organizational_unit import OrganizationalUnit
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.organizations import sentences, shapes, targets
from carnet.services.organizations.callers import administrator, management_account
from carnet.services.organizations.service import organizations
from carnet.services.paging import page
from carnet.services.target import AnyTarget, Keys

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import (
        DescribeAccountRequestTypeDef,
        ListAccountsForParentRequestTypeDef,
        ListAccountsRequestTypeDef,
        MoveAccountRequestTypeDef,
    )


@organizations.read("ListAccounts", on=targets.organization(administrator))
def list_accounts(call: Call, given: ListAccountsRequestTypeDef, view: OrganizationView) -> Answer:
    """All accounts of the organization, the management account included, by id."""
    accounts = view.of(OrganizationAccount).sorted()
    found = page(call.paging, "ListAccounts", accounts, given, key=lambda account: account.id)
    return found.answer("Accounts", lambda account: shapes.account(view, call.snapshot, account))


@organizations.read("ListAccountsForParent", on=targets.parent(administrator))
def list_accounts_for_parent(
    call: Call, given: ListAccountsForParentRequestTypeDef, view: OrganizationView, parent: OrganizationalUnit
) -> Answer:
    """The accounts right below a root or unit, by id."""
    accounts = view.accounts_in(parent.id)
    found = page(call.paging, "ListAccountsForParent", accounts, given, key=lambda account: account.id)
    return found.answer("Accounts", lambda account: shapes.account(view, call.snapshot, account))


@organizations.read("DescribeAccount", on=targets.account(administrator))
def describe_account(
    call: Call, given: DescribeAccountRequestTypeDef, view: OrganizationView, account: OrganizationAccount
) -> Answer:
    """One account of the organization."""
    return {"Account": shapes.account(view, call.snapshot, account)}


def both_parents(call: Call, given: Any, target: AnyTarget, keys: Keys) -> Iterator[Check]:
    """The permission to move an account must hold for the old and the new parent, too."""
    for member in ("SourceParentId", "DestinationParentId"):
        where = targets.named(call, management_account, given[member], targets.unit_or_root, sentences.parent_missing)
        yield where.check("organizations:MoveAccount", keys)


@organizations.write("MoveAccount", on=targets.account(management_account), also=(both_parents,))
def move_account(
    call: WriteCall, given: MoveAccountRequestTypeDef, view: OrganizationView, account: OrganizationAccount
) -> Answer:
    """Move an account to another parent, whose policies apply to it from the next request on."""
    source = _parent(view, given["SourceParentId"], sentences.source_missing())
    destination = _parent(view, given["DestinationParentId"], sentences.destination_missing())
    if account.parent != source.id:
        raise sentences.source_missing()
    if account.parent == destination.id:
        raise sentences.account_there()
    call.store.save(replace(account, parent=destination.id))
    return {}


def _parent(view: OrganizationView, parent_id: str, missing: Fault) -> OrganizationalUnit:
    found = targets.unit_or_root(view, parent_id)
    if found is None:
        raise missing
    return found
