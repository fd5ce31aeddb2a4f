"""Stored documents: what is refused today goes on deciding as it says, and what nobody understands fails closed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.base.faults import Malformed
from carnet.policy.compile import Engine
from carnet.policy.decide import decide
from carnet.policy.decision import Layer, Verdict
from carnet.policy.document import Grammar, Policy, parse, understand
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.request import Principal
from carnet.policy.trace import explain
from tests.policy.builders import ALICE, OBJECT, SERVICE, WEB_IDENTITY, allow, deny, document, request

FULL = document(allow())


def verdict(*texts: str, action: str = "s3:GetObject", resource: str = OBJECT) -> Verdict:
    """What identity-based policies, stored as `texts`, decide; rule and engine agree."""
    policies = Policies(identity=tuple(understand(text, Grammar.IDENTITY) for text in texts))
    asked = request(ALICE, action, resource)
    decided = decide(asked, policies)
    assert Engine().decide(asked, policies) == decided
    return decided.verdict


def trusted(principal: Principal, **elements: Any) -> Verdict:
    """What a stored trust policy of one statement decides."""
    element = {"Action": "sts:AssumeRole", "Resource": None, **elements}
    text = document(allow(**element))
    with pytest.raises(Malformed):
        parse(text, Grammar.TRUST)
    return of_trust(principal, text)


def of_trust(principal: Principal, text: str) -> Verdict:
    policies = Policies(resource=(ResourcePolicy(policy=understand(text, Grammar.TRUST), layer=Layer.TRUST),))
    asked = request(principal, "sts:AssumeRole", "arn:aws:iam::111111111111:role/r", "111111111111")
    decided = decide(asked, policies)
    assert Engine().decide(asked, policies) == decided
    return decided.verdict


def problems(text: str, grammar: Grammar = Grammar.IDENTITY) -> list[str]:
    return [statement.problem for statement in understand(text, grammar).statements]


def without(policy: Policy) -> Any:
    """All that a policy decides by."""
    return [(one.effect, one.actions, one.resources, one.principals, one.conditions) for one in policy.statements]


@given(
    st.sampled_from([allow(), deny(Action="s3:*"), allow(Condition={"Bool": {"a:b": True}}), allow(NotAction="s3:*")])
)
def test_what_may_be_saved_is_understood_as_it_is_read(statement: dict[str, Any]) -> None:
    text = document(statement)
    strict, stored = parse(text, Grammar.IDENTITY, source="p"), understand(text, Grammar.IDENTITY, source="p")
    assert without(strict) == without(stored)
    assert (strict.digest, strict.version, strict.id) == (stored.digest, stored.version, stored.id)
    assert [one.ref for one in strict.statements] == [one.ref for one in stored.statements]
    assert problems(text) == [""]


REFUSED_TODAY = [
    (document(allow(Sid="no spaces")), Verdict.ALLOWED),
    (document(allow(Sid="a"), deny(Sid="a", Action="s3:Put*")), Verdict.ALLOWED),
    (document(allow(Sid="\u65e5")), Verdict.ALLOWED),
    (document(allow(Action=["ListUsers", "s3:*"])), Verdict.ALLOWED),
    (document(allow(Action="s3*:GetObject")), Verdict.ALLOWED),
    (document(allow(Resource=["adf", OBJECT])), Verdict.ALLOWED),
    (document(allow(Resource=["arn:nowhere:s3:::x", OBJECT])), Verdict.ALLOWED),
    (document(allow(), deny(Resource="arn:aws:s3:us-east-1:1:b")), Verdict.ALLOWED),
    (document(allow(Resource="arn:aws:iam:::bucket")), Verdict.IMPLICIT_DENY),
    (document(allow())[:-1] + ',"Id":5}', Verdict.ALLOWED),
]
"""Documents that may not be saved, and what they decide about reading an object."""


@pytest.mark.parametrize(("text", "expected"), REFUSED_TODAY)
def test_what_is_refused_today_goes_on_deciding(text: str, expected: Verdict) -> None:
    with pytest.raises(Malformed):
        parse(text, Grammar.IDENTITY)
    assert verdict(text) is expected
    assert not any(problems(text))


NOT_UNDERSTOOD: list[dict[str, Any]] = [
    {"Condition": {"StringEqual": {"aws:username": "x"}}},
    {"Condition": {"IpAddress": {"aws:SourceIp": "x"}}},
    {"Condition": {"StringEquals": "x"}},
    {"Condition": []},
    {"Unknown": 1},
    {"Resource": None},
    {"Resource": []},
    {"Resource": [5]},
    {"Resource": "arn:aws:s3:::${"},
    {"Action": []},
    {"Action": None},
    {"Action": {}},
    {"Principal": {"AWS": "*"}},
    {"NotAction": "iam:*", "Action": "s3:*"},
]
"""Elements without one meaning."""


@pytest.mark.parametrize("value", ["adf", "b/k", "arm:aws:s3:::b/k", ["arn:aws:sqs:::q", "adf"]])
def test_a_resource_that_is_no_arn_neither_voids_a_deny_nor_widens_an_allow(value: str | list[str]) -> None:
    assert verdict(FULL, document(deny(Resource=value))) is Verdict.EXPLICIT_DENY
    assert verdict(document(allow(Resource=None, NotResource=value))) is Verdict.IMPLICIT_DENY
    assert verdict(document(allow(Resource=value))) is Verdict.IMPLICIT_DENY
    assert verdict(FULL, document(deny(Resource=None, NotResource=value))) is Verdict.EXPLICIT_DENY


@pytest.mark.parametrize("value", ["", "GetObject", "s3:Get:Object", ["sqs:*", "GetObject"]])
def test_a_name_that_is_no_action_neither_voids_a_deny_nor_widens_an_allow(value: str | list[str]) -> None:
    assert verdict(FULL, document(deny(Action=value))) is Verdict.EXPLICIT_DENY
    assert verdict(document(allow(Action=None, NotAction=value))) is Verdict.IMPLICIT_DENY
    assert verdict(document(allow(Action=value))) is Verdict.IMPLICIT_DENY
    assert verdict(FULL, document(deny(Action=None, NotAction=value))) is Verdict.EXPLICIT_DENY


def test_an_incomplete_arn_in_the_deny_of_a_session_policy_denies() -> None:
    (statement,) = understand(document(deny(Resource="arn:aws:s3")), Grammar.SESSION).statements
    assert statement.problem
    assert statement.applies(request(ALICE, "s3:GetObject", OBJECT))


@pytest.mark.parametrize("elements", NOT_UNDERSTOOD)
def test_a_statement_that_is_not_understood_fails_closed(elements: dict[str, Any]) -> None:
    assert verdict(document(allow(**elements))) is Verdict.IMPLICIT_DENY
    assert verdict(FULL, document(deny(**elements))) is Verdict.EXPLICIT_DENY
    assert all(problems(document(allow(**elements), deny(**elements))))


def test_the_other_statements_go_on_deciding() -> None:
    bad = {"Condition": {"StringEqual": {"a:b": "x"}}}
    text = document(allow(Action="s3:*"), deny(Action="ec2:*", **bad), allow(Action="iam:*", **bad))
    assert verdict(text) is Verdict.ALLOWED
    assert verdict(text, action="ec2:RunInstances") is Verdict.EXPLICIT_DENY
    assert verdict(text, action="iam:GetUser") is Verdict.IMPLICIT_DENY


def test_a_deny_that_is_not_understood_keeps_to_what_is_understood_of_it() -> None:
    condition = {"StringEqual": {"a:b": "x"}, "StringEquals": {"aws:username": ["nobody"]}}
    readable = document(deny(Action="s3:*", Resource="arn:aws:s3:::reports/*", Unknown=1))
    assert verdict(FULL, readable) is Verdict.EXPLICIT_DENY
    assert verdict(FULL, readable, action="ec2:RunInstances") is Verdict.ALLOWED
    assert verdict(FULL, readable, resource="arn:aws:s3:::other/x") is Verdict.ALLOWED
    assert verdict(FULL, document(deny(Condition=condition))) is Verdict.ALLOWED, "the other condition is not met"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"Version":"2012-10-17","Statement":[]}',
        '{"Statement":{"Effect":"Allow","Effect":"Allow","Action":"*","Resource":"*"}}',
        document(allow(Effect="allow")),
        document(allow(Effect=None)),
    ],
)
def test_what_cannot_be_read_at_all_denies(text: str) -> None:
    assert verdict(FULL, text) is Verdict.EXPLICIT_DENY
    assert verdict(text) is Verdict.EXPLICIT_DENY


def test_nothing_of_a_document_of_an_unknown_version_is_understood() -> None:
    narrow = {"Action": "ec2:*", "Resource": "arn:aws:s3:::${x}"}
    assert verdict(document(allow(), version="2030-01-01")) is Verdict.IMPLICIT_DENY
    assert verdict(FULL, document(deny(**narrow), version="2030-01-01")) is Verdict.EXPLICIT_DENY
    assert verdict(FULL, document(deny(**narrow))[:-1] + ',"New":1}') is Verdict.EXPLICIT_DENY


# Trust policies


def test_principals_that_may_not_be_saved_stay_trusted() -> None:
    text = document(allow(Action="sts:*", Resource=None, Principal={"Service": "lambda.amazonaws.com"}))
    with pytest.raises(Malformed):
        parse(text, Grammar.TRUST)
    assert of_trust(SERVICE, text) is Verdict.ALLOWED
    assert trusted(ALICE, Principal="*") is Verdict.ALLOWED


@pytest.mark.parametrize(
    "elements",
    [
        {},
        {"Principal": {}},
        {"Principal": {"AWS": []}},
        {"Principal": {"AWS": "arn:aws:iam::1:user/*"}},
        {"Principal": {"Unknown": "*"}},
        {"Principal": "alice"},
        {"NotPrincipal": {"AWS": "222222222222"}},
        {"Principal": {"AWS": "*"}, "Resource": "*"},
    ],
)
def test_nobody_is_trusted_by_a_statement_that_is_not_understood(elements: dict[str, Any]) -> None:
    assert trusted(ALICE, **elements) is Verdict.IMPLICIT_DENY
    everyone = allow(Action="sts:AssumeRole", Resource=None, Principal={"AWS": "*"})
    barred = deny(**{"Action": "sts:AssumeRole", "Resource": None, **elements})
    assert of_trust(WEB_IDENTITY, document(everyone, barred)) is Verdict.EXPLICIT_DENY


# What is told of it


def test_the_trace_says_why_a_statement_fails_closed() -> None:
    stored = understand(document(deny(Condition={"StringEqual": {"a:b": "x"}})), Grammar.IDENTITY, source="old")
    trace = explain(request(), Policies(identity=(stored,)))
    assert trace.as_dict()["layers"][0]["statements"][0]["problem"] == "Syntax errors in policy."
    assert "it is not understood (Syntax errors in policy.) and fails closed" in trace.render()
    good = explain(request(), Policies(identity=(understand(FULL, Grammar.IDENTITY),)))
    assert good.as_dict()["layers"][0]["statements"][0]["problem"] is None


def test_a_statement_that_is_not_understood_still_knows_its_place() -> None:
    text = '{"Statement":[\n {"Sid":"Old","Effect":"Deny","Foo":[1,{"a":true}]}]}'
    (statement,) = understand(text, Grammar.IDENTITY, source="p").statements
    assert (statement.ref.policy, statement.ref.index, statement.ref.sid) == ("p", 0, "Old")
    assert (statement.ref.line, statement.ref.column) == (2, 2)
    assert statement.source == {"Sid": "Old", "Effect": "Deny", "Foo": ["1", {"a": True}]}


@given(
    st.text()
    | st.recursive(st.none() | st.text() | st.integers(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)).map(
        json.dumps
    )
)
def test_understanding_never_raises(text: str) -> None:
    for grammar in Grammar:
        assert understand(text, grammar).statements
