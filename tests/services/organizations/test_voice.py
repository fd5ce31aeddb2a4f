from __future__ import annotations

from typing import Any

import pytest

from carnet.models import operation
from carnet.protocols.errors import WireError
from carnet.protocols.validate import validate
from carnet.services.organizations.service import organizations


@pytest.mark.parametrize(
    ("name", "given", "reason"),
    [
        ("DescribeAccount", {}, "INPUT_REQUIRED"),
        ("DescribeAccount", {"AccountId": "12"}, "INVALID_PATTERN"),
        ("ListAccounts", {"MaxResults": 21}, "MAX_VALUE_EXCEEDED"),
        ("ListAccounts", {"MaxResults": 0}, "MIN_VALUE_EXCEEDED"),
        ("EnablePolicyType", {"RootId": "r-abcd", "PolicyType": "POLICY"}, "INVALID_ENUM"),
        ("CreateOrganizationalUnit", {"ParentId": "r-abcd", "Name": ""}, "MIN_LENGTH_EXCEEDED"),
        ("CreateOrganizationalUnit", {"ParentId": "r-abcd", "Name": "n" * 129}, "MAX_LENGTH_EXCEEDED"),
    ],
)
def test_the_first_fault_is_told_with_its_reason(name: str, given: dict[str, Any], reason: str) -> None:
    with pytest.raises(WireError) as refused:
        validate(operation("organizations", name), given, organizations.voice)
    assert (refused.value.code, refused.value.members) == ("InvalidInputException", {"Reason": reason})
    pattern = "You provided a value that does not match the required pattern."
    assert refused.value.message == (pattern if reason == "INVALID_PATTERN" else "You specified an invalid value.")


@pytest.mark.parametrize("given", [{"MaxResults": 20}, {"MaxResults": 1}])
def test_what_keeps_the_limits_is_taken(given: dict[str, Any]) -> None:
    validate(operation("organizations", "ListAccounts"), given, organizations.voice)
