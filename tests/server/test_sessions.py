"""Temporary credentials in the hands of boto3."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnet.audit import redaction
from tests.attacks.wire import audit
from tests.server.in_process import InProcessServer

ALLOW_ALL = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["iam:*", "sts:*"], "Resource": "*"}}
)


def refused(call: Any, **given: Any) -> ClientError:
    with pytest.raises(ClientError) as caught:
        call(**given)
    return caught.value


def a_session(server: InProcessServer) -> dict[str, str]:
    """Credentials of a session of a role that may do everything, for 900 seconds."""
    iam = server.client("iam")
    alice = iam.create_user(UserName="alice")["User"]
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    trust = {"Effect": "Allow", "Principal": {"AWS": alice["Arn"]}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=document)["Role"]
    iam.put_role_policy(RoleName="worker", PolicyName="all", PolicyDocument=ALLOW_ALL)
    sts = server.client("sts", key["AccessKeyId"], key["SecretAccessKey"])
    answer = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="work", DurationSeconds=900)
    credentials: dict[str, str] = answer["Credentials"]
    return credentials


def held_by(server: InProcessServer, service: str, given: dict[str, str]) -> Any:
    return server.client(service, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def test_a_session_works_and_expires(server: InProcessServer, monkeypatch: pytest.MonkeyPatch) -> None:
    session = a_session(server)
    iam = held_by(server, "iam", session)
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["alice"]
    # The server's clock moves, the client's does not: 14 minutes are within the signature's 15 minutes of skew.
    server.clock.advance(14 * 60)
    iam.list_users()
    server.clock.advance(61)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda **_: server.clock().replace(tzinfo=None))
    error = refused(iam.list_users).response["Error"]
    assert (error["Code"], error["Message"]) == (
        "ExpiredToken",
        "The security token included in the request is expired",
    )


def test_a_session_needs_its_token_and_its_secret(server: InProcessServer) -> None:
    session = a_session(server)
    without = held_by(server, "iam", session | {"SessionToken": ""})
    assert refused(without.list_users).response["Error"]["Code"] == "InvalidClientTokenId"
    wrong = held_by(server, "iam", session | {"SecretAccessKey": "x" * 40})
    assert refused(wrong.list_users).response["Error"]["Code"] == "SignatureDoesNotMatch"


def test_an_inactive_and_a_deleted_and_an_unknown_key_look_alike(server: InProcessServer) -> None:
    iam = server.client("iam")
    iam.create_user(UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    bob = server.client("sts", key["AccessKeyId"], key["SecretAccessKey"])
    assert bob.get_caller_identity()["Arn"].endswith(":user/bob")

    iam.update_access_key(UserName="bob", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    inactive = refused(bob.get_caller_identity).response
    iam.delete_access_key(UserName="bob", AccessKeyId=key["AccessKeyId"])
    deleted = refused(bob.get_caller_identity).response
    unknown = refused(server.client("sts", "AKIAQNZGKIQY56JQ7WML", "x").get_caller_identity).response
    assert inactive["Error"] == deleted["Error"] == unknown["Error"]
    assert inactive["Error"]["Code"] == "InvalidClientTokenId"
    assert inactive["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_last_use_of_a_key_is_told(server: InProcessServer) -> None:
    iam = server.client("iam")
    used = iam.get_access_key_last_used(AccessKeyId=server.root.access_key_id)["AccessKeyLastUsed"]
    assert used["ServiceName"] == "iam"
    assert used["Region"] == "us-east-1"


def test_a_global_service_has_one_region_whatever_its_callers_sign_for(server: InProcessServer) -> None:
    iam = server.client("iam")
    iam.create_user(UserName="bob")
    outside = {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}
    statements = [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:List*", "Resource": "*", "Condition": outside},
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    held = (key["AccessKeyId"], key["SecretAccessKey"])
    error = refused(server.client("iam", *held, region="eu-west-1").list_users).response["Error"]
    assert "with an explicit deny in an identity-based policy" in error["Message"]
    event = audit(server)[-1]
    assert (event["eventName"], event["awsRegion"]) == ("ListUsers", "us-east-1")
    server.client("sts", *held, region="eu-west-1").get_session_token()
    assert audit(server)[-1]["awsRegion"] == "eu-west-1"


@pytest.mark.parametrize("region", ["af-south-1", "home"])
def test_sts_is_active_in_every_region(server: InProcessServer, region: str) -> None:
    regions = server.client("ec2").describe_regions(AllRegions=True)["Regions"]
    assert {one["RegionName"]: one["OptInStatus"] for one in regions}.get(region) in ("not-opted-in", None)
    user = server.client("iam").create_user(UserName=f"of-{region}")["User"]["UserName"]
    key = server.client("iam").create_access_key(UserName=user)["AccessKey"]
    sts = server.client("sts", key["AccessKeyId"], key["SecretAccessKey"], region=region)
    assert sts.get_session_token()["Credentials"]["AccessKeyId"].startswith("ASIA")


def test_the_event_of_a_session_tells_which_credentials_were_given(server: InProcessServer) -> None:
    session = a_session(server)
    told = audit(server)[-1]["responseElements"]
    assert told["credentials"]["accessKeyId"] == session["AccessKeyId"]
    assert told["credentials"]["sessionToken"] == told["credentials"]["secretAccessKey"] == redaction.HIDDEN
    assert told["assumedRoleUser"]["arn"].endswith("assumed-role/worker/work")


def test_an_event_names_an_error_by_its_shape(server: InProcessServer) -> None:
    error = refused(lambda: server.client("iam").get_user(UserName="nobody")).response["Error"]
    assert (error["Code"], audit(server)[-1]["errorCode"]) == ("NoSuchEntity", "NoSuchEntityException")


def test_the_event_of_a_call_that_was_allowed_and_failed_tells_what_was_decided(server: InProcessServer) -> None:
    iam = server.client("iam")
    iam.create_user(UserName="carl")
    statement = {"Sid": "Read", "Effect": "Allow", "Action": "iam:GetUser", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_user_policy(UserName="carl", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="carl")["AccessKey"]
    carl = server.client("iam", key["AccessKeyId"], key["SecretAccessKey"])
    assert refused(lambda: carl.get_user(UserName="nobody")).response["Error"]["Code"] == "NoSuchEntity"
    (decided,) = audit(server)[-1]["additionalEventData"]["decisions"]
    assert (decided["action"], decided["verdict"]) == ("iam:GetUser", "allowed")
    assert decided["statements"] == ["user/carl/p#Read"]
    assert refused(lambda: carl.delete_user(UserName="nobody")).response["Error"]["Code"] == "AccessDenied"
    (decided,) = audit(server)[-1]["additionalEventData"]["decisions"]
    assert (decided["action"], decided["verdict"]) == ("iam:DeleteUser", "implicitDeny")


def test_the_event_of_a_refused_call_lists_every_decision_that_was_made(server: InProcessServer) -> None:
    iam = server.client("iam")
    iam.create_user(UserName="dora")
    document = json.dumps(
        {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:CreateUser", "Resource": "*"}}
    )
    iam.put_user_policy(UserName="dora", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="dora")["AccessKey"]
    dora = server.client("iam", key["AccessKeyId"], key["SecretAccessKey"])
    tags = [{"Key": "team", "Value": "red"}]
    assert refused(lambda: dora.create_user(UserName="new", Tags=tags)).response["Error"]["Code"] == "AccessDenied"
    decisions = audit(server)[-1]["additionalEventData"]["decisions"]
    assert [(each["action"], each["verdict"]) for each in decisions] == [
        ("iam:CreateUser", "allowed"),
        ("iam:TagUser", "implicitDeny"),
    ]


@pytest.mark.parametrize("reserved", ["aws:alice", "AWS:alice"])
def test_a_source_identity_does_not_begin_with_aws(server: InProcessServer, reserved: str) -> None:
    """The pattern of the model has no colon."""
    sts = held_by(server, "sts", a_session(server))
    asked = {"RoleArn": "arn:aws:iam::111122223333:role/any", "RoleSessionName": "work", "SourceIdentity": reserved}
    error = refused(sts.assume_role, **asked).response["Error"]
    assert error["Code"] == "ValidationError"
    assert "sourceIdentity" in error["Message"]
