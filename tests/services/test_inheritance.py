from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.services.effective_policies import shown
from carnet.services.inheritance import MOST_STEPS, Source, TooLarge, merged

NONE = {"@@operators_allowed_for_child_policies": ["@@none"]}
ONLY_APPEND = {"@@operators_allowed_for_child_policies": ["@@append"]}


def source(number: int, policy: Mapping[str, Any]) -> Source:
    return Source(f"p-{number}", json.loads(json.dumps(policy), parse_int=str))


def effective(*levels: Sequence[Mapping[str, Any]]) -> Any:
    """What policies set together; of each level, root first, those attached there in their order."""
    return shown(merged([[source(number, policy) for number, policy in enumerate(level)] for level in levels]))


def values(*levels: Sequence[Mapping[str, Any]]) -> Any:
    """The effective value of one setting, whose operators are given for each policy."""
    return effective(*[[{"x": operators} for operators in level] for level in levels]).get("x")


@pytest.mark.parametrize(
    ("levels", "wanted"),
    [
        pytest.param([[{"@@assign": ["a", "b"]}], [{"@@assign": ["c"]}]], ["c"], id="assign replaces"),
        pytest.param([[{"@@assign": "a"}], [{"@@assign": "b"}]], "b", id="assign replaces one value"),
        pytest.param([[{"@@assign": ["a"]}], [{"@@append": ["b", "a"]}]], ["a", "b"], id="append adds, each once"),
        pytest.param([[{"@@append": ["a"]}]], ["a"], id="append to nothing"),
        pytest.param([[{"@@assign": ["a", "b"]}], [{"@@remove": ["a", "z"]}]], ["b"], id="remove"),
        pytest.param([[{"@@assign": ["a"]}], [{"@@remove": ["a"]}]], [], id="remove all"),
        pytest.param([[{"@@remove": ["a"]}]], None, id="remove from nothing"),
        pytest.param([[{"@@assign": ["a"]}, {"@@assign": ["b"]}]], ["a"], id="the first of a level assigns"),
        pytest.param([[{"@@append": ["a"]}, {"@@assign": ["b"]}]], ["b", "a"], id="a level assigns, then appends"),
        pytest.param([[{"@@remove": ["a"]}, {"@@append": ["a", "b"]}]], ["b"], id="a level appends, then removes"),
        pytest.param([[{"@@assign": "a"} | NONE], [{"@@assign": "b"}]], "a", id="nothing is allowed below"),
        pytest.param([[{"@@assign": "a"} | NONE, {"@@assign": "b"}]], "a", id="a control binds not its own level"),
        pytest.param(
            [[{"@@assign": ["a"]} | ONLY_APPEND], [{"@@append": ["b"]}], [{"@@assign": ["c"]}]],
            ["a", "b"],
            id="one operator is allowed below",
        ),
        pytest.param(
            [
                [{"@@assign": ["a"]} | ONLY_APPEND],
                [{"@@operators_allowed_for_child_policies": ["@@all"]}],
                [{"@@assign": ["b"]}],
            ],
            ["a"],
            id="what is taken is not given back",
        ),
        pytest.param(
            [
                [
                    {"@@assign": ["a"]} | ONLY_APPEND,
                    {"@@operators_allowed_for_child_policies": ["@@append", "@@remove"]},
                ],
                [{"@@append": ["b"]}, {"@@remove": ["a"]}],
            ],
            ["a", "b"],
            id="controls of a level hold together",
        ),
        pytest.param([[{"@@ASSIGN": ["a"]}], [{"@@Append": ["b"]}]], ["a", "b"], id="operators in any case"),
        pytest.param([[{"@@assign": [12, True, None, "12"]}]], ["12", "true", "null"], id="values become texts"),
    ],
)
def test_operators(levels: Sequence[Sequence[Mapping[str, Any]]], wanted: object) -> None:
    assert values(*levels) == wanted


def test_names_are_merged_in_lower_case() -> None:
    root = {"tags": {"CostCenter": {"tag_key": {"@@assign": "CostCenter"}}}}
    below = {"Tags": {"costcenter": {"tag_value": {"@@assign": ["a"]}}}}
    assert effective([root], [below]) == {"tags": {"costcenter": {"tag_key": "CostCenter", "tag_value": ["a"]}}}


def test_a_locked_container_takes_no_new_members_and_leaves_those_it_has() -> None:
    root = {"plans": {"daily": {"x": {"@@assign": "a"}}, **NONE}}
    below = {"plans": {"daily": {"x": {"@@assign": "b"}}, "weekly": {"x": {"@@assign": "c"}}}}
    assert effective([root], [below]) == {"plans": {"daily": {"x": "b"}}}


def test_what_is_empty_is_left_out() -> None:
    assert effective([{"plans": {"daily": {}, **NONE}}]) == {}


def test_a_merge_is_so_much_work_at_most() -> None:
    settings: dict[str, Any] = {str(number): {} for number in range(MOST_STEPS // 10 - 2)}
    merged([[source(1, {"tags": settings})]])
    with pytest.raises(TooLarge):
        merged([[source(1, {"tags": {**settings, "one more": {}}})]])


def test_long_lists_are_work_with_every_policy() -> None:
    texts = [str(number) for number in range(MOST_STEPS // 40)]
    level = [source(1, {"x": {"@@append": texts}})]
    merged([level] * 40)
    with pytest.raises(TooLarge):
        merged([level] * 41)


NAMES = st.sampled_from(("a", "b", "c"))
LISTS = st.lists(NAMES, max_size=3, unique=True)
ALLOWED = st.lists(st.sampled_from(("@@assign", "@@append", "@@remove")), min_size=1, unique=True)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "@@assign": LISTS,
        "@@append": LISTS,
        "@@remove": LISTS,
        "@@operators_allowed_for_child_policies": ALLOWED | st.just(["@@none"]) | st.just(["@@all"]),
    },
)
POLICIES = st.dictionaries(NAMES, st.dictionaries(NAMES, SETTINGS, max_size=2), max_size=2)
LEVELS = st.lists(st.lists(POLICIES, max_size=2), max_size=4)


@given(LEVELS)
def test_a_level_without_policies_changes_nothing(levels: list[list[dict[str, Any]]]) -> None:
    spread = [each for level in levels for each in (level, [])]
    assert effective(*spread) == effective(*levels)


@given(LEVELS, POLICIES)
def test_below_a_locked_value_nothing_changes_it(levels: list[list[dict[str, Any]]], below: dict[str, Any]) -> None:
    locked = {"locked": {"value": {"@@assign": ["it"], **NONE}, **NONE}, **NONE}
    found = effective([locked], *levels, [{**below, "locked": {"value": {"@@assign": ["other"]}, "more": {}}}])
    assert found == {"locked": {"value": ["it"]}}


@given(LEVELS, POLICIES)
def test_a_last_policy_that_only_assigns_has_its_way_if_nothing_is_locked(
    levels: list[list[dict[str, Any]]], last: dict[str, Any]
) -> None:
    def free(policy: dict[str, Any]) -> dict[str, Any]:
        """Without what it lets the levels below do."""
        return {
            name: {inner: {op: v for op, v in ops.items() if not op.startswith("@@op")} for inner, ops in part.items()}
            for name, part in policy.items()
        }

    assigning = {name: {inner: {"@@assign": ["x"]} for inner in part} for name, part in last.items()}
    found = effective(*[[free(policy) for policy in level] for level in levels], [assigning])
    for name, part in assigning.items():
        for inner in part:
            assert found[name][inner] == ["x"]
