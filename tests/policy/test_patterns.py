"""Wildcard and ARN patterns against an oracle, and how many steps they take."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from carnet.policy import crossing, patterns
from carnet.policy.compile import Engine
from carnet.policy.decide import decide
from carnet.policy.engine.patterns import CompiledArn, text_match
from carnet.policy.patterns import CharacterBits, Wild, ascii_lower, glob, literal_prefix, wildcard_tokens
from carnet.policy.policies import Policies
from carnet.policy.resources import condition_arn_pattern, is_arn_of, resource_pattern
from carnet.policy.statement import action_pattern
from tests.policy.builders import allow, policy, request

TEXTS = st.text(alphabet="ab*?:/\n.[\u00e9\U00010400\U0001f600", max_size=12)


def matches(pattern: str, text: str) -> bool:
    return glob(wildcard_tokens(pattern)).matches(text)


def oracle(pattern: str, text: str) -> bool:
    written = b"".join({"*": b"(..)*", "?": b".."}.get(sign, re.escape(sign.encode("utf-16-be"))) for sign in pattern)
    return re.fullmatch(written, text.encode("utf-16-be"), re.DOTALL) is not None


@given(TEXTS, TEXTS)
@example("*", "")
@example("a*a", "a")
@example("*?*", "")
@example("a?*?b", "axyb")
@example("?", "\U0001f600")
@example("??", "\U0001f600")
@example("?\U0001f600*", "a\U0001f600")
def test_a_pattern_matches_what_the_regular_expression_matches(pattern: str, text: str) -> None:
    assert matches(pattern, text) == oracle(pattern, text)
    assert text_match(wildcard_tokens(pattern))(text) == oracle(pattern, text)


@given(TEXTS, st.integers(0, 12), st.integers(0, 12))
def test_a_pattern_cut_out_of_its_text_matches(text: str, start: int, end: int) -> None:
    assert matches(f"{text[:start]}*{text[max(start, end) :]}", text)


@given(TEXTS)
def test_literal_tokens_are_never_wildcards(text: str) -> None:
    assert glob([text]).matches(text)
    assert not glob([text]).matches(text + "x")
    assert glob(["*", Wild.MANY]).matches("*x")
    assert not glob(["*", Wild.MANY]).matches("x")


class Counted(CharacterBits):
    """The places of a text's characters, which counts how often it is asked: once for each step of a search."""

    asked = 0

    def __getitem__(self, key: str) -> int:
        Counted.asked += 1
        return super().__getitem__(key)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> type[Counted]:
    Counted.asked = 0
    for module in (patterns, crossing):
        monkeypatch.setattr(module, "character_bits", Counted)
    return Counted


WORST = "*" + "a?" * 2_950 + "b*"
LONG = "a" * 60_000


@pytest.mark.parametrize(
    "pattern",
    [WORST, "*" + "?a" * 2_950 + "*b", "*a?a" * 1_500 + "b*", "*?a" * 2_000, "*" + "a?b" * 2_000 + "*", "*?" * 3_000],
)
@pytest.mark.parametrize("text", [LONG, "ab" * 30_000, "b" + LONG + "b"])
def test_a_search_takes_no_more_steps_than_the_pattern_has_characters(
    pattern: str, text: str, steps: type[Counted]
) -> None:
    compiled = glob(wildcard_tokens(pattern))
    compiled.matches(text)
    assert steps.asked <= len(pattern)


def test_rule_engine_and_operators_search_in_these_steps(steps: type[Counted]) -> None:
    pattern = policy(
        allow(Resource=f"arn:aws:s3:::{WORST}"),
        allow(Condition={"StringLike": {"aws:UserAgent": WORST}, "StringNotLike": {"aws:Referer": WORST}}),
        allow(Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{WORST}"}}),
    )
    keys = {"aws:UserAgent": LONG, "aws:Referer": LONG, "aws:SourceArn": f"arn:aws:s3:::{LONG}"}
    asked, policies = request(resource=f"arn:aws:s3:::{LONG}", keys=keys), Policies(identity=(pattern,))
    for decide_ in (decide, Engine().decide):
        steps.asked = 0
        assert not decide_(asked, policies).allowed
        assert 0 < steps.asked <= 4 * len(WORST)


@pytest.mark.parametrize("part", [":", ":a", ":ab", ":a:b"])
@pytest.mark.parametrize(
    "written", ["arn:aws:iam::*:*:a*b*c", "arn:aws:s3:*:a?*b:*", "arn:aws:s3:*:?a*b*:?*c", "arn:aws:s3:*a*:*b*:*?*c"]
)
def test_an_arn_of_many_colons_takes_no_more_steps_than_one_of_few(
    part: str, written: str, steps: type[Counted]
) -> None:
    pattern = resource_pattern(written, variables=True)
    pattern.matches("arn:aws:s3:::" + part * 1_000, lambda _: None)
    assert 0 < steps.asked <= len(written)


@given(st.text("ab?", max_size=6).filter(lambda chunk: "?" in chunk), st.text("ab", max_size=20), st.integers(0, 20))
def test_a_chunk_is_found_where_it_first_stands(chunk: str, text: str, start: int) -> None:
    sought = glob(wildcard_tokens(chunk)).chunks[0]
    for end in range(start, len(text) + 1):
        found = re.compile(chunk.replace("?", ".")).search(text, start, end)
        assert sought.find(text, start, end) == (found.start() if found is not None else -1)


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
        ("arn:aws:sqs:eu-*-1:1:q", "arn:aws:sqs:eu-west:x-1:1:q", False),
        ("arn:aws:sqs:eu-?:1:q", "arn:aws:sqs:eu-::1:q", False),
        ("arn:aws:iam::*:role/x", "arn:aws:iam::111111111111:role/x", True),
        ("arn:*:s3:::x", "arn:aws:s3:::x", True),
        ("arn:aws:s3:::x", "arn:aws:s3:::X", False),
        ("arn:aws:s3:::x.y", "arn:aws:s3:::xzy", False),
        ("arn:aws:sqs:*:1?1:q", "arn:aws:sqs:eu-west-1:121:q", True),
    ],
)
def test_wildcards_stay_within_their_segment(pattern: str, arn: str, expected: bool) -> None:
    assert resource_pattern(pattern, variables=True).matches(arn, lambda _: None) is expected
    assert condition_arn_pattern(pattern, variables=True).matches(arn, lambda _: None) is expected


@pytest.mark.parametrize(
    ("pattern", "arn"),
    [
        ("arn:aws:logs:*:log-group:prod:*", "arn:aws:logs:eu-west-1:111111111111:log-group:prod:log-stream:a"),
        ("arn:aws:iam::*:role/x", "arn:aws:iam::1:user/a:role/x"),
        ("arn:aws:s3*:b:*:*", "arn:aws:s3:::b:c:d"),
        ("arn:aws:sqs:eu-*:q:*", "arn:aws:sqs:eu-west-1:111111111111:q:x"),
    ],
)
def test_a_star_that_ends_a_segment_crosses_colons_in_a_resource_only(pattern: str, arn: str) -> None:
    assert resource_pattern(pattern, variables=True).matches(arn, lambda _: None) is True
    assert condition_arn_pattern(pattern, variables=True).matches(arn, lambda _: None) is False


@pytest.mark.parametrize(
    "written", ["arn:aws:sqs", "arn:aws:sqs:*", "arn:aws:sqs:eu-west-1", "arn:aws:sqs:eu-west-1:*"]
)
def test_an_incomplete_arn_is_completed_where_it_may_be(written: str) -> None:
    arn = "arn:aws:sqs:eu-west-1:111111111111:q"
    assert resource_pattern(written, variables=True, completed=True).matches(arn, lambda _: None) is True
    assert resource_pattern(written, variables=True).matches(arn, lambda _: None) is False
    other = "arn:aws:sns:eu-west-1:111111111111:q"
    assert resource_pattern(written, variables=True, completed=True).matches(other, lambda _: None) is False


SEGMENT = st.text(alphabet="ab*?", max_size=3)
SEGMENTS = st.lists(SEGMENT, min_size=6, max_size=8)


@given(SEGMENTS, SEGMENTS)
def test_an_arn_pattern_of_a_condition_is_six_patterns(pattern: list[str], arn: list[str]) -> None:
    wanted, given_ = [*pattern[:5], ":".join(pattern[5:])], [*arn[:5], ":".join(arn[5:])]
    expected = all(oracle(one, other) for one, other in zip(wanted, given_, strict=True))
    assert condition_arn_pattern(":".join(pattern), variables=True).matches(":".join(arn), lambda _: None) is expected


@given(SEGMENTS, SEGMENTS)
@example(["a", "*", "a*b", "a", "", ""], ["a", "b", "b", "a", "a", "", ""])
@example(["a", "b", "?*", "a", "b", "a"], ["a", "b", "", "", "a", "b", "a"])
def test_an_arn_pattern_of_a_resource_is_a_regular_expression(pattern: list[str], arn: list[str]) -> None:
    heads = [_within(head) for head in pattern[:5]]
    last = "".join({"*": ".*", "?": "."}.get(sign, sign) for sign in ":".join(pattern[5:]))
    expected = re.fullmatch(":".join((*heads, last)), ":".join(arn), re.DOTALL) is not None
    wanted = resource_pattern(":".join(pattern), variables=True)
    assert wanted.matches(":".join(arn), lambda _: None) is expected
    compiled = CompiledArn(wanted)
    assert compiled.match is not None
    assert (compiled.match(":".join(arn)) and ":".join(arn).startswith(compiled.prefix)) is expected


@pytest.mark.parametrize("text", ["\U0001f600", "a\U0001f600\u00e9", "\U0001f600" * 2_000])
@pytest.mark.parametrize("written", ["arn:aws:s3:*:*:a/{}", "arn:aws:s3:::a/{}", "arn:aws:s3:::a/*{}*b"])
def test_a_question_mark_is_one_unit_of_utf_16(written: str, text: str) -> None:
    units = len(text.encode("utf-16-be")) // 2
    arn = "arn:aws:s3:::a/" + text + ("b" if written.endswith("b") else "")
    for count in (len(text), units, units + 1):
        pattern = resource_pattern(written.format("?" * count), variables=True)
        fits = count <= units if written.endswith("b") else count == units
        compiled = CompiledArn(pattern).match
        assert pattern.matches(arn, lambda _: None) is fits
        assert compiled is not None
        assert compiled(arn) is fits


def _within(head: str) -> str:
    """One of the first five segments: only a star at its end may stand for colons."""
    stem = head[:-1] if head.endswith("*") else head
    written = "".join({"*": "[^:]*", "?": "[^:]"}.get(sign, sign) for sign in stem)
    return written + (".*" if head.endswith("*") else "")


def test_key_arns_are_told_from_alias_arns() -> None:
    assert is_arn_of("arn:aws:kms:eu-west-1:111111111111:key/abc", "kms", "key")
    assert not is_arn_of("arn:aws:kms:eu-west-1:111111111111:alias/abc", "kms", "key")
    assert not is_arn_of("*", "kms", "key")
