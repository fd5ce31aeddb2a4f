"""The partition keys that requests to Amazon DynamoDB are for."""

from __future__ import annotations

from typing import Any

import pytest

from carnet.gateway.checks.check import Refusal, Refused, Scope
from carnet.gateway.checks.mapping import mapped
from carnet.gateway.checks.services.dynamodb_keys import leading_keys

SCOPE = Scope(partition="aws", region="eu-west-1", account="111122223333")
ANN = {"S": "ann"}
TOLD = {"ExpressionAttributeNames": {"#s": "Sort"}, "ExpressionAttributeValues": {":i": ANN, ":j": {"S": "bob"}}}


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ({"Key": {"Id": ANN, "Sort": {"N": "1"}}}, ("ann",)),
        ({"Item": {"Id": {"N": "17"}}}, ("17",)),
        ({"Key": {"Id": {"B": b"\x00\x01"}}}, ("AAE=",)),
        ({"Keys": [{"Id": ANN}, {"Id": {"S": "bob"}}, {"Id": ANN}]}, ("ann", "bob")),
        (
            {"Requests": [{"PutRequest": {"Item": {"Id": ANN}}}, {"DeleteRequest": {"Key": {"Id": {"S": "b"}}}}]},
            ("ann", "b"),
        ),
        ({"KeyConditions": {"Id": {"ComparisonOperator": "EQ", "AttributeValueList": [ANN]}}}, ("ann",)),
        ({"KeyConditionExpression": "Id = :i", "ExpressionAttributeValues": {":i": ANN}}, ("ann",)),
        (
            {
                "KeyConditionExpression": "begins_with(Sort, :s) AND #i = :i",
                "ExpressionAttributeNames": {"#i": "Id"},
                "ExpressionAttributeValues": {":i": ANN, ":s": {"S": "x"}},
            },
            ("ann",),
        ),
        ({"KeyConditionExpression": "((Id=:i)and(#s\tBETWEEN :i AND :i))", **TOLD}, ("ann",)),
        ({"KeyConditionExpression": "#s >= :i AND Id = :i", **TOLD}, ("ann",)),
        ({"Key": {"Id": ANN}, "AttributeUpdates": {"Other": {"Value": ANN}}}, ("ann",)),
        ({"TableName": "T"}, None),
    ],
)
def test_the_partition_keys_are(part: dict[str, Any], values: tuple[str, ...] | None) -> None:
    assert leading_keys(part, "Id") == values


@pytest.mark.parametrize(
    "part",
    [
        {"Key": {"Other": ANN}},
        {"Key": {"Id": {"S": "a", "N": "1"}}},
        {"Key": {"Id": {"BOOL": True}}},
        {"Key": {"Id": "ann"}},
        {"Keys": [{"Id": ANN}, {"Other": ANN}]},
        {"Requests": [{}]},
        {"Requests": [{"PutRequest": {"Item": {"Id": ANN}}, "DeleteRequest": {"Key": {"Id": ANN}}}]},
        {"KeyConditions": {"Other": {"ComparisonOperator": "EQ", "AttributeValueList": [ANN]}}},
        {"KeyConditions": {"Id": {"ComparisonOperator": "GT", "AttributeValueList": [ANN]}}},
        {"KeyConditionExpression": "Other = :i", "ExpressionAttributeValues": {":i": ANN}},
        {"KeyConditionExpression": "Id > :i", "ExpressionAttributeValues": {":i": ANN}},
        {"KeyConditionExpression": "Id = :i AND Id = :j", "ExpressionAttributeValues": {":i": ANN, ":j": ANN}},
        {"KeyConditionExpression": "x.Id = :i", "ExpressionAttributeValues": {":i": ANN}},
        {"KeyConditionExpression": "Id = :i", "ExpressionAttributeValues": {}},
        {"KeyConditionExpression": "Id ="},
        # What moto would read otherwise.
        {"KeyConditionExpression": "(Id = :i)ANDId = :j", **TOLD},
        {"KeyConditionExpression": "Id = :i ANDSort = :j", **TOLD},
        {"KeyConditionExpression": "NOT Id = :i", **TOLD},
        {"KeyConditionExpression": "Id = :i OR #s = :j", **TOLD},
        {"KeyConditionExpression": "Id = :i AND (#s = :j", **TOLD},
        {"KeyConditionExpression": "Id = :i AND #s <> :j", **TOLD},
        {"KeyConditionExpression": "Id = :i AND #s.x = :j", **TOLD},
        {"KeyConditionExpression": "Id = :i AND", **TOLD},
        {"Key": {"Id": ANN}, "AttributeUpdates": {"Id": {"Value": {"S": "bob"}}}},
        {"Key": {"Id": ANN}, "AttributeUpdates": {"ID": {"Value": {"S": "bob"}}}},
    ],
)
def test_a_request_that_does_not_tell_its_partition_key_is_refused(part: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        leading_keys(part, "Id")


def test_a_check_of_a_batch_has_its_part() -> None:
    tables = {"T11": {"Keys": [{"Id": ANN}]}, "T22": {"Keys": [{"Id": {"S": "bob"}}]}}
    found = mapped("dynamodb", "BatchGetItem", {"RequestItems": tables}, SCOPE)
    assert not isinstance(found, Refusal)
    assert [leading_keys(check.part, "Id") for check in found] == [("ann",), ("bob",)]
    writes = {"T11": [{"PutRequest": {"Item": {"Id": ANN}}}]}
    found = mapped("dynamodb", "BatchWriteItem", {"RequestItems": writes}, SCOPE)
    assert not isinstance(found, Refusal)
    assert [leading_keys(check.part, "Id") for check in found] == [("ann",)]


def test_items_of_a_transaction_that_differ_in_their_keys_alone_are_checks_of_their_own() -> None:
    puts = [{"Put": {"TableName": "T11", "Item": {"Id": {"S": name}}}} for name in ("ann", "bob")]
    found = mapped("dynamodb", "TransactWriteItems", {"TransactItems": puts}, SCOPE)
    assert not isinstance(found, Refusal)
    assert [leading_keys(check.part, "Id") for check in found] == [("ann",), ("bob",)]


def test_many_brackets_around_a_condition_are_read_at_once() -> None:
    deep = "(" * 2_000 + "Id = :i" + ")" * 2_000
    assert leading_keys({"KeyConditionExpression": deep, **TOLD}, "Id") == ("ann",)
