"""Compiled patterns match what the written ones match, in linear time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import process_time

from hypothesis import example, given
from hypothesis import strategies as st

from carnet.policy.engine.patterns import CompiledArn, text_match
from carnet.policy.patterns import glob, wildcard_tokens
from carnet.policy.request import Value
from carnet.policy.resources import condition_arn_pattern, resource_pattern

PIECES = st.sampled_from(
    ["a", "b", "*", "?", ":", "/", "arn:aws:s3:::", "${aws:username}", "${s3:x}", "${*}", "${a:b}"]
)
PATTERNS = st.one_of(
    st.lists(PIECES, max_size=9).map("".join),
    st.lists(PIECES, max_size=6).map(lambda pieces: "arn:aws:s3:::" + "".join(pieces)),
)
TEXTS = st.one_of(
    st.text("ab:*?/$\n", max_size=9),
    st.text("ab:*?/$\n", max_size=6).map("arn:aws:s3:::".__add__),
)


@given(st.text("ab*?", max_size=8), st.text("ab\n", max_size=12))
def test_texts(pattern: str, text: str) -> None:
    tokens = wildcard_tokens(pattern)

    assert text_match(tokens)(text) is glob(tokens).matches(text)


@given(PATTERNS, TEXTS, st.sampled_from([None, "a", "a*", "b:a", ("a",)]), st.booleans(), st.booleans())
@example("arn:aws:s3:${a:b}::*", "arn:aws:s3:${a:b}::x", None, False, False)
@example("arn:aws:s3:${a:b}::x", "arn:aws:s3:${a:b}::x", None, False, True)
def test_arns(pattern: str, arn: str, value: Value | None, variables: bool, in_condition: bool) -> None:
    def lookup(key: str) -> Value | None:
        return value if key == "aws:username" else None

    written = (condition_arn_pattern if in_condition else resource_pattern)(pattern, variables=variables)
    compiled = CompiledArn(written)
    match = compiled.match or compiled.fill(lookup)

    matches = written.matches(arn, lookup)
    assert (None if match is None else match(arn)) is matches
    if matches and match is compiled.match:
        assert arn.startswith(compiled.prefix)
        assert compiled.exact in (None, arn)
        assert all(run in arn for run in compiled.runs)
    if compiled.whole and compiled.possible:
        assert match is not None
        assert match(compiled.prefix + arn)


class _Unlooked(str):
    """A text in which nobody may look for anything."""

    __slots__ = ()

    def __contains__(self, _: object) -> bool:
        raise AssertionError


def test_a_pattern_that_is_longer_than_the_text_is_not_looked_for_in_it() -> None:
    match = text_match(wildcard_tokens("*" + "ab?" * 100 + "*"))
    assert not match(_Unlooked("ab" * 149))
    assert match("abc" * 100)


def test_thirty_stars_take_less_time_than_ten_looks_at_each_character() -> None:
    patterns = [CompiledArn(resource_pattern("arn:aws:s3:::" + "*a" * 30 + end, variables=True)) for end in ("", "b")]
    arn = "arn:aws:s3:::" + "a" * 2_000

    def seconds(do: Callable[[], object]) -> float:
        begun = process_time()
        for _ in range(20):
            do()
        return process_time() - begun

    def look() -> int:
        return sum(character == "b" for character in arn)

    matches = [pattern.match for pattern in patterns if pattern.match is not None]
    assert [match(arn) for match in matches] == [True, False]
    one_look = min(seconds(look) for _ in range(5))
    for match in matches:
        assert min(seconds(partial(match, arn)) for _ in range(5)) < 10 * one_look
