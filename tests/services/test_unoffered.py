"""The resource of an operation that is not carried out: known for certain, or not at all."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from carnet.catalog.apis import NamedResource, Permission
from carnet.services.unoffered import LONGEST_ARN, resource_of

PLACE = ("aws-cn", "cn-north-1", "111122223333")
BEGIN = "arn:${Partition}:dynamodb:${Region}:${Account}:"
TABLE, INDEX = f"{BEGIN}table/${{TableName}}", f"{BEGIN}table/${{TableName}}/index/${{IndexName}}"
ARN = "arn:aws-cn:dynamodb:cn-north-1:111122223333:table/t"


def permission(*arns: str, without_resource: bool = False, arn_members: tuple[str, ...] = ()) -> Permission:
    members = {TABLE: {"TableName": "tableName"}, INDEX: {"TableName": "tableName", "IndexName": "indexName"}}
    return Permission(
        action="dynamodb:Query",
        read_only=True,
        without_resource=without_resource,
        named=tuple(NamedResource(arn=arn, members=members[arn]) for arn in arns if arn in members),
        arn_members=arn_members,
        arns=arns,
    )


def made(given: Mapping[str, str], wanted: Permission) -> str | None:
    return resource_of(wanted, given.get, PLACE)


def test_an_action_without_a_resource() -> None:
    assert made({}, permission(without_resource=True)) == "*"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"tableName": "t"}, ARN),
        ({"tableName": "t", "indexName": "i"}, None),
        ({"indexName": "i"}, None),
        ({"tableName": ""}, None),
        ({}, None),
    ],
)
def test_one_type_alone_must_be_named(given: Mapping[str, str], expected: str | None) -> None:
    assert made(given, permission(TABLE, INDEX)) == expected


@pytest.mark.parametrize("value", ["a/b", "a:b", "*", "t?", "${x}", "a b", "t\n", "\u00fc", "", "x" * 257])
def test_a_name_that_would_be_another_arn(value: str) -> None:
    assert made({"tableName": value}, permission(TABLE)) is None


@pytest.mark.parametrize("value", ["t", "T-1._=+@,", "x" * 256])
def test_a_name_that_stands_as_it_is(value: str) -> None:
    assert made({"tableName": value}, permission(TABLE)) == ARN[:-1] + value


@pytest.mark.parametrize(
    "arn",
    [ARN, ARN.replace("cn-north-1", "cn-northwest-1"), ARN.replace("111122223333", "444455556666"), f"{ARN}/index/i"],
)
def test_an_arn_is_the_resource(arn: str) -> None:
    wanted = permission(TABLE, INDEX, arn_members=("tableName", "resourceArn"))
    assert made({"tableName": arn}, wanted) == arn
    assert made({"resourceArn": arn}, wanted) == arn
    assert made({"resourceArn": arn, "tableName": ARN}, wanted) is None


@pytest.mark.parametrize(
    "arn",
    [
        ARN.replace("aws-cn", "aws"),
        ARN.replace("dynamodb", "s3"),
        ARN.replace("table/", "global-table/"),
        ARN.replace("111122223333", "1111"),
        f"{ARN}/more",
        f"{ARN}:more",
        f"{ARN}*",
        f"{ARN}\n",
        "arn:",
    ],
)
def test_an_arn_of_something_else(arn: str) -> None:
    assert made({"tableName": arn}, permission(TABLE, INDEX, arn_members=("tableName",))) is None


def test_a_pattern_with_a_wildcard_is_matched_by_nothing() -> None:
    assert made({"arn": f"{BEGIN}*"}, permission(f"{BEGIN}*", arn_members=("arn",))) is None


def test_an_arn_is_no_longer_than_awss_apis_take() -> None:
    for length, expected in ((LONGEST_ARN, True), (LONGEST_ARN + 1, False)):
        arn = ARN + "t" * (length - len(ARN))
        assert (made({"tableArn": arn}, permission(TABLE, arn_members=("tableArn",))) is not None) is expected
