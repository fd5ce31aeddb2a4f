"""Holders of few rights who want more, with documents, names and requests made for it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from tests.attacks.wire import Answer, Holder, as_bytes, call, presigned, root_of, send, signed_request
from tests.server.in_process import InProcessServer

NewUser = Callable[..., tuple[str, Holder]]


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return allow(action, resource, **more) | {"Effect": "Deny"}


@contextmanager
def managed(server: InProcessServer, name: str, document: str) -> Iterator[str]:
    arn: str = server.client("iam").create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]
    yield arn


def session_of(server: InProcessServer, holder: Holder, role: str, **given: Any) -> Holder:
    sts = server.client("sts", holder.key_id, holder.secret)
    return Holder.of(sts.assume_role(RoleArn=role, RoleSessionName="session", **given)["Credentials"])


def role_for(server: InProcessServer, name: str, trusted: str, document: str) -> str:
    iam = server.client("iam")
    arn = iam.get_user(UserName=trusted)["User"]["Arn"]
    trust = policy({"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"})
    role: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)
    return role


def test_a_boundary_cannot_be_shaken_off_by_its_bearer(server: InProcessServer, new_user: NewUser) -> None:
    """The rights to do everything, under a boundary that keeps itself."""
    guarded = policy(
        allow("iam:*"),
        deny(["iam:DeleteUserPermissionsBoundary", "iam:PutUserPermissionsBoundary", "iam:CreatePolicyVersion"]),
        deny("iam:CreateUser", Condition={"StringNotLike": {"iam:PermissionsBoundary": "*/guard"}}),
    )
    with managed(server, "guard", guarded) as guard, managed(server, "open", policy(allow("*"))) as free:
        name, mallory = new_user(policy(allow("*")), PermissionsBoundary=guard)
        attempts = (
            ("DeleteUserPermissionsBoundary", {"UserName": name}),
            ("DeleteUserPermissionsBoundary", {"UserName": name.upper()}),
            ("PutUserPermissionsBoundary", {"UserName": name, "PermissionsBoundary": free}),
            ("CreatePolicyVersion", {"PolicyArn": guard, "PolicyDocument": policy(allow("*")), "SetAsDefault": "true"}),
            ("CreateUser", {"UserName": "accomplice"}),
            ("CreateUser", {"UserName": "accomplice", "PermissionsBoundary": free}),
        )
        for operation, given in attempts:
            assert call(server, mallory, operation, **given).code == "AccessDenied", operation
        assert call(server, mallory, "CreateUser", UserName="capped", PermissionsBoundary=guard).status == 200


def test_a_deny_on_a_name_holds_for_the_name_in_any_case(server: InProcessServer, new_user: NewUser) -> None:
    name, _ = new_user()
    arn = f"arn:aws:iam::{server.root.account}:user/{name}"
    _, mallory = new_user(policy(allow("iam:*"), deny("iam:*", arn)))
    for spelled in (name, name.upper(), name.capitalize()):
        for operation in ("GetUser", "CreateAccessKey", "DeleteUser", "ListUserPolicies"):
            assert call(server, mallory, operation, UserName=spelled).code == "AccessDenied", (operation, spelled)
    for spelled in (name.replace("s", "\u017f"), name.replace("u", "\uff55")):
        assert call(server, mallory, "DeleteUser", UserName=spelled).code == "ValidationError"


def test_a_session_policy_narrows_what_the_session_does_to_itself_cve_2025_62506(
    server: InProcessServer, new_user: NewUser
) -> None:
    name, user = new_user(policy(allow("*")))
    role = role_for(server, "wide", name, policy(allow("*")))
    narrow = session_of(server, user, role, Policy=policy(allow("iam:GetRole")))
    assert call(server, narrow, "GetRole", RoleName="wide").status == 200
    attempts: tuple[tuple[str, dict[str, str]], ...] = (
        ("PutRolePolicy", {"RoleName": "wide", "PolicyName": "q", "PolicyDocument": policy(allow("*"))}),
        ("UpdateAssumeRolePolicy", {"RoleName": "wide", "PolicyDocument": "{}"}),
        ("CreateAccessKey", {"UserName": name}),
        ("ListRoles", {}),
    )
    for operation, given in attempts:
        assert call(server, narrow, operation, **given).code == "AccessDenied", operation
    assumed = call(server, narrow, "AssumeRole", service="sts", RoleArn=role, RoleSessionName="again")
    assert assumed.code == "AccessDenied"
    for operation in ("GetSessionToken", "GetFederationToken"):
        assert call(server, narrow, operation, service="sts", Name="wide").status == 403


def test_a_session_cannot_ask_for_more_than_its_role_has(server: InProcessServer, new_user: NewUser) -> None:
    name, user = new_user(policy(allow("sts:*")))
    role = role_for(server, "small", name, policy(allow("iam:GetRole")))
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    asking = session_of(server, user, role, Policy=policy(allow("*")), PolicyArns=[{"arn": administrator}])
    assert call(server, asking, "GetRole", RoleName="small").status == 200
    assert call(server, asking, "ListUsers").code == "AccessDenied"


def test_a_revoked_session_is_denied_by_the_policy_that_the_console_writes(
    server: InProcessServer, new_user: NewUser
) -> None:
    name, user = new_user(policy(allow("sts:*")))
    role = role_for(server, "revoked", name, policy(allow("iam:*")))
    session = session_of(server, user, role)
    assert call(server, session, "GetRole", RoleName="revoked").status == 200
    server.clock.advance(2)
    before = {"DateLessThan": {"aws:TokenIssueTime": server.clock().isoformat(timespec="seconds")}}
    server.client("iam").put_role_policy(
        RoleName="revoked", PolicyName="AWSRevokeOlderSessions", PolicyDocument=policy(deny("*", Condition=before))
    )
    assert call(server, session, "GetRole", RoleName="revoked").code == "AccessDenied"
    server.clock.advance(2)
    assert call(server, session_of(server, user, role), "GetRole", RoleName="revoked").status == 200


@pytest.mark.parametrize("agent", ["*", "user-*", "${*}", "${aws:username}", "?" * 6, "u*", "../*"])
def test_a_variable_that_the_client_fills_with_a_wildcard_is_text(
    server: InProcessServer, new_user: NewUser, agent: str
) -> None:
    name, _ = new_user()
    _, mallory = new_user(policy(allow("iam:GetUser", "arn:aws:iam::*:user/${aws:UserAgent}")))

    def as_agent(value: str) -> Answer:
        body = f"Action=GetUser&Version=2010-05-08&UserName={name}".encode()
        request = signed_request(server, mallory, body)
        return send(server, as_bytes(request, f"user-agent: {value}".encode()))

    assert as_agent(name).status == 200
    assert as_agent(agent).code == "AccessDenied"


@pytest.mark.parametrize("value", ["*", "user-*", "${aws:username}", "a?c"])
def test_a_tag_cannot_be_a_wildcard(server: InProcessServer, value: str) -> None:
    tags = {"Tags.member.1.Key": "team", "Tags.member.1.Value": value}
    answer = call(server, root_of(server), "CreateUser", UserName="tagged", **tags)
    assert answer.code == "ValidationError"


@pytest.mark.parametrize(
    "action", ["\u212aiam:*", "iam:L\u0130stUsers", "iam:Li\u017ftUsers", "\uff49am:*", "iam:ListUsers\n", "IAM :*"]
)
def test_an_action_spelled_with_look_alikes_allows_nothing(
    server: InProcessServer, new_user: NewUser, action: str
) -> None:
    name, mallory = new_user()
    written = call(
        server, root_of(server), "PutUserPolicy", UserName=name, PolicyName="p", PolicyDocument=policy(allow(action))
    )
    assert written.code in ("", "MalformedPolicyDocument", "ValidationError")
    assert call(server, mallory, "ListUsers").code == "AccessDenied"


DEARER = 20
"""A call is slow that takes so many times as long as one with a small number, in time of the processor."""
MALFORMED, TOO_LONG = (400, "MalformedPolicyDocument"), (409, "LimitExceeded")
DENY_THEN_ALLOW = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}'


@pytest.mark.parametrize(
    ("document", "refusal"),
    [
        (DENY_THEN_ALLOW, MALFORMED),
        (DENY_THEN_ALLOW.replace('"Effect":"Allow"', '"\\u0045ffect":"Allow"'), MALFORMED),
        ("[" * 100_000, TOO_LONG),
        ('{"Version":' * 10_000, TOO_LONG),
        ('{"Version":"2012-10-17","Statement":' + "[" * 60_000 + "]" * 60_000 + "}", TOO_LONG),
        (policy(allow("\\ud800")).replace("\\\\", "\\"), MALFORMED),
        (policy(allow("*")) + policy(allow("*")), MALFORMED),
        (policy(allow("*")).replace("Allow", "allow"), MALFORMED),
        ("\ufeff" + policy(allow("*")), (400, "ValidationError")),
        (policy(allow("*")).replace('"*"', "NaN", 1), MALFORMED),
    ],
)
def test_a_document_that_two_parsers_could_read_in_two_ways(
    server: InProcessServer, document: str, refusal: tuple[int, str]
) -> None:
    answer = call(server, root_of(server), "CreatePolicy", PolicyName="twofold", PolicyDocument=document)
    assert (answer.status, answer.code) == refusal


@pytest.mark.parametrize(
    ("number", "written", "decided"),
    [
        ("1e999999999", "MalformedPolicyDocument", "AccessDenied"),
        ("1e-999999999", "MalformedPolicyDocument", "AccessDenied"),
        ("1e6144", "", ""),
        ("9" * 600, "", ""),
        ("0." + "0" * 600 + "1", "", "AccessDenied"),
    ],
)
def test_a_number_that_no_float_holds_costs_no_more_than_another(
    server: InProcessServer, new_user: NewUser, number: str, written: str, decided: str
) -> None:
    condition = {"NumericLessThan": {"aws:EpochTime": 5}, "NumericNotEquals": {"aws:EpochTime": 5}}
    name, mallory = new_user()

    def codes_and_cost(number: str) -> tuple[str, str, float]:
        document = policy(allow("*", Condition=condition)).replace(": 5", f": {number}")
        given = {"UserName": name, "PolicyName": "p", "PolicyDocument": document}
        start = time.process_time()
        put, listed = call(server, root_of(server), "PutUserPolicy", **given), call(server, mallory, "ListUsers")
        return put.code, listed.code, time.process_time() - start

    put, listed, cost = codes_and_cost(number)
    assert (put, listed) == (written, decided)
    assert cost < DEARER * max(codes_and_cost(small)[2] for small in ("5", "6", "7"))


def test_a_presigned_url_is_good_for_its_own_call_and_nothing_else(server: InProcessServer) -> None:
    request = presigned(server, root_of(server), "/?Action=GetCallerIdentity&Version=2011-06-15")
    assert send(server, as_bytes(request)).status == 200
    query, who = request.query, "GetCallerIdentity"
    bent = (
        (403, structs.replace(request, query=query.replace("GetCallerIdentity", "GetSessionToken"))),
        (400, structs.replace(request, query=query.replace("2011-06-15", "2010-05-08").replace(who, "ListUsers"))),
        (400, structs.replace(request, query=query.replace("%2Fsts%2F", "%2Fiam%2F"))),
        (400, structs.replace(request, query=query + "&Action=GetSessionToken")),
        (403, structs.replace(request, query=query + "&DurationSeconds=900")),
        (403, structs.replace(request, method="POST")),
        (400, structs.replace(request, method="POST", body=b"Action=GetSessionToken&Version=2011-06-15")),
        (400, structs.replace(request, path="//")),
        (400, structs.replace(request, path="/instances")),
    )
    for status, other in bent:
        assert send(server, as_bytes(other)).status == status, other


def test_a_url_that_was_presigned_for_another_service_is_no_login_cve_2025_65073(server: InProcessServer) -> None:
    for service, status in (("s3", 403), ("execute-api", 403), ("iam", 400)):  # IAM is here, and has no such operation
        request = presigned(server, root_of(server), "/?Action=GetCallerIdentity&Version=2011-06-15", service=service)
        assert send(server, as_bytes(request)).status == status


def test_a_presigned_url_ends_with_the_session_that_signed_it(server: InProcessServer, new_user: NewUser) -> None:
    name, user = new_user(policy(allow("sts:*")))
    session = session_of(server, user, role_for(server, "brief", name, policy(allow("*"))), DurationSeconds=900)
    request = presigned(server, session, "/?Action=ListUsers&Version=2010-05-08", service="iam", expires=604_800)
    assert send(server, as_bytes(request)).status == 200
    server.clock.advance(901)
    try:
        assert send(server, as_bytes(request)).code == "ExpiredToken"
    finally:
        server.clock.advance(-901)


def test_keys_that_are_not_good_are_told_apart_by_no_byte(server: InProcessServer, new_user: NewUser) -> None:
    iam = server.client("iam")
    name, inactive = new_user()
    iam.update_access_key(UserName=name, AccessKeyId=inactive.key_id, Status="Inactive")
    name, deleted = new_user()
    iam.delete_access_key(UserName=name, AccessKeyId=deleted.key_id)
    forged = Holder(key_id=deleted.key_id[:-1] + "A", secret="x" * 40)
    session = Holder(key_id="ASIA" + deleted.key_id[4:], secret="x" * 40, token="x" * 200)
    holders = (inactive, deleted, forged, session, replace(inactive, secret="x" * 40), replace(deleted, token="x"))
    told = set()
    for holder in holders:
        answer = call(server, holder, "ListUsers")
        request_id = answer.text.partition("<RequestId>")[2].partition("<")[0]
        told.add((answer.status, answer.text.replace(request_id, "")))
    assert len(told) == 1


def test_a_role_of_another_account_and_one_that_is_not_there_look_alike(
    server: InProcessServer, new_user: NewUser
) -> None:
    name, user = new_user(policy(allow("sts:*")))
    _, stranger = new_user(policy(allow("sts:*")))
    there = role_for(server, "there", name, policy(allow("*")))
    assert session_of(server, user, there).token
    answers = set()
    for arn in (there, there.replace("there", "nowhere"), there.replace(server.root.account, "999999999999")):
        answer = call(server, stranger, "AssumeRole", service="sts", RoleArn=arn, RoleSessionName="session")
        answers.add((answer.status, answer.code, answer.message.replace(arn, "ARN")))
    assert len(answers) == 1
    assert {code for _, code, _ in answers} == {"AccessDenied"}
