"""What the content of a policy may be, by its type.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies.html
"""

from __future__ import annotations

from typing import Any

from carnet.entities.organization_policy import OrganizationPolicy, PolicyType
from carnet.policy.document import Grammar
from carnet.services.documents import parse_once, parsed_before_as
from carnet.services.operation import Call
from carnet.services.organizations import sentences
from carnet.services.organizations.management_content import check_management_policy
from carnet.services.organizations.quotas import POLICY_LIMITS

_GRAMMARS = {PolicyType.SERVICE_CONTROL: Grammar.SCP, PolicyType.RESOURCE_CONTROL: Grammar.RCP}


def _grammar(call: Call, given: Any) -> Grammar | None:
    """That of the content of the input, if it is one to parse beforehand."""
    if "Content" not in given:
        return None
    policy_type = _type_given(call, given)
    if policy_type is None or len(given["Content"]) > POLICY_LIMITS[policy_type].characters:
        return None
    return _GRAMMARS.get(policy_type)


def _type_given(call: Call, given: Any) -> PolicyType | None:
    """Of a new policy or of one that is there, without regard to who may know."""
    if "Type" in given:
        return PolicyType(given["Type"])
    membership = call.view.membership
    view = call.snapshot.organizations.get(membership.organization) if membership is not None else None
    policy = view.of(OrganizationPolicy).get(given["PolicyId"]) if view is not None else None
    return policy.type if policy is not None else None


CONTENT = parsed_before_as("Content", _grammar)
"""For `prepare=` of an operation that stores the content of a policy."""


def check_content(content: str, policy_type: PolicyType, partition: str) -> None:
    """Raise TooMany for content that is too long, Malformed for what is no policy of the type."""
    if len(content) > POLICY_LIMITS[policy_type].characters:
        raise sentences.constraint("POLICY_CONTENT_LIMIT_EXCEEDED", sentences.POLICY_TOO_LONG)
    grammar = _GRAMMARS.get(policy_type)
    if grammar is None:
        check_management_policy(content, policy_type)
    else:
        parse_once(content, grammar, partition)
