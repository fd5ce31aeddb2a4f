"""The policies as targets of Organizations' operations, for `on=` of an operation.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from carnet.base.faults import Fault
from carnet.catalog.organization_policies import AWS_POLICIES, policy_arn
from carnet.directory.organization_view import OrganizationView
from carnet.entities.organization_policy import OrganizationPolicy
from carnet.services.operation import Call, Names
from carnet.services.organizations import sentences
from carnet.services.organizations.callers import From
from carnet.services.organizations.targets import Finding, absent_arn, sought
from carnet.services.target import Target

_NO_ID = "p-*"
"""In the ARN of a policy that has no id yet."""


def find_policy(view: OrganizationView, policy_id: str) -> OrganizationPolicy | None:
    """The policy of that id: the organization's or AWS's own."""
    return AWS_POLICIES.get(policy_id) or view.of(OrganizationPolicy).get(policy_id)


def listed_by(policy: OrganizationPolicy) -> str:
    """The sort key of policies: AWS's own come first, then the organization's by id."""
    return f" {policy.id}" if policy.aws_managed else policy.id


def new_policy(whence: From) -> Names[OrganizationView]:
    """The policy to create, which has the tags of the request."""

    def target(call: Call, given: Any) -> Target[OrganizationView]:
        absent = _absent_policy_arn(call, f"{given['Type'].lower()}/{_NO_ID}")
        tags = {tag["Key"]: tag["Value"] for tag in given.get("Tags", ())}
        return replace(sought(call, whence, absent, lambda view: Finding(absent(view), (view,))), tags=tags)

    return target


def policy(whence: From) -> Names[OrganizationView, OrganizationPolicy]:
    """The policy PolicyId."""

    def target(call: Call, given: Any) -> Target[OrganizationView, OrganizationPolicy]:
        def found_in(view: OrganizationView) -> Finding[OrganizationView, OrganizationPolicy] | Fault:
            found = find_policy(view, given["PolicyId"])
            if found is None:
                return sentences.policy_missing()
            return Finding(policy_arn(view.organization, found), (view, found), found.tags)

        return sought(call, whence, _absent_policy_arn(call, f"*/{given['PolicyId']}"), found_in)

    return target


def policy_to_change(whence: From) -> Names[OrganizationView, OrganizationPolicy]:
    """As `policy`, which must not be one of AWS's own."""
    any_policy = policy(whence)

    def target(call: Call, given: Any) -> Target[OrganizationView, OrganizationPolicy]:
        found = any_policy(call, given)
        if isinstance(found.found, Fault) or not found.found[1].aws_managed:
            return found
        return found.finding(sentences.invalid("IMMUTABLE_POLICY", sentences.AWS_POLICY))

    return target


def _absent_policy_arn(call: Call, rest: str) -> Callable[[OrganizationView | Fault], str]:
    """The ARN of a policy that does not exist, as the resource policy of an organization names it."""

    def arn(view: OrganizationView | Fault) -> str:
        if isinstance(view, Fault):
            return absent_arn(call, "policy", rest)
        return view.organization.arn_of(f"policy/{view.scope.id}/{rest}")

    return arn
