from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest

from carnet.models import operation
from carnet.protocols.query_json import accepts_json, write_query_json, write_query_json_error


@pytest.mark.parametrize(
    "accept",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json, text/plain, */*",
        "text/html, application/json;q=0.9",
        "text/xml;q=0.5, application/json;q=0.6",
        "*/*;q=0.1,application/json",
    ],
)
def test_who_ranks_json_first_gets_json(accept: str) -> None:
    assert accepts_json(accept)


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "text/xml",
        "text/xml, application/json",
        "application/xml, application/json;q=1",
        "application/json;q=0",
        "application/json;q=0.4, */*;q=0.5",
        "application/json;q=many",
        "application/json;q=nan, */*",
        "application/jsonp",
        "application/x-amz-json-1.1",
    ],
)
def test_everybody_else_gets_xml(accept: str | None) -> None:
    assert not accepts_json(accept)


def test_an_answer_is_wrapped_as_aws_wraps_it() -> None:
    moment = datetime(2024, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
    user = {"UserName": "ann", "CreateDate": moment, "Tags": [{"Key": "k", "Value": ""}], "Path": None}
    answer = write_query_json(operation("iam", "GetUser"), {"User": user}, "the-id")
    assert (answer.status, dict(answer.headers)["Content-Type"]) == (200, "application/json")
    assert orjson.loads(answer.body) == {
        "GetUserResponse": {
            "GetUserResult": {
                "User": {"UserName": "ann", "CreateDate": 1704164645, "Tags": [{"Key": "k", "Value": ""}]}
            },
            "ResponseMetadata": {"RequestId": "the-id"},
        }
    }


def test_an_operation_without_an_answer_has_no_result() -> None:
    answer = write_query_json(operation("iam", "DeleteUser"), {}, "id")
    assert orjson.loads(answer.body) == {"DeleteUserResponse": {"ResponseMetadata": {"RequestId": "id"}}}


def test_an_error() -> None:
    answer = write_query_json_error(404, "Sender", "NoSuchEntity", {"Message": "gone"}, "id")
    assert answer.status == 404
    assert orjson.loads(answer.body) == {
        "Error": {"Code": "NoSuchEntity", "Message": "gone", "Type": "Sender"},
        "RequestId": "id",
    }
