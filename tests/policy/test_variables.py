"""Policy variables."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from carnet.base.faults import Malformed
from carnet.policy.decide import decide
from carnet.policy.policies import Policies
from carnet.policy.request import Value
from carnet.policy.variables import template
from tests.policy.builders import allow, deny, policy, request

HOME = "arn:aws:s3:::home/${aws:username}/*"


def matches(pattern: str, text: str, keys: Mapping[str, Value]) -> bool | None:
    glob = template(pattern, wildcards=True, variables=True).fill(keys.get)
    return glob.matches(text) if glob is not None else None


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("${aws:username}", "alice", True),
        ("a-${aws:username}-*", "a-alice-b", True),
        ("${ aws:username }", "alice", True),
        ("${aws:username, 'x'}", "alice", True),
        ("${aws:absent, 'x'}", "x", True),
        ("${aws:absent,'a, b'}", "a, b", True),
        ("${aws:absent, ''}", "", True),
        ("${aws:absent, '*'}", "anything", False),
        ("${aws:absent, '*'}", "*", True),
        ("${aws:absent}", "", None),
        ("${aws:many}", "one", None),
        ("${aws:many, 'x'}", "x", None),
        ("${aws:wild}", "abc", False),
        ("${aws:wild}", "*?${aws:username}", True),
        ("${*}", "*", True),
        ("${*}", "x", False),
        ("${?}", "?", True),
        ("${$}{aws:username}", "${aws:username}", True),
        ("$5", "$5", True),
    ],
)
def test_a_variable_becomes_literal_text(pattern: str, text: str, expected: bool | None) -> None:
    keys: dict[str, Value] = {"aws:username": "alice", "aws:many": ("one",), "aws:wild": "*?${aws:username}"}
    assert matches(pattern, text, keys) is expected


@pytest.mark.parametrize(
    "text", ["${", "${}", "a${aws:username", "${a, b}", "${a, 'b}", "${a, 'b'c'}", "${${a}}", "${'a'}"]
)
def test_a_broken_variable_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        template(text, wildcards=True, variables=True)


def test_only_version_2012_has_variables() -> None:
    mine = request(resource="arn:aws:s3:::home/alice/x", keys={"aws:username": "alice"})
    literal = request(resource="arn:aws:s3:::home/${aws:username}/x", keys={"aws:username": "alice"})
    for version, expected in (("2012-10-17", (True, False)), ("2008-10-17", (False, True)), (None, (False, True))):
        policies = Policies(identity=(policy(allow(Resource=HOME), version=version),))
        assert (decide(mine, policies).allowed, decide(literal, policies).allowed) == expected


def test_variables_are_for_the_last_segment_of_a_resource() -> None:
    policies = Policies(identity=(policy(allow(Resource="arn:aws:sqs:*:${aws:PrincipalAccount}:q")),))
    asked = request(resource="arn:aws:sqs:eu-west-1:111111111111:q", keys={"aws:PrincipalAccount": "111111111111"})
    assert not decide(asked, policies).allowed


def test_a_condition_value_of_text_or_arn_has_variables() -> None:
    keys: dict[str, Value] = {"aws:username": "alice", "aws:PrincipalArn": "arn:aws:iam::1:user/alice"}
    for operator, key, value in (
        ("StringEquals", "aws:username", "${aws:username}"),
        ("StringLike", "aws:username", "${aws:username}*"),
        ("StringEqualsIgnoreCase", "aws:username", "${aws:absent, 'ALICE'}"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:user/${aws:username}"),
    ):
        policies = Policies(identity=(policy(allow(Condition={operator: {key: value}})),))
        assert decide(request(keys=keys), policies).allowed, operator
        assert not decide(request(keys={key: keys[key]} if key != "aws:username" else {}), policies).allowed, operator


def test_an_unknown_variable_in_a_not_resource_never_grants_and_never_lifts_a_deny() -> None:
    everything, elements = policy(allow()), {"NotResource": HOME}
    assert not decide(request(), Policies(identity=(policy(allow(**elements)),))).allowed
    assert not decide(request(), Policies(identity=(everything, policy(deny(**elements))))).allowed


def test_an_unknown_variable_meets_a_negated_operator_and_no_other() -> None:
    negated = (
        {"Condition": {"StringNotEquals": {"aws:SourceVpc": "${aws:PrincipalTag/vpc}"}}},
        {"Condition": {"StringNotLike": {"aws:SourceVpc": "${aws:PrincipalTag/vpc}"}}},
        {"Condition": {"ArnNotLike": {"aws:SourceArn": "arn:aws:s3:::${aws:PrincipalTag/vpc}"}}},
    )
    everything = policy(allow())
    for elements in negated:
        for keys in ({}, {"aws:SourceVpc": "vpc-1", "aws:SourceArn": "arn:aws:s3:::b"}):
            asked = request(keys=keys)
            assert decide(asked, Policies(identity=(policy(allow(**elements)),))).allowed
            assert not decide(asked, Policies(identity=(everything, policy(deny(**elements))))).allowed
    assert decide(request(), Policies(identity=(everything, policy(deny(Resource=HOME))))).allowed


def test_if_exists_is_met_before_its_variable_is_asked_for() -> None:
    condition = {"StringNotEqualsIfExists": {"aws:SourceVpc": "${aws:PrincipalTag/vpc}"}}
    assert decide(request(), Policies(identity=(policy(allow(Condition=condition)),))).allowed
