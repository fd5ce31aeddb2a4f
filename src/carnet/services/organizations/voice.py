"""Organizations' validation errors: one InvalidInputException with a Reason, which names the member.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganizationalUnit.html#API_CreateOrganizationalUnit_Errors
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from carnet.models import Demand, Spoken, Unmet, Voice
from carnet.services.organizations import sentences

_REASONS = {
    Demand.PRESENT: "INPUT_REQUIRED",
    Demand.LENGTH_AT_MOST: "MAX_LENGTH_EXCEEDED",
    Demand.LENGTH_AT_LEAST: "MIN_LENGTH_EXCEEDED",
    Demand.VALUE_AT_MOST: "MAX_VALUE_EXCEEDED",
    Demand.VALUE_AT_LEAST: "MIN_VALUE_EXCEEDED",
    Demand.PATTERN: "INVALID_PATTERN",
    Demand.ONE_OF: "INVALID_ENUM",
    Demand.OF_EACH: "INVALID_LIST_MEMBER",
}
_OTHERWISE = "You specified an invalid value."
_SENTENCES = {
    Demand.PRESENT: "You must provide a value for the parameter.",
    Demand.LENGTH_AT_MOST: "You provided a string that exceeds that maximum length.",
    Demand.PATTERN: sentences.NO_PATTERN,
}
"""Those that are known."""
_CAPITAL = re.compile("(?<!^)(?=[A-Z])")

_PARTY_TYPE = Spoken(sentences.PARTY_TYPE, {"Reason": "INVALID_PARTY_TYPE_TARGET"})
_NO_PARTY = Spoken(sentences.NO_PATTERN, {"Reason": "INVALID_PATTERN"})
_TARGET_NOT_SUPPORTED = Spoken(sentences.TARGET_NOT_SUPPORTED, {"Reason": "TARGET_NOT_SUPPORTED"})
_POLICY_TYPE = Spoken("You specified an invalid policy type.", {"Reason": "INVALID_ENUM_POLICY_TYPE"})
_HAS_NO_EFFECTIVE_POLICY = "SERVICE_CONTROL_POLICY"


def _of_faults(operation: str, faults: Sequence[Unmet]) -> Spoken:
    """The first fault, but for what Organizations looks at itself, after the model: a target, and a type of policy."""
    if any(fault.path == "target.type" for fault in faults):
        return _PARTY_TYPE
    first = faults[0]
    if first.path == "target":
        return _NO_PARTY
    if operation == "ListEffectivePolicyValidationErrors" and first.path == "accountId":
        return _TARGET_NOT_SUPPORTED
    if first.path == "policyType" and first.demand is Demand.ONE_OF and _is_refused_later(operation, first.value):
        return _POLICY_TYPE
    reason = f"{_REASONS[first.demand]}:{_member(first.path)}"
    return Spoken(_SENTENCES.get(first.demand, _OTHERWISE), {"Reason": reason})


def _is_refused_later(operation: str, policy_type: object) -> bool:
    if operation == "DescribeEffectivePolicy":
        return policy_type == _HAS_NO_EFFECTIVE_POLICY
    return operation == "ListEffectivePolicyValidationErrors"


def _member(path: str) -> str:
    """`tags.1.member.key` as `TAGS_1_MEMBER_KEY`, and `maxResults` as `MAX_RESULTS`."""
    return "_".join(_CAPITAL.sub("_", step) for step in path.split(".")).upper()


VOICE = Voice(code="InvalidInputException", of_faults=_of_faults)
