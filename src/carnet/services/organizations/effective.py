"""Effective policies of accounts, and their errors. They are computed on demand.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_effective.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carnet.directory.organization_view import Node, OrganizationView
from carnet.entities.organization_account import OrganizationAccount
from carnet.entities.organization_policy import PolicyType
from carnet.services.effective_policies import EffectivePolicy, effective_policy
from carnet.services.operation import Answer, Call
from carnet.services.organizations import sentences, shapes, targets
from carnet.services.organizations.callers import administrator, any_account
from carnet.services.organizations.condition_keys import policy_type
from carnet.services.organizations.effective_errors import EffectiveError, effective_errors
from carnet.services.organizations.service import organizations
from carnet.services.paging import page
from carnet.services.target import Target

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import (
        DescribeEffectivePolicyRequestTypeDef,
        ListAccountsWithInvalidEffectivePolicyRequestTypeDef,
        ListEffectivePolicyValidationErrorsRequestTypeDef,
    )

_NOTHING = "{}"
"""What is in effect without a policy, and of one that is not valid."""


def _own_or_any(call: Call, given: Any) -> Target[OrganizationView, Node]:
    """The caller's own account, or, for an administrator, any TargetId."""
    target_id: str = given.get("TargetId", call.account)
    whence = any_account if target_id == call.account else administrator
    return targets.named(call, whence, target_id, OrganizationView.node, sentences.target_missing)


@organizations.read("DescribeEffectivePolicy", on=_own_or_any, context=(policy_type,))
def describe_effective_policy(
    call: Call, given: DescribeEffectivePolicyRequestTypeDef, view: OrganizationView, node: Node
) -> Answer:
    """What the policies of a type that an account has, itself or from above, set together: nothing, if it has none."""
    if not isinstance(node, OrganizationAccount):
        raise sentences.invalid("TARGET_NOT_SUPPORTED", sentences.TARGET_NOT_SUPPORTED)
    kind = PolicyType(given["PolicyType"])
    found = _effective(view, node, kind)
    told = {
        "PolicyContent": _NOTHING if found is None or effective_errors(found, kind) else found.content,
        "LastUpdatedTimestamp": call.now,
        "TargetId": node.id,
        "PolicyType": kind,
    }
    return {"EffectivePolicy": told}


@organizations.read(
    "ListAccountsWithInvalidEffectivePolicy", on=targets.organization(administrator), context=(policy_type,)
)
def list_accounts_with_invalid_effective_policy(
    call: Call, given: ListAccountsWithInvalidEffectivePolicyRequestTypeDef, view: OrganizationView
) -> Answer:
    """The accounts whose effective policy is not valid, by id.

    A page looks at as many accounts as it may tell of: as on AWS, it may tell of fewer, or none, and not be the last.
    """
    kind = PolicyType(given["PolicyType"])
    _check_enabled(view, kind)
    accounts = view.of(OrganizationAccount).sorted()
    looked_at = page(
        call.paging, "ListAccountsWithInvalidEffectivePolicy", accounts, given, key=lambda account: account.id
    )
    found = [(one, effective_policy(view, one, kind)) for one in looked_at.items]
    wrong = [one for one, effective in found if effective is not None and effective_errors(effective, kind)]
    told = [shapes.account(view, call.snapshot, account) for account in wrong]
    return {"Accounts": told, "PolicyType": kind, **looked_at.truncation}


@organizations.read("ListEffectivePolicyValidationErrors", on=targets.account(administrator), context=(policy_type,))
def list_effective_policy_validation_errors(
    call: Call,
    given: ListEffectivePolicyValidationErrorsRequestTypeDef,
    view: OrganizationView,
    account: OrganizationAccount,
) -> Answer:
    """What is wrong with the effective policy of an account. With nothing wrong there is no path and no time."""
    kind = PolicyType(given["PolicyType"])
    effective = _effective(view, account, kind)
    errors = () if effective is None else effective_errors(effective, kind)
    found = page(call.paging, "ListEffectivePolicyValidationErrors", errors, given, key=EffectiveError.listed_by)
    evaluated = {"Path": shapes.path(view, account), "EvaluationTimestamp": call.now} if errors else {}
    return {
        "AccountId": account.id,
        "PolicyType": kind,
        **evaluated,
        **found.answer("EffectivePolicyValidationErrors", EffectiveError.shown),
    }


def _effective(view: OrganizationView, account: OrganizationAccount, kind: PolicyType) -> EffectivePolicy | None:
    _check_enabled(view, kind)
    return effective_policy(view, account, kind)


def _check_enabled(view: OrganizationView, kind: PolicyType) -> None:
    if kind not in view.organization.policy_types:
        raise sentences.effective_policy_missing()
