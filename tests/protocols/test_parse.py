from __future__ import annotations

from datetime import UTC, datetime
from json import dumps
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.base.http import HttpRequest
from carnet.models import Operation, operation
from carnet.protocols.errors import WireError, write_error
from carnet.protocols.parse import parse
from carnet.protocols.routing import Routed, route
from carnet.protocols.validate import validate
from tests.wire import invented
from tests.wire.client import http_request

TAG_USER = operation("iam", "TagUser")
LIST_ACCOUNTS = operation("organizations", "ListAccounts")
CREATE_ACCOUNT = operation("organizations", "CreateAccount")


def query(of: Operation, fields: dict[str, str]) -> dict[str, Any]:
    return parse(Routed(operation=of, fields=fields), http_request())


def json(of: Operation, body: str | bytes) -> dict[str, Any]:
    content = body.encode() if isinstance(body, str) else body
    return parse(Routed(operation=of), http_request(body=content))


def test_lists_of_structures_are_read_in_the_order_of_their_numbers() -> None:
    fields = {f"Tags.member.{n}.{part}": f"{part}{n}" for n in range(12, 0, -1) for part in ("Key", "Value")}
    assert query(TAG_USER, fields)["Tags"] == [{"Key": f"Key{n}", "Value": f"Value{n}"} for n in range(1, 13)]


def test_what_the_shape_does_not_know_is_passed_over() -> None:
    assert query(TAG_USER, {"UserName": "a", "Nope": "1", "Others.member.1": "2", "username": "b"}) == {"UserName": "a"}
    assert json(LIST_ACCOUNTS, '{"MaxResults": 3, "Nope": {"a": [1]}, "maxResults": 4}') == {"MaxResults": 3}


def test_a_json_member_that_is_null_is_absent() -> None:
    assert json(LIST_ACCOUNTS, '{"MaxResults": null, "NextToken": "x"}') == {"NextToken": "x"}


@pytest.mark.parametrize("body", ["", "{}", " {} "])
def test_an_empty_json_body_is_an_empty_input(body: str) -> None:
    assert json(LIST_ACCOUNTS, body) == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"Tags": "x"},
        {"Tags.member": "x"},
        {"Tags.member.0.Key": "x"},
        {"Tags.member.2.Key": "x"},
        {"Tags.member.1.Key": "x", "Tags.member.3.Key": "x"},
        {"Tags.member.1.Key": "x", "Tags.member.01.Key": "x"},
        {"Tags.member.١.Key": "x"},
        {"Tags.member.1": "x"},
        {"Tags.member.1.Key": "x", "Tags.member.1": "y"},
        {"Tags.member.1.Key.more": "x"},
        {"Tags": "", "Tags.member.1.Key": "x"},
        {"Tags.1.Key": "x"},
        {"Tags.other.1.Key": "x"},
        {"Tags.member.1.Key": "x", "Tags.other.1.Key": "x"},
        {"UserName.x": "a"},
        {"UserName": "a", "UserName.x": "b"},
        {"UserName.x": "b", "UserName": "a"},
        {"." * 5000: "x", "UserName.": "x"},
    ],
)
def test_form_fields_of_another_shape_are_malformed(fields: dict[str, str]) -> None:
    with pytest.raises(WireError) as caught:
        query(TAG_USER, fields)
    assert caught.value.code == "MalformedInput"


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        (("+1",), "Start of list found where not expected"),
        (("one",), "Start of list found where not expected"),
        (("1", "\u0661"), "Start of list found where not expected"),
        (("0",), "0 is not a valid index"),
        (("-1",), "Key -1 may not have a leading '-'"),
        (("12",), "Excessively sparse input would skip 11 list elements"),
        (("12", "1"), "Excessively sparse input would skip 11 list elements"),
        (("1", "43", "22"), "Excessively sparse input would skip 21 list elements"),
        ((*map(str, range(1, 11)), "22"), "Excessively sparse input would skip 12 list elements"),
        (("1", "9" * 50_000), "Excessively sparse input would skip 99999999999999999998 list elements"),
        (("1", "01"), "The elements of a list are not numbered from 1 without gaps"),
        (("00",), "0 is not a valid index"),
        (("-01",), "Key -1 may not have a leading '-'"),
        (("0" * 50_000 + "12",), "Excessively sparse input would skip 11 list elements"),
    ],
)
def test_a_list_that_is_numbered_otherwise_is_told_as_aws_tells_it(numbers: tuple[str, ...], told: str) -> None:
    """As recorded."""
    with pytest.raises(WireError) as caught:
        query(operation("iam", "UntagUser"), {f"TagKeys.member.{number}": "k" for number in numbers})
    assert (caught.value.code, caught.value.message) == ("MalformedInput", told)


@pytest.mark.parametrize(
    ("numbers", "read"),
    [
        (("2",), [None, "2"]),
        (("1", "03"), ["1", None, "3"]),
        (("11",), [*[None] * 10, "11"]),
        (("15", "8", "1"), ["1", *[None] * 6, "8", *[None] * 6, "15"]),
    ],
)
def test_gaps_of_ten_and_less_are_filled_with_items_that_validation_refuses(
    numbers: tuple[str, ...], read: list[str | None]
) -> None:
    """As recorded of GetContextKeysForCustomPolicy."""
    untag = operation("iam", "UntagUser")
    fields = {f"TagKeys.member.{number}": number.lstrip("0") for number in numbers}
    given = query(untag, {"UserName": "a", **fields})
    assert given["TagKeys"] == read
    with pytest.raises(
        WireError, match=r"Value .*at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint"
    ):
        validate(untag, given)


def test_gaps_between_items_that_may_be_anything_are_refused() -> None:
    """What AWS makes of them is not known, and nothing behind would see that they are not there."""
    with pytest.raises(WireError, match="The elements of a list are not numbered from 1 without gaps"):
        query(operation("iam", "TagUser"), {"Tags.member.2.Key": "k"})


@pytest.mark.parametrize("numbers", [("01",), ("002", "1"), ("3", "02", "0" * 50_000 + "1")])
def test_the_numbers_of_a_list_may_begin_with_zeros(numbers: tuple[str, ...]) -> None:
    fields = {f"TagKeys.member.{number}": number.lstrip("0") for number in numbers}
    read = query(operation("iam", "UntagUser"), fields)["TagKeys"]
    assert read == [str(number) for number in range(1, len(numbers) + 1)]


@pytest.mark.parametrize(
    "text", ["", " 5", "++5", "+ 5", "+", "5 ", "1_000", "٥", "0x5", "5.0", "1e3", "--5", "2147483648", "9" * 5000]
)
def test_an_integer_is_digits(text: str) -> None:
    with pytest.raises(WireError):
        query(invented.QUERY, {"Number": text})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *[("Flag", text) for text in ("", "True", "TRUE", "2", "01", "yes", " true")],
        *[("Blob", text) for text in ("a", "YQ", "YQ=", "YR==", "YQ==\n", " YQ==", "YQ==YQ==", "é")],
        *[("Ratio", text) for text in ("", "NaN", "inf", "1e999", "1_0.0", " 1.0", "١")],
        *[
            ("Iso", text)
            for text in ("", "2024-01-02", "2024-13-02T03:04:05Z", "2024W011T000000Z", "0001-01-01T00:00:00+23:59")
        ],
        *[("Epoch", text) for text in ("", "1e9", "nan", "999999999999", "-999999999999")],
        *[("HttpDate", text) for text in ("", "Tue, 99 Jan 2024 03:04:05 GMT", "Tue, 02 Jan 2024 03:04:05 +0000")],
        ("Long", "9223372036854775808"),
    ],
)
def test_scalars_of_another_spelling_are_refused(name: str, text: str) -> None:
    with pytest.raises(WireError):
        query(invented.QUERY, {name: text})


@pytest.mark.parametrize(
    ("name", "text", "value"), [("Number", "+5", 5), ("Number", "-5", -5), ("Flag", "1", True), ("Flag", "0", False)]
)
def test_numbers_and_flags_are_taken_as_aws_takes_them(name: str, text: str, value: object) -> None:
    assert query(invented.QUERY, {name: text}) == {name: value}


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"Iso": "2024-01-02T03:04:05Z"}, datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ({"Iso": "2024-01-02T03:04:05.25+01:00"}, datetime(2024, 1, 2, 2, 4, 5, 250_000, tzinfo=UTC)),
        ({"Epoch": "1704164645.5"}, datetime(2024, 1, 2, 3, 4, 5, 500_000, tzinfo=UTC)),
        ({"HttpDate": "Tue, 02 Jan 2024 03:04:05 GMT"}, datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ],
)
def test_timestamps_are_aware_and_in_utc(fields: dict[str, str], value: datetime) -> None:
    (got,) = query(invented.QUERY, fields).values()
    assert got == value
    assert got.utcoffset().total_seconds() == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"TextMap.entry.1.key": "a"},
        {"TextMap.entry.1.value": "a"},
        {"TextMap.entry.1": "a"},
        {"TextMap.entry.1.key": "a", "TextMap.entry.1.value": "a", "TextMap.entry.1.more": "a"},
        {f"TextMap.entry.{n}.{part}": "a" for n in (1, 2) for part in ("key", "value")},
    ],
)
def test_a_map_is_keys_and_values_each_key_once(fields: dict[str, str]) -> None:
    with pytest.raises(WireError):
        query(invented.QUERY, fields)


@pytest.mark.parametrize(
    "body",
    [
        '{"NextToken": "a", "NextToken": "b"}',
        '{"NextToken": "a", "\\u004eextToken": "b"}',
        '{"x": {"a": 1, "a": 2}}',
        '{"x": NaN}',
        '{"x": Infinity}',
        '{"x": -Infinity}',
        '{"x": 1e999}',
        '{"x": ' + "9" * 5000 + "}",
        '{"x": "\\ud800"}',
        '{"\\udfff": 1}',
        "[" * 100_000,
        '{"x":' + "[" * 32 + "]" * 32 + "}",
        '\ufeff{"NextToken": "a"}',
        "[]",
        "null",
        '"text"',
        "{} {}",
        "{",
        "{'NextToken': 'a'}",
        '{"NextToken": "a\tb"}',
        b'{"NextToken": "\xff"}',
        '{"NextToken": "a"}'.encode("utf-16"),
        '{"NextToken": 1}',
        '{"NextToken": ["a"]}',
        '{"NextToken": {"a": "b"}}',
        '{"MaxResults": "3"}',
        '{"MaxResults": 3.0}',
        '{"MaxResults": true}',
        '{"MaxResults": 2147483648}',
    ],
)
def test_json_that_two_readers_could_read_in_two_ways_is_refused(body: str | bytes) -> None:
    with pytest.raises(WireError) as caught:
        json(LIST_ACCOUNTS, body)
    response = write_error(caught.value.where, caught.value.code, caught.value.message, "id")
    assert b'"__type":"SerializationException"' in response.body


def test_brackets_in_text_are_no_depth() -> None:
    assert json(LIST_ACCOUNTS, '{"NextToken": "' + "[{" * 500 + '\\""}') == {"NextToken": "[{" * 500 + '"'}
    deep = '{"x":' + "[" * 31 + "]" * 31 + ', "NextToken": "a"}'
    assert json(LIST_ACCOUNTS, deep) == {"NextToken": "a"}


@pytest.mark.parametrize(("body", "message"), [
    ('{"MaxResults": "3"}', "STRING_VALUE can not be converted to an Integer"),
    ('{"NextToken": 3}', "NUMBER_VALUE can not be converted to a String"),
    ('{"NextToken": false}', "FALSE_VALUE can not be converted to a String"),
    ('{"NextToken": {}}', "Start of structure or map found where not expected."),
    ('{"NextToken": []}', "Start of list found where not expected"),
])  # fmt: skip
def test_a_json_value_of_another_type_is_told_as_aws_does(body: str, message: str) -> None:
    with pytest.raises(WireError) as caught:
        json(LIST_ACCOUNTS, body)
    assert caught.value.message == message


def test_a_null_in_a_list_is_refused() -> None:
    with pytest.raises(WireError, match="NULL_VALUE"):
        json(operation("organizations", "UntagResource"), '{"TagKeys": [null]}')


@pytest.mark.parametrize("query_string", ["role_name=a&role_name=b", "role_name=a&role%5fname=b"])
def test_a_query_field_given_twice_is_refused_unless_it_is_a_list(query_string: str) -> None:
    request = http_request(method="GET", path="/federation/credentials", query=query_string)
    with pytest.raises(WireError, match="more than once"):
        parse(route(request), request)


def test_a_list_in_a_query_string_repeats_its_name() -> None:
    request = http_request(method="DELETE", path="/tags/x", query="tagKeys=a&tagKeys=b%20c+d")
    assert parse(route(request), request) == {"resourceArn": "x", "tagKeys": ["a", "b c d"]}


def test_a_header_given_twice_is_refused() -> None:
    headers = (("x-amz-sso_bearer_token", "a"), ("x-amz-sso_bearer_token", "b"))
    request = http_request(method="POST", path="/logout", headers=headers)
    with pytest.raises(WireError, match="more than once"):
        parse(route(request), request)


def is_read_or_refused(routed: Routed, request: HttpRequest) -> bool:
    try:
        return isinstance(parse(routed, request), dict)
    except WireError as error:
        return error.code == "MalformedInput"


JSON_TEXT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Tags", "Key", "NextToken"]), inner),
    max_leaves=8,
)


@given(
    st.sampled_from([LIST_ACCOUNTS, CREATE_ACCOUNT, invented.JSON, invented.REST_STRUCTURE]), st.binary() | JSON_TEXT
)
def test_any_body_is_read_or_refused_by_a_wire_error(of: Operation, given_body: Any) -> None:
    body = given_body if isinstance(given_body, bytes) else dumps(given_body).encode("utf-8")
    routed = Routed(operation=of, labels={"id": "x"})
    assert is_read_or_refused(routed, http_request(body=body))


NAMES = st.lists(
    st.sampled_from(["Tags", "member", "1", "2", "Key", "", "FlatMap", "Name", "Number", "Tree"]), max_size=6
)


@given(st.dictionaries(NAMES.map(".".join), st.text(max_size=4)))
def test_any_form_is_read_or_refused_by_a_wire_error(fields: dict[str, str]) -> None:
    for of in (TAG_USER, invented.QUERY):
        assert is_read_or_refused(Routed(operation=of, fields=fields), http_request())
