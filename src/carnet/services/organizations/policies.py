"""Policies of an organization, of every type, and AWS's own.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_Policy.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carnet.base.faults import AlreadyExists
from carnet.catalog.organization_policies import AWS_POLICIES
from carnet.directory.organization_view import OrganizationView
from carnet.entities.organization import FeatureSet
from carnet.entities.organization_policy import OrganizationPolicy, PolicyType
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.organizations import policy_targets, sentences, shapes, targets
from carnet.services.organizations.callers import administrator, delegate
from carnet.services.organizations.condition_keys import type_created, type_listed, type_of_policy
from carnet.services.organizations.policy_content import CONTENT, check_content
from carnet.services.organizations.quotas import policy_limits
from carnet.services.organizations.service import organizations
from carnet.services.organizations.tagging import tags_of
from carnet.services.paging import page
from carnet.services.request_tags import request_tags, tagged_on_creation

if TYPE_CHECKING:
    from types_boto3_organizations.type_defs import (
        CreatePolicyRequestTypeDef,
        DeletePolicyRequestTypeDef,
        DescribePolicyRequestTypeDef,
        ListPoliciesRequestTypeDef,
        UpdatePolicyRequestTypeDef,
    )


@organizations.write(
    "CreatePolicy",
    on=policy_targets.new_policy(delegate),
    also=(tagged_on_creation("organizations:TagResource"),),
    context=(request_tags, type_created),
    prepare=CONTENT,
)
def create_policy(call: WriteCall, given: CreatePolicyRequestTypeDef, view: OrganizationView) -> Answer:
    """Add a policy, attached to nothing yet; its type need not be enabled."""
    policy_type = PolicyType(given["Type"])
    if view.organization.feature_set is not FeatureSet.ALL:
        raise sentences.policy_type_not_available()
    check_content(call, given["Content"], policy_type)
    if len(view.of(OrganizationPolicy).referring("type", policy_type)) >= policy_limits(call, policy_type).policies:
        raise sentences.constraint("POLICY_NUMBER_LIMIT_EXCEEDED", sentences.POLICIES_FULL)
    policy = OrganizationPolicy(
        id=call.ids.organizations("p"),
        organization=view.scope.id,
        type=policy_type,
        name=given["Name"],
        description=given["Description"],
        content=given["Content"],
        tags=tags_of(call, given, "policy"),
    )
    try:
        call.store.add(policy)
    except AlreadyExists as fault:
        raise sentences.policy_exists() from fault
    return {"Policy": shapes.policy(view.organization, policy)}


@organizations.write(
    "UpdatePolicy",
    on=policy_targets.policy_to_change(delegate),
    context=(type_of_policy,),
    prepare=CONTENT,
)
def update_policy(
    call: WriteCall, given: UpdatePolicyRequestTypeDef, view: OrganizationView, policy: OrganizationPolicy
) -> Answer:
    """Change what is given of a policy. What it is attached to is under the new content from the next request on.

    The answer has the name and the description if they were given. An empty description is taken, and changes nothing.
    """
    if "Content" in given:
        check_content(call, given["Content"], policy.type)
    changed = replace(
        policy,
        name=given.get("Name", policy.name),
        description=given.get("Description") or policy.description,
        content=given.get("Content", policy.content),
    )
    if changed != policy:
        try:
            call.store.save(changed)
        except AlreadyExists as fault:
            raise sentences.policy_exists() from fault
    summary = shapes.policy_summary(view.organization, changed)
    for member in ("Name", "Description"):
        del summary[member]
        if member in given:
            summary[member] = given[member]
    return {"Policy": {"PolicySummary": summary, "Content": changed.content}}


@organizations.write("DeletePolicy", on=policy_targets.policy_to_change(delegate), context=(type_of_policy,))
def delete_policy(
    call: WriteCall, given: DeletePolicyRequestTypeDef, view: OrganizationView, policy: OrganizationPolicy
) -> Answer:
    """Remove a policy that is attached to nothing."""
    if view.targets_of(policy):
        raise sentences.policy_in_use()
    call.store.remove(policy)
    return {}


@organizations.read("DescribePolicy", on=policy_targets.policy(administrator), context=(type_of_policy,))
def describe_policy(
    call: Call, given: DescribePolicyRequestTypeDef, view: OrganizationView, policy: OrganizationPolicy
) -> Answer:
    """One policy, with its content."""
    return {"Policy": shapes.policy(view.organization, policy)}


@organizations.read("ListPolicies", on=targets.organization(administrator), context=(type_listed,))
def list_policies(call: Call, given: ListPoliciesRequestTypeDef, view: OrganizationView) -> Answer:
    """The policies of one type: AWS's own while the type is enabled, then the organization's by id."""
    policy_type, organization = PolicyType(given["Filter"]), view.organization
    policies = _policies(view, policy_type)
    found = page(call.paging, "ListPolicies", policies, given, key=policy_targets.listed_by)
    return found.answer("Policies", lambda policy: shapes.policy_summary(organization, policy))


def _policies(view: OrganizationView, policy_type: PolicyType) -> tuple[OrganizationPolicy, ...]:
    own = view.of(OrganizationPolicy).referring("type", policy_type)
    if policy_type not in view.organization.policy_types:
        return own
    return (*(policy for policy in AWS_POLICIES.values() if policy.type is policy_type), *own)
