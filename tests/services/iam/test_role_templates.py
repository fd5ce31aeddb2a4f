"""Role templates, and the roles that are made from them."""

from __future__ import annotations

import json
from dataclasses import replace
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


def test_policies_that_were_detached_may_be_attached_in_another_order(world: World) -> None:
    arn = "arn:aws:iam::aws:role-template/backup.amazonaws.com/AWSBackupDefaultServiceRoleTemplate:1"
    given: dict[str, Any] = {"TemplateArn": arn, "ReplacementValues": {"accountId": {"Values": [world.account_id]}}}
    name = acquire(world, **given)["RoleName"]
    first = world.call(world.root, "GetRoleTemplateVersion", TemplateArn=arn)["RoleTemplateVersion"]
    policy = {"RoleName": name, "PolicyArn": first["ManagedPolicyArns"][0]}
    world.call(world.root, "DetachRolePolicy", **policy)
    assert refused(world, world.root, "AcquireRole", **given)[0] == "RoleModified"
    world.call(world.root, "AttachRolePolicy", **policy)
    assert acquire(world, **given)["RoleName"] == name


def test_other_values_are_in_the_way_of_the_same_name(world: World) -> None:
    role = acquire(world)
    other = values(AWSServiceName="ec2.amazonaws.com")
    conflict = ("NameConflict", template_sentences.ROLE_OF_OTHER_PARAMETERS)
    assert refused(world, world.root, "AcquireRole", **other) == conflict
    explicit = values(AWSServiceName="lambda.amazonaws.com", RoleName="PowerUserRole")
    assert acquire(world, **explicit)["RoleId"] == acquire(world)["RoleId"] == role["RoleId"]


def test_the_values_of_a_role_of_an_earlier_release_are_not_known(world: World) -> None:
    role = acquire(world)
    source = world.snapshot.accounts[world.account_id].of(AcquiredRole).get(role["RoleId"])
    assert source is not None
    with world.installation.store.write() as unit:
        unit.save(replace(source, parameters=None))
    world.installation.directory.catch_up()
    assert acquire(world)["RoleId"] == role["RoleId"]
    assert refused(world, world.root, "AcquireRole", **values(AWSServiceName="ec2.amazonaws.com")) == MODIFIED


ROTATION = "arn:aws:iam::aws:role-template/secretsmanager.amazonaws.com/AWSSecretsManagerRotationRoleTemplate:1"
STUDIO = "arn:aws:iam::aws:role-template/datazone.amazonaws.com/AmazonSageMaker{}IAMPermissiveExecutionRoleTemplate:1"
KEYS = [f"arn:aws:kms:us-east-1:111111111111:key/{number * 8}" for number in "12"]


def rotating(world: World, **more: list[str]) -> dict[str, Any]:
    given = {"accountId": [world.account_id], "region": ["us-east-1"], "resourceType": ["probe"], **more}
    return {"TemplateArn": ROTATION, "ReplacementValues": {name: {"Values": each} for name, each in given.items()}}


def statements(world: World, role: str, policy: str) -> list[dict[str, Any]]:
    answer = world.call(world.root, "GetRolePolicy", RoleName=role, PolicyName=policy)
    found: list[dict[str, Any]] = json.loads(unquote(answer["PolicyDocument"]))["Statement"]
    return found


def test_inline_policies_are_shown_with_their_switches(world: World) -> None:
    answer = world.call(world.root, "GetRoleTemplateVersion", TemplateArn=ROTATION)
    assert fits_the_model("GetRoleTemplateVersion", answer)
    shown = answer["RoleTemplateVersion"]
    (policy,) = shown["InlinePolicyTemplates"]
    assert policy["PolicyName"] == "SecretRotationPermissionPolicy"
    switched = [one.get("@Enabled") for one in json.loads(unquote(policy["PolicyDocument"]))["Statement"]]
    assert switched == [None, None, "ADMIN_RESOURCE_ENABLED", "CMK_ENABLED"]
    assert "ManagedPolicyArns" not in shown
    kinds = {one["Name"]: one["Type"] for one in shown["ParametersDefinition"]}
    assert [name for name, kind in kinds.items() if kind == "StringList"] == ["kmsKeyArn"]


def test_statements_that_are_switched_off_are_left_out(world: World) -> None:
    role = acquire(world, **rotating(world))
    assert role["Arn"].endswith(":role/service-role/AWSSecretsManagerSecretRotationRole")
    made = statements(world, role["RoleName"], "SecretRotationPermissionPolicy")
    assert [one["Sid"] for one in made] == ["AllowRotationAccessGeneric", "AllowPasswordGenerationAccessAdmin"]
    assert made[0]["Resource"] == f"arn:aws:secretsmanager:us-east-1:{world.account_id}:secret:*"
    assert made[0]["Condition"] == {"StringEquals": {"secretsmanager:resource/Type": "probe"}}


@pytest.mark.parametrize("true", ["True", "true"])
def test_statements_that_are_switched_on_are_filled_in(world: World, true: str) -> None:
    on = {"ADMIN_RESOURCE_ENABLED": [true], "adminType": ["admin"], "CMK_ENABLED": [true], "kmsKeyArn": KEYS}
    role = acquire(world, **rotating(world, **on))
    made = statements(world, role["RoleName"], "SecretRotationPermissionPolicy")
    assert len(made) == 4
    assert not any("@Enabled" in one for one in made)
    assert made[2]["Condition"] == {"StringEquals": {"secretsmanager:resource/Type": "admin"}}
    assert made[3]["Resource"] == KEYS
    changes_nothing(world, world.root, "AcquireRole", **rotating(world, **on))
    assert refused(world, world.root, "AcquireRole", **rotating(world))[0] == "NameConflict"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"CMK_ENABLED": ["True"]}, ("InvalidInput", "Failed to render template: Parameter 'kmsKeyArn' not found.")),
        ({"CMK_ENABLED": ["True", "True"]}, ("ValidationError", "CMK_ENABLED replacement value must contain exactly")),
        ({"CMK_ENABLED": ["True"], "kmsKeyArn": ["no ARN"]}, ("MalformedPolicyDocument", "")),
        (
            {"CMK_ENABLED": ["True"], "kmsKeyArn": [f"arn:aws:kms:*:*:key/{number:0600}" for number in range(20)]},
            ("LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role"),
        ),
    ],
)
def test_values_that_make_no_inline_policy_are_refused(
    world: World, more: dict[str, list[str]], told: tuple[str, str]
) -> None:
    code, message = refused(world, world.root, "AcquireRole", **rotating(world, **more))
    assert code == told[0]
    assert message.startswith(told[1])


def test_a_policy_whose_statements_are_all_switched_off_is_not_there(world: World) -> None:
    account = {"accountId": {"Values": [world.account_id]}}
    for who in ("Admin", "User"):
        role = acquire(world, TemplateArn=STUDIO.format(who), ReplacementValues=account)
        assert role["RoleName"] == f"AmazonSageMaker{who}IAMExecutionRole"
        assert world.call(world.root, "ListRolePolicies", RoleName=role["RoleName"])["PolicyNames"] == []
    key = {
        "CMK_ENABLED": "True",
        "keyAccountId": "1" * 12,
        "keyRegion": "us-east-1",
        "kmsKeyId": "k",
        "RoleName": "keyed",
    }
    given = account | {name: {"Values": [value]} for name, value in key.items()}
    acquire(world, TemplateArn=STUDIO.format("Admin"), ReplacementValues=given)
    made = statements(world, "keyed", "CustomKMSKeyPolicy")
    assert made[0]["Resource"] == ["arn:aws:kms:us-east-1:111111111111:key/k"]


def test_inline_policies_need_the_permission_to_put_them(world: World) -> None:
    read = allow("iam:GetRoleTemplateVersion", "iam:CreateRole")
    code, message = refused(world, world.user("lead", [read]), "AcquireRole", **rotating(world))
    assert (code, "perform: iam:PutRolePolicy on resource" in message) == ("AccessDenied", True)
    of_template = allow("iam:PutRolePolicy", condition={"StringEquals": {"iam:RoleTemplateARN": ROTATION}})
    assert acquire(world, world.user("other", [read, of_template]), **rotating(world))


def test_an_inline_policy_that_was_changed_is_told(world: World) -> None:
    name = acquire(world, **rotating(world))["RoleName"]
    policy = {"RoleName": name, "PolicyName": "SecretRotationPermissionPolicy"}
    document = json.loads(unquote(world.call(world.root, "GetRolePolicy", **policy)["PolicyDocument"]))
    world.call(world.root, "PutRolePolicy", **policy, PolicyDocument=json.dumps(document, indent=1))
    assert acquire(world, **rotating(world))["RoleName"] == name
    world.call(world.root, "PutRolePolicy", **policy, PolicyDocument=json.dumps(allow("s3:*")))
    assert refused(world, world.root, "AcquireRole", **rotating(world))[0] == "RoleModified"


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
