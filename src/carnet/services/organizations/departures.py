"""Accounts that are closed, and accounts that leave their organization.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_remove.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_close.html
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from carnet.audit.events import Event
from carnet.audit.redaction import event_time
from carnet.base.faults import Unavailable
from carnet.directory.organization_view import OrganizationView
from carnet.entities.membership import Membership
from carnet.entities.organization import FeatureSet
from carnet.entities.organization_account import OrganizationAccount
from carnet.services.membership import dismiss
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.organization_events import Departure, finished
from carnet.services.organizations import sentences, targets
from carnet.services.organizations.all_features import departed
from carnet.services.organizations.callers import any_account, management_account
from carnet.services.organizations.quotas import quotas_of
from carnet.services.organizations.service import organizations

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import (
        CloseAccountRequestTypeDef,
        RemoveAccountFromOrganizationRequestTypeDef,
    )

_CLOSING_PERIOD = timedelta(days=30)


@organizations.write("CloseAccount", on=targets.account(management_account))
def close_account(
    call: WriteCall, given: CloseAccountRequestTypeDef, view: OrganizationView, account: OrganizationAccount
) -> Answer:
    """Close a member account, with all of its credentials. It stays in the organization for 90 days.

    Whether the operator opens it again, or it goes: `services/closed_accounts.py`.
    """
    if account.id == view.organization.management:
        raise sentences.constraint("CANNOT_CLOSE_MANAGEMENT_ACCOUNT", sentences.MANAGEMENT_STAYS_OPEN)
    if view.organization.feature_set is not FeatureSet.ALL:
        raise sentences.constraint("ORGANIZATION_NOT_IN_ALL_FEATURES_MODE", sentences.NEEDS_ALL_FEATURES)
    membership = _membership(call, account)
    if membership.closed is not None:
        raise sentences.account_closed()
    if _closed_since(call, view, call.now - _CLOSING_PERIOD) >= _closable(call, view):
        raise sentences.constraint("CLOSE_ACCOUNT_QUOTA_EXCEEDED", sentences.TOO_MANY_CLOSED)
    call.store.save(replace(membership, closed=call.now))
    call.store.audit(_closed_event(call, view, account))
    return {}


@organizations.write("RemoveAccountFromOrganization", on=targets.account(management_account))
def remove_account_from_organization(
    call: WriteCall,
    given: RemoveAccountFromOrganizationRequestTypeDef,
    view: OrganizationView,
    account: OrganizationAccount,
) -> Answer:
    """Make a member a stand-alone account, which no policy of the organization binds from the next request on."""
    leave(call, view, account, Departure.REMOVED)
    return {}


@organizations.write("LeaveOrganization", on=targets.organization(any_account))
def leave_organization(call: WriteCall, given: Any, view: OrganizationView) -> Answer:
    """As RemoveAccountFromOrganization, called by the member itself."""
    leave(call, view, view.of(OrganizationAccount).by_id[call.account], Departure.LEFT)
    return {}


def leave(call: WriteCall, view: OrganizationView, account: OrganizationAccount, method: Departure) -> None:
    """Take an account out. Raises a Fault for one that has to stay.

    AWS lets a created account go after four days, and with what a customer of AWS owes. Here it goes at once.
    """
    if account.id == view.organization.management:
        raise sentences.management_stays()
    # INVARIANT: a closed account stays closed, which is kept with its membership.
    if _membership(call, account).closed is not None:
        raise sentences.constraint("ACCOUNT_CANNOT_LEAVE_ORGANIZATION", sentences.CLOSED_STAYS)
    if account.delegations:
        raise sentences.constraint("CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG", sentences.ADMINISTRATOR_STAYS)
    dismiss(call.store, account, view.organization, method, call.now)
    departed(call, view, account.id)


def _closed_event(call: Call, view: OrganizationView, account: OrganizationAccount) -> Event:
    """The event of a closed account. AWS closes it after its answer; here it is closed with it."""
    now = event_time(call.now)
    status = {
        "accountId": account.id,
        "state": "SUCCEEDED",
        "requestedTimestamp": now,
        "completedTimestamp": now,
    }
    return finished(view.organization, "CloseAccountResult", call.now, {"closeAccountStatus": status})


def _membership(call: Call, account: OrganizationAccount) -> Membership:
    """The account's membership. Raises Unavailable if it cannot be read."""
    seen = call.snapshot.account(account.id)
    if seen is None or seen.membership is None:
        raise Unavailable(f"The account {account.id} cannot be read.")
    return seen.membership


def _closed_since(call: Call, view: OrganizationView, since: datetime) -> int:
    """The number of accounts of the organization that were closed after that time."""
    seen = (call.snapshot.account(account.id) for account in view.of(OrganizationAccount))
    memberships = (one.membership for one in seen if one is not None)
    return sum(1 for each in memberships if each is not None and each.closed is not None and each.closed > since)


def _closable(call: Call, view: OrganizationView) -> int:
    """How many accounts may be closed within 30 days: 20 % of the members, within the bounds of the quotas."""
    quotas = quotas_of(call, view.organization)
    fifth = (len(view.of(OrganizationAccount)) - 1) // 5
    return min(max(fifth, quotas.closed_accounts), quotas.closed_accounts_at_most)
