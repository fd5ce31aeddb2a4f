"""Managed policies that can be attached or set as a permissions boundary."""

from __future__ import annotations

from collections.abc import Callable

from carnet.access.gather import find_managed_policy
from carnet.base.faults import Invalid, Missing, Refused
from carnet.entities.managed_policy import ManagedPolicy
from carnet.services.iam import sentences
from carnet.services.iam.policy_arns import parse_policy_arn
from carnet.services.operation import Call


def attachable_policy(call: Call, arn: str, *, holder: str) -> ManagedPolicy:
    """The policy to attach to a `holder` (User, Group, Role).

    Raises Invalid for a text that is no policy ARN of this partition, Missing, and Refused (PolicyNotAttachable) for a
    policy that AWS reserves for its own roles.
    """
    return _attachable(call, arn, holder, sentences.policy_not_attachable)


def boundary_at(call: Call, arn: str, *, holder: str) -> str:
    """The ARN of the requested permissions boundary.

    Raises as `attachable_policy` does, but Refused (InvalidInput) for a text that is no policy ARN.
    """
    try:
        parse_policy_arn(arn)
    except Invalid as fault:
        raise Refused("InvalidInput", fault.message) from fault
    return _attachable(call, arn, holder, sentences.boundary_not_attachable).arn


def _attachable(call: Call, arn: str, holder: str, missing: Callable[[str], str]) -> ManagedPolicy:
    if parse_policy_arn(arn).partition != call.partition:
        raise Invalid(sentences.ARN_PARTITION)
    policy = find_managed_policy(call.view, arn)
    if policy is None:
        raise Missing(missing(arn))
    if not policy.attachable:
        raise Refused("PolicyNotAttachable", sentences.service_policy(holder))
    return policy
