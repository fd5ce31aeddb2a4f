"""Values of condition keys that are none: refused by both implementations, never left out of a decision."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from carnet.policy import Context, Decision, Engine, Grammar, Policies, Policy, Request, decide, explain, parse
from tests.policy.builders import ALICE

KEY = "s3:TlsVersion"
DECIDERS: list[Callable[[Request, Policies], Any]] = [decide, Engine().decide, explain]


def policies(condition: dict[str, Any]) -> Policies:
    statements = [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": condition},
    ]
    document = {"Version": "2012-10-17", "Statement": statements}
    return Policies(identity=(parse(json.dumps(document), Grammar.IDENTITY),))


def asked(value: Any, key: str = KEY) -> Request:
    context = Context(principal={key: value}) if key.startswith("aws:Principal") else Context(request={key: value})
    return Request(principal=ALICE, action="s3:GetObject", resource="arn:aws:s3:::b/k", context=context)


@pytest.mark.parametrize("value", [False, True, 0, 1, 1.0, 0.0, b"1.0", {"1.0"}, ("1.0", False), [1.0], object()])
@pytest.mark.parametrize(
    "condition",
    [
        {"NumericLessThan": {KEY: "1.2"}},
        {"NumericLessThan": {KEY.upper(): "1.2"}},
        {"Bool": {KEY: "false"}},
        {"Null": {KEY: "true"}},
        {"ForAnyValue:StringEquals": {KEY: "1.0"}},
        {"ForAllValues:StringNotEquals": {KEY: "1.2"}},
        {"StringLike": {KEY: "${aws:username, '1'}*"}},
        {"StringLike": {"aws:RequestTag/a": "x", KEY: "1*"}},
        {"StringNotLikeIfExists": {"aws:RequestTag/a": f"${{{KEY}}}"}},
    ],
    ids=str,
)
@pytest.mark.parametrize("decider", DECIDERS, ids=["decide", "Engine.decide", "explain"])
def test_no_text_is_refused(decider: Callable[[Request, Policies], Any], condition: dict[str, Any], value: Any) -> None:
    request = asked(value)
    if "aws:RequestTag/a" in str(condition):
        request = asked_with(request, {"aws:RequestTag/a": "x"})
    with pytest.raises(TypeError, match=f"^the value of the condition key (?i:{KEY}) must be .*, not "):
        decider(request, policies(condition))


def asked_with(request: Request, more: dict[str, Any]) -> Request:
    return Request(
        principal=request.principal,
        action=request.action,
        resource=request.resource,
        context=Context(request={**request.context.request, **more}),
    )


@pytest.mark.parametrize("decider", DECIDERS, ids=["decide", "Engine.decide", "explain"])
def test_one_of_the_principal_is_refused_whatever_was_remembered_before(
    decider: Callable[[Request, Policies], Any],
) -> None:
    denied = policies({"Bool": {"aws:PrincipalIsAWSService": "false"}})
    for _ in range(2):
        assert _decided(decider(asked("false", "aws:PrincipalIsAWSService"), denied)).verdict == "explicitDeny"
        with pytest.raises(TypeError, match=r'^the value of .* aws:PrincipalIsAWSService must be "true" or "false"'):
            decider(asked(False, "aws:PrincipalIsAWSService"), denied)


def _decided(answer: Any) -> Decision:
    found = answer if isinstance(answer, Decision) else answer.decision
    assert isinstance(found, Decision)
    return found


@pytest.mark.parametrize("value", [None, (), []], ids=repr)
@pytest.mark.parametrize("decider", DECIDERS, ids=["decide", "Engine.decide", "explain"])
def test_none_and_no_values_are_an_absent_key(decider: Callable[[Request, Policies], Any], value: Any) -> None:
    assert _decided(decider(asked(value), policies({"NumericLessThan": {KEY: "1.2"}}))).allowed
    assert not _decided(decider(asked(value), policies({"Null": {KEY: "true"}}))).allowed


@pytest.mark.parametrize("decider", DECIDERS, ids=["decide", "Engine.decide", "explain"])
def test_a_value_that_no_statement_asks_for_decides_nothing(decider: Callable[[Request, Policies], Any]) -> None:
    assert _decided(decider(asked(1.0), policies({"Bool": {"aws:SecureTransport": "false"}}))).allowed


@pytest.mark.parametrize("given", [{"Version": "2012-10-17"}, b"{}", None], ids=["dict", "bytes", "None"])
def test_a_document_that_is_no_text_is_told_so(given: Any) -> None:
    def read() -> Policy:
        return parse(given, Grammar.IDENTITY)

    with pytest.raises(TypeError, match=rf"json\.dumps makes it of a {type(given).__name__}$"):
        read()
