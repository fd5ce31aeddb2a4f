"""Where condition keys are read from."""

from __future__ import annotations

from typing import Any

import pytest

from carnet.policy.context_keys import lookup
from carnet.policy.request import Context


@pytest.mark.parametrize(
    "key",
    [
        "aws:PrincipalTag/team",
        "aws:principaltag/TEAM",
        "aws:PrincipalArn",
        "aws:userid",
        "aws:username",
        "aws:MultiFactorAuthPresent",
        "aws:SourceIdentity",
        "aws:TokenIssueTime",
        "aws:ResourceTag/team",
        "aws:ResourceAccount",
        "iam:ResourceTag/team",
        "ec2:ResourceTag/team",
    ],
)
def test_nothing_that_a_request_says_stands_for_what_the_server_knows(key: str) -> None:
    assert lookup(Context(request={key: "forged"}), key) is None


def test_each_namespace_holds_its_own_keys() -> None:
    same = {"aws:PrincipalArn": "x", "aws:ResourceAccount": "x", "aws:SourceIp": "x"}
    assert lookup(Context(principal=same), "aws:PrincipalArn") == "x"
    assert lookup(Context(resource=same), "aws:PrincipalArn") is None
    assert lookup(Context(resource=same), "aws:ResourceAccount") == "x"
    assert lookup(Context(principal=same), "aws:ResourceAccount") is None
    assert lookup(Context(request=same), "aws:SourceIp") == "x"


def test_what_the_server_knows_comes_first_for_keys_of_services() -> None:
    context = Context(principal={"saml:aud": "true"}, request={"saml:aud": "forged", "s3:prefix": "p"})
    assert lookup(context, "saml:aud") == "true"
    assert lookup(context, "s3:prefix") == "p"


def test_a_tag_key_does_not_move_its_condition_key_to_another_namespace() -> None:
    key = "aws:RequestTag/x:ResourceTag/y"
    assert lookup(Context(request={key: "v"}), key) == "v"


def test_keys_compare_without_ascii_case_and_values_do_not_change() -> None:
    context = Context(request={"aws:RequestTag/Team": "Blue", "kms:x": "1"})
    assert lookup(context, "AWS:requesttag/TEAM") == "Blue"
    assert lookup(context, "\u212ams:x") is None


def test_the_spelling_asked_for_comes_first() -> None:
    context = Context(resource={"aws:ResourceTag/a": "lower", "aws:ResourceTag/A": "upper"})
    assert lookup(context, "aws:ResourceTag/a") == "lower"
    assert lookup(context, "aws:ResourceTag/A") == "upper"


def test_a_multivalued_key_without_values_is_missing() -> None:
    assert lookup(Context(request={"aws:TagKeys": ()}), "aws:TagKeys") is None
    assert lookup(Context(request={"aws:TagKeys": ("a",)}), "aws:TagKeys") == ("a",)
    assert lookup(Context(request={"aws:Referer": ""}), "aws:Referer") == ""


def test_a_list_without_values_is_missing_too() -> None:
    values: Any = {"aws:TagKeys": []}
    assert lookup(Context(request=values), "aws:TagKeys") is None
