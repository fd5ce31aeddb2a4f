from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from time import process_time

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from carnet.models import SERVICES, service
from carnet.protocols.patterns import compile_pattern

CHARACTERS = "".join(map(chr, range(sys.maxunicode + 1)))
LONG = 30_000
SLOW = 100
"""A pattern is slow that takes so many times as long as one look at each character of the longest text."""


@cache
def by_category() -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for character in CHARACTERS:
        found.setdefault(unicodedata.category(character)[0], []).append(character)
    return {category: "".join(characters) for category, characters in found.items()}


def slowest(pattern: str, longest: int) -> float:
    """The seconds of the worst search among texts that nearly match, and do not."""
    match, worst = compile_pattern(pattern).fullmatch, 0.0
    for unit in ("a", "1", "/a", "a-", "a@a.", "a:", "::", "arn:aws:organizations::1", " ", "P1D"):
        text = (unit * longest)[: min(longest, LONG) - 1]
        start = process_time()
        match(text + "\n")
        match(text + "\0")
        worst = max(worst, process_time() - start)
    return worst


@cache
def one_look() -> float:
    return min(slowest("[!-~]*", LONG) for _ in range(5))


def is_slow(pattern: str, longest: int) -> bool:
    return slowest(pattern, longest) > SLOW * one_look()


def inputs(shape: Shape, seen: frozenset[str] = frozenset()) -> Iterator[Shape]:
    """Every shape that an input is made of."""
    yield shape
    if shape.name in seen:
        return
    seen = seen | {shape.name}
    if isinstance(shape, StructureShape):
        parts: list[Shape] = list(shape.members.values())
    elif isinstance(shape, ListShape):
        parts = [shape.member]
    else:
        parts = [shape.key, shape.value] if isinstance(shape, MapShape) else []
    for part in parts:
        yield from inputs(part, seen)


def matches(pattern: str, text: str) -> bool:
    return compile_pattern(pattern).fullmatch(text) is not None


@pytest.mark.parametrize("name", SERVICES)
def test_every_pattern_of_the_models_compiles(name: str) -> None:
    model = service(name).model
    patterns = [
        shape.metadata["pattern"] for shape in map(model.shape_for, model.shape_names) if "pattern" in shape.metadata
    ]
    for pattern in patterns:
        assert compile_pattern(pattern).pattern
    assert patterns or name in ("ec2", "sso", "sso-oidc")


@pytest.mark.parametrize("category", ["L", "M", "N", "P", "S", "Z"])
def test_a_category_holds_exactly_its_characters(category: str) -> None:
    assert "".join(compile_pattern(f"\\p{{{category}}}+").findall(CHARACTERS)) == by_category()[category]


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"[\w+=,.@-]+", "alice", True),
        (r"[\w+=,.@-]+", "alice\n", False),
        (r"[\w+=,.@-]+", "аlice", False),
        (r"[\d]+", "١٢", False),
        (r"\d{12}", "123456789012", True),
        (r"^\d{12}$", "123456789012\n", False),
        (r"[\s\S]*", "any\nthing ", True),
        (r".*", "a\u2028b", False),
        (r".*", "a\rb", False),
        (r".*", "a b", True),
        (r"[.]", "a", False),
        (r"[\p{L}\p{N}_.-]+", "Grüße_1", True),
        (r"\p{L}+", "é", True),
        (r"\p{L}+", "1", False),
        (r"[\u0020-\u00FF]+", "ÿ", True),
        (r"[\u0020-\u00FF]+", "Ā", False),
        (r"[\uE000-\uFFFD\u10000-\u10FFFF]+", "\N{GRINNING FACE}", True),
        (r"[\uE000-\uFFFD\u10000-\u10FFFF]+", "A", False),
        (r"^(r-[a-z]+)|(\d{12})$", "r-x123456789012", False),
        (r"[a-z\[\]]+", "a[]", True),
    ],
)
def test_a_pattern_means_what_it_means_in_java(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


@pytest.mark.parametrize(
    "pattern", [r"[a-z&&[^b]]", r"[a[b]]", r"\p{Lu}", r"\p{IsAlphabetic}", r"\Qa\E", r"\x{10FFFF}", r"(", r"[", r"a\Z"]
)
def test_what_is_not_understood_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        compile_pattern(pattern)


@pytest.mark.parametrize("name", SERVICES)
def test_no_text_makes_an_input_s_pattern_slow(name: str) -> None:
    shapes = [part for one in service(name).operations.values() if one.input for part in inputs(one.input)]
    limits: dict[str, int] = {}
    for shape in shapes:
        if "pattern" in shape.metadata:
            pattern = shape.metadata["pattern"]
            limits[pattern] = max(limits.get(pattern, 0), shape.metadata.get("max", LONG))
    slow = [pattern for pattern, longest in limits.items() if is_slow(pattern, longest)]
    assert slow == []


def test_a_slow_pattern_would_be_found() -> None:
    """Only answers have this one; it takes quadratic time."""
    assert is_slow("^arn:aws:organizations::.+:.+", LONG)


@pytest.mark.parametrize(
    ("text", "found"), [("\U00010000", True), ("\U0010ffff", True), ("\uffff", False), ("A", False)]
)
def test_two_surrogates_are_the_character_that_they_stand_for(text: str, found: bool) -> None:
    assert matches("[\\uD800\\uDC00-\\uDBFF\\uDFFF]", text) == found
