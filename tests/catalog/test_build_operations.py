"""The builder of the rules of operations, given models and actions of a few lines."""

from __future__ import annotations

from typing import Any

import pytest

from carnet.catalog.actions import AccessLevel, Action, ActionResource, ResourceType
from tools.build_operations import Hand, Way, checks_of, grouped, passed_roles, paths, read_rules, undecided, way

LAKE = "arn:${Partition}:geo:${Region}:${Account}:lake/${LakeId}"
BOAT = "arn:${Partition}:geo:${Region}:${Account}:lake/${LakeId}/boat/${BoatId}"


def kind(name: str, arn: str, *, required: bool = True) -> ActionResource:
    return ActionResource(
        type=ResourceType(name=name, arn=arn, condition_keys=()), required=required, condition_keys=()
    )


def action(name: str, *types: ActionResource) -> Action:
    return Action(
        service="geo",
        name=name,
        access_levels=(AccessLevel.WRITE,),
        resource_types=types,
        condition_keys=(),
        dependents=(),
    )


def members(operation: str, given: dict[str, bool], *types: ActionResource, hand: Hand | None = None) -> object:
    """What each check is on: the members, `*` if it is on what is made."""
    checks = checks_of(operation, action(operation, *types), given, hand or Hand())
    if checks is None:
        return None
    return [
        [
            (*(path for named in one.members.values() for path in named), *one.arn_members, *"*" * one.is_open)
            for one in check.ways
        ]
        for check in checks
    ]


def test_members_that_hold_text_are_found_one_level_down() -> None:
    model = {
        "shapes": {
            "In": {
                "type": "structure",
                "required": ["LakeId", "Crew"],
                "members": {
                    "LakeId": {"shape": "Text"},
                    "Ids": {"shape": "Texts"},
                    "Size": {"shape": "Number"},
                    "Crew": {"shape": "Sailor"},
                    "Boats": {"shape": "Boats"},
                },
            },
            "Text": {"type": "string"},
            "Texts": {"type": "list", "member": {"shape": "Text"}},
            "Number": {"type": "integer"},
            "Boats": {"type": "list", "member": {"shape": "Boat"}},
            "Boat": {"type": "structure", "members": {"Id": {"shape": "Text"}, "Owner": {"shape": "Sailor"}}},
            "Sailor": {"type": "structure", "required": ["Name"], "members": {"Name": {"shape": "Text"}}},
        }
    }
    found = paths(model, {"input": {"shape": "In"}})
    assert found == {"LakeId": True, "Ids[]": False, "Crew.Name": True, "Boats[].Id": False}
    assert paths(model, {"input": {"shape": "In"}}, 2) == found | {"Boats[].Owner.Name": False}
    assert paths(model, {}) == {}


def test_a_resource_is_named_by_its_variables() -> None:
    lake, boat = kind("lake", LAKE), kind("boat", BOAT)
    assert members("SailLake", {"lakeId": True}, lake) == [[("lakeId",)]]
    assert members("SailLake", {"LakeIds[]": True}, lake) == [[("LakeIds[]",)]]
    assert members("SailLake", {"Name": True}, lake) is None
    assert members("SailLake", {"LakeId": True, "BoatId": True}, boat) == [[("LakeId", "BoatId")]]
    assert members("SailLake", {"LakeId": True}, boat) is None


def test_a_resource_is_named_by_its_arn() -> None:
    lake = kind("lake", LAKE)
    assert members("SailLake", {"LakeArn": True}, lake) == [[("LakeArn",)]]
    assert members("SailLake", {"ResourceArn": True, "LakeId": False}, lake) == [[("LakeId", "ResourceArn")]]


def test_what_an_operation_makes_has_no_name_yet() -> None:
    lake, boat = kind("lake", LAKE), kind("boat", BOAT)
    assert members("CreateLake", {"Depth": True}, lake) == [[("*",)]]
    assert members("CreateLake", {"LakeId": True}, lake) == [[("LakeId",)]]
    assert members("CreateBoat", {"LakeId": True}, boat) == [[("LakeId", "*")]]
    assert members("Created", {"Depth": True}, lake) is None
    assert members("CreateLake", {}, kind("lake", LAKE, required=False)) is None


def test_a_list_without_its_names_is_for_everything() -> None:
    lake = kind("lake", LAKE)
    assert members("DescribeLakes", {"LakeIds[]": False}, lake) == [[("LakeIds[]", "*")]]
    assert members("DescribeLakes", {"LakeIds[]": True}, lake) == [[("LakeIds[]",)]]
    assert members("DescribeLake", {"LakeId": False}, lake) == [[("LakeId",)]]
    assert members("DrainLakes", {"LakeIds[]": False}, lake) == [[("LakeIds[]",)]]


def test_types_that_one_member_names_are_alternatives_and_others_hold_together() -> None:
    lake, boat = kind("lake", LAKE), kind("boat", BOAT)
    assert members("TagResource", {"ResourceArn": True}, lake, boat) == [[("ResourceArn",), ("ResourceArn",)]]
    both = {"LakeId": True, "BoatId": True}
    assert members("LaunchBoat", both, lake, boat) == [[("LakeId",)], [("LakeId", "BoatId")]]
    hand = Hand(either={"LaunchBoat": ["lake", "boat"]})
    assert members("LaunchBoat", both, lake, boat, hand=hand) == [[("LakeId",), ("LakeId", "BoatId")]]


def test_a_third_way_joins_two() -> None:
    one, other = Way("a", LAKE, {}, ("A",), False), Way("b", LAKE, {}, ("B",), False)
    third = Way("c", LAKE, {}, ("A", "B"), False)
    assert grouped([one, other], ()) == [(one,), (other,)]
    assert grouped([one, other, third], ()) == [(one, other, third)]


def test_what_aws_does_not_require_is_checked_if_it_is_named() -> None:
    lake, boat = kind("lake", LAKE), kind("boat", BOAT, required=False)
    given = {"LakeId": True, "BoatId": False}
    checks = checks_of("SailLake", action("SailLake", lake, boat), given, Hand())
    assert [(check.ways[0].type, check.required) for check in checks or ()] == [("lake", True), ("boat", False)]
    checks = checks_of("SailLake", action("SailLake", boat), given, Hand())
    assert [check.required for check in checks or ()] == [True]
    checks = checks_of("SailLake", action("SailLake", lake, boat), {"LakeId": True}, Hand())
    assert [check.ways[0].type for check in checks or ()] == ["lake"]


def test_an_action_without_resources_is_decided_on_a_star() -> None:
    assert members("ListLakes", {"LakeId": True}) == [[]]
    assert members("ListLakes", {}, kind("lake", LAKE), hand=Hand(types={"ListLakes": ["-"]})) == [[]]


def test_roles_that_are_passed_are_checked() -> None:
    given = {"Role": True, "Boats[].Crew.roleArn": False, "CrewRoleName": False, "IamRole": False, "Parole": True}
    checks, undecided_members = passed_roles("Man", given, Hand())
    assert [(check.action, check.required, *(way.arn_members for way in check.ways)) for check in checks] == [
        ("iam:PassRole", False, ("Role",)),
        ("iam:PassRole", False, ("Boats[].Crew.roleArn",)),
    ]
    assert undecided_members == ["CrewRoleName", "IamRole"]
    assert passed_roles("DescribeMen", given, Hand()) == ([], [])
    assert passed_roles("Man", given, Hand(unpassed={"Man"})) == ([], [])


def test_lines_say_what_names_do_not() -> None:
    hand = read_rules(
        "# a comment\n"
        "action geo Sail SailLake  # why\n"
        "name geo old_lake.LakeId Name\n"
        "name geo Sail.old_lake.LakeId Water\n"
        "arn geo Sail.old_lake -\n"
        "twin geo old_lake Nick Depth\n"
        "not geo Sail Wind\n"
        "refused geo Sink\n"
        "unpassed geo Man\n"
        "made geo Sail.boat\n"
    )["geo"]
    assert (hand.actions, hand.refused, hand.made) == ({"Sail": "SailLake"}, {"Sink"}, {"Sail.boat"})
    assert hand.unpassed == {"Man"}
    lake = kind("old lake", LAKE)
    given = {"Name": True, "Water": True, "ResourceArn": True}
    one, other = way("Sail", lake, given, hand), way("Row", lake, given, hand)
    assert one == Way("old lake", LAKE, {"LakeId": ("Water",)}, (), False)
    assert other == Way("old lake", LAKE, {"LakeId": ("Name",)}, ("ResourceArn",), False)
    model: Any = {"shapes": {"In": {"members": {"Nick": {"shape": "T"}, "Wind": {"shape": "T"}}}, "T": {"type": "x"}}}
    checks = checks_of("Sail", action("SailLake", lake), given, hand)
    assert checks is not None
    assert undecided("Sail", checks, model, {"input": {"shape": "In"}}, hand) == ["Nick", "Wind"]


@pytest.mark.parametrize(
    "line", ["wish geo a b", "action geo Sail", "action geo Sail a b", "made geo a b", "name geo a"]
)
def test_a_line_that_is_no_rule_is_told(line: str) -> None:
    with pytest.raises(ValueError, match="not a rule"):
        read_rules(line)
