"""Quick tests of conditions, which may not tell."""

from __future__ import annotations

import pytest

from carnet.policy.engine.conditions import all_met


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ((True,), True),
        ((False,), False),
        ((None,), None),
        ((True, True), True),
        ((True, False), False),
        ((False, None), False),
        ((True, None), None),
        ((None, True), None),
    ],
)
def test_all_are_met_only_if_each_is_known_to_be(told: tuple[bool | None, ...], expected: bool | None) -> None:
    assert all_met([lambda said, one=one: one for one in told])({}) is expected  # type: ignore[misc]  # a default binds
