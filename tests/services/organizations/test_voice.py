from __future__ import annotations

from typing import Any

import pytest

from carnet.models import operation
from carnet.protocols.errors import WireError
from carnet.protocols.validate import validate
from carnet.services.organizations.service import organizations

NO_PATTERN = "You provided a value that does not match the required pattern."
REQUIRED = "You must provide a value for the parameter."
TOO_LONG = "You provided a string that exceeds that maximum length."
OTHERWISE = "You specified an invalid value."
PARTY_TYPE = "You specified an invalid party type as the target parameter."
NOT_SUPPORTED = "You specified a target that is not currently supported."
POLICY_TYPE = "You specified an invalid policy type."
ERRORS = "ListEffectivePolicyValidationErrors"
ACCOUNT = "111122223333"
TAG = {"Key": "k", "Value": "v"}


def told(name: str, given: dict[str, Any]) -> tuple[str, str]:
    """The Reason and the sentence of what is wrong with an input."""
    with pytest.raises(WireError) as refused:
        validate(operation("organizations", name), given, organizations.voice)
    assert refused.value.code == "InvalidInputException"
    members = refused.value.members or {}
    assert list(members) == ["Reason"]
    return str(members["Reason"]), refused.value.message


@pytest.mark.parametrize(
    ("name", "given", "reason", "sentence"),
    [
        ("DescribeHandshake", {}, "INPUT_REQUIRED:HANDSHAKE_ID", REQUIRED),
        ("DescribeHandshake", {"HandshakeId": "bad"}, "INVALID_PATTERN:HANDSHAKE_ID", NO_PATTERN),
        ("ListAccounts", {"MaxResults": 21}, "MAX_VALUE_EXCEEDED:MAX_RESULTS", OTHERWISE),
        ("ListAccounts", {"MaxResults": 0}, "MIN_VALUE_EXCEEDED:MAX_RESULTS", OTHERWISE),
        (
            "ListHandshakesForAccount",
            {"Filter": {"ActionType": "invalid"}},
            "INVALID_ENUM:FILTER_ACTION_TYPE",
            OTHERWISE,
        ),
        ("CreateOrganizationalUnit", {"ParentId": "r-abcd", "Name": ""}, "MIN_LENGTH_EXCEEDED:NAME", OTHERWISE),
        ("CreateOrganizationalUnit", {"ParentId": "r-abcd", "Name": "n" * 129}, "MAX_LENGTH_EXCEEDED:NAME", TOO_LONG),
        (
            "TagResource",
            {"ResourceId": ACCOUNT, "Tags": [{"Key": "k"}]},
            "INPUT_REQUIRED:TAGS_1_MEMBER_VALUE",
            REQUIRED,
        ),
        (
            "TagResource",
            {"ResourceId": ACCOUNT, "Tags": [TAG, {"Key": "k" * 129, "Value": ""}]},
            "MAX_LENGTH_EXCEEDED:TAGS_2_MEMBER_KEY",
            TOO_LONG,
        ),
        ("UntagResource", {"ResourceId": ACCOUNT}, "INPUT_REQUIRED:TAG_KEYS", REQUIRED),
    ],
)
def test_the_first_fault_is_told_with_its_member(name: str, given: dict[str, Any], reason: str, sentence: str) -> None:
    assert told(name, given) == (reason, sentence)


@pytest.mark.parametrize(
    ("given", "reason", "sentence"),
    [
        ({}, "INVALID_PATTERN", NO_PATTERN),
        ({"Target": {}}, "INVALID_PARTY_TYPE_TARGET", PARTY_TYPE),
        ({"Target": {"Id": ACCOUNT, "Type": "INVALID"}}, "INVALID_PARTY_TYPE_TARGET", PARTY_TYPE),
        ({"Target": {"Id": ACCOUNT, "Type": "ACCOUNT"}, "Notes": "x" * 1025}, "MAX_LENGTH_EXCEEDED:NOTES", TOO_LONG),
    ],
)
def test_a_target_has_sentences_of_its_own(given: dict[str, Any], reason: str, sentence: str) -> None:
    assert told("InviteAccountToOrganization", given) == (reason, sentence)


@pytest.mark.parametrize(
    ("name", "given", "reason", "sentence"),
    [
        ("DescribeEffectivePolicy", {}, "INPUT_REQUIRED:POLICY_TYPE", REQUIRED),
        ("DescribeEffectivePolicy", {"PolicyType": "wrong"}, "INVALID_ENUM:POLICY_TYPE", OTHERWISE),
        ("DescribeEffectivePolicy", {"PolicyType": "RESOURCE_CONTROL_POLICY"}, "INVALID_ENUM:POLICY_TYPE", OTHERWISE),
        ("DescribeEffectivePolicy", {"PolicyType": "SERVICE_CONTROL_POLICY"}, "INVALID_ENUM_POLICY_TYPE", POLICY_TYPE),
        (ERRORS, {"AccountId": ACCOUNT}, "INPUT_REQUIRED:POLICY_TYPE", REQUIRED),
        (ERRORS, {"PolicyType": "TAG_POLICY"}, "TARGET_NOT_SUPPORTED", NOT_SUPPORTED),
        (ERRORS, {"AccountId": "r-abcd", "PolicyType": "TAG_POLICY"}, "TARGET_NOT_SUPPORTED", NOT_SUPPORTED),
        (ERRORS, {"AccountId": ACCOUNT, "PolicyType": "WRONG"}, "INVALID_ENUM_POLICY_TYPE", POLICY_TYPE),
        ("EnablePolicyType", {"RootId": "r-abcd", "PolicyType": "POLICY"}, "INVALID_ENUM:POLICY_TYPE", OTHERWISE),
    ],
)
def test_types_of_policies_are_looked_at_by_the_operations(
    name: str, given: dict[str, Any], reason: str, sentence: str
) -> None:
    assert told(name, given) == (reason, sentence)


@pytest.mark.parametrize("given", [{"MaxResults": 20}, {"MaxResults": 1}])
def test_what_keeps_the_limits_is_taken(given: dict[str, Any]) -> None:
    validate(operation("organizations", "ListAccounts"), given, organizations.voice)
