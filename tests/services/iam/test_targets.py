"""The resources that a denial names, and that policies match."""

from __future__ import annotations

from typing import Any

import pytest

from carnet.services.iam import targets
from carnet.services.registry import SERVICES
from tests.services.iam.documents import allow, managed, text, trust
from tests.services.iam.expect import refused
from tests.services.iam.made_certificates import made
from tests.services.world import Caller, World


@pytest.mark.parametrize(
    ("operation", "given", "resource"),
    [
        ("ListUsers", {}, "arn:aws:iam::ACCOUNT:user/"),
        ("ListUsers", {"PathPrefix": "/a/"}, "arn:aws:iam::ACCOUNT:user/a/"),
        ("ListGroups", {}, "arn:aws:iam::ACCOUNT:group/"),
        ("ListRoles", {}, "arn:aws:iam::ACCOUNT:role/"),
        ("ListInstanceProfiles", {"PathPrefix": "/a/"}, "arn:aws:iam::ACCOUNT:instance-profile/a/"),
        ("ListPolicies", {}, "policy path /"),
        ("GetAccountSummary", {}, "*"),
        ("ListAccountAliases", {}, "*"),
        ("GetUser", {}, "user stranger"),
        ("ListAccessKeys", {}, "user stranger"),
        ("GetUser", {"UserName": "PATHED"}, "user PATHED"),
        ("GetUser", {"UserName": "nobody"}, "user nobody"),
        ("CreateUser", {"UserName": "new", "Path": "/a/"}, "arn:aws:iam::ACCOUNT:user/a/new"),
        ("GetGroup", {"GroupName": "nobody"}, "group nobody"),
        ("CreateGroup", {"GroupName": "new"}, "arn:aws:iam::ACCOUNT:group/new"),
        ("CreatePolicy", {"PolicyName": "new", "Path": "/a/", "PolicyDocument": "{}"}, "policy new"),
        (
            "GetPolicy",
            {"PolicyArn": "arn:aws:iam::aws:policy/IAMFullAccess"},
            "policy arn:aws:iam::aws:policy/IAMFullAccess",
        ),
        ("GetAccessKeyLastUsed", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE"}, "access key AKIAIOSFODNN7EXAMPLE"),
        ("TagRole", {"RoleName": "nobody", "Tags": []}, "role nobody"),
        (
            "ListInstanceProfileTags",
            {"InstanceProfileName": "none"},
            "instance profile none",
        ),
    ],
)
def test_a_denial_names_the_resource(world: World, operation: str, given: dict[str, Any], resource: str) -> None:
    stranger = world.user("stranger")
    world.call(world.root, "CreateUser", UserName="pathed", Path="/p/")
    wanted = resource.replace("ACCOUNT", world.account_id)
    sentence = (
        f"User: arn:aws:iam::{world.account_id}:user/stranger is not authorized to perform: iam:{operation}"
        f" on resource: {wanted} because no identity-based policy allows the iam:{operation} action"
    )
    assert refused(world, stranger, operation, **given) == ("AccessDenied", sentence)


@pytest.mark.parametrize("name", ["there", "THERE", "nobody"])
def test_a_denial_does_not_tell_what_exists(world: World, name: str) -> None:
    world.call(world.root, "CreateUser", UserName="There", Path="/secret/", Tags=[{"Key": "team", "Value": "red"}])
    stranger = world.user("stranger")
    message = refused(world, stranger, "GetUser", UserName=name)[1]
    assert f"on resource: user {name} because" in message


def test_a_denial_does_not_tell_whose_an_access_key_is(world: World) -> None:
    other, stranger = world.user("other").key_id, world.user("stranger")
    messages = {
        key: refused(world, stranger, "GetAccessKeyLastUsed", AccessKeyId=key)[1].replace(key, "KEY")
        for key in (other, world.root.key_id, world.account().key_id, "AKIAIOSFODNN7EXAMPLE")
    }
    assert len(set(messages.values())) == 1


def test_the_tags_of_policies_are_no_iam_resource_tags(world: World) -> None:
    arn = managed(world, Tags=[{"Key": "team", "Value": "red"}])
    by_iam = world.user("a", [allow("iam:GetPolicy", condition={"StringEquals": {"iam:ResourceTag/team": "red"}})])
    by_aws = world.user("b", [allow("iam:GetPolicy", condition={"StringEquals": {"aws:ResourceTag/team": "red"}})])
    assert refused(world, by_iam, "GetPolicy", PolicyArn=arn)[0] == "AccessDenied"
    assert world.call(by_aws, "GetPolicy", PolicyArn=arn)["Policy"]["Arn"] == arn


def test_a_policy_for_a_path_reaches_what_is_there(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="in", Path="/team/")
    world.call(world.root, "CreateUser", UserName="out")
    lead = world.user("lead", [allow("iam:GetUser", resource="arn:aws:iam::*:user/team/*")])
    assert world.call(lead, "GetUser", UserName="in")["User"]["UserName"] == "in"
    assert refused(world, lead, "GetUser", UserName="out")[0] == "AccessDenied"


def test_a_listing_permission_for_one_path_ends_there(world: World) -> None:
    lead = world.user("lead", [allow("iam:ListUsers", resource="arn:aws:iam::*:user/team/*")])
    assert world.call(lead, "ListUsers", PathPrefix="/team/")["Users"] == []
    assert refused(world, lead, "ListUsers")[0] == "AccessDenied"


@pytest.mark.parametrize("key", ["aws:ResourceTag/team", "iam:ResourceTag/team"])
def test_policies_see_the_tags_of_what_exists(world: World, key: str) -> None:
    world.call(world.root, "CreateUser", UserName="red", Tags=[{"Key": "team", "Value": "red"}])
    world.call(world.root, "CreateUser", UserName="blue", Tags=[{"Key": "team", "Value": "blue"}])
    lead = world.user("lead", [allow("iam:GetUser", condition={"StringEquals": {key: "red"}})])
    assert world.call(lead, "GetUser", UserName="red")
    assert refused(world, lead, "GetUser", UserName="blue")[0] == "AccessDenied"


OF_THE_CALLER = [
    operation.name
    for operation in SERVICES["iam"].operations.values()
    if operation.on in (targets.user_or_caller, targets.user_or_all)
]


def of_a_holding(world: World) -> dict[str, str]:
    """What the operations of `OF_THE_CALLER` need beside a user, of nobody in particular."""
    return {
        "Status": "Active",
        "AccessKeyId": world.root.key_id,
        "CertificateId": "A" * 24,
        "CertificateBody": made("holding").pem,
        "ServiceSpecificCredentialId": "ACCA" + "A" * 20,
    }


@pytest.mark.parametrize("operation", OF_THE_CALLER)
def test_a_session_must_say_which_user_it_means(world: World, operation: str) -> None:
    session = session_with(world, [allow(f"iam:{operation}")])
    assert refused(world, session, operation, **of_a_holding(world)) == (
        "ValidationError",
        "Must specify userName when calling with non-User credentials",
    )


@pytest.mark.parametrize("operation", OF_THE_CALLER)
@pytest.mark.parametrize("policies", [[], [allow("iam:*", resource="arn:aws:iam::*:user/*")]])
def test_only_a_session_with_the_permission_is_told_so(
    world: World, operation: str, policies: list[dict[str, Any]]
) -> None:
    session = session_with(world, policies)
    code, message = refused(world, session, operation, **of_a_holding(world))
    assert code == "AccessDenied"
    assert f"iam:{operation} on resource: * because no identity-based policy" in message


def session_with(world: World, policies: list[dict[str, Any]]) -> Caller:
    """A session of a role that has these inline policies."""
    alice = world.user("alice", [allow("sts:AssumeRole")])
    trusted = trust(f"arn:aws:iam::{world.account_id}:user/alice")
    role = world.call(world.root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    for policy in policies:
        world.call(world.root, "PutRolePolicy", RoleName="r", PolicyName="p", PolicyDocument=text(policy))
    return world.session(world.call(alice, "AssumeRole", service="sts", RoleArn=role, RoleSessionName="session"))


def test_a_policy_of_another_account_is_out_of_reach_even_for_root(world: World) -> None:
    other = managed(world)
    stranger = world.account()
    for operation in ("GetPolicy", "ListPolicyTags", "DeletePolicy"):
        assert refused(world, stranger, operation, PolicyArn=other)[0] == "AccessDenied"


def test_aws_own_policies_are_to_be_read_and_not_changed(world: World) -> None:
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert world.call(world.root, "ListPolicyTags", PolicyArn=arn)["Tags"] == []
    assert (
        refused(world, world.root, "TagPolicy", PolicyArn=arn, Tags=[{"Key": "k", "Value": "v"}])[0] == "AccessDenied"
    )


@pytest.mark.parametrize(
    ("arn", "message"),
    [
        ("twenty characters and more", "Invalid ARN:  Could not be parsed!"),
        ("arn:aws:iam::111122223333:user/x", "ARN arn:aws:iam::111122223333:user/x is not valid."),
        ("arn:aws:s3:::policy/xxxxxxxxxxxx", "ARN arn:aws:s3:::policy/xxxxxxxxxxxx is not valid."),
    ],
)
def test_what_is_no_policy_arn_is_refused(world: World, arn: str, message: str) -> None:
    for operation in ("GetPolicy", "ListPolicyTags", "DeletePolicy"):
        assert refused(world, world.root, operation, PolicyArn=arn) == ("ValidationError", message)
