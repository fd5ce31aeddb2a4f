"""Tags of users, roles, managed policies, instance profiles and SAML providers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.saml import idp
from tests.services.iam.documents import allow, managed, trust
from tests.services.iam.expect import changes_nothing, refused
from tests.services.world import World


class Tagged:
    """One entity of a kind that has tags."""

    def __init__(self, world: World, kind: str) -> None:
        self.world = world
        self.kind = kind
        self.given = self._make()

    def _make(self) -> dict[str, str]:
        if self.kind == "Policy":
            return {"PolicyArn": managed(self.world)}
        if self.kind == "SAMLProvider":
            made = self.world.call(self.world.root, "CreateSAMLProvider", Name="x", SAMLMetadataDocument=idp.metadata())
            return {"SAMLProviderArn": made["SAMLProviderArn"]}
        named = {f"{self.kind}Name": "x"}
        extra = {"AssumeRolePolicyDocument": trust(f"arn:aws:iam::{self.world.account_id}:root")}
        self.world.call(self.world.root, f"Create{self.kind}", **named, **(extra if self.kind == "Role" else {}))
        return named

    def tag(self, **tags: str) -> None:
        self.world.call(self.world.root, f"Tag{self.kind}", **self.given, Tags=pairs(tags))

    def untag(self, *keys: str) -> None:
        self.world.call(self.world.root, f"Untag{self.kind}", **self.given, TagKeys=list(keys))

    def listed(self, **given: Any) -> dict[str, Any]:
        return self.world.call(self.world.root, f"List{self.kind}Tags", **self.given, **given)

    def refused(self, operation: str, **given: Any) -> tuple[str, str]:
        return refused(self.world, self.world.root, f"{operation}{self.kind}", **self.given, **given)


def pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@pytest.fixture(params=["User", "Role", "Policy", "InstanceProfile", "SAMLProvider"])
def tagged(world: World, request: pytest.FixtureRequest) -> Tagged:
    return Tagged(world, request.param)


@pytest.fixture
def user(world: World) -> Tagged:
    return Tagged(world, "User")


@pytest.fixture(params=["User", "Role"])
def without_case(world: World, request: pytest.FixtureRequest) -> Tagged:
    """What has tag keys that are the same in any case."""
    return Tagged(world, request.param)


@pytest.fixture(params=["Policy", "InstanceProfile", "SAMLProvider"])
def with_case(world: World, request: pytest.FixtureRequest) -> Tagged:
    """What may have two tags whose keys differ only in case."""
    return Tagged(world, request.param)


def test_tags_are_set_listed_and_removed(tagged: Tagged) -> None:
    tagged.tag(stage="x", team="red")
    tagged.tag(team="blue", empty="")
    assert tagged.listed() == {"Tags": pairs({"empty": "", "stage": "x", "team": "blue"}), "IsTruncated": False}
    tagged.untag("stage", "unknown")
    assert tagged.listed()["Tags"] == pairs({"empty": "", "team": "blue"})


def test_keys_of_users_and_roles_are_the_same_in_any_case(without_case: Tagged) -> None:
    without_case.tag(stage="x", Team="red")
    without_case.tag(team="blue")
    assert without_case.listed()["Tags"] == pairs({"stage": "x", "team": "blue"})
    without_case.untag("STAGE")
    assert without_case.listed()["Tags"] == pairs({"team": "blue"})


def test_keys_of_policies_and_instance_profiles_are_not(with_case: Tagged) -> None:
    with_case.tag(Costcenter="1", costcenter="2")
    with_case.tag(costcenter="3")
    assert with_case.listed()["Tags"] == pairs({"Costcenter": "1", "costcenter": "3"})
    with_case.untag("COSTCENTER", "Costcenter")
    assert with_case.listed()["Tags"] == pairs({"costcenter": "3"})


def test_they_are_made_with_such_keys_too(world: World) -> None:
    tags = pairs({"Costcenter": "1", "costcenter": "2"})
    arn = managed(world, Tags=tags)
    assert world.call(world.root, "ListPolicyTags", PolicyArn=arn)["Tags"] == tags
    world.call(world.root, "CreateInstanceProfile", InstanceProfileName="x", Tags=tags)
    assert world.call(world.root, "ListInstanceProfileTags", InstanceProfileName="x")["Tags"] == tags
    assert refused(world, world.root, "CreateUser", UserName="x", Tags=tags)[0] == "InvalidInput"


def test_a_condition_reads_the_tag_of_its_own_spelling(world: World) -> None:
    arn = managed(world, Tags=pairs({"Costcenter": "1", "costcenter": "2"}))
    condition = {"StringEquals": {"aws:ResourceTag/costcenter": "2", "aws:ResourceTag/Costcenter": "1"}}
    alice = world.user("alice", [allow("iam:GetPolicy", condition=condition)])
    assert world.call(alice, "GetPolicy", PolicyArn=arn)["Policy"]["Arn"] == arn


def test_a_changed_tag_keeps_its_place(user: Tagged) -> None:
    user.tag(b="1", a="2")
    user.tag(B="3")
    shown = user.world.call(user.world.root, "GetUser", UserName="x")["User"]
    assert shown["Tags"] == pairs({"B": "3", "a": "2"})


def test_what_changes_nothing_writes_nothing(tagged: Tagged) -> None:
    tagged.tag(a="1")
    world = tagged.world
    changes_nothing(world, world.root, f"Tag{tagged.kind}", **tagged.given, Tags=pairs({"a": "1"}))
    changes_nothing(world, world.root, f"Untag{tagged.kind}", **tagged.given, TagKeys=["b"])


DUPLICATE = "Duplicate tag keys found."
DUPLICATE_IN_ANY_CASE = f"{DUPLICATE} Please note that Tag keys are case insensitive."


@pytest.mark.parametrize(("kind", "refuses"), [("SAMLProvider", True), ("User", True), ("Role", False)])
def test_no_tags_are_refused_of_users_and_identity_providers(world: World, kind: str, *, refuses: bool) -> None:
    tagged = Tagged(world, kind)
    if refuses:
        assert tagged.refused("Tag", Tags=[]) == ("InvalidInput", "Tags must not be empty.")
        assert tagged.refused("Untag", TagKeys=[]) == ("InvalidInput", "Tag keys must not be empty.")
    else:
        tagged.tag()
        tagged.untag()


def test_of_identity_providers_keys_differ_by_case(world: World) -> None:
    provider = Tagged(world, "SAMLProvider")
    provider.tag(Team="first", team="second")
    provider.untag("TEAM")
    assert provider.listed()["Tags"] == pairs({"Team": "first", "team": "second"})


def test_a_key_given_twice_is_refused(tagged: Tagged) -> None:
    sentence = DUPLICATE_IN_ANY_CASE if tagged.kind in ("User", "Role") else DUPLICATE
    assert tagged.refused("Tag", Tags=pairs({"a": "1"}) + pairs({"a": "1"})) == ("InvalidInput", sentence)


def test_a_key_given_twice_in_any_case_is_refused(without_case: Tagged) -> None:
    assert without_case.refused("Tag", Tags=pairs({"a": "1", "A": "2"})) == ("InvalidInput", DUPLICATE_IN_ANY_CASE)


def test_only_ascii_letters_are_the_same_in_any_case(user: Tagged) -> None:
    user.tag(**dict.fromkeys(("k", "\N{KELVIN SIGN}"), "v"))
    assert len(user.listed()["Tags"]) == 2


@pytest.mark.parametrize("key", ["aws:x", "AWS:x"])
def test_keys_that_begin_with_aws_are_reserved(tagged: Tagged, key: str) -> None:
    assert tagged.refused("Tag", Tags=pairs({key: "1"}))[0] == "InvalidInput"
    assert tagged.refused("Untag", TagKeys=[key])[0] == "InvalidInput"


def test_fifty_tags_and_no_more(user: Tagged) -> None:
    user.tag(**{f"k{number}": "" for number in range(50)})
    assert user.refused("Tag", Tags=pairs({"one more": ""})) == (
        "LimitExceeded",
        "The number of tags has reached the maximum limit.",
    )
    user.tag(K7="changed")


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        (pairs({"a": "1", "A": "2"}), "InvalidInput"),
        (pairs({f"k{number}": "" for number in range(51)}), "LimitExceeded"),
    ],
)
def test_the_same_rules_hold_at_creation(world: World, tags: list[dict[str, str]], code: str) -> None:
    assert refused(world, world.root, "CreateUser", UserName="x", Tags=tags)[0] == code


def test_long_keys_are_listed_one_page_at_a_time(user: Tagged) -> None:
    keys = {letter * 128 for letter in "京都市"}
    user.tag(**dict.fromkeys(keys, "v"))
    found: list[str] = []
    given: dict[str, Any] = {"MaxItems": 1}
    while True:
        page = user.listed(**given)
        found += [tag["Key"] for tag in page["Tags"]]
        if not page["IsTruncated"]:
            break
        given["Marker"] = page["Marker"]
    assert len(found) == 3
    assert set(found) == keys


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        ("User", {"UserName": "none"}, "The user with name none cannot be found."),
        ("Role", {"RoleName": "none"}, "The role with name none cannot be found."),
        (
            "Policy",
            {"PolicyArn": "arn:aws:iam::ACCOUNT:policy/none"},
            "Policy arn:aws:iam::ACCOUNT:policy/none was not found.",
        ),
        ("InstanceProfile", {"InstanceProfileName": "none"}, "Instance Profile none cannot be found."),
    ],
)
def test_what_does_not_exist_has_no_tags(world: World, kind: str, given: dict[str, str], message: str) -> None:
    named = {member: value.replace("ACCOUNT", world.account_id) for member, value in given.items()}
    expected = ("NoSuchEntity", message.replace("ACCOUNT", world.account_id))
    assert refused(world, world.root, f"Tag{kind}", **named, Tags=pairs({"a": "1"})) == expected
    assert refused(world, world.root, f"Untag{kind}", **named, TagKeys=["a"]) == expected
    assert refused(world, world.root, f"List{kind}Tags", **named) == expected
