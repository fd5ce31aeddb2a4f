"""Pages of a list: together they are the list, whatever the size of a page."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from carnet.base.faults import Invalid
from carnet.services.paging import MARKERS, NEXT_TOKENS, PAGE_CHARACTERS, page, sort_token

KEYS = st.sets(st.text(min_size=1, max_size=128), max_size=30)


def all_pages(keys: list[str], max_items: int) -> list[list[str]]:
    pages: list[list[str]] = []
    given: dict[str, Any] = {"MaxItems": max_items}
    while True:
        found = page(MARKERS, "ListThings", keys, given, key=str)
        pages.append(list(found.items))
        if found.marker is None:
            return pages
        assert len(found.marker) <= 320
        given = {"MaxItems": max_items, "Marker": found.marker}


@examples(keys=KEYS, max_items=st.integers(1, 31))
def test_the_pages_are_the_list(keys: set[str], max_items: int) -> None:
    ordered = sorted(keys, key=sort_token)
    pages = all_pages(ordered, max_items)
    assert [key for found in pages for key in found] == ordered
    assert all(len(found) == max_items for found in pages[:-1])
    assert len(pages) == max(1, -(-len(ordered) // max_items))


def test_long_keys_with_a_common_beginning_are_told_apart() -> None:
    keys = sorted(("京" * 126 + end for end in ("あ", "い", "う")), key=sort_token)
    assert all_pages(keys, 1) == [[key] for key in keys]


def test_an_item_removed_between_two_pages_moves_no_other() -> None:
    first = page(MARKERS, "ListThings", ["a", "b", "c", "d"], {"MaxItems": 2}, key=str)
    rest = page(MARKERS, "ListThings", ["a", "c", "d"], {"Marker": first.marker}, key=str)
    assert rest.items == ("c", "d")


def test_only_matching_items_count() -> None:
    found = page(MARKERS, "ListThings", list("abcdef"), {"MaxItems": 2}, key=str, matching=lambda key: key in "bdf")
    assert found.items == ("b", "d")
    given = {"Marker": found.marker}
    rest = page(MARKERS, "ListThings", list("abcdef"), given, key=str, matching=lambda key: key in "bdf")
    assert rest.items == ("f",)
    assert rest.marker is None


def test_the_answer_of_a_list_operation() -> None:
    first = page(MARKERS, "ListThings", ["a", "b"], {"MaxItems": 1}, key=str)
    assert first.answer("Things", str.upper) == {"Things": ["A"], "IsTruncated": True, "Marker": first.marker}
    only = page(MARKERS, "ListThings", ["a"], {}, key=str)
    assert only.answer("Things", str) == {"Things": ["a"], "IsTruncated": False}


def test_a_page_has_a_hundred_items_where_none_is_asked_for() -> None:
    keys = [f"{number:04}" for number in range(101)]
    assert len(page(MARKERS, "ListThings", keys, {}, key=str).items) == 100


@pytest.mark.parametrize("marker", ["x", "====", "AAAA", "é", " ", "ListThings", "Zm9vYmFyYmF6"])
def test_a_marker_that_was_not_given_is_refused(marker: str) -> None:
    with pytest.raises(Invalid, match="Invalid Marker"):
        page(MARKERS, "ListThings", ["a"], {"Marker": marker}, key=str)


def test_a_marker_is_good_for_its_own_operation_only() -> None:
    marker = page(MARKERS, "ListThings", ["a", "b"], {"MaxItems": 1}, key=str).marker
    with pytest.raises(Invalid):
        page(MARKERS, "ListOthers", ["a", "b"], {"Marker": marker}, key=str)


@examples(marker=st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), min_size=1, max_size=320))
def test_no_marker_breaks_a_list(marker: str) -> None:
    with suppress(Invalid):
        page(MARKERS, "ListThings", ["a", "b"], {"Marker": marker}, key=str)


def test_a_service_names_the_members_of_its_pages() -> None:
    first = page(NEXT_TOKENS, "ListRoots", ["a", "b", "c"], {"MaxResults": 2, "MaxItems": 1}, key=str)
    assert first.answer("Roots", str) == {"Roots": ["a", "b"], "NextToken": first.marker}
    rest = page(NEXT_TOKENS, "ListRoots", ["a", "b", "c"], {"NextToken": first.marker}, key=str)
    assert rest.answer("Roots", str) == {"Roots": ["c"]}
    with pytest.raises(Invalid, match=r"^Invalid token\.$"):
        page(NEXT_TOKENS, "ListOthers", ["a"], {"NextToken": first.marker}, key=str)


@pytest.mark.parametrize(
    ("lengths", "told"),
    [
        ([PAGE_CHARACTERS], 1),
        ([PAGE_CHARACTERS + 1, 0], 1),
        ([PAGE_CHARACTERS - 1, 1, 1], 2),
        ([PAGE_CHARACTERS - 1, 2, 0], 1),
        ([0, PAGE_CHARACTERS + 1], 1),
        ([0, 0, 0], 3),
    ],
)
def test_a_page_ends_before_its_documents_are_too_long(lengths: list[int], told: int) -> None:
    """One item is told in any case, so that the list goes on."""
    items = list(range(len(lengths)))
    found = page(MARKERS, "ListThings", items, {"MaxItems": 3}, key=str, characters=lengths.__getitem__)
    assert found.items == tuple(items[:told])
    assert (found.marker is not None) is (told < len(items))
    rest = page(MARKERS, "ListThings", items, {"Marker": found.marker}, key=str) if found.marker else None
    assert rest is None or rest.items == tuple(items[told:])
