"""Instance profiles, and the role in each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.iam.documents import allow
from tests.services.iam.expect import refused, set_quotas
from tests.services.iam.made_roles import create as create_role
from tests.services.iam.made_roles import make_service_linked
from tests.services.wire import fits_the_model
from tests.services.world import START, World

PAIR = {"InstanceProfileName": "web", "RoleName": "worker"}


@pytest.fixture
def profile(world: World) -> dict[str, Any]:
    made: dict[str, Any] = world.call(world.root, "CreateInstanceProfile", InstanceProfileName="web")["InstanceProfile"]
    return made


@pytest.fixture
def role(world: World) -> dict[str, Any]:
    return create_role(world, "worker", Path="/team/", Tags=[{"Key": "team", "Value": "a"}])


def test_a_created_profile_is_answered_with_all_that_it_has(world: World) -> None:
    tags = [{"Key": "Team", "Value": "red"}]
    answer = world.call(world.root, "CreateInstanceProfile", InstanceProfileName="Web", Path="/a/", Tags=tags)
    profile = answer["InstanceProfile"]
    assert profile["InstanceProfileId"].startswith("AIPA")
    assert profile == {
        "Path": "/a/",
        "InstanceProfileName": "Web",
        "InstanceProfileId": profile["InstanceProfileId"],
        "Arn": f"arn:aws:iam::{world.account_id}:instance-profile/a/Web",
        "CreateDate": START,
        "Roles": [],
        "Tags": tags,
    }
    assert world.call(world.root, "GetInstanceProfile", InstanceProfileName="wEB") == answer
    assert fits_the_model("GetInstanceProfile", answer)


def test_names_are_unique_in_any_case(world: World, profile: dict[str, Any]) -> None:
    assert refused(world, world.root, "CreateInstanceProfile", InstanceProfileName="WEB", Path="/x/") == (
        "EntityAlreadyExists",
        "Instance Profile WEB already exists.",
    )


def test_an_account_has_a_quota_of_profiles(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_quotas(monkeypatch, "CreateInstanceProfile", instance_profiles=1)
    world.call(world.root, "CreateInstanceProfile", InstanceProfileName="a")
    assert refused(world, world.root, "CreateInstanceProfile", InstanceProfileName="b") == (
        "LimitExceeded",
        "Cannot exceed quota for InstanceProfilesPerAccount: 1",
    )


def test_tags_need_the_permission_to_tag(world: World) -> None:
    alice = world.user("alice", [allow("iam:CreateInstanceProfile")])
    tags = [{"Key": "k", "Value": "v"}]
    _, message = refused(world, alice, "CreateInstanceProfile", InstanceProfileName="p", Tags=tags)
    assert "iam:TagInstanceProfile" in message


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("GetInstanceProfile", {}),
        ("DeleteInstanceProfile", {}),
        ("AddRoleToInstanceProfile", {"RoleName": "worker"}),
        ("RemoveRoleFromInstanceProfile", {"RoleName": "worker"}),
    ],
)
def test_a_missing_profile(world: World, role: dict[str, Any], operation: str, given: dict[str, str]) -> None:
    assert refused(world, world.root, operation, InstanceProfileName="none", **given) == (
        "NoSuchEntity",
        "Instance Profile none cannot be found.",
    )


class TestTheRoleInside:
    def test_it_is_shown(self, world: World, profile: dict[str, Any], role: dict[str, Any]) -> None:
        world.call(world.root, "AddRoleToInstanceProfile", **PAIR)
        answer = world.call(world.root, "GetInstanceProfile", InstanceProfileName="web")
        (inside,) = answer["InstanceProfile"]["Roles"]
        assert inside == {name: role[name] for name in inside}
        assert inside["RoleName"] == "worker"
        assert "MaxSessionDuration" not in inside
        assert fits_the_model("GetInstanceProfile", answer)

    def test_there_is_one_at_most(self, world: World, profile: dict[str, Any], role: dict[str, Any]) -> None:
        world.call(world.root, "AddRoleToInstanceProfile", **PAIR)
        create_role(world, "other")
        for name in ("worker", "other"):
            given = PAIR | {"RoleName": name}
            assert refused(world, world.root, "AddRoleToInstanceProfile", **given) == (
                "LimitExceeded",
                "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
            )

    def test_it_can_be_taken_out(self, world: World, profile: dict[str, Any], role: dict[str, Any]) -> None:
        world.call(world.root, "AddRoleToInstanceProfile", **PAIR)
        world.call(world.root, "RemoveRoleFromInstanceProfile", **PAIR)
        assert world.call(world.root, "GetInstanceProfile", InstanceProfileName="web")["InstanceProfile"] == profile

    def test_what_is_not_inside_cannot(self, world: World, profile: dict[str, Any], role: dict[str, Any]) -> None:
        assert refused(world, world.root, "RemoveRoleFromInstanceProfile", **PAIR)[0] == "NoSuchEntity"
        world.call(world.root, "AddRoleToInstanceProfile", **PAIR)
        create_role(world, "other")
        given = PAIR | {"RoleName": "other"}
        assert refused(world, world.root, "RemoveRoleFromInstanceProfile", **given) == (
            "NoSuchEntity",
            "Role other in Instance Profile web cannot be found.",
        )

    @pytest.mark.parametrize("operation", ["AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile"])
    def test_it_has_to_exist(self, world: World, profile: dict[str, Any], operation: str) -> None:
        assert refused(world, world.root, operation, **PAIR) == (
            "NoSuchEntity",
            "The role with name worker cannot be found.",
        )

    def test_service_linked_roles_stay_out(self, world: World, profile: dict[str, Any], role: dict[str, Any]) -> None:
        make_service_linked(world, "worker")
        assert refused(world, world.root, "AddRoleToInstanceProfile", **PAIR)[0] == "UnmodifiableEntity"

    def test_it_goes_before_the_profile_does(self, world: World, profile: dict[str, Any], role: dict[str, Any]) -> None:
        world.call(world.root, "AddRoleToInstanceProfile", **PAIR)
        assert refused(world, world.root, "DeleteInstanceProfile", InstanceProfileName="web") == (
            "DeleteConflict",
            "Cannot delete entity, must remove roles from instance profile first.",
        )
        world.call(world.root, "RemoveRoleFromInstanceProfile", **PAIR)
        world.call(world.root, "DeleteInstanceProfile", InstanceProfileName="web")
        assert refused(world, world.root, "GetInstanceProfile", InstanceProfileName="web")[0] == "NoSuchEntity"


class TestPassRole:
    ADD = "iam:AddRoleToInstanceProfile"

    def test_adding_a_role_needs_the_permission_to_pass_it(
        self, world: World, profile: dict[str, Any], role: dict[str, Any]
    ) -> None:
        alice = world.user("alice", [allow(self.ADD)])
        code, message = refused(world, alice, "AddRoleToInstanceProfile", **PAIR)
        assert code == "AccessDenied"
        assert f"iam:PassRole on resource: {role['Arn']}" in message

    def test_which_may_be_for_this_role_this_service_and_this_tag(
        self, world: World, profile: dict[str, Any], role: dict[str, Any]
    ) -> None:
        condition = {
            "StringEquals": {"iam:PassedToService": "ec2.amazonaws.com", "iam:ResourceTag/team": "a"},
        }
        passing = allow("iam:PassRole", resource=role["Arn"], condition=condition)
        alice = world.user("alice", [allow(self.ADD), passing])
        create_role(world, "other", Tags=[{"Key": "team", "Value": "a"}])
        given = PAIR | {"RoleName": "other"}
        assert refused(world, alice, "AddRoleToInstanceProfile", **given)[0] == "AccessDenied"
        assert world.call(alice, "AddRoleToInstanceProfile", **PAIR) == {}

    def test_another_service_does_not_do(self, world: World, profile: dict[str, Any], role: dict[str, Any]) -> None:
        condition = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
        alice = world.user("alice", [allow(self.ADD), allow("iam:PassRole", condition=condition)])
        assert refused(world, alice, "AddRoleToInstanceProfile", **PAIR)[0] == "AccessDenied"


class TestLists:
    def test_below_a_path_by_name(self, world: World) -> None:
        for name, path in (("b", "/x/"), ("A", "/x/"), ("c", "/y/")):
            world.call(world.root, "CreateInstanceProfile", InstanceProfileName=name, Path=path)
        answer = world.call(world.root, "ListInstanceProfiles", PathPrefix="/x/")
        assert [profile["InstanceProfileName"] for profile in answer["InstanceProfiles"]] == ["A", "b"]
        assert fits_the_model("ListInstanceProfiles", answer)

    def test_of_one_role(self, world: World, role: dict[str, Any]) -> None:
        for name in ("b", "a", "c"):
            world.call(world.root, "CreateInstanceProfile", InstanceProfileName=name)
        for name in ("b", "a"):
            world.call(world.root, "AddRoleToInstanceProfile", InstanceProfileName=name, RoleName="worker")
        first = world.call(world.root, "ListInstanceProfilesForRole", RoleName="worker", MaxItems=1)
        assert [profile["InstanceProfileName"] for profile in first["InstanceProfiles"]] == ["a"]
        assert fits_the_model("ListInstanceProfilesForRole", first)
        rest = world.call(world.root, "ListInstanceProfilesForRole", RoleName="worker", Marker=first["Marker"])
        assert [profile["InstanceProfileName"] for profile in rest["InstanceProfiles"]] == ["b"]

    def test_of_a_role_that_is_not_there(self, world: World) -> None:
        assert refused(world, world.root, "ListInstanceProfilesForRole", RoleName="none")[0] == "NoSuchEntity"
