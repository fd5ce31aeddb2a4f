"""From which account an operation may be called: what a policy allows is not enough.

https://docs.aws.amazon.com/organizations/latest/APIReference/action-reference.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from carnet.base.faults import Fault
from carnet.directory.organization_view import OrganizationView
from carnet.entities.organization_account import OrganizationAccount
from carnet.services.operation import Call
from carnet.services.organizations import sentences

From: TypeAlias = Callable[[Call], OrganizationView]
"""The organization of the caller's account; raises a Fault if the account may not call the operation."""


def any_account(call: Call) -> OrganizationView:
    """Any account of an organization."""
    view = call.snapshot.organization_of(call.account)
    if view is None:
        raise sentences.not_in_use()
    return view


def management_account(call: Call) -> OrganizationView:
    """The management account alone."""
    view = any_account(call)
    if view.organization.management != call.account:
        raise sentences.not_for_this_account()
    return view


def administrator(call: Call) -> OrganizationView:
    """The management account, or an account that is a delegated administrator for a service."""
    view = any_account(call)
    if view.organization.management == call.account:
        return view
    account = view.of(OrganizationAccount).by_id[call.account]
    if not account.delegations:
        raise sentences.not_for_this_account()
    return view


def asked(call: Call, whence: From) -> OrganizationView | Fault:
    """The organization; or the fault to tell those who may know."""
    try:
        return whence(call)
    except Fault as fault:
        return fault
