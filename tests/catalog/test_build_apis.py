"""The builder of the APIs, given models of a few lines."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any
from zipfile import ZipFile

import pytest

from carnet.catalog import actions
from tools.build_apis import (
    api,
    api_members,
    arn_name,
    is_signed,
    member_places,
    models,
    named_by,
    permission_row,
    required_in_head,
    wire_name,
)

TABLE = "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}"


def described(protocol: str = "json", **input_: Any) -> dict[str, Any]:
    return {
        "metadata": {"endpointPrefix": "dynamodb", "apiVersion": "2012-08-10", "protocol": protocol},
        "operations": {
            "GetItem": {"http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "Input"}},
            "NoSuchAction": {"http": {"method": "POST", "requestUri": "/"}},
        },
        "shapes": {
            "Input": {"type": "structure", "members": {}, **input_},
            "Text": {"type": "string"},
            "List": {"type": "list"},
        },
    }


def places(model: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return member_places(model, model["operations"]["GetItem"])


def test_the_newest_model_is_taken() -> None:
    file = io.BytesIO()
    with ZipFile(file, "w") as written:
        for name in ("botocore/data/a/2020-01-01/", "botocore/data/a/2021-01-01/", "botocore/data/b/2019-01-01/"):
            written.writestr(f"{name}service-2.json.gz", gzip.compress(json.dumps(name).encode()))
        written.writestr("botocore/data/a/2022-01-01/waiters-2.json.gz", b"")
    with ZipFile(file) as wheel:
        assert dict(models(wheel)) == {"a": "botocore/data/a/2021-01-01/", "b": "botocore/data/b/2019-01-01/"}


def test_an_operation_without_an_action_of_its_name_has_no_permission() -> None:
    written: Any = api("dynamodb", described(members={"TableName": {"shape": "Text"}}))
    assert written["operations"]["NoSuchAction"][3] is None
    assert written["operations"]["GetItem"][3] == ["dynamodb", 1, [0], [(0, {"TableName": "TableName"})], ["TableName"]]
    assert written["arns"] == [TABLE]


def test_a_service_that_the_catalogue_lacks() -> None:
    model = described()
    model["metadata"]["endpointPrefix"] = "no-such-service"
    written: Any = api("no-such-service", model)
    assert [row[3] for row in written["operations"].values()] == [None, None]


def test_the_index() -> None:
    model = described()
    model["operations"]["NoSuchAction"]["authtype"] = "none"
    members = dict(api_members({"dynamodb": model}))
    assert json.loads(members["apis"]) == [["dynamodb", "dynamodb", ["json"], "", "2012-08-10", ["NoSuchAction"]]]


@pytest.mark.parametrize(
    ("operation", "signed"),
    [({}, True), ({"authtype": "v4"}, True), ({"authtype": "none"}, False), ({"auth": ["smithy.api#noAuth"]}, False)],
)
def test_what_needs_no_signature(operation: dict[str, Any], signed: bool) -> None:
    assert is_signed(operation) is signed


def test_where_members_stand() -> None:
    members = {
        "Label": {"shape": "Text", "location": "uri", "locationName": "label"},
        "Header": {"shape": "Text", "location": "header", "locationName": "x-h"},
        "Headers": {"shape": "Text", "location": "headers"},
        "Json": {"shape": "Text", "location": "header", "jsonvalue": True},
        "Names": {"shape": "List"},
        "Body": {"shape": "Text"},
    }
    in_head = {"Label": ("uri", "label"), "Header": ("header", "x-h")}
    assert places(described("rest-json", members=members)) == in_head | {"Body": ("body", "Body")}
    assert places(described("rest-json", members=members, payload="Body")) == in_head
    assert places(described("rest-xml", members=members)) == in_head
    assert member_places(described(), {}) == {}


def test_what_a_request_must_have_in_its_head() -> None:
    members = {
        "Part": {"shape": "Text", "location": "querystring", "locationName": "part"},
        "Source": {"shape": "Text", "location": "header"},
        "Key": {"shape": "Text", "location": "uri"},
        "Other": {"shape": "Text", "location": "querystring"},
    }
    model = described(members=members, required=["Part", "Source", "Key"])
    assert required_in_head(model, model["operations"]["GetItem"]) == [("querystring", "part"), ("header", "Source")]
    assert required_in_head(model, {}) == []


@pytest.mark.parametrize(
    ("member", "protocol", "name"),
    [
        ({}, "query", "vpcId"),
        ({"locationName": "other"}, "query", "other"),
        ({}, "ec2", "VpcId"),
        ({"locationName": "other"}, "ec2", "Other"),
        ({"locationName": "other", "queryName": "third"}, "ec2", "third"),
    ],
)
def test_a_member_on_the_wire(member: dict[str, str], protocol: str, name: str) -> None:
    assert wire_name("vpcId", member, protocol) == name


@pytest.mark.parametrize(
    ("arn", "members"),
    [
        (TABLE, {"TableName": "tableName"}),
        ("arn:${Partition}:x:::${TableName}/${Other}", None),
        ("arn:${Partition}:x:::*", None),
        ("arn:${Partition}:x:${Region}:${Account}:catalog", {}),
    ],
)
def test_what_names_a_resource(arn: str, members: dict[str, str] | None) -> None:
    assert named_by(arn, {"tableName": ("body", "tableName")}) == members


def row(action: str, *members: str) -> Any:
    found = actions.action(action)
    assert found is not None
    return permission_row(found, dict.fromkeys(members, ("body", "x")), {})


def test_a_name_that_is_not_all_of_the_arn_names_nothing() -> None:
    assert row("secretsmanager:GetSecretValue", "SecretId")[3:] == [[], ["SecretId"]]
    assert row("lambda:InvokeAsync", "FunctionName")[3] == [(0, {"FunctionName": "FunctionName"})]
    assert row("lambda:InvokeAsync", "FunctionName", "Qualifier")[3:] == [[], []]


def test_members_that_hold_an_arn() -> None:
    assert arn_name("state-machine") == "statemachinearn"
    assert row("sns:Publish", "TopicArn", "Message", "ResourceArn", "TargetArn")[3:] == [
        [],
        ["TopicArn", "ResourceArn"],
    ]
    assert row("sns:ListTopics", "ResourceArn")[2:] == [[], [], []]
