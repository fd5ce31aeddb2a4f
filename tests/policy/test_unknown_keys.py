"""A decision is sure if no key that is not known could change it."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

from carnet.policy.decide import decide
from carnet.policy.document import Grammar, Policy, understand
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.request import Context, Principal, PrincipalKind, Request
from carnet.policy.unknown_keys import depends_on_unknown

ACCOUNT = "111122223333"
ALICE = Principal(kind=PrincipalKind.USER, arn=f"arn:aws:iam::{ACCOUNT}:user/alice", account=ACCOUNT, id="AIDA")
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/t"
KEY = {"StringEquals": {"dynamodb:Select": "COUNT"}}


def policy(*statements: dict[str, Any], grammar: Grammar = Grammar.IDENTITY) -> Policy:
    whole = [{"Effect": "Allow", "Action": "dynamodb:Query", **one} for one in statements]
    whole = [one if "NotResource" in one else {"Resource": "*", **one} for one in whole]
    return understand(json.dumps({"Version": "2012-10-17", "Statement": whole}), grammar, source="p")


def request(context: Context | None = None) -> Request:
    known = Context(request={"aws:SourceIp": "192.0.2.1"})
    return Request(principal=ALICE, action="dynamodb:Query", resource=TABLE, context=context or known)


def open_(key: str) -> bool:
    return key.startswith("dynamodb:")


def depends(*statements: dict[str, Any], **more: Any) -> bool:
    return depends_on_unknown(request(), Policies(identity=(policy(*statements),), **more), open_)


ALLOW: dict[str, Any] = {}
DENY = {"Effect": "Deny"}
UNLESS_FAR = {"StringNotEquals": {"aws:SourceIp": "192.0.2.1"}}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ((ALLOW,), False),
        ((DENY,), False),
        (({"Condition": KEY},), True),
        ((ALLOW, {"Condition": KEY}), False),
        ((ALLOW, DENY | {"Condition": KEY}), True),
        ((ALLOW, DENY, DENY | {"Condition": KEY}), False),
        ((DENY | {"Condition": KEY},), False),
        ((ALLOW, DENY | {"Condition": {"StringNotEquals": {"dynamodb:Select": "COUNT"}}}), True),
        (({"Condition": KEY | UNLESS_FAR},), False),
        (({"Condition": KEY, "Action": "dynamodb:Scan"},), False),
        (({"Condition": KEY, "Resource": f"{TABLE}2"},), False),
        (({"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}},), False),
        (({"Condition": {"StringLike": {"aws:SourceIp": "${dynamodb:Select}"}}},), True),
        (({"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/${dynamodb:Select}"}}},), True),
        (({"Condition": {"Bool": {"aws:SecureTransport": "true"}}},), False),
        (({"Resource": f"{TABLE[:-1]}${{dynamodb:Select}}"},), True),
        (({"NotResource": f"{TABLE[:-1]}${{dynamodb:Select}}"},), True),
        (({"Condition": {"NoSuchOperator": {"dynamodb:Select": "COUNT"}}},), False),
    ],
)
def test_whether_it_depends(statements: tuple[dict[str, Any], ...], expected: bool) -> None:
    assert depends(*statements) is expected


def test_every_layer_counts() -> None:
    open_boundary = policy({"Condition": KEY})
    assert depends(ALLOW, boundary=open_boundary)
    assert depends(ALLOW, session=(open_boundary,))
    assert depends(ALLOW, scp=((policy({"Condition": KEY}, grammar=Grammar.SCP),),))
    assert not depends({"Action": "s3:*"}, boundary=open_boundary)


def test_a_statement_about_somebody_else_does_not_count() -> None:
    somebody = policy(
        {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"}, "Condition": KEY}, grammar=Grammar.RESOURCE
    )
    assert not depends_on_unknown(request(), Policies(resource=(ResourcePolicy(policy=somebody),)), open_)


def test_a_key_that_is_there_is_known() -> None:
    there = Context(request={"dynamodb:Select": "COUNT"})
    assert not depends_on_unknown(request(there), Policies(identity=(policy({"Condition": KEY}),)), open_)


PARTS = [
    ALLOW,
    DENY,
    {"Condition": KEY},
    DENY | {"Condition": KEY},
    DENY | {"Condition": {"Null": {"dynamodb:Select": "true"}}},
]


@pytest.mark.parametrize("statements", list(product(PARTS, repeat=2)))
def test_what_is_sure_is_so_with_every_value(statements: tuple[dict[str, Any], ...]) -> None:
    policies = Policies(identity=(policy(*statements),))
    contexts = [Context(), *(Context(request={"dynamodb:Select": value}) for value in ("COUNT", "OTHER"))]
    verdicts = {decide(request(context), policies).allowed for context in contexts}
    if not depends_on_unknown(request(Context()), policies, open_):
        assert len(verdicts) == 1
