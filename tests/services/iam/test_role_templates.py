"""Role templates, and the roles that are made from them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest

from carnet.entities.acquired_role import AcquiredRole
from carnet.services.iam import template_sentences
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
    assert not shown.keys() & {"RolePathPattern", "InlinePolicyTemplates", "RoleTagsTemplate"}
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
    assert set(role) == {"Path", "RoleName", "RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument"}
    statement = json.loads(unquote(role["AssumeRolePolicyDocument"]))["Statement"][0]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    got = world.call(world.root, "GetRole", RoleName="PowerUserRole")
    assert fits_the_model("GetRole", got)
    assert got["Role"]["SourceRoleTemplate"] == {"TemplateArn": ARN, "TemplateMinorVersion": 0}
    assert got["Role"]["Description"] == "Power user role for lambda.amazonaws.com"
    attached = world.call(world.root, "ListAttachedRolePolicies", RoleName="PowerUserRole")["AttachedPolicies"]
    assert [one["PolicyArn"] for one in attached] == [POWER]


def test_the_role_of_aws_backup(world: World) -> None:
    arn = "arn:aws:iam::aws:role-template/backup.amazonaws.com/AWSBackupDefaultServiceRoleTemplate:1"
    shown = world.call(world.root, "GetRoleTemplateVersion", TemplateArn=arn)["RoleTemplateVersion"]
    assert shown["RolePathPattern"] == "/service-role/"
    role = acquire(world, TemplateArn=arn, ReplacementValues={"accountId": {"Values": [world.account_id]}})
    assert role["Arn"] == f"arn:aws:iam::{world.account_id}:role/service-role/AWSBackupDefaultServiceRole"
    (statement,) = json.loads(unquote(role["AssumeRolePolicyDocument"]))["Statement"]
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": world.account_id}}
    attached = world.call(world.root, "ListAttachedRolePolicies", RoleName=role["RoleName"])["AttachedPolicies"]
    assert {one["PolicyArn"] for one in attached} == set(shown["ManagedPolicyArns"])


def test_a_list_does_not_tell_which_roles_are_made_from_a_template(world: World) -> None:
    acquire(world)
    answer = world.call(world.root, "ListRoles")
    assert fits_the_model("ListRoles", answer)
    (listed,) = answer["Roles"]
    assert (listed["RoleName"], listed["MaxSessionDuration"]) == ("PowerUserRole", 3600)
    assert "SourceRoleTemplate" not in listed


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


MODIFIED = (
    "RoleModified",
    "Role PowerUserRole has been modified since it was created and is no longer managed.",
)
NAMED = {"RoleName": "PowerUserRole"}


@pytest.mark.parametrize(
    ("changed", "given"),
    [
        ("DetachRolePolicy", {"PolicyArn": POWER}),
        ("AttachRolePolicy", {"PolicyArn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}),
        ("PutRolePolicy", {"PolicyName": "p", "PolicyDocument": json.dumps(allow("s3:*"))}),
        ("PutRolePermissionsBoundary", {"PermissionsBoundary": POWER}),
        ("TagRole", {"Tags": [{"Key": "a", "Value": "b"}]}),
    ],
)
def test_a_role_that_was_changed_is_not_handed_out(world: World, changed: str, given: dict[str, Any]) -> None:
    acquire(world)
    world.call(world.root, changed, **NAMED, **given)
    assert refused(world, world.root, "AcquireRole", **LAMBDA) == MODIFIED


def test_a_role_with_another_trust_policy_is_not_handed_out(world: World) -> None:
    role = acquire(world)
    document = json.dumps(json.loads(unquote(role["AssumeRolePolicyDocument"])), indent=1)
    world.call(world.root, "UpdateAssumeRolePolicy", **NAMED, PolicyDocument=document)
    assert acquire(world)["RoleId"] == role["RoleId"]
    other = trust(f"arn:aws:iam::{world.account_id}:root")
    world.call(world.root, "UpdateAssumeRolePolicy", **NAMED, PolicyDocument=other)
    assert refused(world, world.root, "AcquireRole", **LAMBDA) == MODIFIED


def test_duration_and_description_may_be_changed(world: World) -> None:
    role = acquire(world)
    world.call(world.root, "UpdateRole", **NAMED, Description="mine", MaxSessionDuration=7200)
    assert acquire(world)["RoleId"] == role["RoleId"]


def test_a_role_of_the_same_name_is_in_the_way(world: World) -> None:
    document = trust(f"arn:aws:iam::{world.account_id}:root")
    world.call(world.root, "CreateRole", RoleName="poweruserrole", AssumeRolePolicyDocument=document)
    assert refused(world, world.root, "AcquireRole", **LAMBDA) == (
        "NameConflict",
        template_sentences.ROLE_OF_ANOTHER_SOURCE,
    )


def test_the_name_is_the_same_in_the_same_case(world: World) -> None:
    acquire(world)
    given = values(AWSServiceName="lambda.amazonaws.com", RoleName="poweruserrole")
    code, message = refused(world, world.root, "AcquireRole", **given)
    assert (code, "was created with different parameters" in message) == ("NameConflict", True)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (values(AWSServiceName="lambda.amazonaws.com", RoleName="a/b"), "InvalidInput"),
        ({"TemplateArn": ARN, "ReplacementValues": {"AWSServiceName": {"Values": []}}}, "InvalidInput"),
        ({"TemplateArn": ARN, "ReplacementValues": {"AWSServiceName": {"Values": ["a", "b"]}}}, "ValidationError"),
        (values(AWSServiceName="none.example.com"), "MalformedPolicyDocument"),
        (values(AWSServiceName='lambda.amazonaws.com"},"AWS":"*'), "MalformedPolicyDocument"),
        ({**LAMBDA, "TemplateMinorVersion": 7}, "NoSuchEntity"),
    ],
)
def test_wrong_values_are_refused(world: World, given: dict[str, Any], code: str) -> None:
    assert refused(world, world.root, "AcquireRole", **given)[0] == code


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"TemplateArn": ARN}, "Failed to render template: Parameter 'AWSServiceName' not found."),
        (
            values(AWSServiceName="lambda.amazonaws.com", Unused="x"),
            "Failed to render template: Unrecognized parameter: Unused",
        ),
        (
            {"TemplateArn": ARN, "ReplacementValues": {"AWSServiceName": {"Values": ["a", "b"]}}},
            "AWSServiceName replacement value must contain exactly one value, got 2",
        ),
        ({**LAMBDA, "TemplateMinorVersion": -1}, f"Role template not found in repository: {ARN}"),
        (values(AWSServiceName="not-a-service"), 'Invalid principal in policy: "SERVICE":"not-a-service"'),
    ],
)
def test_aws_s_sentences_for_wrong_values(world: World, given: dict[str, Any], told: str) -> None:
    assert refused(world, world.root, "AcquireRole", **given)[1] == told


def test_it_reads_the_template_first(world: World) -> None:
    able = allow("iam:GetRole", "iam:CreateRole", "iam:AttachRolePolicy")
    alice = world.user("alice", [able])
    denial = f"iam:GetRoleTemplateVersion on resource: role template {ARN} because"
    code, message = refused(world, alice, "AcquireRole", **LAMBDA)
    assert (code, denial in message) == ("AccessDenied", True)
    acquire(world)
    assert denial in refused(world, alice, "AcquireRole", **LAMBDA)[1]
    of_template = allow("iam:GetRoleTemplateVersion", condition={"StringEquals": {"iam:RoleTemplateARN": ARN}})
    assert denial in refused(world, world.user("bob", [able, of_template]), "AcquireRole", **LAMBDA)[1]
    assert acquire(world, world.user("carol", [able, READ]), **LAMBDA)


READ = allow("iam:GetRoleTemplateVersion", resource=ARN)


def test_it_needs_the_permissions_for_what_it_does(world: World) -> None:
    template = {"StringEquals": {"iam:RoleTemplateARN": ARN}}
    lead = world.user("lead", [READ, allow("iam:CreateRole", condition=template)])
    code, message = refused(world, lead, "AcquireRole", **LAMBDA)
    attaching = f"iam:AttachRolePolicy on resource: arn:aws:iam::{world.account_id}:role/PowerUserRole"
    assert (code, attaching in message) == ("AccessDenied", True)
    policy = {"ArnEquals": {"iam:PolicyARN": POWER}}
    other = world.user("other", [READ, allow("iam:CreateRole"), allow("iam:AttachRolePolicy", condition=policy)])
    acquire(world, other, **LAMBDA)
    assert "iam:GetRole on resource" in refused(world, other, "AcquireRole", **LAMBDA)[1]
    reader = world.user("reader", [READ, allow("iam:GetRole")])
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
