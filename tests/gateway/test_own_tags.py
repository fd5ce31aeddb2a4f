"""Who changes the tags of a secret does not shut himself out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.behind import EVERYTHING, Behind, refusal
from tests.gateway.fake_aws import Told

MINE = {"StringEquals": {"aws:ResourceTag/team": "mine"}}
LOCKED = {"StringEquals": {"secretsmanager:ResourceTag/locked": "yes"}}


@pytest.fixture
def tagged(behind: Behind) -> Behind:
    """A secret of the team."""
    arn = f"arn:aws:secretsmanager:us-east-1:{behind.account}:secret:s-AbCdEf"
    told = {"ARN": arn, "Name": "s", "Tags": [{"Key": "team", "Value": "mine"}]}
    behind.aws.answers["DescribeSecret"] = Told(body=told)
    behind.aws.requests.clear()
    return behind


def tag(behind: Behind, key: str, value: str) -> None:
    behind.client("secretsmanager").tag_resource(SecretId="s", Tags=[{"Key": key, "Value": value}])


def untag(behind: Behind, key: str) -> None:
    behind.client("secretsmanager").untag_resource(SecretId="s", TagKeys=[key])


@pytest.mark.parametrize(
    ("change", "given"), [(tag, ("team", "yours")), (untag, ("team",))], ids=["another value", "no tag"]
)
def test_who_would_lose_the_secret_does_not_tag_it(tagged: Behind, change: Any, given: tuple[str, ...]) -> None:
    tagged.allow({**EVERYTHING, "Condition": MINE})
    error = refusal(lambda: change(tagged, *given))
    assert error["Code"] == "AccessDeniedException"
    assert error["Message"] == "This resource policy will not allow you to manage this secret in the future."
    assert tagged.aws.operations[-1] == "DescribeSecret"


def test_a_tag_that_is_denied_is_not_put(tagged: Behind) -> None:
    tagged.allow(EVERYTHING, {**EVERYTHING, "Effect": "Deny", "Condition": LOCKED})
    error = refusal(lambda: tag(tagged, "locked", "yes"))
    assert error["Message"].startswith("This resource policy will not allow you")
    tag(tagged, "locked", "no")
    assert tagged.aws.operations[-1] == "TagResource"


def test_who_keeps_the_secret_tags_it(tagged: Behind) -> None:
    tagged.allow({**EVERYTHING, "Condition": MINE})
    tag(tagged, "other", "x")
    untag(tagged, "other")
    assert tagged.aws.operations[-1] == "UntagResource"
    tagged.allow(EVERYTHING)
    untag(tagged, "team")
    assert tagged.aws.operations[-1] == "UntagResource"
