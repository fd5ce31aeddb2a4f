"""CreateRole, GetRole, ListRoles, UpdateRole, UpdateRoleDescription, UpdateAssumeRolePolicy, DeleteRole."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest

from carnet.services.iam import sentences
from carnet.store.last_used import RoleUse
from tests.services.iam.documents import allow, managed, text, trust
from tests.services.iam.expect import changes_nothing, refused, set_quotas
from tests.services.iam.made_roles import EC2, create, make_service_linked
from tests.services.wire import fits_the_model
from tests.services.world import START, World


def test_a_created_role_is_answered_with_all_that_it_has(world: World) -> None:
    boundary = managed(world)
    tags = [{"Key": "Team", "Value": "red"}]
    role = create(
        world,
        "Worker",
        Path="/a/b/",
        Description="works",
        MaxSessionDuration=7200,
        PermissionsBoundary=boundary,
        Tags=tags,
    )
    assert role["RoleId"].startswith("AROA")
    assert len(role["RoleId"]) == 21
    assert unquote(role["AssumeRolePolicyDocument"]) == EC2
    assert role | {"AssumeRolePolicyDocument": ""} == {
        "Path": "/a/b/",
        "RoleName": "Worker",
        "RoleId": role["RoleId"],
        "Arn": f"arn:aws:iam::{world.account_id}:role/a/b/Worker",
        "CreateDate": START,
        "AssumeRolePolicyDocument": "",
        "Description": "works",
        "MaxSessionDuration": 7200,
        "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary},
        "Tags": tags,
    }
    answer = world.call(world.root, "GetRole", RoleName="worker")
    assert answer["Role"] == role | {"RoleLastUsed": {}}
    assert fits_the_model("GetRole", answer)


def test_a_session_lasts_an_hour_at_most_unless_said_otherwise(world: World) -> None:
    assert "MaxSessionDuration" not in create(world)
    assert world.call(world.root, "GetRole", RoleName="worker")["Role"]["MaxSessionDuration"] == 3600


def test_the_trust_policy_is_answered_as_written_and_then_shown_as_it_was_understood(world: World) -> None:
    document = trust(world.account_id)
    assert unquote(create(world, AssumeRolePolicyDocument=document)["AssumeRolePolicyDocument"]) == document
    shown = unquote(world.call(world.root, "GetRole", RoleName="worker")["Role"]["AssumeRolePolicyDocument"])
    assert json.loads(shown)["Statement"][0]["Principal"] == {"AWS": [f"arn:aws:iam::{world.account_id}:root"]}


def test_lists_leave_out_tags_boundary_and_last_use(world: World) -> None:
    create(world, Tags=[{"Key": "k", "Value": "v"}], PermissionsBoundary=managed(world))
    answer = world.call(world.root, "ListRoles")
    (role,) = answer["Roles"]
    assert not {"Tags", "PermissionsBoundary", "RoleLastUsed"} & set(role)
    assert fits_the_model("ListRoles", answer)


def test_lists_are_paged_by_name_and_filtered_by_path(world: World) -> None:
    for name, path in (("b", "/x/"), ("A", "/x/"), ("c", "/y/")):
        create(world, name, Path=path)
    first = world.call(world.root, "ListRoles", PathPrefix="/x/", MaxItems=1)
    second = world.call(world.root, "ListRoles", PathPrefix="/x/", MaxItems=1, Marker=first["Marker"])
    assert [role["RoleName"] for role in (*first["Roles"], *second["Roles"])] == ["A", "b"]
    assert (first["IsTruncated"], second["IsTruncated"]) == (True, False)


def test_names_are_unique_in_any_case(world: World) -> None:
    create(world, "Worker")
    assert refused(
        world, world.root, "CreateRole", RoleName="wORKER", Path="/other/", AssumeRolePolicyDocument=EC2
    ) == ("EntityAlreadyExists", "Role with name wORKER already exists.")


def test_an_account_has_a_quota_of_roles(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_quotas(monkeypatch, "CreateRole", roles=1)
    create(world, "a")
    assert refused(world, world.root, "CreateRole", RoleName="b", AssumeRolePolicyDocument=EC2) == (
        "LimitExceeded",
        "Cannot exceed quota for RolesPerAccount: 1",
    )


def test_tags_need_the_permission_to_tag(world: World) -> None:
    alice = world.user("alice", [allow("iam:CreateRole")])
    given: dict[str, Any] = {"RoleName": "r", "AssumeRolePolicyDocument": EC2}
    code, message = refused(world, alice, "CreateRole", **given, Tags=[{"Key": "k", "Value": "v"}])
    assert code == "AccessDenied"
    assert f"iam:TagRole on resource: arn:aws:iam::{world.account_id}:role/r" in message
    assert world.call(alice, "CreateRole", **given)


def test_a_boundary_can_be_made_a_condition_of_creating(world: World) -> None:
    boundary = managed(world)
    alice = world.user(
        "alice", [allow("iam:CreateRole", condition={"StringEquals": {"iam:PermissionsBoundary": boundary}})]
    )
    given: dict[str, Any] = {"RoleName": "r", "AssumeRolePolicyDocument": EC2}
    assert refused(world, alice, "CreateRole", **given)[0] == "AccessDenied"
    assert world.call(alice, "CreateRole", **given, PermissionsBoundary=boundary)


class TestTrustPolicies:
    @pytest.mark.parametrize("document", ["no json", "{}", text(allow("sts:AssumeRole"))])
    def test_malformed_ones_are_refused(self, world: World, document: str) -> None:
        create(world)
        assert (
            refused(world, world.root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=document)[0]
            == "MalformedPolicyDocument"
        )
        assert (
            refused(world, world.root, "UpdateAssumeRolePolicy", RoleName="worker", PolicyDocument=document)[0]
            == "MalformedPolicyDocument"
        )

    def test_principals_have_to_exist(self, world: World) -> None:
        nobody = f"arn:aws:iam::{world.account_id}:user/nobody"
        assert refused(world, world.root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=trust(nobody)) == (
            "MalformedPolicyDocument",
            f'Invalid principal in policy: "AWS":"{nobody}"',
        )

    def test_they_are_bound_to_the_user_of_that_moment(self, world: World) -> None:
        alice = world.user("alice")
        old_id = world.call(world.root, "GetUser", UserName="alice")["User"]["UserId"]
        role = create(world, AssumeRolePolicyDocument=trust(f"arn:aws:iam::{world.account_id}:user/alice"))
        given = {"RoleArn": role["Arn"], "RoleSessionName": "work"}
        assert world.call(alice, "AssumeRole", service="sts", **given)

        world.call(world.root, "DeleteAccessKey", UserName="alice", AccessKeyId=alice.key_id)
        world.call(world.root, "DeleteUser", UserName="alice")
        again = world.user("alice")
        assert refused(world, again, "AssumeRole", service="sts", **given)[0] == "AccessDenied"
        shown = world.call(world.root, "GetRole", RoleName="worker")["Role"]["AssumeRolePolicyDocument"]
        assert json.loads(unquote(shown))["Statement"][0]["Principal"] == {"AWS": [old_id]}

    def test_saved_anew_they_are_bound_anew(self, world: World) -> None:
        document = trust(f"arn:aws:iam::{world.account_id}:user/alice")
        alice = world.user("alice")
        role = create(world, AssumeRolePolicyDocument=document)
        world.call(world.root, "DeleteAccessKey", UserName="alice", AccessKeyId=alice.key_id)
        world.call(world.root, "DeleteUser", UserName="alice")
        again = world.user("alice")
        world.call(world.root, "UpdateAssumeRolePolicy", RoleName="worker", PolicyDocument=document)
        assert world.call(again, "AssumeRole", service="sts", RoleArn=role["Arn"], RoleSessionName="work")

    def test_saved_unchanged_they_write_nothing(self, world: World) -> None:
        create(world)
        changes_nothing(world, world.root, "UpdateAssumeRolePolicy", RoleName="worker", PolicyDocument=EC2)

    def test_a_replaced_one_decides_at_once(self, world: World) -> None:
        alice = world.user("alice")
        role = create(world, AssumeRolePolicyDocument=trust(f"arn:aws:iam::{world.account_id}:user/alice"))
        world.call(world.root, "UpdateAssumeRolePolicy", RoleName="worker", PolicyDocument=EC2)
        given = {"RoleArn": role["Arn"], "RoleSessionName": "work"}
        assert refused(world, alice, "AssumeRole", service="sts", **given)[0] == "AccessDenied"

    def test_they_have_a_quota(self, world: World) -> None:
        condition = {"StringEquals": {"sts:ExternalId": "x" * 2048}}
        document = trust(f"arn:aws:iam::{world.account_id}:root", condition=condition)
        assert (
            refused(world, world.root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=document)[0]
            == "LimitExceeded"
        )


class TestUpdates:
    def test_what_is_not_given_stays(self, world: World) -> None:
        create(world, Description="old", MaxSessionDuration=7200)
        world.call(world.root, "UpdateRole", RoleName="worker", Description="new")
        role = world.call(world.root, "GetRole", RoleName="worker")["Role"]
        assert (role["Description"], role["MaxSessionDuration"]) == ("new", 7200)
        world.call(world.root, "UpdateRole", RoleName="worker", MaxSessionDuration=3600)
        role = world.call(world.root, "GetRole", RoleName="worker")["Role"]
        assert (role["Description"], role["MaxSessionDuration"]) == ("new", 3600)

    def test_an_update_to_the_same_writes_nothing(self, world: World) -> None:
        create(world, Description="old")
        changes_nothing(world, world.root, "UpdateRole", RoleName="worker", Description="old", MaxSessionDuration=3600)
        changes_nothing(world, world.root, "UpdateRoleDescription", RoleName="worker", Description="old")

    def test_how_long_one_is_signed_in_is_set_and_reset(self, world: World) -> None:
        assert create(world, MaxSigninSessionDuration=7_776_000)["MaxSigninSessionDuration"] == 7_776_000
        world.call(world.root, "UpdateRole", RoleName="worker", MaxSigninSessionDuration=3600)
        world.call(world.root, "UpdateRole", RoleName="worker", ResetMaxSigninSessionDuration=False)
        told = [
            world.call(world.root, "GetRole", RoleName="worker")["Role"],
            *world.call(world.root, "ListRoles")["Roles"],
        ]
        assert [role["MaxSigninSessionDuration"] for role in told] == [3600, 3600]
        both: dict[str, Any] = {"MaxSigninSessionDuration": 3600, "ResetMaxSigninSessionDuration": True}
        code, message = refused(world, world.root, "UpdateRole", RoleName="worker", **both)
        assert (code, message) == ("InvalidInput", sentences.SESSION_DURATION_OR_NONE)
        world.call(world.root, "UpdateRole", RoleName="worker", ResetMaxSigninSessionDuration=True)
        assert "MaxSigninSessionDuration" not in world.call(world.root, "GetRole", RoleName="worker")["Role"]

    def test_the_description_alone_is_answered_with_the_role(self, world: World) -> None:
        created = create(world)
        answer = world.call(world.root, "UpdateRoleDescription", RoleName="worker", Description="new")
        assert answer["Role"] == created | {"Description": "new"}
        assert fits_the_model("UpdateRoleDescription", answer)


class TestDeletion:
    def test_a_deleted_role_is_gone(self, world: World) -> None:
        create(world)
        world.call(world.root, "DeleteRole", RoleName="WORKER")
        assert refused(world, world.root, "GetRole", RoleName="worker") == (
            "NoSuchEntity",
            "The role with name worker cannot be found.",
        )

    def test_inline_policies_go_first(self, world: World) -> None:
        create(world)
        given = {"RoleName": "worker", "PolicyName": "p"}
        world.call(world.root, "PutRolePolicy", **given, PolicyDocument=text(allow("s3:*")))
        assert refused(world, world.root, "DeleteRole", RoleName="worker") == (
            "DeleteConflict",
            "Cannot delete entity, must delete policies first.",
        )
        world.call(world.root, "DeleteRolePolicy", **given)
        world.call(world.root, "DeleteRole", RoleName="worker")

    def test_attached_policies_go_first(self, world: World) -> None:
        create(world)
        given = {"RoleName": "worker", "PolicyArn": managed(world)}
        world.call(world.root, "AttachRolePolicy", **given)
        assert refused(world, world.root, "DeleteRole", RoleName="worker") == (
            "DeleteConflict",
            "Cannot delete entity, must detach all policies first.",
        )
        world.call(world.root, "DetachRolePolicy", **given)
        world.call(world.root, "DeleteRole", RoleName="worker")

    def test_instance_profiles_let_go_first(self, world: World) -> None:
        create(world)
        given = {"RoleName": "worker", "InstanceProfileName": "p"}
        world.call(world.root, "CreateInstanceProfile", InstanceProfileName="p")
        world.call(world.root, "AddRoleToInstanceProfile", **given)
        assert refused(world, world.root, "DeleteRole", RoleName="worker") == (
            "DeleteConflict",
            "Cannot delete entity, must remove roles from instance profile first.",
        )
        world.call(world.root, "RemoveRoleFromInstanceProfile", **given)
        world.call(world.root, "DeleteRole", RoleName="worker")

    def test_a_boundary_does_not_stand_in_the_way(self, world: World) -> None:
        create(world, PermissionsBoundary=managed(world))
        world.call(world.root, "DeleteRole", RoleName="worker")


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("UpdateAssumeRolePolicy", {"PolicyDocument": EC2}),
        ("DeleteRole", {}),
    ],
)
def test_a_service_linked_role_is_not_for_its_account_to_change(
    world: World, operation: str, given: dict[str, str]
) -> None:
    create(world)
    make_service_linked(world, "worker")
    assert refused(world, world.root, operation, RoleName="worker", **given) == (
        "UnmodifiableEntity",
        "Cannot perform the operation on the protected role 'worker' - this role is only modifiable by AWS",
    )


def test_a_use_more_than_400_days_ago_counts_no_more(world: World) -> None:
    role = create(world)
    world.installation.last_used.note_role(role["RoleId"], RoleUse(START, "eu-west-1"))
    used = {"LastUsedDate": START, "Region": "eu-west-1"}
    assert world.call(world.root, "GetRole", RoleName="worker")["Role"]["RoleLastUsed"] == used
    world.clock.advance(399 * 86400)
    assert world.call(world.root, "GetRole", RoleName="worker")["Role"]["RoleLastUsed"] == used
    world.clock.advance(86400)
    assert world.call(world.root, "GetRole", RoleName="worker")["Role"]["RoleLastUsed"] == {}


def test_strangers_do_not_learn_which_roles_exist(world: World) -> None:
    create(world)
    alice = world.user("alice")
    there, missing = (
        refused(world, alice, "GetRole", RoleName=name)[1].replace(name, "NAME") for name in ("worker", "nobody")
    )
    assert there == missing
