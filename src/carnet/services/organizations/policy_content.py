"""Checks the content of a policy, by its type.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies.html
"""

from __future__ import annotations

from typing import Any, NamedTuple

from carnet.base.faults import Malformed
from carnet.entities.organization_policy import GRAMMARS, OrganizationPolicy, PolicyType
from carnet.services.documents import POOL, ReadDocument, document, read_document
from carnet.services.operation import Call
from carnet.services.organizations import sentences
from carnet.services.organizations.management_content import check_management_policy
from carnet.services.organizations.quotas import policy_limits
from carnet.services.preparing import Preparation


class _Checked(NamedTuple):
    """The content of a management policy, parsed before the transaction."""

    text: str
    type: PolicyType
    fault: Malformed | None


def _parse_content(call: Call, given: Any) -> ReadDocument | _Checked | None:
    """The parsed content of the input; None if there is none, or if it is too long for its type."""
    policy_type = _type_given(call, given) if "Content" in given else None
    if policy_type is None or len(given["Content"]) > policy_limits(call, policy_type).characters:
        return None
    content, grammar = given["Content"], GRAMMARS.get(policy_type)
    if grammar is not None:
        return read_document(content, grammar, len(content))
    try:
        check_management_policy(content, policy_type)
    except Malformed as fault:
        return _Checked(content, policy_type, Malformed(fault.message))
    return _Checked(content, policy_type, None)


def _type_given(call: Call, given: Any) -> PolicyType | None:
    """The type of a new or an existing policy, before it is known whether the caller may see it."""
    if "Type" in given:
        return PolicyType(given["Type"])
    membership = call.view.membership
    view = call.snapshot.organizations.get(membership.organization) if membership is not None else None
    policy = view.of(OrganizationPolicy).get(given["PolicyId"]) if view is not None else None
    return policy.type if policy is not None else None


CONTENT = Preparation(pool=POOL, work=_parse_content)
"""For `prepare=` of an operation that stores the content of a policy."""


def check_content(call: Call, content: str, policy_type: PolicyType) -> None:
    """Raise TooMany for content that is too long, Malformed unless it is a policy of the type."""
    if len(content) > policy_limits(call, policy_type).characters:
        raise sentences.constraint("POLICY_CONTENT_LIMIT_EXCEEDED", sentences.POLICY_TOO_LONG)
    grammar, checked = GRAMMARS.get(policy_type), call.prepared
    if grammar is not None:
        document(call, content, grammar, call.partition)
    elif not isinstance(checked, _Checked) or (checked.text, checked.type) != (content, policy_type):
        check_management_policy(content, policy_type)
    elif checked.fault is not None:
        raise checked.fault
