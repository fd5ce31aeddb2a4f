"""Statements in PartiQL that come together: each is decided alone, as recorded from AWS."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.gateway.behind import EVERYTHING, Behind, refusal
from tests.gateway.fake_aws import Told

OPEN, CLOSED = 'SELECT * FROM "open" WHERE k = ?', 'SELECT * FROM "closed" WHERE k = ?'
ITEM = {"TableName": "open", "Item": {"k": {"S": "x"}}}


@pytest.fixture
def reader(behind: Behind) -> Behind:
    """alice may read one table, and the upstream answers one statement."""
    table = f"arn:aws:dynamodb:us-east-1:{behind.account}:table/open"
    behind.allow({"Effect": "Allow", "Action": "dynamodb:PartiQLSelect", "Resource": table})
    behind.aws.answers["BatchExecuteStatement"] = Told(body={"Responses": [ITEM]})
    behind.aws.requests.clear()
    return behind


def statements(*texts: str) -> list[Any]:
    return [{"Statement": text, "Parameters": [{"S": "x"}]} for text in texts]


def message(reader: Behind) -> str:
    return (
        f"User: arn:aws:iam::{reader.account}:user/alice is not authorized to perform: dynamodb:PartiQLSelect on "
        f"resource: arn:aws:dynamodb:us-east-1:{reader.account}:table/closed because no identity-based policy allows "
        "the dynamodb:PartiQLSelect action"
    )


def sent(reader: Behind) -> list[str]:
    asked = [one for one in reader.aws.requests if "Statements" in one.json or "TransactStatements" in one.json]
    return [each["Statement"] for one in asked for name in one.json for each in one.json[name]]


@pytest.mark.parametrize("order", [(CLOSED, OPEN), (OPEN, CLOSED), (CLOSED, OPEN, CLOSED)])
def test_what_is_denied_of_a_batch_is_answered_in_its_place(reader: Behind, order: tuple[str, ...]) -> None:
    answer = reader.client("dynamodb").batch_execute_statement(Statements=statements(*order))
    error = {"Code": "AccessDenied", "Message": message(reader)}
    of_closed = {"Error": error, "TableName": "closed"}
    assert answer["Responses"] == [of_closed if one == CLOSED else ITEM for one in order]
    assert sent(reader) == [OPEN]


def test_of_a_batch_that_is_denied_nothing_is_sent(reader: Behind) -> None:
    given = statements(CLOSED, 'DELETE FROM "open" WHERE k=?')
    answer = reader.client("dynamodb").batch_execute_statement(Statements=given)
    assert [one["Error"]["Code"] for one in answer["Responses"]] == ["AccessDenied"] * 2
    assert [one["TableName"] for one in answer["Responses"]] == ["closed", "open"]
    assert reader.aws.requests == []


def test_an_upstream_that_does_not_answer_every_statement_answers_none(reader: Behind) -> None:
    reader.aws.answers["BatchExecuteStatement"] = Told(body={"Responses": []})
    error = refusal(reader.client("dynamodb").batch_execute_statement, Statements=statements(OPEN, CLOSED))
    assert error["Code"].startswith("ServiceUnavailable")


def test_a_transaction_with_a_statement_that_is_denied_is_cancelled(reader: Behind) -> None:
    with pytest.raises(ClientError) as raised:
        reader.client("dynamodb").execute_transaction(TransactStatements=statements(OPEN, CLOSED))
    said: dict[str, Any] = dict(raised.value.response)
    assert said["Error"] == {
        "Code": "TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons [None, AccessDenied]",
    }
    assert said["CancellationReasons"] == [{"Code": "None"}, {"Code": "AccessDenied", "Message": message(reader)}]
    assert sent(reader) == []


def test_a_condition_that_cannot_be_decided_refuses_all_of_them(reader: Behind) -> None:
    of_index = {"StringEquals": {"dynamodb:Select": "ALL_ATTRIBUTES"}}
    reader.allow(EVERYTHING, {"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*", "Condition": of_index})
    error = refusal(reader.client("dynamodb").batch_execute_statement, Statements=statements(OPEN, OPEN))
    assert error["Code"].startswith("NotImplemented")
    assert sent(reader) == []


def test_what_is_allowed_is_sent_as_it_was(reader: Behind) -> None:
    reader.allow(EVERYTHING)
    reader.aws.answers["BatchExecuteStatement"] = Told(body={"Responses": [ITEM, ITEM]})
    reader.client("dynamodb").batch_execute_statement(Statements=statements(OPEN, CLOSED))
    assert sent(reader) == [OPEN, CLOSED]
    assert reader.aws.requests[-1].json["Statements"] == statements(OPEN, CLOSED)
