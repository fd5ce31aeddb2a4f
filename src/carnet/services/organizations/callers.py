"""The accounts from which an operation may be called; an allow in a policy is not enough.

https://docs.aws.amazon.com/organizations/latest/APIReference/action-reference.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from carnet.access.documents import stored_policy
from carnet.base.faults import Fault
from carnet.directory.organization_view import OrganizationView
from carnet.entities.organization_account import OrganizationAccount
from carnet.entities.organization_resource_policy import OrganizationResourcePolicy
from carnet.policy.document import Grammar
from carnet.policy.policies import ResourcePolicy
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
    """The management account only."""
    view = any_account(call)
    if view.organization.management != call.account:
        raise sentences.not_for_this_account()
    return view


def administrator(call: Call) -> OrganizationView:
    """The management account, a delegated administrator, or a principal that the resource policy allows."""
    view = any_account(call)
    return view if view.of(OrganizationAccount).by_id[call.account].delegations else delegate(call)


def delegate(call: Call) -> OrganizationView:
    """The management account, or a principal that the resource policy allows."""
    view = any_account(call)
    if view.organization.management != call.account and not len(view.of(OrganizationResourcePolicy)):
        raise sentences.not_for_this_account()
    return view


class Side(NamedTuple):
    """The account whose policies decide on something of the organization."""

    account: str
    policies: tuple[ResourcePolicy, ...] = ()


def side(call: Call, whence: From, view: OrganizationView) -> Side:
    """The caller's own account; the management account and its resource policy, if that alone lets the caller in.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_delegate_policies.html
    """
    management = view.organization.management
    if call.account == management or whence not in (administrator, delegate):
        return Side(call.account)
    if whence is administrator and view.of(OrganizationAccount).by_id[call.account].delegations:
        return Side(call.account)
    return Side(management, view.derived(_resource_policies))


def _resource_policies(view: OrganizationView) -> tuple[ResourcePolicy, ...]:
    return tuple(
        ResourcePolicy(
            policy=stored_policy(one.content, Grammar.RESOURCE, view.organization.arn_of(one.resource)),
            account=view.organization.management,
        )
        for one in view.of(OrganizationResourcePolicy)
    )


def asked(call: Call, whence: From) -> OrganizationView | Fault:
    """The organization, or the fault for callers that may know it."""
    try:
        return whence(call)
    except Fault as fault:
        return fault
