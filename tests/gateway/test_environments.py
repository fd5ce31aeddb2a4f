"""The environment variables of functions: who may not decrypt them is shown an error in their place."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.behind import EVERYTHING, KEY_ID, Behind, refusal
from tests.gateway.fake_aws import Told

HIDDEN = "Lambda was unable to decrypt your environment variables because the KMS access was denied. "
PATHS = {
    "GetFunction": "/2015-03-31/functions/f",
    "GetFunctionConfiguration": "/2015-03-31/functions/f/configuration",
    "ListFunctions": "/2015-03-31/functions",
}
NO_KEYS = {"Effect": "Allow", "NotAction": "kms:*", "Resource": "*"}


def arn(behind: Behind, name: str = "f") -> str:
    return f"arn:aws:lambda:us-east-1:{behind.account}:function:{name}"


def function(behind: Behind, name: str = "f", *, key: bool = True) -> dict[str, Any]:
    """As an upstream tells one, with a key of its own or AWS's."""
    own = {"KMSKeyArn": behind.key_arn()} if key else {}
    return {"FunctionName": name, "FunctionArn": arn(behind, name), "Environment": {"Variables": {"A": "secret"}}} | own


def configuration(behind: Behind, call: str, **answered: Any) -> Any:
    """What the caller is told."""
    behind.aws.answers[PATHS[call]] = Told(body=answered)
    if call == "ListFunctions":
        return behind.client("lambda").list_functions()
    name = {"GetFunction": "get_function", "GetFunctionConfiguration": "get_function_configuration"}[call]
    return getattr(behind.client("lambda"), name)(FunctionName="f")


@pytest.fixture
def behind_lambda(behind: Behind) -> Behind:
    behind.aws.answers["DescribeKey"] = Told(body={"KeyMetadata": {"Arn": behind.key_arn(), "KeyId": KEY_ID}})
    return behind


def test_who_may_not_decrypt_is_not_shown_the_variables(behind_lambda: Behind) -> None:
    behind = behind_lambda
    behind.allow(NO_KEYS)
    for told in (
        configuration(behind, "GetFunctionConfiguration", **function(behind)),
        configuration(behind, "GetFunction", Configuration=function(behind))["Configuration"],
        configuration(behind, "ListFunctions", Functions=[function(behind)])["Functions"][0],
    ):
        error = told["Environment"]["Error"]
        assert error["ErrorCode"] == "AccessDeniedException"
        assert error["Message"].startswith(HIDDEN)
        assert error["Message"].endswith("because no identity-based policy allows the kms:Decrypt action")
        assert "Variables" not in told["Environment"]
        assert told["FunctionName"] == "f"


def test_who_may_decrypt_is_shown_them(behind_lambda: Behind) -> None:
    behind = behind_lambda
    through = {
        "kms:ViaService": "lambda.us-east-1.amazonaws.com",
        "kms:EncryptionContext:aws:lambda:FunctionArn": arn(behind),
    }
    behind.allow(NO_KEYS, {**EVERYTHING, "Action": "kms:Decrypt", "Condition": {"StringEquals": through}})
    told = configuration(behind, "ListFunctions", Functions=[function(behind), function(behind, "g")])
    first, second = (one["Environment"] for one in told["Functions"])
    assert first == {"Variables": {"A": "secret"}}
    assert list(second) == ["Error"]


def test_the_key_that_aws_makes_is_for_all_of_the_account_but_who_is_denied(behind_lambda: Behind) -> None:
    behind = behind_lambda
    behind.allow(NO_KEYS)
    told = configuration(behind, "GetFunctionConfiguration", **function(behind, key=False))
    assert told["Environment"] == {"Variables": {"A": "secret"}}
    behind.allow(EVERYTHING, {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"})
    told = configuration(behind, "GetFunctionConfiguration", **function(behind, key=False))
    assert list(told["Environment"]) == ["Error"]


@pytest.mark.parametrize("named", ["arn:aws:lambda:us-east-1:999988887777:function:f", "f", ""])
def test_a_function_that_an_upstream_does_not_tell_is_not_shown(behind_lambda: Behind, named: str) -> None:
    behind = behind_lambda
    behind.allow(EVERYTHING)
    behind.aws.answers[PATHS["GetFunctionConfiguration"]] = Told(body={**function(behind), "FunctionArn": named})
    error = refusal(behind.client("lambda").get_function_configuration, FunctionName="f")
    assert error["Code"].startswith("ServiceUnavailable")
