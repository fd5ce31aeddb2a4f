"""Sessions for workloads: iam:PassRole decides who starts one, and the role's trust policy whether its service may."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from carnet.entities.operator_token import OperatorScope
from carnet.identity.principals import (
    ASSUMED_ROLE,
    ASSUMED_ROOT,
    DELEGATED,
    DELEGATED_ROLE,
    FEDERATED_USER,
    SESSION_TOKEN,
    SIGN_IN,
)
from carnet.identity.session_lifetime import SessionLifetime
from carnet.keyring.session_claims import SessionClaims
from tests.attacks.wire import Holder, audit, root_of
from tests.server.in_process import InProcessServer, in_process_server
from tests.server.own_api.calling import Told, call, operator_token, signed_call

SESSIONS = "/_carnet/v1/workload-sessions"
ECS, EC2 = "ecs-tasks.amazonaws.com", "ec2.amazonaws.com"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path_factory.mktemp("server")) as running:
        iam = running.client("iam")
        for name, service in (("task", ECS), ("instance", EC2)):
            iam.create_role(
                RoleName=name, AssumeRolePolicyDocument=trust(service), Tags=[{"Key": "team", "Value": "a"}]
            )
        iam.create_instance_profile(InstanceProfileName="machines")
        iam.add_role_to_instance_profile(InstanceProfileName="machines", RoleName="instance")
        iam.create_instance_profile(InstanceProfileName="empty")
        yield running


def trust(service: str, **condition: Any) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole", **condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def user(server: InProcessServer, name: str, **statement: Any) -> Holder:
    iam = server.client("iam")
    iam.create_user(UserName=name)
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:PassRole", **statement}]}
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(document))
    return Holder.of(iam.create_access_key(UserName=name)["AccessKey"])


def ask(server: InProcessServer, holder: Holder | None = None, **given: Any) -> Told:
    asked = {"role": "task", "service": ECS, "sessionName": "task-1", **given}
    body = {name: value for name, value in asked.items() if value is not None}
    return signed_call(server, holder or root_of(server), SESSIONS, method="POST", given=body)


def role_arn(server: InProcessServer, name: str) -> str:
    return f"arn:aws:iam::{server.root.account}:role/{name}"


def session(server: InProcessServer, told: Told, service: str = "sts") -> Any:
    members = told.members
    return server.client(service, members["accessKeyId"], members["secretAccessKey"], members["sessionToken"])


def test_a_session_of_a_role(server: InProcessServer) -> None:
    told = ask(server, durationSeconds=900)
    assert told.status == 201
    assert (told.members["role"], told.members["roleArn"]) == ("task", role_arn(server, "task"))
    assert session(server, told).get_caller_identity()["Arn"].endswith(":assumed-role/task/task-1")
    left = datetime.fromisoformat(told.members["expiration"]) - datetime.now(UTC)
    assert timedelta(seconds=840) < left <= timedelta(seconds=900)


def test_a_session_of_the_role_of_an_instance_profile(server: InProcessServer) -> None:
    arn = f"arn:aws:ec2:us-east-1:{server.root.account}:instance/i-1"
    told = ask(server, role=None, instanceProfile="machines", service=EC2, sessionName="i-1", sourceArn=arn)
    assert session(server, told).get_caller_identity()["Arn"].endswith(":assumed-role/instance/i-1")


@pytest.mark.parametrize(("source", "status"), [("instance/i-1", 200), ("instance/i-2", 403)])
def test_policies_see_which_instance_it_is(server: InProcessServer, source: str, status: int) -> None:
    iam, prefix = server.client("iam"), f"arn:aws:ec2:us-east-1:{server.root.account}:"
    condition = {
        "ArnEquals": {"ec2:SourceInstanceARN": f"{prefix}instance/i-1"},
        "StringEquals": {"ec2:RoleDelivery": "2.0"},
    }
    allowed = {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*", "Condition": condition}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName="instance", PolicyName="p", PolicyDocument=document)
    told = ask(server, role="instance", service=EC2, sessionName="i-x", sourceArn=prefix + source)
    client = session(server, told, "iam")
    if status == 200:
        client.list_users()
    else:
        with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
            client.list_users()


def test_pass_role_decides(server: InProcessServer) -> None:
    arn = role_arn(server, "task")
    passed_to = {"StringEquals": {"iam:PassedToService": ECS}}
    cases: list[tuple[dict[str, Any], int]] = [
        ({"Resource": arn}, 201),
        ({"Resource": arn, "Condition": passed_to}, 201),
        ({"Resource": role_arn(server, "instance")}, 403),
        ({"Resource": arn, "Condition": {"StringEquals": {"iam:PassedToService": EC2}}}, 403),
        ({"Resource": arn, "Condition": {"StringEquals": {"iam:ResourceTag/team": "a"}}}, 201),
        ({"Resource": arn, "Condition": {"StringEquals": {"iam:ResourceTag/team": "b"}}}, 403),
        ({"Resource": arn, "Condition": {"ArnLike": {"iam:AssociatedResourceArn": "arn:aws:ecs:*:*:task/x"}}}, 403),
    ]
    for number, (statement, status) in enumerate(cases):
        assert ask(server, user(server, f"passes-{number}", **statement)).status == status, statement


def test_a_denial_is_of_pass_role_and_says_nothing_of_what_exists(server: InProcessServer) -> None:
    nobody = user(server, "nobody", Resource=role_arn(server, "other"))
    there, nowhere = ask(server, nobody), ask(server, nobody, role="absent")
    assert there.message.endswith(
        f"is not authorized to perform: iam:PassRole on resource: {role_arn(server, 'task')} "
        "because no identity-based policy allows the iam:PassRole action"
    )
    assert nowhere.message == there.message.replace("role/task", "role/absent")
    assert ask(server, nobody, role=None, instanceProfile="absent").code == "AccessDenied"


@pytest.mark.parametrize("service", [EC2, "lambda.amazonaws.com"])
def test_the_trust_policy_decides_which_service_may(server: InProcessServer, service: str) -> None:
    refused = ask(server, service=service)
    assert (refused.status, refused.code) == (403, "AccessDenied")
    assert refused.message == (
        f"{service} cannot assume the role {role_arn(server, 'task')}: its trust policy does not allow it."
    )
    decisions = audit(server)[-1]["additionalEventData"]["decisions"]
    assert [each["action"] for each in decisions] == ["iam:PassRole", "sts:AssumeRole"]


def test_a_trust_policy_may_ask_what_the_session_is_for(server: InProcessServer) -> None:
    iam, account = server.client("iam"), server.root.account
    cluster = f"arn:aws:ecs:us-east-1:{account}:task/prod/*"
    condition = {"ArnLike": {"aws:SourceArn": cluster}, "StringEquals": {"aws:SourceAccount": account}}
    iam.create_role(RoleName="prod", AssumeRolePolicyDocument=trust(ECS, Condition=condition))
    assert ask(server, role="prod", sourceArn=f"arn:aws:ecs:us-east-1:{account}:task/prod/1").status == 201
    assert ask(server, role="prod", sourceArn=f"arn:aws:ecs:us-east-1:{account}:task/test/1").status == 403
    assert ask(server, role="prod").status == 403
    other = ask(server, role="prod", sourceArn="arn:aws:ecs:us-east-1:111122223333:task/prod/1")
    assert (other.status, other.message) == (400, "sourceArn is an ARN of the caller's own account.")


@pytest.mark.parametrize(
    ("given", "status", "told"),
    [
        ({"role": "absent"}, 404, "The role with name absent cannot be found."),
        ({"role": None, "instanceProfile": "absent"}, 404, "Instance Profile absent cannot be found."),
        ({"role": None, "instanceProfile": "empty"}, 404, "The instance profile empty has no role."),
        ({"role": None}, 400, "Give role or instanceProfile, one of them."),
        ({"instanceProfile": "machines"}, 400, "Give role or instanceProfile, one of them."),
        ({"service": "nobody.example.com"}, 400, "nobody.example.com is no service principal."),
        ({"sourceArn": "i-1"}, 400, "sourceArn is an ARN of the caller's own account."),
        ({"durationSeconds": 899}, 400, "The body is not right: "),
        ({"durationSeconds": 43_201}, 400, "The body is not right: "),
        ({"sessionName": "a b"}, 400, "The body is not right: "),
        ({"sessionName": "x" * 65}, 400, "The body is not right: "),
    ],
)
def test_what_is_not_right_is_refused(server: InProcessServer, given: dict[str, Any], status: int, told: str) -> None:
    refused = ask(server, **given)
    assert refused.status == status
    assert refused.message.startswith(told)


@pytest.mark.parametrize("seconds", [900, 43_200])
def test_how_long_a_session_may_be(server: InProcessServer, seconds: int) -> None:
    assert ask(server, durationSeconds=seconds).status == 201


def test_no_operator_asks_for_one(server: InProcessServer) -> None:
    token = operator_token(server, *OperatorScope).text
    given = {"role": "task", "service": ECS, "sessionName": "task-1"}
    refused = call(server, SESSIONS, token=token, method="POST", given=given)
    assert (refused.status, refused.code) == (403, "AccessDenied")
    assert refused.message == "CreateWorkloadSession is for callers of an account: it takes a signed request."


def test_the_audit_log_has_no_secret(server: InProcessServer) -> None:
    told = ask(server).members
    event = audit(server)[-1]
    assert event["responseElements"]["accessKeyId"] == told["accessKeyId"]
    text = json.dumps(event)
    assert told["secretAccessKey"] not in text
    assert told["sessionToken"] not in text


def test_a_role_that_is_deleted_and_made_again_ends_its_sessions(server: InProcessServer) -> None:
    iam = server.client("iam")
    iam.create_role(RoleName="again", AssumeRolePolicyDocument=trust(ECS))
    client = session(server, ask(server, role="again"))
    client.get_caller_identity()
    iam.delete_role(RoleName="again")
    iam.create_role(RoleName="again", AssumeRolePolicyDocument=trust(ECS))
    with pytest.raises(client.exceptions.ClientError, match="InvalidClientTokenId"):
        client.get_caller_identity()


def test_a_trust_policy_may_ask_which_organization_the_service_acts_for(server: InProcessServer) -> None:
    iam = server.client("iam")
    organization = server.client("organizations").create_organization()["Organization"]["Id"]
    for name, of in (("own", organization), ("others", "o-exampleorgid")):
        paths = {"ForAnyValue:StringLike": {"aws:SourceOrgPaths": f"{of}/*"}}
        condition = {"StringEquals": {"aws:SourceOrgID": of}, **paths}
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(ECS, Condition=condition))
    assert (ask(server, role="own").status, ask(server, role="others").status) == (201, 403)


def test_a_service_linked_role_is_its_service_s_alone(server: InProcessServer) -> None:
    """Neither SCPs nor RCPs bind its sessions, so whoever had one would have shaken them off."""
    role = server.client("iam").create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")["Role"]
    refused = ask(server, role=role["RoleName"], service="autoscaling.amazonaws.com")
    assert (refused.status, refused.code) == (403, "AccessDenied")
    assert refused.message == (
        f"The role {role['Arn']} is linked to autoscaling.amazonaws.com, which alone acts with it."
    )


@pytest.mark.parametrize(("ahead", "good"), [(-10, True), (10, False)])
def test_a_key_makes_no_session_after_its_end_on_a_node_that_is_late(
    server: InProcessServer, ahead: int, good: bool
) -> None:
    """A session of before goes on, as one of AssumeRole does."""
    holder = user(server, f"late-{ahead}", Resource=role_arn(server, "task"))
    server.clock.advance(ahead)
    try:
        client = session(server, ask(server, holder))
    finally:
        server.clock.advance(-ahead)
    client.get_caller_identity()
    server.client("iam").delete_access_key(UserName=f"late-{ahead}", AccessKeyId=holder.key_id)
    if good:
        client.get_caller_identity()
        return
    with pytest.raises(client.exceptions.ClientError, match="InvalidClientTokenId"):
        client.get_caller_identity()


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (SESSION_TOKEN, 201),
        (SIGN_IN, 201),
        (ASSUMED_ROLE, 201),
        (FEDERATED_USER, 403),
        (DELEGATED, 403),
        (DELEGATED_ROLE, 403),
        (ASSUMED_ROOT, 403),
    ],
)
def test_who_may_assume_no_role_has_no_session_of_one_here_either(
    server: InProcessServer, kind: str, status: int
) -> None:
    """A delegation would go on in it when it is over, and without the policy that it is scoped down to."""
    iam, account, parts = server.client("iam"), server.root.account, server.installation
    may_pass = json.dumps({"Statement": {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}})
    iam.create_role(RoleName=f"holds-{kind}", AssumeRolePolicyDocument=trust(ECS))
    iam.put_role_policy(RoleName=f"holds-{kind}", PolicyName="p", PolicyDocument=may_pass)
    role = iam.get_role(RoleName=f"holds-{kind}")["Role"]["RoleId"]
    iam.create_user(UserName=f"holds-{kind}")
    iam.put_user_policy(UserName=f"holds-{kind}", PolicyName="p", PolicyDocument=may_pass)
    user_id = iam.get_user(UserName=f"holds-{kind}")["User"]["UserId"]
    holder = {ASSUMED_ROLE: role, DELEGATED_ROLE: role, ASSUMED_ROOT: account}.get(kind, user_id)
    now_ms = int(server.clock().timestamp() * 1000)
    issued = parts.execution.parts.tokens.issue(
        SessionClaims(
            kind=kind,
            account=account,
            principal_id=holder,
            session_name="held",
            issued_ms=now_ms,
            expires_ms=now_ms + 900_000,
            token_id="t",
            policies=(may_pass,) if kind == FEDERATED_USER else (),
            epoch=parts.directory.snapshot.epoch,
        )
    )
    held = Holder(key_id=issued.access_key_id, secret=issued.secret_access_key, token=issued.session_token)
    told = ask(server, held)
    assert told.status == status
    if kind in (FEDERATED_USER, DELEGATED, DELEGATED_ROLE):
        assert told.message == "Cannot call CreateWorkloadSession with session credentials of this kind."


@pytest.mark.parametrize(("lifetime", "longer"), [(SessionLifetime.AWS, True), (SessionLifetime.PARENT, False)])
def test_where_sessions_end_with_their_parents_it_does_too(
    tmp_path: Path, lifetime: SessionLifetime, longer: bool
) -> None:
    with in_process_server(tmp_path, session_lifetime=lifetime) as server:
        server.client("iam").create_role(RoleName="task", AssumeRolePolicyDocument=trust(ECS))
        parent = server.client("sts").get_session_token(DurationSeconds=900)["Credentials"]
        told = ask(server, Holder.of(parent), durationSeconds=3600)
        assert (datetime.fromisoformat(told.members["expiration"]) > parent["Expiration"]) is longer
        assert longer or datetime.fromisoformat(told.members["expiration"]) == parent["Expiration"]
