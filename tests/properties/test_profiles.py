"""The gate makes the same examples of a law each time; a search makes others."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.profiles import EXAMPLES, fewer


def _examples(profile: str) -> list[int]:
    made: list[int] = []

    @settings(settings.get_profile(profile), max_examples=20)
    @given(st.integers())
    def law(number: int) -> None:
        made.append(number)

    law()
    return made


def test_the_gate_makes_the_same_examples_each_time() -> None:
    assert _examples("gate") == _examples("gate")


def test_a_search_makes_other_examples() -> None:
    assert _examples("search") != _examples("search")


def test_a_search_makes_more_examples_of_a_dear_law_too() -> None:
    in_use = settings.get_current_profile_name()
    try:
        settings.load_profile("gate")
        assert fewer(40) == 40
        settings.load_profile("search")
        assert fewer(40) == 40 * settings.get_profile("search").max_examples // EXAMPLES > 40
    finally:
        settings.load_profile(in_use)


@pytest.mark.parametrize("profile", ["gate", "search"])
def test_no_example_is_timed(profile: str) -> None:
    assert settings.get_profile(profile).deadline is None
