"""CreatePolicy, GetPolicy, ListPolicies, DeletePolicy, ListEntitiesForPolicy."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.iam.documents import allow, managed, text, trust
from tests.services.iam.expect import refused, set_quotas
from tests.services.wire import fits_the_model
from tests.services.world import START, World

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
BILLING = "arn:aws:iam::aws:policy/job-function/Billing"


def names(world: World, **given: Any) -> list[str]:
    """What ListPolicies tells, page after page."""
    found: list[str] = []
    answer: dict[str, Any] = {"IsTruncated": True}
    while answer["IsTruncated"]:
        marker = {"Marker": answer["Marker"]} if "Marker" in answer else {}
        answer = world.call(world.root, "ListPolicies", **given, **marker)
        found += [policy["PolicyName"] for policy in answer["Policies"]]
    return found


class TestCreation:
    def test_a_created_policy_is_answered_with_all_that_it_has(self, world: World) -> None:
        tags = [{"Key": "Team", "Value": "red"}]
        answer = world.call(
            world.root,
            "CreatePolicy",
            PolicyName="Readers",
            PolicyDocument=text(allow("s3:Get*")),
            Path="/a/b/",
            Description="may read",
            Tags=tags,
        )
        policy = answer["Policy"]
        assert policy["PolicyId"].startswith("ANPA")
        assert policy == {
            "PolicyName": "Readers",
            "PolicyId": policy["PolicyId"],
            "Arn": f"arn:aws:iam::{world.account_id}:policy/a/b/Readers",
            "Path": "/a/b/",
            "DefaultVersionId": "v1",
            "AttachmentCount": 0,
            "PermissionsBoundaryUsageCount": 0,
            "IsAttachable": True,
            "CreateDate": START,
            "UpdateDate": START,
            "Tags": tags,
        }
        got = world.call(world.root, "GetPolicy", PolicyArn=policy["Arn"])
        assert got == {"Policy": policy | {"Description": "may read"}}
        assert fits_the_model("CreatePolicy", answer)

    def test_names_are_unique_whatever_the_path(self, world: World) -> None:
        managed(world, "Readers")
        given = {"PolicyName": "rEADERS", "Path": "/x/", "PolicyDocument": text(allow("s3:*"))}
        assert refused(world, world.root, "CreatePolicy", **given) == (
            "EntityAlreadyExists",
            "A policy called rEADERS already exists. Duplicate names are not allowed.",
        )

    def test_malformed_documents_are_refused(self, world: World) -> None:
        code, _ = refused(world, world.root, "CreatePolicy", PolicyName="p", PolicyDocument="{}")
        assert code == "MalformedPolicyDocument"

    def test_documents_have_6144_characters_that_are_not_white_space(self, world: World) -> None:
        document = text(allow("s3:Get*"))
        room = 6144 - len(document.replace(" ", ""))
        full = document.replace("s3:Get*", "s3:Get*" + "x" * room)
        assert world.call(world.root, "CreatePolicy", PolicyName="p", PolicyDocument=full + " " * 1000)
        over = full.replace("s3:Get*", "s3:Get*x")
        assert refused(world, world.root, "CreatePolicy", PolicyName="q", PolicyDocument=over) == (
            "LimitExceeded",
            "Cannot exceed quota for PolicySize: 6144",
        )

    def test_an_account_has_a_quota_of_policies(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        set_quotas(monkeypatch, "CreatePolicy", policies=1)
        managed(world, "a")
        given = {"PolicyName": "b", "PolicyDocument": text(allow("s3:*"))}
        assert refused(world, world.root, "CreatePolicy", **given) == (
            "LimitExceeded",
            "Cannot exceed quota for PoliciesPerAccount: 1",
        )

    def test_tags_need_the_permission_to_tag(self, world: World) -> None:
        alice = world.user("alice", [allow("iam:CreatePolicy")])
        given: dict[str, Any] = {"PolicyName": "p", "PolicyDocument": text(allow("s3:*"))}
        _, message = refused(world, alice, "CreatePolicy", **given, Tags=[{"Key": "k", "Value": "v"}])
        assert "iam:TagPolicy" in message


class TestReading:
    def test_aws_own_policies_can_be_read(self, world: World) -> None:
        answer = world.call(world.root, "GetPolicy", PolicyArn=READ_ONLY)
        assert (answer["Policy"]["PolicyName"], answer["Policy"]["IsAttachable"]) == ("ReadOnlyAccess", True)
        assert fits_the_model("GetPolicy", answer)

    @pytest.mark.parametrize("operation", ["GetPolicy", "ListEntitiesForPolicy"])
    def test_a_missing_one(self, world: World, operation: str) -> None:
        arn = f"arn:aws:iam::{world.account_id}:policy/none"
        assert refused(world, world.root, operation, PolicyArn=arn) == (
            "NoSuchEntity",
            f"Policy {arn} was not found.",
        )

    def test_another_accounts_policies_cannot(self, world: World) -> None:
        other = world.account()
        policy = world.call(other, "CreatePolicy", PolicyName="theirs", PolicyDocument=text(allow("s3:*")))
        assert refused(world, world.root, "GetPolicy", PolicyArn=policy["Policy"]["Arn"])[0] == "AccessDenied"

    def test_the_uses_are_counted(self, world: World) -> None:
        arn = managed(world)
        world.user("alice")
        world.call(world.root, "AttachUserPolicy", UserName="alice", PolicyArn=arn)
        world.call(world.root, "CreateUser", UserName="bob", PermissionsBoundary=arn)
        policy = world.call(world.root, "GetPolicy", PolicyArn=arn)["Policy"]
        assert (policy["AttachmentCount"], policy["PermissionsBoundaryUsageCount"]) == (1, 1)


class TestLists:
    def test_scopes(self, world: World) -> None:
        managed(world, "Mine")
        assert names(world, Scope="Local") == ["Mine"]
        of_aws = names(world, Scope="AWS", MaxItems=1000)
        assert "ReadOnlyAccess" in of_aws
        assert "Mine" not in of_aws
        everything = names(world, MaxItems=1000)
        assert sorted(everything) == sorted(["Mine", *of_aws])
        assert [name.lower() for name in everything] == sorted(name.lower() for name in everything)

    def test_pages_hold_each_policy_once_even_where_names_are_alike(self, world: World) -> None:
        managed(world, "ReadOnlyAccess")
        managed(world, "Other")
        for holder in ("a", "b"):
            world.call(world.root, "CreateUser", UserName=holder)
            for arn in (READ_ONLY, f"arn:aws:iam::{world.account_id}:policy/ReadOnlyAccess"):
                world.call(world.root, "AttachUserPolicy", UserName=holder, PolicyArn=arn)
        assert names(world, OnlyAttached=True, MaxItems=1) == ["ReadOnlyAccess", "ReadOnlyAccess"]

    def test_paths(self, world: World) -> None:
        managed(world, "a", Path="/x/")
        managed(world, "b", Path="/y/")
        assert names(world, Scope="Local", PathPrefix="/x/") == ["a"]
        assert "Billing" in names(world, PathPrefix="/job-function/")

    def test_only_attached_ones_and_only_boundaries(self, world: World) -> None:
        attached, boundary = managed(world, "attached"), managed(world, "boundary")
        managed(world, "unused")
        world.call(world.root, "CreateUser", UserName="alice", PermissionsBoundary=boundary)
        world.call(world.root, "AttachUserPolicy", UserName="alice", PolicyArn=attached)
        assert names(world, OnlyAttached=True) == ["attached"]
        assert names(world, PolicyUsageFilter="PermissionsPolicy") == ["attached"]
        assert names(world, PolicyUsageFilter="PermissionsBoundary") == ["boundary"]
        assert names(world, PolicyUsageFilter="PermissionsBoundary", OnlyAttached=True) == ["boundary"]
        assert names(world, Scope="Local", OnlyAttached=False) == ["attached", "boundary", "unused"]

    def test_tags_and_description_are_left_out(self, world: World) -> None:
        managed(world, Description="d", Tags=[{"Key": "k", "Value": "v"}])
        answer = world.call(world.root, "ListPolicies", Scope="Local")
        assert not {"Tags", "Description"} & set(answer["Policies"][0])
        assert fits_the_model("ListPolicies", answer)


class TestDeletion:
    def test_a_deleted_policy_is_gone(self, world: World) -> None:
        arn = managed(world)
        world.call(world.root, "DeletePolicy", PolicyArn=arn)
        assert refused(world, world.root, "DeletePolicy", PolicyArn=arn) == (
            "NoSuchEntity",
            f"Policy {arn} was not found.",
        )

    @pytest.mark.parametrize(
        ("create", "given"),
        [
            ("CreateUser", {"UserName": "u"}),
            ("CreateRole", {"RoleName": "r"}),
        ],
    )
    def test_not_while_it_is_somebodys_boundary(self, world: World, create: str, given: dict[str, str]) -> None:
        arn = managed(world)
        if create == "CreateRole":
            given = given | {"AssumeRolePolicyDocument": trust(f"arn:aws:iam::{world.account_id}:root")}
        world.call(world.root, create, **given, PermissionsBoundary=arn)
        assert refused(world, world.root, "DeletePolicy", PolicyArn=arn) == (
            "DeleteConflict",
            "Cannot delete a policy attached to entities.",
        )

    def test_not_while_it_is_attached(self, world: World) -> None:
        arn = managed(world)
        world.call(world.root, "CreateGroup", GroupName="g")
        world.call(world.root, "AttachGroupPolicy", GroupName="g", PolicyArn=arn)
        assert refused(world, world.root, "DeletePolicy", PolicyArn=arn)[0] == "DeleteConflict"
        world.call(world.root, "DetachGroupPolicy", GroupName="g", PolicyArn=arn)
        world.call(world.root, "DeletePolicy", PolicyArn=arn)

    def test_not_while_it_has_other_versions(self, world: World) -> None:
        arn = managed(world)
        world.call(world.root, "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=text(allow("s3:*")))
        code, message = refused(world, world.root, "DeletePolicy", PolicyArn=arn)
        assert code == "DeleteConflict"
        assert message == (
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
            "The default version is deleted with the policy."
        )
        world.call(world.root, "DeletePolicyVersion", PolicyArn=arn, VersionId="v2")
        world.call(world.root, "DeletePolicy", PolicyArn=arn)

    def test_aws_own_policies_stay(self, world: World) -> None:
        assert refused(world, world.root, "DeletePolicy", PolicyArn=READ_ONLY)[0] == "AccessDenied"
        alice = world.user("alice", [allow("iam:*")])
        assert refused(world, alice, "DeletePolicy", PolicyArn=READ_ONLY)[0] == "AccessDenied"


class TestEntities:
    @pytest.fixture
    def arn(self, world: World) -> str:
        """A policy attached to group g, role r, users a and b; the boundary of users a and c."""
        arn, root = managed(world), world.root
        world.call(root, "CreateGroup", GroupName="g")
        trusted = trust(f"arn:aws:iam::{world.account_id}:root")
        world.call(root, "CreateRole", RoleName="r", Path="/x/", AssumeRolePolicyDocument=trusted)
        world.call(root, "CreateUser", UserName="a", PermissionsBoundary=arn)
        world.call(root, "CreateUser", UserName="b", Path="/x/")
        world.call(root, "CreateUser", UserName="c", PermissionsBoundary=arn)
        world.call(root, "AttachGroupPolicy", GroupName="g", PolicyArn=arn)
        world.call(root, "AttachRolePolicy", RoleName="r", PolicyArn=arn)
        world.call(root, "AttachUserPolicy", UserName="b", PolicyArn=arn)
        world.call(root, "AttachUserPolicy", UserName="a", PolicyArn=arn)
        return arn

    @staticmethod
    def told(answer: dict[str, Any]) -> str:
        groups = [each["GroupName"] for each in answer["PolicyGroups"]]
        roles = [each["RoleName"] for each in answer["PolicyRoles"]]
        users = [each["UserName"] for each in answer["PolicyUsers"]]
        return " ".join((*groups, *roles, *users))

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({}, "g r a b c"),
            ({"PolicyUsageFilter": "PermissionsPolicy"}, "g r a b"),
            ({"PolicyUsageFilter": "PermissionsBoundary"}, "a c"),
            ({"EntityFilter": "User"}, "a b c"),
            ({"EntityFilter": "Role"}, "r"),
            ({"EntityFilter": "Group"}, "g"),
            ({"EntityFilter": "LocalManagedPolicy"}, ""),
            ({"PathPrefix": "/x/"}, "r b"),
            ({"PathPrefix": "/x/", "EntityFilter": "User", "PolicyUsageFilter": "PermissionsPolicy"}, "b"),
        ],
    )
    def test_filters(self, world: World, arn: str, given: dict[str, str], expected: str) -> None:
        answer = world.call(world.root, "ListEntitiesForPolicy", PolicyArn=arn, **given)
        assert self.told(answer) == expected
        assert fits_the_model("ListEntitiesForPolicy", answer)

    def test_pages_run_through_all_kinds(self, world: World, arn: str) -> None:
        told: list[str] = []
        marker: dict[str, str] = {}
        while True:
            answer = world.call(world.root, "ListEntitiesForPolicy", PolicyArn=arn, MaxItems=2, **marker)
            told.append(self.told(answer))
            if not answer["IsTruncated"]:
                break
            marker = {"Marker": answer["Marker"]}
        assert told == ["g r", "a b", "c"]

    def test_users_of_aws_own_policies_are_told_too(self, world: World) -> None:
        world.call(world.root, "CreateUser", UserName="a")
        world.call(world.root, "AttachUserPolicy", UserName="a", PolicyArn=BILLING)
        answer = world.call(world.root, "ListEntitiesForPolicy", PolicyArn=BILLING)
        user = world.call(world.root, "GetUser", UserName="a")["User"]
        assert answer["PolicyUsers"] == [{"UserName": "a", "UserId": user["UserId"]}]
