"""AWS's sentence for a denial.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

from carnet.access.authorize import Decided
from carnet.base.faults import Denied
from carnet.policy.decision import OF_ORGANIZATION, Layer, Verdict
from carnet.policy.request import PrincipalKind

_ENDS_WITH_POLICY_ARN = frozenset((Layer.IDENTITY, Layer.BOUNDARY, Layer.SESSION, Layer.SCP, Layer.RCP))
"""The kinds of policy whose ARN stands at the end of the sentence for an explicit deny within one account or
organization."""

_VOUCHED_FOR = (PrincipalKind.WEB_IDENTITY, PrincipalKind.SAML)
"""Callers whom AWS's sentence does not name, because they have no ARN."""


_OF_CIPHERTEXT = " on the resource associated with this ciphertext"
_OF_KEY = (
    " because the resource does not exist in this Region, no resource-based policies allow access, or "
    "a resource-based policy explicitly denies access"
)
"""What AWS KMS tells callers of other accounts if a key does not allow them. It does not even say whether the key
exists."""


def denied(decided: Decided) -> Denied:
    """The fault for a decision that does not allow the call."""
    return Denied(denial_sentence(decided))


def denial_sentence(decided: Decided) -> str:
    """The sentence that the denied caller gets: principal, action, resource, and the kind of policy that decided."""
    check, request = decided.check, decided.request
    if request.principal.kind in _VOUCHED_FOR:
        return f"Not authorized to perform {check.action}"
    sentence = f"User: {request.principal.arn} is not authorized to perform: {check.action}"
    if _keeps_to_itself(decided):
        return sentence + (_OF_CIPHERTEXT if check.by_ciphertext else " on this resource") + _OF_KEY
    if check.by_ciphertext:
        return sentence + _OF_CIPHERTEXT + _reason(decided)
    if shown := check.resource if check.shown is None else check.shown:
        sentence += f" on resource: {shown}"
    if decided.policies.trust and decided.decision.layer not in OF_ORGANIZATION:
        # AWS uses the plain form here, even if the role does not exist, so that the sentence does not say whether it
        # does. A denial by an organization's policy says nothing about the role, either.
        return sentence
    return sentence + _reason(decided)


def _keeps_to_itself(decided: Decided) -> bool:
    """Whether the request is denied by the policy of a key of AWS KMS in another account."""
    request = decided.request
    is_others = request.principal.account != request.resource_account
    return is_others and request.action.startswith("kms:") and decided.decision.layer is Layer.RESOURCE


def _reason(decided: Decided) -> str:
    decision = decided.decision
    if decision.problem:
        return f" because {decision.problem}"
    if decision.verdict is Verdict.EXPLICIT_DENY:
        article = "an" if decision.layer is Layer.IDENTITY else "a"
        return f" with an explicit deny in {article} {decision.layer}{_policy_arn(decided)}"
    return f" because no {decision.layer} allows the {decided.check.action} action"


def _policy_arn(decided: Decided) -> str:
    decision = decided.decision
    policy = decision.statements[0].policy if decision.statements else ""
    if decision.layer not in _ENDS_WITH_POLICY_ARN or not policy.startswith("arn:"):
        return ""
    return f": {policy}" if decision.layer is not Layer.RCP or _in_one_organization(decided) else ""


def _in_one_organization(decided: Decided) -> bool:
    """Whether the caller is in the resource's organization. Callers outside it are not told of its RCPs."""
    context = decided.request.context
    return context.principal.get("aws:PrincipalOrgID") == context.resource.get("aws:ResourceOrgID")
