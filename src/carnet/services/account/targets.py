"""The account that an operation of Account Management acts on: the caller's, or a member of the caller's organization.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsaccountmanagement.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from carnet.base.arns import Arn
from carnet.base.faults import Denied
from carnet.directory.account_view import AccountView
from carnet.directory.organization_view import OrganizationView
from carnet.entities.organization import FeatureSet
from carnet.entities.organization_account import OrganizationAccount
from carnet.services.account import sentences
from carnet.services.operation import Call
from carnet.services.target import Target

_SERVICE = "account.amazonaws.com"


def account_asked_for(
    operation: str, *, to_itself: str = sentences.STANDALONE_CONTEXT_NEEDED
) -> Callable[[Call, Any], Target[AccountView]]:
    """The account of AccountId, or the caller's own if none is given.

    `to_itself` is what the management account is told that gives its own id.
    https://docs.aws.amazon.com/accounts/latest/reference/using-orgs-trusted-access.html
    """

    def on(call: Call, given: Any) -> Target[AccountView]:
        named: str | None = given.get("AccountId")
        if named is None:
            return Target(arn=_arn(call, call.account, "account"), account=call.account, found=(call.view,))
        view = call.snapshot.organization_of(call.account)
        found = None if view is None else _find_member(call, view, named, to_itself)
        refusal = None if isinstance(found, AccountView) else found
        # The account is the caller's, not that of the ARN: the policies of a delegated administrator's account decide.
        return Target(
            arn=_arn(call, call.account, "account") if view is None else _member_arn(call, view, named),
            account=call.account,
            found=(found,)
            if isinstance(found, AccountView)
            else Denied(sentences.not_authorized(call.caller.principal.arn, operation, refusal)),
        )

    return on


def member_asked_for(call: Call, given: Any) -> tuple[OrganizationView, OrganizationAccount] | None:
    """The place of the account of AccountId in the organization; None of what the caller's account may not ask for."""
    view = call.snapshot.organization_of(call.account)
    named = given.get("AccountId")
    if view is None or named is None or not isinstance(_find_member(call, view, named, ""), AccountView):
        return None
    return view, view.of(OrganizationAccount).by_id[named]


def _find_member(call: Call, view: OrganizationView, named: str, to_itself: str) -> AccountView | str | None:
    """The member, or what the caller is told why it may not be asked for; None if that is not told."""
    organization = view.organization
    manages = call.account == organization.management
    if _SERVICE not in organization.trusted_services or organization.feature_set is not FeatureSet.ALL:
        return sentences.TRUSTED_ACCESS_NEEDED if manages else None
    places = view.of(OrganizationAccount).by_id
    if not manages and _SERVICE not in places[call.account].delegations:
        return None
    if named == organization.management:
        return to_itself
    return call.snapshot.accounts.get(named) if named in places else None


def _member_arn(call: Call, view: OrganizationView, member: str) -> str:
    return _arn(call, view.organization.management, f"account/{view.scope.id}/{member}")


def _arn(call: Call, account: str, resource: str) -> str:
    return str(Arn(partition=call.partition, service="account", region="", account=account, resource=resource))
