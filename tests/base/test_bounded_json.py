"""JSON of others: how deep it may be, and that the parser never reaches the end of the stack."""

from __future__ import annotations

import json
import sys

import pytest

from carnet.base.bounded_json import MOST_LEVELS, NestedTooDeeply, check_levels, loads


@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_so_many_levels_and_no_more(opens: str, closes: str) -> None:
    levels = opens.count("[") + opens.count("{")
    within = MOST_LEVELS // levels
    assert loads(opens * within + "1" + closes * within)
    with pytest.raises(NestedTooDeeply, match="nested more than 64 levels deep"):
        loads(opens * (within + 1) + "1" + closes * (within + 1))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, b"[" * 100_000, '{"a": "x"' * 100_000])
def test_a_deep_text_is_refused_without_descending(text: str | bytes) -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000_000)  # with it the parser would end the process
    try:
        with pytest.raises(ValueError, match="nested more than 64 levels deep"):
            loads(text)
    finally:
        sys.setrecursionlimit(limit)


def test_what_stands_beside_each_other_or_in_a_text_is_no_level() -> None:
    assert loads("[" + "[]," * 1_000 + "[]]") == [[]] * 1_001
    assert loads('["' + "[{" * 1_000 + '\\"[", {}]') == ["[{" * 1_000 + '"[', {}]
    check_levels("]" * 10 + "[]" * 100, 1)
    with pytest.raises(NestedTooDeeply):
        check_levels("[[]]", 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_bytes_are_read_as_the_standard_library_reads_them(encoding: str) -> None:
    assert loads('{"a": "ü"}'.encode(encoding)) == {"a": "ü"}


@pytest.mark.parametrize("text", [b"\xff", "", "{", '"' + "[" * 100])
def test_what_is_no_json_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"codec|Expecting|Unterminated|nested"):
        loads(text)


def test_the_hooks_are_the_standard_librarys() -> None:
    assert loads("[1, 2.5]", parse_int=str, parse_float=str) == ["1", "2.5"]


@pytest.mark.parametrize(
    "text",
    [
        r'"\ud800"',
        r'{"\uDFFF": 1}',
        r'"\\\ud800"',
        r'"\ud83d\n\ude00"',
        r'"\ude00\ud83d"',
        r'"\ud83d\ud83d\ude00"',
        r'"\ud83d\ude00\ude00"',
        '"\ud800"',
        '"\ud800"'.encode("utf-8", "surrogatepass"),
        '"\ud800"'.encode("utf-16-le", "surrogatepass"),
    ],
)
def test_half_of_a_surrogate_pair_is_no_text(text: str | bytes) -> None:
    with pytest.raises(UnicodeEncodeError):  # the standard library reads what nobody can write
        json.dumps(json.loads(text), ensure_ascii=False).encode()
    with pytest.raises(ValueError, match=r"surrogate|codec"):
        loads(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [(r'"\ud83d\uDE00"', "\U0001f600"), (r'"\\ud800"', r"\ud800"), (r'"\\\\ud800\u00fc"', r"\\ud800ü")],
)
def test_pairs_and_what_only_looks_like_a_surrogate_are_read(text: str, read: str) -> None:
    assert loads(text) == read
