"""Policies that a simulation of a principal leaves out: PolicyExclusionList.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyIdentifier.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from carnet.base.arns import parse_arn
from carnet.base.faults import Invalid
from carnet.entities.managed_policy import AWS_ACCOUNT
from carnet.policy.document import Policy
from carnet.policy.patterns import glob, wildcard_tokens
from carnet.policy.policies import Policies
from carnet.services.iam import simulation_sentences as sentences
from carnet.services.iam.policy_arns import parse_policy_arn
from carnet.services.iam.simulation_sentences import invalid_input

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import InlinePolicyIdentifierTypeTypeDef, PolicyIdentifierTypeDef

_BOUNDARY = "permission-boundary"
_SCP = "scp"

_Excluded = Callable[[Policy], bool]
"""Whether an identity-based policy is left out."""


def without_excluded(policies: Policies, identifiers: Iterable[PolicyIdentifierTypeDef]) -> Policies:
    """Those of the policies that are not left out; raises Refused (InvalidInput).

    An identifier that matches nothing, and one of resource control policies, changes nothing.
    """
    kinds: set[str] = set()
    excluded: list[_Excluded] = []
    for identifier in identifiers:
        if len(identifier) != 1:
            raise invalid_input(sentences.ONE_IDENTIFIER)
        if "PolicyType" in identifier:
            kinds.add(identifier["PolicyType"])
        elif "PolicyArn" in identifier:
            excluded.append(_excluded_managed(identifier["PolicyArn"]))
        else:
            excluded.append(_inline(identifier["InlinePolicyIdentifier"]))
    identity = [one for one in policies.identity if _kind(one) not in kinds and not any(each(one) for each in excluded)]
    return replace(
        policies,
        identity=tuple(identity),
        attached=(),
        boundary=None if _BOUNDARY in kinds else policies.boundary,
        scp=() if _SCP in kinds else policies.scp,
    )


def _kind(policy: Policy) -> str:
    arn = parse_arn(policy.source)
    if arn is None:
        return "inline"
    return "aws-managed" if arn.account == AWS_ACCOUNT else "user-managed"


def _excluded_managed(text: str) -> _Excluded:
    """By ARN, in whose last part wildcards may stand. AWS has the policy's name alone there, without its path."""
    try:
        arn = parse_policy_arn(text)
    except Invalid as fault:
        raise invalid_input(sentences.exclusion_invalid(text)) from fault
    if any(sign in part for part in (arn.partition, arn.account) for sign in "*?") or text.count("*") > 1:
        raise invalid_input(sentences.exclusion_invalid(text))
    pattern = glob(wildcard_tokens(text))

    def excluded(policy: Policy) -> bool:
        found = parse_arn(policy.source)
        if found is None:
            return False
        pathless = replace(found, resource=f"policy/{found.resource.rpartition('/')[2]}")
        return pattern.matches(policy.source) or pattern.matches(str(pathless))

    return excluded


def _inline(given: InlinePolicyIdentifierTypeTypeDef) -> _Excluded:
    source = f"{given['AttachmentType']}/{given['AttachmentName']}/{given['PolicyName']}"
    return lambda policy: policy.source == source
