"""GetScopedCredentials: sessions that may do less than the one that asked, and live no longer."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.services.iam.documents import allow, deny, trust
from tests.services.iam.expect import refused
from tests.services.wire import fits_the_model
from tests.services.world import START, Caller, World

SCOPED = "sts:GetScopedCredentials"


@pytest.fixture
def session(world: World) -> Caller:
    """A session of a role that may do everything in IAM."""
    alice = world.user("alice", [allow("sts:*")])
    document = trust(world.principal(alice).principal.arn)
    role = world.call(world.root, "CreateRole", RoleName="admin", AssumeRolePolicyDocument=document)["Role"]
    policy = json.dumps(allow("iam:*", "sts:*"))
    world.call(world.root, "PutRolePolicy", RoleName="admin", PolicyName="all", PolicyDocument=policy)
    asked = {"RoleArn": role["Arn"], "RoleSessionName": "session"}
    return world.session(world.call(alice, "AssumeRole", service="sts", **asked))


def scoped(world: World, caller: Caller, *actions: str, **others: Any) -> Caller:
    given = {"Policy": json.dumps(allow(*actions)), **others} if actions else others
    answer = world.call(caller, "GetScopedCredentials", service="sts", **given)
    assert fits_the_model("GetScopedCredentials", answer, service="sts")
    return world.session(answer)


def not_scoped(world: World, caller: Caller, **given: Any) -> tuple[str, str]:
    return refused(world, caller, "GetScopedCredentials", service="sts", **given)


def test_it_may_do_what_both_the_session_and_the_policy_allow(world: World, session: Caller) -> None:
    lister = scoped(world, session, "iam:ListUsers", "s3:*")
    assert world.call(lister, "ListUsers")["Users"]
    code, message = refused(world, lister, "ListRoles")
    assert (code, "because no scope down policy allows the iam:ListRoles action" in message) == ("AccessDenied", True)


def test_it_is_the_same_principal_since_the_same_time(world: World, session: Caller) -> None:
    world.clock.advance(60)
    answer = world.call(session, "GetScopedCredentials", service="sts", DurationSeconds=60)
    lister = world.session(answer)
    identity = world.call(session, "GetCallerIdentity", service="sts")
    assert world.call(lister, "GetCallerIdentity", service="sts") == identity
    assert answer["SessionInfo"] == {"ScopedSessionId": identity["UserId"], "Arn": identity["Arn"]}
    assert answer["ScopedPoliciesCount"] == 0
    assert answer["Credentials"]["Expiration"] == START + timedelta(seconds=120)
    began, now = world.principal(session).credential.session, world.principal(lister).credential.session
    assert began is not None
    assert now is not None
    assert (now.issued_ms, now.tags, now.chain_depth) == (began.issued_ms, began.tags, began.chain_depth)


def test_it_tells_and_keeps_the_source_identity(world: World) -> None:
    alice = world.user("alice", [allow("sts:*")])
    document = trust(world.principal(alice).principal.arn, also=("sts:SetSourceIdentity",))
    role = world.call(world.root, "CreateRole", RoleName="admin", AssumeRolePolicyDocument=document)["Role"]
    world.call(
        world.root, "PutRolePolicy", RoleName="admin", PolicyName="all", PolicyDocument=json.dumps(allow("sts:*"))
    )
    for given in ({}, {"SourceIdentity": "ann"}):
        asked: dict[str, Any] = {"RoleArn": role["Arn"], "RoleSessionName": "session", **given}
        caller = world.session(world.call(alice, "AssumeRole", service="sts", **asked))
        for _ in range(2):
            answer = world.call(caller, "GetScopedCredentials", service="sts", DurationSeconds=60)
            assert answer.get("SourceIdentity") == given.get("SourceIdentity")
            caller = world.session(answer)


def test_it_lives_no_longer_than_the_session(world: World, session: Caller) -> None:
    world.clock.advance(600)
    scoped(world, session, DurationSeconds=3000)
    assert not_scoped(world, session, DurationSeconds=3001)[0] == "InsufficientSessionLifetime"
    short = scoped(world, session, "iam:*", "sts:*", DurationSeconds=10)
    shorter = scoped(world, short, "iam:*")
    world.clock.advance(10)
    assert refused(world, shorter, "ListUsers")[0] == "ExpiredToken"


def test_it_can_be_scoped_three_times(world: World, session: Caller) -> None:
    one = scoped(world, session, "iam:List*", SCOPED)
    two = scoped(world, one, "iam:*", SCOPED)
    assert refused(world, two, "GetAccountSummary")[0] == "AccessDenied"
    three = scoped(world, two, "iam:ListUsers", SCOPED)
    assert refused(world, three, "ListRoles")[0] == "AccessDenied"
    assert world.call(three, "ListUsers")["Users"]
    fourth = not_scoped(world, three, Policy=json.dumps(allow("iam:*")))
    assert fourth == ("AccessDenied", "A session can have up to 3 scope down policies.")
    scoped(world, three, DurationSeconds=1)


def test_a_session_policy_stays_beside_it(world: World, session: Caller) -> None:
    alice = world.user("bob", [allow("sts:*")])
    document = trust(world.principal(alice).principal.arn)
    world.call(world.root, "UpdateAssumeRolePolicy", RoleName="admin", PolicyDocument=document)
    arn = world.call(world.root, "GetRole", RoleName="admin")["Role"]["Arn"]
    narrow = {"Policy": json.dumps(allow("iam:ListUsers", "sts:*"))}
    answer = world.call(alice, "AssumeRole", service="sts", RoleArn=arn, RoleSessionName="session", **narrow)
    wide = scoped(world, world.session(answer), "iam:*")
    assert world.call(wide, "ListUsers")["Users"]
    assert "no session policy" in refused(world, wide, "ListRoles")[1]


def test_a_denial_of_the_policy_holds(world: World, session: Caller) -> None:
    document = json.dumps(
        {**allow("iam:*"), "Statement": allow("iam:*")["Statement"] + deny("iam:ListRoles")["Statement"]}
    )
    answer = world.call(session, "GetScopedCredentials", service="sts", Policy=document)
    assert "explicit deny in a scope down policy" in refused(world, world.session(answer), "ListRoles")[1]


def test_sessions_of_users_may_be_scoped_too(world: World) -> None:
    alice = world.user("alice", [allow("sts:*")])
    session = world.session(world.call(alice, "GetSessionToken", service="sts"))
    scoped(world, session, "sts:GetCallerIdentity")


def test_long_term_credentials_are_not_taken(world: World) -> None:
    alice = world.user("alice", [allow(SCOPED)])
    for caller in (alice, world.root):
        assert not_scoped(world, caller, DurationSeconds=60)[0] == "InvalidSubjectCredentials"


def test_something_must_be_asked_for(world: World, session: Caller) -> None:
    expected = ("ValidationError", "At least one of Policy and DurationSeconds must be specified.")
    assert not_scoped(world, session) == expected
    assert not_scoped(world, session, Policy="{}")[0] == "MalformedPolicyDocument"


def test_it_needs_the_permission(world: World, session: Caller) -> None:
    lister = scoped(world, session, "iam:ListUsers")
    assert not_scoped(world, lister, DurationSeconds=60)[0] == "AccessDenied"


def test_it_holds_on_what_has_a_policy_of_its_own(world: World, session: Caller) -> None:
    document = trust(f"arn:aws:iam::{world.account_id}:role/admin")
    other = world.call(world.root, "CreateRole", RoleName="other", AssumeRolePolicyDocument=document)["Role"]
    asked = {"service": "sts", "RoleArn": other["Arn"], "RoleSessionName": "session"}
    assert world.call(session, "AssumeRole", **asked)["Credentials"]
    assert refused(world, scoped(world, session, "iam:*"), "AssumeRole", **asked)[0] == "AccessDenied"
    assert world.call(scoped(world, session, "sts:AssumeRole"), "AssumeRole", **asked)["Credentials"]
