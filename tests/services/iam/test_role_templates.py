"""Role templates, and the roles that are made from them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest

from carnet.entities.acquired_role import AcquiredRole
from tests.services.iam.documents import allow, deny, trust
from tests.services.iam.expect import changes_nothing, refused, set_quotas
from tests.services.wire import fits_the_model
from tests.services.world import Caller, World

ARN = "arn:aws:iam::aws:role-template/iam.amazonaws.com/PowerUserRoleTemplate:1"
POWER = "arn:aws:iam::aws:policy/PowerUserAccess"


def values(**given: str) -> dict[str, Any]:
    return {"TemplateArn": ARN, "ReplacementValues": {name: {"Values": [value]} for name, value in given.items()}}


LAMBDA = values(AWSServiceName="lambda.amazonaws.com")


def acquire(world: World, caller: Caller | None = None, **given: Any) -> dict[str, Any]:
    answer = world.call(caller or world.root, "AcquireRole", **(given or LAMBDA))
    assert fits_the_model("AcquireRole", answer)
    role: dict[str, Any] = answer["Role"]
    return role


def test_a_version_is_shown_with_its_parameters(world: World) -> None:
    answer = world.call(world.root, "GetRoleTemplateVersion", TemplateArn=ARN)
    assert fits_the_model("GetRoleTemplateVersion", answer)
    shown = answer["RoleTemplateVersion"]
    assert (shown["TemplateArn"], shown["MajorVersion"], shown["MinorVersion"]) == (ARN, 1, 0)
    assert shown["ManagedPolicyArns"] == [POWER]
    assert {one["Name"]: one["IsRequired"] for one in shown["ParametersDefinition"]} == {
        "AWSServiceName": True,
        "RoleName": False,
    }
    assert "@{AWSServiceName}" in unquote(shown["AssumeRolePolicyDocumentTemplate"])
    assert world.call(world.root, "GetRoleTemplateVersion", TemplateArn=ARN, MinorVersion=0) == answer


@pytest.mark.parametrize("asked", [{"TemplateArn": f"{ARN}0"}, {"TemplateArn": ARN, "MinorVersion": 1}])
def test_what_is_not_there_is_missing(world: World, asked: dict[str, Any]) -> None:
    code, message = refused(world, world.root, "GetRoleTemplateVersion", **asked)
    assert (code, asked["TemplateArn"] in message) == ("NoSuchEntity", True)
    nobody = world.user("nobody")
    assert refused(world, nobody, "GetRoleTemplateVersion", **asked)[0] == "AccessDenied"


def test_a_role_is_made_as_the_template_has_it(world: World) -> None:
    role = acquire(world)
    assert role["RoleName"] == "PowerUserRole"
    assert role["SourceRoleTemplate"] == {"TemplateArn": ARN, "TemplateMinorVersion": 0}
    statement = json.loads(unquote(role["AssumeRolePolicyDocument"]))["Statement"][0]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    got = world.call(world.root, "GetRole", RoleName="PowerUserRole")
    assert fits_the_model("GetRole", got)
    assert got["Role"]["SourceRoleTemplate"] == role["SourceRoleTemplate"]
    attached = world.call(world.root, "ListAttachedRolePolicies", RoleName="PowerUserRole")["AttachedPolicies"]
    assert [one["PolicyArn"] for one in attached] == [POWER]


def test_a_list_tells_which_roles_are_made_from_a_template(world: World) -> None:
    role = acquire(world)
    trust = unquote(role["AssumeRolePolicyDocument"])
    world.call(world.root, "CreateRole", RoleName="own", AssumeRolePolicyDocument=trust)
    answer = world.call(world.root, "ListRoles")
    assert fits_the_model("ListRoles", answer)
    listed = {one["RoleName"]: one.get("SourceRoleTemplate") for one in answer["Roles"]}
    assert listed == {"PowerUserRole": role["SourceRoleTemplate"], "own": None}


def test_a_role_from_a_template_counts_as_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_quotas(monkeypatch, "AcquireRole", roles=1)
    acquire(world)
    given = values(AWSServiceName="lambda.amazonaws.com", RoleName="another")
    answered = refused(world, world.root, "AcquireRole", **given)
    assert answered == ("LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1")


def test_the_same_again_is_the_role_that_is_there(world: World) -> None:
    role = acquire(world)
    changes_nothing(world, world.root, "AcquireRole", **LAMBDA)
    assert acquire(world)["RoleId"] == role["RoleId"]
    named = values(AWSServiceName="lambda.amazonaws.com", RoleName="worker")
    assert acquire(world, **named)["RoleId"] != role["RoleId"]


def test_a_role_that_was_changed_is_not_handed_out(world: World) -> None:
    acquire(world)
    other = values(AWSServiceName="ec2.amazonaws.com")
    assert refused(world, world.root, "AcquireRole", **other)[0] == "RoleModified"
    world.call(world.root, "DetachRolePolicy", RoleName="PowerUserRole", PolicyArn=POWER)
    assert refused(world, world.root, "AcquireRole", **LAMBDA)[0] == "RoleModified"


def test_a_role_of_the_same_name_is_in_the_way(world: World) -> None:
    document = trust(f"arn:aws:iam::{world.account_id}:root")
    world.call(world.root, "CreateRole", RoleName="poweruserrole", AssumeRolePolicyDocument=document)
    assert refused(world, world.root, "AcquireRole", **LAMBDA)[0] == "NameConflict"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"TemplateArn": ARN}, "InvalidInput"),
        (values(AWSServiceName="lambda.amazonaws.com", Other="x"), "InvalidInput"),
        (values(AWSServiceName="lambda.amazonaws.com", RoleName="a/b"), "InvalidInput"),
        ({"TemplateArn": ARN, "ReplacementValues": {"AWSServiceName": {"Values": []}}}, "InvalidInput"),
        ({"TemplateArn": ARN, "ReplacementValues": {"AWSServiceName": {"Values": ["a", "b"]}}}, "InvalidInput"),
        (values(AWSServiceName="none.example.com"), "MalformedPolicyDocument"),
        (values(AWSServiceName='lambda.amazonaws.com"},"AWS":"*'), "MalformedPolicyDocument"),
        ({**LAMBDA, "TemplateMinorVersion": 7}, "NoSuchEntity"),
    ],
)
def test_wrong_values_are_refused(world: World, given: dict[str, Any], code: str) -> None:
    assert refused(world, world.root, "AcquireRole", **given)[0] == code


def test_it_needs_the_permissions_for_what_it_does(world: World) -> None:
    template = {"StringEquals": {"iam:RoleTemplateARN": ARN}}
    lead = world.user("lead", [allow("iam:CreateRole", condition=template)])
    code, message = refused(world, lead, "AcquireRole", **LAMBDA)
    attaching = f"iam:AttachRolePolicy on resource: arn:aws:iam::{world.account_id}:role/PowerUserRole"
    assert (code, attaching in message) == ("AccessDenied", True)
    policy = {"ArnEquals": {"iam:PolicyARN": POWER}}
    other = world.user("other", [allow("iam:CreateRole"), allow("iam:AttachRolePolicy", condition=policy)])
    acquire(world, other, **LAMBDA)
    assert "iam:GetRole on resource" in refused(world, other, "AcquireRole", **LAMBDA)[1]
    reader = world.user("reader", [allow("iam:GetRole")])
    assert acquire(world, reader, **LAMBDA)["RoleName"] == "PowerUserRole"
    denied = deny("iam:*", condition={"Null": {"iam:RoleTemplateARN": "false"}})
    without = world.user("without", [allow("iam:*"), denied])
    assert refused(world, without, "AcquireRole", **LAMBDA)[0] == "AccessDenied"


def test_a_role_takes_with_it_where_it_comes_from(world: World) -> None:
    acquire(world)
    world.call(world.root, "DetachRolePolicy", RoleName="PowerUserRole", PolicyArn=POWER)
    world.call(world.root, "DeleteRole", RoleName="PowerUserRole")
    assert len(world.snapshot.accounts[world.account_id].of(AcquiredRole)) == 0
    assert acquire(world)["RoleName"] == "PowerUserRole"
