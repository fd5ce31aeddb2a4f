"""The policies that the input of a simulation contains as text.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from carnet.base.faults import Malformed
from carnet.policy.document import Grammar, Policy, parse
from carnet.policy.policies import Levels
from carnet.policy.resources import EVERYTHING
from carnet.services.iam import simulation_sentences as sentences
from carnet.services.iam.simulation_answer import RESOURCE_POLICY
from carnet.services.iam.simulation_sentences import invalid_input

_BOUNDARY = "PermissionsBoundaryPolicyInputList.1"


def policies_given(documents: Iterable[str]) -> tuple[Policy, ...]:
    """The policies of PolicyInputList. Raises Refused (InvalidInput), as all functions here do."""
    return tuple(
        _parse_policy(text, Grammar.IDENTITY, f"PolicyInputList.{number}", sentences.policy_invalid(number))
        for number, text in enumerate(documents, 1)
    )


def boundary_given(documents: Sequence[str]) -> Policy | None:
    """The policy of PermissionsBoundaryPolicyInputList, if there is one."""
    if len(documents) > 1:
        raise invalid_input(sentences.ONE_BOUNDARY)
    told = sentences.document_invalid("Permissions boundary policy")
    return _parse_policy(documents[0], Grammar.BOUNDARY, _BOUNDARY, told) if documents else None


def resource_policy_given(document: str | None, resources: Iterable[str]) -> Policy | None:
    """ResourcePolicy, which must be about named resources as the simulation is, for it to be theirs."""
    if document is None:
        return None
    if EVERYTHING in resources:
        raise invalid_input(sentences.entity_unclear(EVERYTHING))
    told = sentences.document_invalid("Resource policy")
    policy = _parse_policy(document, Grammar.RESOURCE, RESOURCE_POLICY, told)
    if EVERYTHING in policy.resources:
        raise invalid_input(sentences.resource_invalid(EVERYTHING))
    return policy


def organization_given(levels: Iterable[Mapping[str, Any]]) -> Levels:
    """OrderedOrganizationPolicyInputList: the service control policies from the root to the account."""
    return tuple(
        _level(number, level.get("ServiceControlPolicyInputList", ())) for number, level in enumerate(levels, 1)
    )


def _level(number: int, documents: Sequence[str]) -> tuple[Policy, ...]:
    if not documents:
        raise invalid_input(sentences.organization_level_empty(number))
    told = sentences.document_invalid(f"Organization policy at index {number}")
    return tuple(_parse_policy(text, Grammar.SCP, f"Organization.{number}", told) for text in documents)


def _parse_policy(text: str, grammar: Grammar, source: str, told: str) -> Policy:
    try:
        return parse(text, grammar, source=source)
    except Malformed as fault:
        raise invalid_input(told) from fault
