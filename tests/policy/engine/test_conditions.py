"""Quick tests of conditions, which may not tell."""

from __future__ import annotations

import pytest

from carnet.policy.conditions import Condition
from carnet.policy.engine.conditions import ConditionCompiler, all_met
from tests.policy.builders import allow, policy


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


def condition(*values: str) -> Condition:
    (statement,) = policy(allow(Condition={"StringLike": {"aws:userid": list(values)}})).statements
    (made,) = statement.conditions
    return made


@pytest.mark.parametrize(("values", "kept"), [(1, True), (4, False)])
def test_a_condition_is_compiled_once_until_others_take_the_room(values: int, *, kept: bool) -> None:
    """What counts is how many parts conditions have: twenty others of one value each fit, and of four do not."""
    compiler, first = ConditionCompiler(room=30), condition("first*")
    compiled = compiler.compile(first, variables=True)
    assert compiler.compile(condition("first*"), variables=True) is compiled
    for number in range(20):
        compiler.compile(condition(*(f"{number}-{value}*" for value in range(values))), variables=True)
    assert (compiler.compile(first, variables=True) is compiled) is kept
