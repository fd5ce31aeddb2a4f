from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from xml.etree import ElementTree

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.base.http import HttpResponse
from carnet.models import operation
from carnet.protocols.query_json import write_query_json
from carnet.protocols.timestamps import WITH_MILLISECONDS
from carnet.protocols.write import write
from carnet.protocols.xml_shapes import escape
from tests.wire import invented
from tests.wire.client import parsed

GET_USER = operation("iam", "GetUser")
MOMENT = datetime(2024, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)


def test_a_query_answer_is_wrapped_as_aws_wraps_it() -> None:
    user = {"UserName": "a&b", "CreateDate": MOMENT, "Tags": [{"Key": "k", "Value": ""}], "Path": None}
    assert write(GET_USER, {"User": user}, "the-id") == HttpResponse(
        status=200,
        headers=(("x-amzn-RequestId", "the-id"), ("Content-Type", "text/xml")),
        body=b'<GetUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetUserResult><User>'
        b"<UserName>a&amp;b</UserName><CreateDate>2024-01-02T03:04:05Z</CreateDate>"
        b"<Tags><member><Key>k</Key><Value></Value></member></Tags></User></GetUserResult>"
        b"<ResponseMetadata><RequestId>the-id</RequestId></ResponseMetadata></GetUserResponse>",
    )


def test_a_query_operation_without_an_answer_has_no_result() -> None:
    assert write(operation("iam", "DeleteUser"), {}, "id").body == (
        b'<DeleteUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
        b"<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></DeleteUserResponse>"
    )


@pytest.mark.parametrize(("structure", "member"), sorted(WITH_MILLISECONDS))
def test_few_moments_are_told_to_the_millisecond(structure: str, member: str) -> None:
    service = "sts" if structure == "GetWebIdentityTokenResponse" else "iam"
    of = operation(service, structure.removesuffix("Response"))
    assert of.output is not None
    assert of.output.name == structure
    assert f"<{member}>2024-01-02T03:04:05.678Z</{member}>".encode() in write(of, {member: MOMENT}, "id").body
    whole = MOMENT.replace(microsecond=0).astimezone(timezone(timedelta(hours=2)))
    assert f"<{member}>2024-01-02T03:04:05.000Z</{member}>".encode() in write(of, {member: whole}, "id").body
    answer = orjson.loads(write_query_json(of, {member: MOMENT}, "id").body)
    assert answer[structure][f"{of.name}Result"] == {member: 1704164645.678}


def test_a_json_answer() -> None:
    account = {"Id": "123456789012", "JoinedTimestamp": MOMENT, "Name": "Größe"}
    response = write(operation("organizations", "DescribeAccount"), {"Account": account}, "id")
    assert dict(response.headers)["Content-Type"] == "application/x-amz-json-1.1"
    assert orjson.loads(response.body) == {
        "Account": {"Id": "123456789012", "JoinedTimestamp": 1704164645.678, "Name": "Größe"}
    }


def test_a_rest_json_answer() -> None:
    response = write(operation("sso", "ListAccounts"), {"accountList": [], "nextToken": None}, "id")
    assert dict(response.headers)["Content-Type"] == "application/json"
    assert response.body == b'{"accountList":[]}'


@pytest.mark.parametrize("of", [GET_USER, operation("organizations", "DescribeAccount"), operation("sso", "Logout")])
def test_a_member_that_the_shape_lacks_is_a_bug(of: Any) -> None:
    with pytest.raises(LookupError):
        write(of, {"Nope": "x"}, "id")


@pytest.mark.parametrize("of", [invented.QUERY, invented.JSON])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Text", 1),
        ("Text", b"x"),
        ("Number", "1"),
        ("Number", True),
        ("Number", 1.0),
        ("Flag", 1),
        ("Flag", "true"),
        ("Ratio", "1.0"),
        ("Blob", "text"),
        ("Moment", "2024-01-02T03:04:05Z"),
        ("Texts", [1]),
        ("TextMap", {"a": 1}),
        ("Tree", {"Twigs": [{"Leaf": 1}]}),
    ],
)
def test_a_value_of_another_type_is_a_bug(of: Any, name: str, value: object) -> None:
    with pytest.raises((TypeError, AttributeError)):
        write(of, {name: value}, "id")


@pytest.mark.parametrize("of", [invented.QUERY, invented.JSON])
def test_a_timestamp_without_a_zone_is_a_bug(of: Any) -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        write(of, {"Moment": datetime(2024, 1, 2)}, "id")  # noqa: DTZ001


def test_a_timestamp_of_another_zone_is_written_in_utc() -> None:
    there = MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert b"<Moment>2024-01-02T03:04:05Z</Moment>" in write(invented.QUERY, {"Moment": there}, "id").body
    assert b'"Moment":1704164645.678' in write(invented.JSON, {"Moment": there}, "id").body


@given(st.text(st.characters(codec="utf-8")))
def test_text_survives_xml_but_for_what_xml_cannot_carry(text: str) -> None:
    element = ElementTree.fromstring(f"<a>{escape(text)}</a>")
    assert len(element) == 0
    kept = element.text or ""
    assert len(kept) == len(text)
    assert all(got == sent or got == "\ufffd" for got, sent in zip(kept, text, strict=True))
    assert all(
        sent < " " or sent in "\ufffe\uffff\ufffd" for got, sent in zip(kept, text, strict=True) if got == "\ufffd"
    )


def test_what_xml_cannot_carry_is_replaced() -> None:
    assert escape("a\x00\x1b\ud800\uffff\t\n\r<&>") == "a\ufffd\ufffd\ufffd\ufffd\t\n&#xD;&lt;&amp;&gt;"


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_survives_json(text: str) -> None:
    response = write(invented.JSON, {"Text": text}, "id")
    assert parsed(invented.JSON.service, response, invented.JSON.output) == {"Text": text}
