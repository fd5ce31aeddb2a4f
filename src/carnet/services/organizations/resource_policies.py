"""The resource policy of an organization.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_PutResourcePolicy.html
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carnet import models
from carnet.base import bounded_json
from carnet.base.arns import parse_arn
from carnet.base.faults import Malformed
from carnet.catalog.service_principals import is_service_principal
from carnet.directory.organization_view import OrganizationView
from carnet.directory.snapshot import Snapshot
from carnet.entities.organization_account import OrganizationAccount
from carnet.entities.organization_resource_policy import OrganizationResourcePolicy
from carnet.policy.document import Grammar, Policy
from carnet.policy.patterns import ascii_lower
from carnet.policy.principals import ANYONE, PrincipalType
from carnet.policy.statement import ActionPattern, Statement
from carnet.services.bound_principals import NoSuchPrincipal, bound
from carnet.services.documents import document, parsed_before
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.organizations import sentences, targets
from carnet.services.organizations.callers import administrator, management_account
from carnet.services.organizations.service import organizations
from carnet.services.organizations.tagging import tags_of
from carnet.services.request_tags import request_tags, tagged_on_creation

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import PutResourcePolicyRequestTypeDef

_DELEGABLE = frozenset(
    (
        "AttachPolicy",
        "CreatePolicy",
        "DeletePolicy",
        "DescribeAccount",
        "DescribeCreateAccountStatus",
        "DescribeEffectivePolicy",
        "DescribeHandshake",
        "DescribeOrganization",
        "DescribeOrganizationalUnit",
        "DescribePolicy",
        "DescribeResourcePolicy",
        "DescribeResponsibilityTransfer",
        "DetachPolicy",
        "DisablePolicyType",
        "EnablePolicyType",
        "ListAWSServiceAccessForOrganization",
        "ListAccounts",
        "ListAccountsForParent",
        "ListAccountsWithInvalidEffectivePolicy",
        "ListChildren",
        "ListCreateAccountStatus",
        "ListDelegatedAdministrators",
        "ListDelegatedServicesForAccount",
        "ListEffectivePolicyValidationErrors",
        "ListHandshakesForAccount",
        "ListHandshakesForOrganization",
        "ListInboundResponsibilityTransfers",
        "ListOrganizationalUnitsForParent",
        "ListOutboundResponsibilityTransfers",
        "ListParents",
        "ListPolicies",
        "ListPoliciesForTarget",
        "ListRoots",
        "ListTagsForResource",
        "ListTargetsForPolicy",
        "TagResource",
        "UntagResource",
        "UpdatePolicy",
    )
)
"""https://docs.aws.amazon.com/organizations/latest/userguide/orgs_delegate_policies.html#supported-actions"""
_PREFIX = "organizations:"
_NEGATED = frozenset(("NotAction", "NotPrincipal", "NotResource"))


@organizations.write(
    "PutResourcePolicy",
    on=targets.resource_policy(management_account),
    also=(tagged_on_creation("organizations:TagResource"),),
    context=(request_tags,),
    prepare=parsed_before("Content", Grammar.RESOURCE, lambda quotas: quotas.resource_policy_size),
)
def put_resource_policy(
    call: WriteCall,
    given: PutResourcePolicyRequestTypeDef,
    view: OrganizationView,
    policy: OrganizationResourcePolicy | None,
) -> Answer:
    """Create the resource policy, or replace its document. Only a new one can be given tags."""
    content = _check_document(call, view, given["Content"])
    if policy is None:
        policy = OrganizationResourcePolicy(
            id=call.ids.organizations("rp"),
            organization=view.scope.id,
            content=content,
            tags=tags_of(call, given, "resourcepolicy"),
        )
        call.store.add(policy)
    elif given.get("Tags"):
        raise sentences.constraint(
            "UPDATE_EXISTING_RESOURCE_POLICY_WITH_TAGS_NOT_SUPPORTED", sentences.TAGS_OF_A_NEW_POLICY
        )
    else:
        policy = replace(policy, content=content)
        call.store.save(policy)
    return {"ResourcePolicy": _shape(view, policy)}


@organizations.read("DescribeResourcePolicy", on=targets.organization(administrator))
def describe_resource_policy(call: Call, given: Any, view: OrganizationView) -> Answer:
    """The resource policy."""
    return {"ResourcePolicy": _shape(view, _existing_policy(view))}


@organizations.write("DeleteResourcePolicy", on=targets.organization(management_account))
def delete_resource_policy(call: WriteCall, given: Any, view: OrganizationView) -> Answer:
    """Remove the resource policy: from the next request on it allows nobody."""
    call.store.remove(_existing_policy(view))
    return {}


def _existing_policy(view: OrganizationView) -> OrganizationResourcePolicy:
    policy = next(iter(view.of(OrganizationResourcePolicy)), None)
    if policy is None:
        raise sentences.resource_policy_missing()
    return policy


def _shape(view: OrganizationView, policy: OrganizationResourcePolicy) -> dict[str, object]:
    arn = view.organization.arn_of(policy.resource)
    return {"ResourcePolicySummary": {"Id": policy.id, "Arn": arn}, "Content": policy.content}


def _check_document(call: Call, view: OrganizationView, text: str) -> str:
    """The document as it is kept: with a version, and accounts by the ARNs of their root users.

    Raises Invalid for what is none, for an action that cannot be delegated, and for a principal that is not there.
    """
    try:
        policy = document(call, text, Grammar.RESOURCE, call.partition)
        for statement in policy.statements:
            _check_actions(statement)
        _check_principals(call.snapshot, view, policy)
        kept = bounded_json.loads(bound(call.snapshot, call.view, policy, text).text)
    except (Malformed, NoSuchPrincipal) as fault:
        raise sentences.invalid("INVALID_RESOURCE_POLICY_JSON", sentences.NO_RESOURCE_POLICY) from fault
    return json.dumps({"Version": policy.version, **kept}, ensure_ascii=False, separators=(",", ":"))


def _check_actions(statement: Statement) -> None:
    """Raises Malformed for an element that does not apply, Invalid for an action that cannot be delegated."""
    if not _NEGATED.isdisjoint(statement.source):
        raise Malformed("NotAction, NotResource and NotPrincipal are not for the resource policy of an organization.")
    for pattern in statement.actions.patterns:
        if not _can_be_delegated(pattern):
            raise sentences.not_delegable(pattern.text)


def _check_principals(snapshot: Snapshot, view: OrganizationView, policy: Policy) -> None:
    """Raises NoSuchPrincipal for a service that does not exist, Invalid for a principal outside the organization."""
    for service in policy.principals(PrincipalType.SERVICE):
        if not is_service_principal(service):
            raise NoSuchPrincipal(service)
    for kind in (PrincipalType.FEDERATED, PrincipalType.CANONICAL_USER):
        if policy.principals(kind):
            raise sentences.invalid("INVALID_PRINCIPAL", sentences.INVALID_PRINCIPAL)
    accounts = view.of(OrganizationAccount)
    for written in policy.principals(PrincipalType.AWS):
        arn = parse_arn(written)
        account = written if arn is None else arn.account
        if written == ANYONE or accounts.get(account) is not None:
            continue
        if snapshot.account(account) is None:
            raise NoSuchPrincipal(written)
        raise sentences.invalid("INVALID_PRINCIPAL", sentences.INVALID_PRINCIPAL)


def _can_be_delegated(pattern: ActionPattern) -> bool:
    """Whether the pattern of an action covers an operation, and only ones that can be delegated."""
    if not ascii_lower(pattern.text).startswith(_PREFIX):
        return False
    covered = {name for name in models.service(organizations.name).operations if pattern.matches(_PREFIX + name)}
    return bool(covered) and covered <= _DELEGABLE
