"""What makes a policy public: an Allow for whoever meets no fixed value."""

from __future__ import annotations

import json
from typing import Any

import pytest

from carnet.policy.document import Grammar, parse
from carnet.policy.public import is_public, without_allows

ACCOUNT = "111122223333"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"


def public(**more: Any) -> bool:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"} | more
    statement = {name: value for name, value in statement.items() if value is not None}
    return is_public(parse(json.dumps({"Version": "2012-10-17", "Statement": [statement]}), Grammar.RESOURCE))


NAMED = [
    {"AWS": ALICE},
    {"AWS": ACCOUNT},
    {"AWS": [ALICE, f"arn:aws:iam::{ACCOUNT}:root"]},
    {"Service": "logging.s3.amazonaws.com"},
    {"CanonicalUser": "0" * 64},
    {"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/x"},
]
ANYBODY = ["*", {"AWS": "*"}, {"AWS": [ALICE, "*"]}, {"Federated": "accounts.google.com"}]

FIXED = [
    {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
    {"StringEquals": {"AWS:SOURCEVPCE": ["vpce-1", "vpce-2"]}},
    {"StringEquals": {"aws:SourceVpc": "vpc-1"}},
    {"StringLike": {"aws:SourceAccount": ACCOUNT}},
    {"StringEqualsIgnoreCase": {"aws:SourceOwner": ACCOUNT}},
    {"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:t"}},
    {"ArnLike": {"aws:PrincipalArn": ALICE}},
    {"StringEquals": {"aws:userid": "AIDAEXAMPLE"}},
    {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
    {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "203.0.113.7", "2001:db8::/32"]}},
    {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/*"}},
    {"StringLike": {"s3:DataAccessPointArn": f"arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/*"}},
    {"StringEquals": {"aws:SourceVpc": "vpc-1", "s3:prefix": "x"}},
]
OPEN = [
    {},
    {"StringLike": {"aws:SourceVpc": "*"}},
    {"StringLike": {"aws:SourceVpc": ["vpc-1", "*"]}},
    {"StringLike": {"aws:SourceAccount": "1111222233??"}},
    {"StringEquals": {"aws:SourceAccount": "${aws:PrincipalAccount}"}},
    {"StringEquals": {"aws:SourceVpc": ""}},
    {"StringLike": {"aws:userid": "AROAEXAMPLE:*"}},
    {"ArnLike": {"aws:SourceArn": f"arn:aws:sns:*:{ACCOUNT}:*"}},
    {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}},
    {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    {"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}},
    {"ForAllValues:StringEquals": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/"}},
    {"ForAllValues:StringEquals": {"aws:SourceVpc": "vpc-1"}},
    {"IpAddress": {"aws:SourceIp": "0.0.0.0/7"}},
    {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "0.0.0.0/0"]}},
    {"IpAddress": {"aws:SourceIp": "2000::/31"}},
    {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}},
    {"StringEquals": {"s3:prefix": "x"}},
    {"StringEquals": {"aws:PrincipalTag/team": "a"}},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"Null": {"aws:SourceVpc": "false"}},
    {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-*/r-ab12/"}},
    {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "*"}},
    {"StringLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-east-1:*:accesspoint/x"}},
    {"StringLike": {"s3:DataAccessPointArn": "*"}},
]


@pytest.mark.parametrize("principal", NAMED)
def test_who_is_named_is_not_everybody(principal: Any) -> None:
    assert not public(Principal=principal)


@pytest.mark.parametrize("principal", ANYBODY)
def test_whoever_it_is(principal: Any) -> None:
    assert public(Principal=principal)
    assert not public(Principal=principal, Effect="Deny")


@pytest.mark.parametrize("condition", FIXED)
def test_fixed_values_make_it_somebody(condition: Any) -> None:
    assert not public(Condition=condition)


@pytest.mark.parametrize("condition", OPEN)
def test_what_everybody_may_meet(condition: Any) -> None:
    assert public(Condition=condition)


def test_one_public_statement_is_enough() -> None:
    allow = {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b"}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b"}
    text = json.dumps({"Statement": [allow | {"Principal": {"AWS": ALICE}}, allow | {"Principal": "*"}, deny]})
    policy = parse(text, Grammar.RESOURCE)
    assert is_public(policy)
    assert [one.granting for one in without_allows(policy).statements] == [False]
