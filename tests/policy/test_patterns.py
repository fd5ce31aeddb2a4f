"""Wildcard and ARN patterns against an oracle, and against the clock."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from carnet.policy.patterns import Wild, ascii_lower, glob, literal_prefix, wildcard_tokens
from carnet.policy.resources import condition_arn_pattern, is_arn_of, resource_pattern
from carnet.policy.statement import action_pattern

TEXTS = st.text(alphabet="ab*?:/\n.[", max_size=12)


def matches(pattern: str, text: str) -> bool:
    return glob(wildcard_tokens(pattern)).matches(text)


def oracle(pattern: str, text: str) -> bool:
    written = "".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in pattern)
    return re.fullmatch(written, text, re.DOTALL) is not None


@given(TEXTS, TEXTS)
@example("*", "")
@example("a*a", "a")
@example("*?*", "")
@example("a?*?b", "axyb")
def test_a_pattern_matches_what_the_regular_expression_matches(pattern: str, text: str) -> None:
    assert matches(pattern, text) == oracle(pattern, text)


@given(TEXTS, st.integers(0, 12), st.integers(0, 12))
def test_a_pattern_cut_out_of_its_text_matches(text: str, start: int, end: int) -> None:
    assert matches(f"{text[:start]}*{text[max(start, end) :]}", text)


@given(TEXTS)
def test_literal_tokens_are_never_wildcards(text: str) -> None:
    assert glob([text]).matches(text)
    assert not glob([text]).matches(text + "x")
    assert glob(["*", Wild.MANY]).matches("*x")
    assert not glob(["*", Wild.MANY]).matches("x")


@pytest.mark.parametrize(
    "pattern",
    ["*a" * 30, "*a" * 30 + "b", "*a" * 30 + "b*", "*a?a" * 10 + "b*", "*" + "a" * 50 + "b*c"],
)
def test_no_pattern_takes_long(pattern: str) -> None:
    compiled = glob(wildcard_tokens(pattern))
    text = "a" * 2_000
    fastest = min(_seconds(lambda: compiled.matches(text)) for _ in range(20))
    assert fastest < 0.001


def _seconds(work: object) -> float:
    assert callable(work)
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def test_the_prefix_is_what_every_match_begins_with() -> None:
    assert literal_prefix(wildcard_tokens("s3:Get*")) == "s3:Get"
    assert literal_prefix(wildcard_tokens("*")) == ""
    assert action_pattern("S3:Get*").prefix == "s3:get"
    assert resource_pattern("arn:aws:s3:::reports/*", variables=True).prefix == "arn:aws:s3:::reports/"
    assert resource_pattern("arn:aws:s3:::a${aws:userid}", variables=True).prefix == "arn:aws:s3:::a"
    assert resource_pattern("arn:*:s3:::a", variables=True).prefix == "arn:"
    assert resource_pattern("arn:aws:s3:::a", variables=True).prefix == "arn:aws:s3:::a"
    assert resource_pattern("*", variables=True).prefix == ""


@pytest.mark.parametrize("action", ["s3:getobject", "S3:GETOBJECT", "s3:GetObject"])
def test_actions_compare_without_ascii_case(action: str) -> None:
    assert action_pattern("S3:get*").matches(action)


@pytest.mark.parametrize("lookalike", ["\u212a", "\u017f", "\u0130", "\uff4b"])
def test_no_other_letter_is_folded(lookalike: str) -> None:
    assert ascii_lower(f"AZ{lookalike}") == f"az{lookalike}"
    assert not action_pattern("kms:*").matches(f"{lookalike}ms:Decrypt")
    assert not action_pattern("s3:*").matches(f"{lookalike}3:GetObject")


@pytest.mark.parametrize(
    ("pattern", "arn", "expected"),
    [
        ("*", "arn:aws:s3:::x", True),
        ("*", "*", True),
        ("arn:aws:s3:::*", "*", False),
        ("arn:aws:s3:::*", "arn:aws:s3:::b/k:with:colons", True),
        ("arn:aws:iam:*:role", "arn:aws:iam::111111111111:role", False),
        ("arn:aws:iam::*:role/x", "arn:aws:iam::111111111111:role/x", True),
        ("arn:aws:iam::*:role/x", "arn:aws:iam::1:user/a:role/x", False),
        ("arn:*:s3:::x", "arn:aws:s3:::x", True),
        ("arn:*", "arn:aws:s3:::x", False),
        ("arn:aws:s3:::x", "arn:aws:s3:::X", False),
        ("arn:aws:s3:::x.y", "arn:aws:s3:::xzy", False),
        ("arn:aws:sqs:*:1?1:q", "arn:aws:sqs:eu-west-1:121:q", True),
    ],
)
def test_wildcards_stay_within_their_segment(pattern: str, arn: str, expected: bool) -> None:
    assert resource_pattern(pattern, variables=True).matches(arn, lambda _: None) is expected
    assert condition_arn_pattern(pattern, variables=True).matches(arn, lambda _: None) is expected


SEGMENT = st.text(alphabet="ab*?", max_size=3)


@given(st.lists(SEGMENT, min_size=6, max_size=8), st.lists(SEGMENT, min_size=6, max_size=8))
def test_an_arn_pattern_is_six_patterns(pattern: list[str], arn: list[str]) -> None:
    wanted, given_ = [*pattern[:5], ":".join(pattern[5:])], [*arn[:5], ":".join(arn[5:])]
    expected = all(oracle(one, other) for one, other in zip(wanted, given_, strict=True))
    assert resource_pattern(":".join(pattern), variables=True).matches(":".join(arn), lambda _: None) is expected


def test_key_arns_are_told_from_alias_arns() -> None:
    assert is_arn_of("arn:aws:kms:eu-west-1:111111111111:key/abc", "kms", "key")
    assert not is_arn_of("arn:aws:kms:eu-west-1:111111111111:alias/abc", "kms", "key")
    assert not is_arn_of("*", "kms", "key")
