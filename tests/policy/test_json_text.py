"""The JSON reader: strict where `json.loads` is not, and equal to it elsewhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.policy.json_text import MAX_DEPTH, DuplicateName, InvalidJson, Json, JsonNumber, JsonObject, read_json


def plain(value: Json) -> Any:
    if isinstance(value, JsonObject):
        return {name: plain(member) for name, member in value.members.items()}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return float(value.text) if isinstance(value, JsonNumber) else value


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "[1,]",
        '{"a":1,}',
        "{'a':1}",
        "{a:1}",
        "NaN",
        "Infinity",
        "-",
        "01",
        "1.",
        ".5",
        "+1",
        "tru",
        "[1 2]",
        "{} {}",
        "\ufeff{}",
        '"\t"',
        r'"\x"',
        r'"\u12"',
        r'"\ud800"',
        r'"\udc00\ud800"',
        '"\ud800"',
        '"',
        '"\\"',
        "/* */ {}",
        "\u00a0{}",
    ],
)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(InvalidJson):
        read_json(text)


def test_a_name_may_stand_once_in_an_object_however_it_is_escaped() -> None:
    with pytest.raises(DuplicateName):
        read_json('{"Effect":"Deny","Eff\\u0065ct":"Allow"}')


def test_nesting_is_limited_and_never_a_recursion_error() -> None:
    read_json("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    for depth in (MAX_DEPTH + 1, 100_000):
        with pytest.raises(InvalidJson):
            read_json("[" * depth + "]" * depth)


def test_a_number_keeps_its_spelling_however_long_it_is() -> None:
    digits = "9" * 5_000
    assert read_json(digits) == JsonNumber(digits)
    assert read_json("1e400") == JsonNumber("1e400")


def test_an_object_knows_where_it_begins() -> None:
    value = read_json(' [ {"a": {}} ]')
    assert isinstance(value, tuple)
    outer = value[0]
    assert isinstance(outer, JsonObject)
    inner = outer.members["a"]
    assert isinstance(inner, JsonObject)
    assert (outer.offset, inner.offset) == (3, 9)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON_VALUES, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_what_json_dumps_writes_is_read_back(value: Any, ascii_only: bool, indent: int | str | None) -> None:
    assert plain(read_json(json.dumps(value, ensure_ascii=ascii_only, indent=indent))) == value


@given(st.text(alphabet='{}[]",:\\u0truefalsn1.e- \ud800\n'))
def test_no_text_raises_anything_else_and_what_is_read_is_json(text: str) -> None:
    try:
        value = read_json(text)
    except (InvalidJson, DuplicateName):
        return
    assert plain(value) == json.loads(text)
