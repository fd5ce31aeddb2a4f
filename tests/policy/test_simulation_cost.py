"""What a simulation costs grows with all that makes it slow, or takes memory."""

from __future__ import annotations

import json
from typing import Any

import pytest

from carnet.policy.document import Grammar, parse
from carnet.policy.request import Principal, PrincipalKind, Value
from carnet.policy.simulation import Simulation
from carnet.policy.simulation_cost import asking_cost, narrowing_cost

ALICE = Principal(kind=PrincipalKind.USER, arn="arn:aws:iam::111122223333:user/alice", account="111122223333")
Keys = dict[str, Value]


def simulation(keys: Keys | None = None, times: int = 1, **elements: Any) -> Simulation:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", **elements}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement] * times})
    return Simulation(principal=ALICE, keys=keys or {}, identity=(parse(text, Grammar.IDENTITY),))


def test_trying_actions_costs_what_their_wildcards_do() -> None:
    few = narrowing_cost(simulation())
    assert narrowing_cost(simulation(times=11)) >= few + 20
    assert narrowing_cost(simulation(Action=["s3:*a*b*c*d"])) > few
    assert narrowing_cost(simulation(Action=[f"s3:{number}" for number in range(100)])) >= few + 98


RESOURCES = [f"arn:aws:s3:::{number}" for number in range(100)]
VARIABLES = "arn:aws:s3:::" + "${aws:username}" * 100
CONDITION = {"ForAnyValue:StringLike": {"x:y": [f"{number}*" for number in range(100)]}}
ABSENT = {"StringLike": {f"x:{number}": "a" for number in range(100)}}
LONG: Keys = {"aws:username": "a" * 1000}
SEVERAL: Keys = {"x:y": tuple(map(str, range(100)))}
OTHERS: Keys = {f"z:{number}": "a" for number in range(800)}


@pytest.mark.parametrize(
    ("keys", "elements", "least"),
    [
        ({}, {"Resource": RESOURCES}, 300),
        ({}, {"Resource": VARIABLES}, 200),
        (LONG, {"Resource": VARIABLES}, 10_000),
        ({}, {"Condition": CONDITION}, 4),
        ({"x:y": "a"}, {"Condition": CONDITION}, 400),
        (SEVERAL, {"Condition": CONDITION}, 40_000),
        ({"x:y": "a" * 25_000}, {"Condition": CONDITION}, 10_000),
        ({}, {"Condition": ABSENT}, 400),
        (OTHERS, {"Condition": ABSENT}, 10_000),
        (LONG, {"Condition": {"StringLike": {"x:y": "${aws:username}" * 100}}}, 10_000),
    ],
)
def test_a_question_costs_more(keys: Keys, elements: dict[str, Any], least: int) -> None:
    assert asking_cost(simulation(keys, **elements)) >= asking_cost(simulation()) + least


def test_the_statements_about_other_actions_cost_nothing() -> None:
    all_of_them = simulation(times=10)
    assert asking_cost(all_of_them.about("ec2:RunInstances")) < asking_cost(simulation())
