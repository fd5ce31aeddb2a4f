"""Where AWS's policy simulator says that statements stand. The numbers were recorded from it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from carnet.policy.document import Grammar, parse, understand
from carnet.policy.positions import Positions

STATEMENT = '{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}'
ADMINISTRATOR = """{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "*",
      "Resource": "*"
    }
  ]
}"""
COMMAND_LINE = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":'
    '{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}'
)


def places(text: str) -> list[tuple[tuple[int, int], tuple[int, int]] | None]:
    positions = Positions(text)
    return [positions.of(statement) for statement in parse(text, Grammar.IDENTITY).statements]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'{{"Version":"2012-10-17","Statement":[{STATEMENT}]}}', [((1, 38), (1, 95))]),
        (ADMINISTRATOR, [((3, 17), (8, 6))]),
        (COMMAND_LINE, [((1, 38), (1, 167))]),
    ],
    ids=["a list in one line", "AdministratorAccess", "an object"],
)
def test_a_statement_stands_where_aws_says(text: str, expected: list[object]) -> None:
    assert places(text) == expected


def test_a_further_statement_begins_behind_the_one_before() -> None:
    text = f'{{"Version":"2012-10-17","Statement":[{STATEMENT}, \n {STATEMENT}]}}'
    assert places(text) == [((1, 38), (1, 95)), ((1, 95), (2, 59))]


def test_braces_in_texts_do_not_count() -> None:
    text = f'{{"Version":"2012-10-17","Statement":[{STATEMENT.replace("GetObject", "}{")}]}}'
    assert places(text) == [((1, 38), (1, 88))]


def test_what_cannot_be_read_has_no_place() -> None:
    policy = understand('{"Statement":', Grammar.IDENTITY)
    assert [Positions(policy.text).of(statement) for statement in policy.statements] == [None] * len(policy.statements)


def test_a_statement_whose_place_is_not_known_has_none() -> None:
    text = f'{{"Version":"2012-10-17","Statement":[{STATEMENT}]}}'
    (statement,) = parse(text, Grammar.IDENTITY).statements
    assert Positions(text).of(replace(statement, ref=replace(statement.ref, line=0, column=0))) is None
