"""Condition keys that policies refer to."""

from __future__ import annotations

import json
from typing import Any

from carnet.policy.document import Grammar, Policy, parse, referenced_keys


def policy(**elements: Any) -> Policy:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", **elements}
    return parse(json.dumps({"Version": "2012-10-17", "Statement": [statement]}), Grammar.IDENTITY)


def test_keys_stand_in_conditions_and_in_variables() -> None:
    condition = {
        "StringLike": {"s3:prefix": "home/${aws:username}/*"},
        "ArnLike": {"aws:SourceArn": "arn:aws:s3:::${aws:PrincipalTag/bucket}"},
        "Null": {"aws:TokenIssueTime": "true"},
    }
    resource = ["arn:aws:s3:::${aws:userid}/*"]
    assert referenced_keys([policy(Condition=condition, Resource=resource)]) == (
        "aws:userid",
        "s3:prefix",
        "aws:username",
        "aws:SourceArn",
        "aws:PrincipalTag/bucket",
        "aws:TokenIssueTime",
    )


def test_a_key_is_told_once_in_the_spelling_that_stands_first() -> None:
    one = policy(Condition={"StringEquals": {"aws:SourceIp": "x"}})
    other = policy(Condition={"StringEquals": {"AWS:sourceip": "x"}, "Bool": {"aws:SecureTransport": "true"}})
    assert referenced_keys([one, other]) == ("aws:SourceIp", "aws:SecureTransport")


def test_a_policy_without_conditions_refers_to_none() -> None:
    assert referenced_keys([policy()]) == ()
