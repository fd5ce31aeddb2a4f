"""GenerateServiceLastAccessedDetails, GetServiceLastAccessedDetails and GetServiceLastAccessedDetailsWithEntities.

Sentences, orders and what is left out are those recorded from AWS.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from carnet.services.iam import last_accessed_reports
from tests.services.iam.documents import allow, deny, managed, text, trust
from tests.services.iam.expect import refused
from tests.services.wire import fits_the_model
from tests.services.world import START, Caller, World

GENERATE = "GenerateServiceLastAccessedDetails"
GET = "GetServiceLastAccessedDetails"
ENTITIES = "GetServiceLastAccessedDetailsWithEntities"
POLICY = allow("s3:GetObject", "iam:GetUser", "iam:PassRole", "ec2:DescribeInstances")


def arn(world: World, resource: str) -> str:
    return f"arn:aws:iam::{world.account_id}:{resource}"


def job(world: World, resource: str, caller: Caller | None = None, **given: Any) -> str:
    made: str = world.call(caller or world.root, GENERATE, Arn=arn(world, resource), **given)["JobId"]
    return made


def services(world: World, resource: str, **given: Any) -> list[dict[str, Any]]:
    answer = world.call(world.root, GET, JobId=job(world, resource, **given))
    assert fits_the_model(GET, answer)
    found: list[dict[str, Any]] = answer["ServicesLastAccessed"]
    return found


def test_services_that_could_be_accessed_and_when_they_were(world: World) -> None:
    alice = world.user("alice", [POLICY])
    world.clock.advance(60)
    refused(world, alice, "GetUser", UserName="nobody")
    assert services(world, "user/alice") == [
        {"ServiceName": "Amazon EC2", "ServiceNamespace": "ec2", "TotalAuthenticatedEntities": 0},
        {
            "ServiceName": "AWS Identity and Access Management",
            "ServiceNamespace": "iam",
            "TotalAuthenticatedEntities": 1,
            "LastAuthenticated": START + timedelta(seconds=60),
            "LastAuthenticatedEntity": arn(world, "user/alice"),
            "LastAuthenticatedRegion": "us-east-1",
        },
        {"ServiceName": "Amazon S3", "ServiceNamespace": "s3", "TotalAuthenticatedEntities": 0},
    ]


def test_a_denied_attempt_is_an_access_of_its_service(world: World) -> None:
    alice = world.user("alice", [allow("iam:GetUser")])
    refused(world, alice, "ListUsers")
    (service,) = services(world, "user/alice", Granularity="ACTION_LEVEL")
    assert service["LastAuthenticated"] == START
    assert service["TrackedActionsLastAccessed"] == [{"ActionName": "GetUser"}], "ListUsers is not granted"


def test_at_the_level_of_actions_those_that_are_carried_out_here_are_tracked(world: World) -> None:
    alice = world.user("alice", [POLICY])
    world.call(alice, "GetUser")
    found = services(world, "user/alice", Granularity="ACTION_LEVEL")
    tracked = {each["ServiceNamespace"]: each.get("TrackedActionsLastAccessed") for each in found}
    used = {
        "LastAccessedTime": START,
        "LastAccessedEntity": arn(world, "user/alice"),
        "LastAccessedRegion": "us-east-1",
    }
    assert tracked == {"ec2": None, "iam": [{"ActionName": "GetUser", **used}], "s3": None}


def test_what_is_checked_besides_is_not_accessed(world: World) -> None:
    world.call(world.root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=trust(arn(world, "root")))
    world.call(world.root, "CreateInstanceProfile", InstanceProfileName="p")
    alice = world.user("alice", [allow("iam:AddRoleToInstanceProfile", "iam:PassRole")])
    world.call(alice, "AddRoleToInstanceProfile", InstanceProfileName="p", RoleName="r")
    (service,) = services(world, "user/alice", Granularity="ACTION_LEVEL")
    assert [each["ActionName"] for each in service["TrackedActionsLastAccessed"]] == ["AddRoleToInstanceProfile"]


def test_a_role_is_accessing_by_its_sessions(world: World) -> None:
    world.call(world.root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=trust(arn(world, "root")), Path="/x/")
    world.call(world.root, "PutRolePolicy", RoleName="r", PolicyName="p", PolicyDocument=text(allow("iam:*")))
    alice = world.user("alice", [allow("sts:AssumeRole")])
    asked = {"RoleArn": arn(world, "role/x/r"), "RoleSessionName": "s"}
    session = world.session(world.call(alice, "AssumeRole", service="sts", **asked))
    world.call(session, "ListUsers")
    (service,) = services(world, "role/r")
    assert service["LastAuthenticatedEntity"] == arn(world, "role/x/r")


def test_a_group_is_its_members_and_a_policy_those_who_have_it(world: World) -> None:
    policy = managed(world, "shared", PolicyDocument=text(allow("iam:GetUser")))
    world.call(world.root, "CreateGroup", GroupName="g")
    world.call(world.root, "AttachGroupPolicy", GroupName="g", PolicyArn=policy)
    members = {name: world.user(name) for name in ("ann", "bob", "cy")}
    for name in ("ann", "bob"):
        world.call(world.root, "AddUserToGroup", GroupName="g", UserName=name)
    world.call(world.root, "AttachUserPolicy", UserName="cy", PolicyArn=policy)
    world.call(members["ann"], "GetUser")
    world.clock.advance(1)
    world.call(members["bob"], "GetUser")
    for resource, everybody in (("group/g", ["bob", "ann"]), ("policy/shared", ["bob", "ann", "cy"])):
        (service,) = services(world, resource)
        assert (service["TotalAuthenticatedEntities"], service["LastAuthenticatedEntity"]) == (
            2,
            arn(world, "user/bob"),
        )
        answer = world.call(world.root, ENTITIES, JobId=job(world, resource), ServiceNamespace="iam")
        assert fits_the_model(ENTITIES, answer)
        assert [each["EntityInfo"]["Name"] for each in answer["EntityDetailsList"]] == everybody
        assert [each.get("LastAuthenticated") for each in answer["EntityDetailsList"]][:2] == [
            START + timedelta(seconds=1),
            START,
        ]


def test_an_entity_is_told_as_it_is_now_and_left_out_if_it_is_gone(world: World) -> None:
    policy = managed(world, "shared", PolicyDocument=text(allow("iam:GetUser")))
    for name in ("ann", "bob"):
        world.call(world.root, "CreateUser", UserName=name)
        world.call(world.root, "AttachUserPolicy", UserName=name, PolicyArn=policy)
    made = job(world, "policy/shared")
    world.call(world.root, "UpdateUser", UserName="ann", NewUserName="anna", NewPath="/p/")
    world.call(world.root, "DetachUserPolicy", UserName="bob", PolicyArn=policy)
    world.call(world.root, "DeleteUser", UserName="bob")
    (one,) = world.call(world.root, ENTITIES, JobId=made, ServiceNamespace="iam")["EntityDetailsList"]
    info = one["EntityInfo"]
    assert (info["Name"], info["Path"], info["Type"], info["Arn"]) == ("anna", "/p/", "USER", arn(world, "user/p/anna"))
    assert world.call(world.root, ENTITIES, JobId=made, ServiceNamespace="s3")["EntityDetailsList"] == []


def test_a_report_of_the_past_400_days(world: World) -> None:
    alice = world.user("alice", [allow("iam:GetUser")])
    world.call(alice, "GetUser")
    world.installation.last_used.flush()
    world.clock.advance(400 * 86400)
    assert "LastAuthenticated" in services(world, "user/alice")[0]
    world.clock.advance(1)
    assert "LastAuthenticated" not in services(world, "user/alice")[0]


def test_a_report_stays_as_it_was_made(world: World) -> None:
    alice = world.user("alice", [allow("iam:GetUser")])
    made = job(world, "user/alice")
    world.call(alice, "GetUser")
    world.call(world.root, "DeleteUserPolicy", UserName="alice", PolicyName="p0")
    (service,) = world.call(world.root, GET, JobId=made)["ServicesLastAccessed"]
    assert service["TotalAuthenticatedEntities"] == 0
    assert services(world, "user/alice") == []


def test_only_who_asked_for_a_report_reads_it(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="target")
    may = allow("iam:*")
    alice, bob = world.user("alice", [may]), world.user("bob", [may])
    made = job(world, "user/target", alice)
    key = world.call(world.root, "CreateAccessKey", UserName="alice")["AccessKey"]
    assert world.call(Caller(key["AccessKeyId"], key["SecretAccessKey"]), GET, JobId=made)["JobStatus"] == "COMPLETED"
    missing = ("NoSuchEntity", f"Job {made} does not exist.")
    assert refused(world, bob, GET, JobId=made) == missing
    assert refused(world, bob, ENTITIES, JobId=made, ServiceNamespace="iam") == missing
    assert refused(world, world.account(), GET, JobId=made) == missing


def test_two_sessions_of_a_role_do_not_read_each_others_reports(world: World) -> None:
    world.call(world.root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=trust(arn(world, "root")))
    world.call(world.root, "PutRolePolicy", RoleName="r", PolicyName="p", PolicyDocument=text(allow("iam:*")))
    alice = world.user("alice", [allow("sts:AssumeRole")])
    asked = {"RoleArn": arn(world, "role/r"), "RoleSessionName": "same"}
    one, other = (world.session(world.call(alice, "AssumeRole", service="sts", **asked)) for _ in range(2))
    made = job(world, "role/r", one)
    assert world.call(one, GET, JobId=made)["JobStatus"] == "COMPLETED"
    assert refused(world, other, GET, JobId=made)[0] == "NoSuchEntity"


def test_the_credential_report_is_no_such_report(world: World) -> None:
    world.call(world.root, "GenerateCredentialReport")
    report = f"credential report of {world.account_id}"
    assert refused(world, world.root, GET, JobId=report)[0] == "NoSuchEntity"


def test_services_are_paged(world: World) -> None:
    world.user("alice", [POLICY])
    made = job(world, "user/alice")
    first = world.call(world.root, GET, JobId=made, MaxItems=2)
    second = world.call(world.root, GET, JobId=made, MaxItems=2, Marker=first["Marker"])
    names = [each["ServiceNamespace"] for each in (*first["ServicesLastAccessed"], *second["ServicesLastAccessed"])]
    assert (names, first["IsTruncated"], second["IsTruncated"]) == (["ec2", "iam", "s3"], True, False)
    assert refused(world, world.root, GET, JobId=made, Marker="invalid") == ("ValidationError", "Invalid Marker.")


def test_a_page_has_200_services_if_nothing_is_said(world: World) -> None:
    world.user("admin", [allow("*")])
    answer = world.call(world.root, GET, JobId=job(world, "user/admin"))
    assert (len(answer["ServicesLastAccessed"]), answer["IsTruncated"]) == (200, True)


def test_entities_are_paged(world: World) -> None:
    world.call(world.root, "CreateGroup", GroupName="g")
    world.call(world.root, "PutGroupPolicy", GroupName="g", PolicyName="p", PolicyDocument=text(allow("iam:*")))
    for name in ("ann", "bob", "cy"):
        world.call(world.root, "CreateUser", UserName=name)
        world.call(world.root, "AddUserToGroup", GroupName="g", UserName=name)
    asked: dict[str, Any] = {"JobId": job(world, "group/g"), "ServiceNamespace": "iam", "MaxItems": 2}
    first = world.call(world.root, ENTITIES, **asked)
    second = world.call(world.root, ENTITIES, **asked, Marker=first["Marker"])
    found = {each["EntityInfo"]["Name"] for each in (*first["EntityDetailsList"], *second["EntityDetailsList"])}
    assert (found, len(first["EntityDetailsList"])) == ({"ann", "bob", "cy"}, 2)


@pytest.mark.parametrize(
    ("wanted", "code", "message"),
    [
        ("arn:aws:iam::{}:user/nobody", "NoSuchEntity", "ARN {arn} does not exist."),
        ("arn:aws:iam::{}:policy/nothing", "NoSuchEntity", "ARN {arn} does not exist."),
        ("arn:aws:iam::{}:root", "InvalidInput", "Invalid Entity Arn: {arn} is not supported."),
        ("arn:aws:s3::{}:user/alice", "ValidationError", "Invalid service in ARN"),
        ("arn:aws-cn:iam::{}:user/alice", "ValidationError", "Invalid ARN partition"),
        ("twenty characters or more", "ValidationError", "Invalid ARN:  Could not be parsed!"),
        (
            "arn:aws:iam::999999999999:user/alice",
            "AccessDenied",
            "User: {root} is not authorized to perform the operation on {arn}",
        ),
    ],
)
def test_what_cannot_be_reported_is_told_so(world: World, wanted: str, code: str, message: str) -> None:
    asked = wanted.format(world.account_id)
    expected = message.format(arn=asked, root=arn(world, "root"))
    assert refused(world, world.root, GENERATE, Arn=asked) == (code, expected)


def test_an_arn_is_taken_by_its_last_name(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="zoe", Path="/a/")
    for resource in ("user/zoe", "user/b/zoe"):
        assert services(world, resource) == []


def test_policies_of_aws_can_be_reported(world: World) -> None:
    asked = {"Arn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess"}
    answer = world.call(world.root, GET, JobId=world.call(world.root, GENERATE, **asked)["JobId"])
    assert [each["ServiceNamespace"] for each in answer["ServicesLastAccessed"]] == ["iam"]


def test_a_service_that_does_not_exist_is_told_so(world: World) -> None:
    world.user("alice", [POLICY])
    for namespace in ("nothing", "S3"):
        asked = {"JobId": job(world, "user/alice"), "ServiceNamespace": namespace}
        assert refused(world, world.root, ENTITIES, **asked) == (
            "InvalidInput",
            f"Service namepace {namespace} is either invalid or unsupported.",
        )


def test_the_newest_reports_of_an_account_are_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_accessed_reports, "_MOST_REPORTS", 2)
    world.user("alice", [POLICY])
    made = []
    for _ in range(3):
        made.append(job(world, "user/alice"))
        world.clock.advance(1)
    assert refused(world, world.root, GET, JobId=made[0])[0] == "NoSuchEntity"
    for each in made[1:]:
        world.call(world.root, GET, JobId=each)


def test_a_report_is_decided_on_what_it_is_of(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="target")
    may = [allow(f"iam:{GENERATE}", resource=arn(world, "user/target")), deny("iam:GetUser")]
    alice = world.user("alice", may)
    assert job(world, "user/target", alice)
    assert refused(world, alice, GENERATE, Arn=arn(world, "user/alice"))[0] == "AccessDenied"
    unknown = refused(world, alice, GENERATE, Arn=arn(world, "user/nobody"))
    assert unknown[0] == "AccessDenied", "whoever may not learns nothing of who is there"


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("GenerateOrganizationsAccessReport", {"EntityPath": "o-a1b2c3d4e5/r-f6g7h8"}),
        ("GetOrganizationsAccessReport", {"JobId": "0" * 36}),
    ],
)
def test_an_account_outside_an_organization_has_no_report_on_one(
    world: World, operation: str, given: dict[str, str]
) -> None:
    assert refused(world, world.root, operation, **given) == (
        "AccessDenied",
        "The account is not the management account of an organization.",
    )
    alice = world.user("alice")
    assert "not authorized to perform" in refused(world, alice, operation, **given)[1]
