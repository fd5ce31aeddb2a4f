"""How much is read and compiled in one go: counted in characters, whatever the policies say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import inf

import pytest

from carnet.access.documents import stored_policy
from carnet.policy.at_once import TakesLong, left, spend
from carnet.policy.compile import Engine
from carnet.policy.document import Grammar, Policy, parse
from carnet.policy.policies import Policies
from carnet.policy.request import Context, Principal, PrincipalKind, Request

ACCOUNT = "111122223333"
ALICE = Principal(kind=PrincipalKind.USER, arn=f"arn:aws:iam::{ACCOUNT}:user/alice", account=ACCOUNT, id="AIDAALICE")
ASKED = Request(principal=ALICE, action="s3:GetObject", resource="arn:aws:s3:::b/y7", context=Context())


@pytest.fixture(autouse=True)
def others_wait() -> Iterator[None]:
    yield
    left.characters = inf


def document(number: int, patterns: int = 100) -> str:
    resources = [f"arn:aws:s3:::b/?{at}" for at in range(patterns)]
    statement = {"Sid": f"s{number}", "Effect": "Allow", "Action": "s3:*", "Resource": resources}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def policy(number: int, patterns: int = 100) -> Policy:
    return parse(document(number, patterns), Grammar.IDENTITY)


def test_as_much_as_is_left_is_done_and_no_more() -> None:
    left.characters = 10
    spend(10)
    with pytest.raises(TakesLong):
        spend(1)


def test_a_policy_is_compiled_if_there_is_room_for_it_and_its_index_and_what_is_left_of_it() -> None:
    one = policy(1)
    engine, policies = Engine(), Policies(identity=(one,))
    left.characters = len(one.text)  # but none for the index
    with pytest.raises(TakesLong):
        engine.decide(ASKED, policies)
    left.characters = one.parts
    assert engine.decide(ASKED, policies).allowed, "what was compiled was not compiled again"


def test_each_go_comes_further() -> None:
    many = tuple(policy(number) for number in range(5))
    engine, policies = Engine(), Policies(identity=many)
    goes = 0
    while True:
        goes += 1
        left.characters = len(many[0].text)
        try:
            assert engine.decide(ASKED, policies).allowed
            break
        except TakesLong:
            assert goes < 20
    assert goes >= len(many)
    left.characters = 0
    assert engine.decide(ASKED, policies).allowed, "what is known costs nothing"


def test_a_document_is_read_if_there_is_room_for_it_and_once() -> None:
    text = document(77)
    left.characters = len(text) - 1
    with pytest.raises(TakesLong):
        stored_policy(text, Grammar.IDENTITY, "here")
    left.characters = len(text)
    stored_policy(text, Grammar.IDENTITY, "here")
    stored_policy(text, Grammar.IDENTITY, "here")


def test_other_threads_have_all_that_there_is() -> None:
    assert left.characters == inf
