from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from carnet.base.timestamps import iso_seconds
from carnet.identity.session_lifetime import SessionLifetime
from tests.services.iam.documents import deny
from tests.services.sts.trust import ALLOW_ALL, ASSUME, EVERY_ACTION, assume, role, trusting
from tests.services.wire import fits_the_model
from tests.services.world import START, ServiceError, World, open_world


@pytest.fixture
def arn(world: World) -> str:
    return role(world, "reader", Path="/team/", MaxSessionDuration=7200)


def denied(action: str, who: str, arn: str) -> str:
    return f"User: {who} is not authorized to perform: {action} on resource: {arn}"


def arn_of(world: World, user: str) -> str:
    return f"arn:aws:iam::{world.account_id}:user/{user}"


def test_a_session_is_named_after_role_and_session_name(world: World, arn: str) -> None:
    role_id = world.call(world.root, "GetRole", RoleName="reader")["Role"]["RoleId"]

    answer = assume(world, world.user("alice", [ASSUME]), arn, name="alice@home")

    session_arn = f"arn:aws:sts::{world.account_id}:assumed-role/reader/alice@home"
    assert answer["AssumedRoleUser"] == {"AssumedRoleId": f"{role_id}:alice@home", "Arn": session_arn}
    assert answer["Credentials"]["Expiration"] == START + timedelta(hours=1)
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")
    assert "PackedPolicySize" not in answer
    assert "SourceIdentity" not in answer
    assert answer["SessionTokenSize"] == len(answer["Credentials"]["SessionToken"])
    assert fits_the_model("AssumeRole", answer, service="sts")


def test_the_credentials_have_the_roles_permissions(world: World, arn: str) -> None:
    alice = world.user("alice", [ASSUME])
    with pytest.raises(ServiceError, match="AccessDenied"):
        world.call(alice, "ListUsers")

    session = world.session(assume(world, alice, arn))

    assert [user["UserName"] for user in world.call(session, "ListUsers")["Users"]] == ["alice"]


def test_nothing_is_written(world: World, arn: str) -> None:
    alice = world.user("alice", [ASSUME])
    before = world.snapshot.seq
    assume(world, alice, arn)
    world.installation.directory.catch_up()
    assert world.snapshot.seq == before


def test_the_roles_last_use_is_noted(world: World, arn: str) -> None:
    assert world.call(world.root, "GetRole", RoleName="reader")["Role"]["RoleLastUsed"] == {}
    assume(world, world.user("alice", [ASSUME]), arn)
    used = world.call(world.root, "GetRole", RoleName="reader")["Role"]["RoleLastUsed"]
    assert used == {"LastUsedDate": START, "Region": "us-east-1"}


class TestWhoMayAssume:
    def test_root_may_not(self, world: World, arn: str) -> None:
        with pytest.raises(ServiceError) as refused:
            assume(world, world.root, arn)
        assert (refused.value.code, refused.value.message) == (
            "AccessDenied",
            "Roles may not be assumed by root accounts.",
        )

    def test_a_session_of_root_may_not_either(self, world: World, arn: str) -> None:
        session = world.session(world.call(world.root, "GetSessionToken", service="sts"))
        with pytest.raises(ServiceError, match="Roles may not be assumed by root accounts"):
            assume(world, session, arn)

    def test_trusting_the_account_still_asks_for_the_callers_policy(self, world: World, arn: str) -> None:
        with pytest.raises(ServiceError) as refused:
            assume(world, world.user("alice"), arn)
        assert refused.value.code == "AccessDenied"
        assert refused.value.message == denied("sts:AssumeRole", arn_of(world, "alice"), arn)

    def test_trusting_the_user_is_enough_in_the_same_account(self, world: World) -> None:
        alice = world.user("alice")
        direct = role(world, "direct", trusting(arn_of(world, "alice")))
        assert assume(world, alice, direct)

    def test_a_role_that_does_not_exist_is_told_like_one_that_trusts_nobody(self, world: World) -> None:
        alice = world.user("alice", [ALLOW_ALL])
        missing = f"arn:aws:iam::{world.account_id}:role/nobody"
        with pytest.raises(ServiceError) as refused:
            assume(world, alice, missing)
        assert refused.value.code == "AccessDenied"
        assert refused.value.message == denied("sts:AssumeRole", arn_of(world, "alice"), missing)

    @pytest.mark.parametrize("wrong", ["role/reader", "role/team/READER", "role/teams/reader"])
    def test_path_and_case_of_the_arn_count(self, world: World, arn: str, wrong: str) -> None:
        with pytest.raises(ServiceError, match="AccessDenied"):
            assume(world, world.user("alice", [ALLOW_ALL]), f"arn:aws:iam::{world.account_id}:{wrong}")

    @pytest.mark.parametrize(
        "text",
        [
            "this is no arn at all",
            "arn:aws:iam::123:role/short-account",
            "arn:aws:iam::123456789012:user/not-a-role",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role/line\n",
            "arn:aws:iam:us-east-1:123456789012:role/with-region",
            "arn:aws:iam::١٢٣٤٥٦٧٨٩٠١٢:role/digits",
        ],
    )
    def test_what_is_no_role_arn_is_invalid(self, world: World, text: str) -> None:
        with pytest.raises(ServiceError) as refused:
            assume(world, world.user("alice", [ALLOW_ALL]), text)
        assert (refused.value.code, refused.value.message) == ("ValidationError", f"{text} is invalid")


class TestAcrossAccounts:
    def test_both_sides_have_to_allow(self, world: World) -> None:
        other = world.account()
        alice = world.user("alice", [ASSUME])
        shared = role(world, "shared", trusting(arn_of(world, "alice")), root=other)
        session = world.session(assume(world, alice, shared))
        identity = world.call(session, "GetCallerIdentity", service="sts")
        assert identity["Account"] == world.principal(other).principal.account

    def test_trust_alone_is_not_enough(self, world: World) -> None:
        alice = world.user("alice")
        shared = role(world, "shared", trusting(arn_of(world, "alice")), root=world.account())
        with pytest.raises(ServiceError, match="AccessDenied"):
            assume(world, alice, shared)

    def test_the_callers_policy_alone_is_not_enough(self, world: World) -> None:
        closed = role(world, "closed", root=world.account())
        with pytest.raises(ServiceError, match="AccessDenied"):
            assume(world, world.user("alice", [ALLOW_ALL]), closed)

    def test_managed_session_policies_are_those_of_the_roles_account(self, world: World) -> None:
        alice = world.user("alice", [ASSUME])
        shared = role(world, "shared", trusting(arn_of(world, "alice")), root=world.account())
        mine = world.call(world.root, "CreatePolicy", PolicyName="mine", PolicyDocument=json.dumps(ALLOW_ALL))[
            "Policy"
        ]["Arn"]
        with pytest.raises(ServiceError, match="does not exist in the account of the session"):
            assume(world, alice, shared, PolicyArns=[{"arn": mine}])


class TestExternalId:
    @pytest.fixture
    def guarded(self, world: World) -> str:
        condition = {"StringEquals": {"sts:ExternalId": "s3cret"}}
        return role(world, "guarded", trusting(world.account_id, condition=condition))

    def test_the_right_one_opens(self, world: World, guarded: str) -> None:
        assert assume(world, world.user("alice", [ASSUME]), guarded, ExternalId="s3cret")

    @pytest.mark.parametrize("given", [{}, {"ExternalId": ""}, {"ExternalId": "S3CRET"}, {"ExternalId": "s3cret "}])
    def test_no_other_does(self, world: World, guarded: str, given: dict[str, str]) -> None:
        with pytest.raises(ServiceError, match="AccessDenied"):
            assume(world, world.user("alice", [ASSUME]), guarded, **given)


def test_the_session_name_can_be_asked_for(world: World) -> None:
    named = role(
        world,
        "named",
        trusting(world.account_id, condition={"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}),
    )
    alice = world.user("alice", [ASSUME])
    assert assume(world, alice, named, name="alice")
    with pytest.raises(ServiceError, match="AccessDenied"):
        assume(world, alice, named, name="mallory")


class TestDuration:
    def test_up_to_the_maximum_of_the_role(self, world: World, arn: str) -> None:
        answer = assume(world, world.user("alice", [ASSUME]), arn, DurationSeconds=7200)
        assert answer["Credentials"]["Expiration"] == START + timedelta(hours=2)

    def test_not_beyond(self, world: World, arn: str) -> None:
        with pytest.raises(ServiceError) as refused:
            assume(world, world.user("alice", [ASSUME]), arn, DurationSeconds=7201)
        assert refused.value.code == "ValidationError"
        assert refused.value.message == (
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )

    def test_the_credentials_expire(self, world: World, arn: str) -> None:
        session = world.session(assume(world, world.user("alice", [ASSUME]), arn, DurationSeconds=900))
        world.clock.advance(899)
        assert world.call(session, "GetCallerIdentity", service="sts")
        world.clock.advance(1)
        with pytest.raises(ServiceError, match="ExpiredToken"):
            world.call(session, "GetCallerIdentity", service="sts")


class TestTheRoleBehindASession:
    def test_deleted_it_takes_the_session_along(self, world: World) -> None:
        bare = role(world, "bare", allows=None)
        session = world.session(assume(world, world.user("alice", [ASSUME]), bare))
        world.call(world.root, "DeleteRole", RoleName="bare")
        with pytest.raises(ServiceError, match="InvalidClientTokenId"):
            world.call(session, "GetCallerIdentity", service="sts")

    def test_made_again_under_its_name_it_is_another(self, world: World) -> None:
        bare = role(world, "bare", allows=None)
        session = world.session(assume(world, world.user("alice", [ASSUME]), bare))
        world.call(world.root, "DeleteRole", RoleName="bare")
        assert role(world, "bare") == bare
        with pytest.raises(ServiceError, match="InvalidClientTokenId"):
            world.call(session, "GetCallerIdentity", service="sts")

    def test_a_change_of_its_policy_reaches_live_sessions(self, world: World, arn: str) -> None:
        session = world.session(assume(world, world.user("alice", [ASSUME]), arn))
        assert world.call(session, "ListUsers")
        world.call(world.root, "DeleteRolePolicy", RoleName="reader", PolicyName="own")
        with pytest.raises(ServiceError, match="AccessDenied"):
            world.call(session, "ListUsers")


class TestChaining:
    def test_a_chained_session_lasts_an_hour_at_most(self, world: World, arn: str) -> None:
        first = world.session(assume(world, world.user("alice", [ASSUME]), arn, DurationSeconds=7200))
        assert assume(world, first, arn, DurationSeconds=3600)
        with pytest.raises(ServiceError) as refused:
            assume(world, first, arn, DurationSeconds=3601)
        assert refused.value.code == "ValidationError"
        assert refused.value.message == (
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )

    def test_nor_does_one_in_another_account(self, world: World, arn: str) -> None:
        other = world.account()
        far = role(world, "far", trusting(world.account_id), root=other, MaxSessionDuration=43200)
        alice = world.user("alice", [ASSUME])
        assert assume(world, alice, far, DurationSeconds=43200)
        first = world.session(assume(world, alice, arn))
        assert assume(world, first, far, DurationSeconds=3600)
        with pytest.raises(ServiceError, match="exceeds the 1 hour session limit"):
            assume(world, first, far, DurationSeconds=3601)

    def test_a_session_of_a_user_is_a_link_of_the_chain(self, world: World, arn: str) -> None:
        alice = world.session(world.call(world.user("alice", [ASSUME]), "GetSessionToken", service="sts"))
        answer = assume(world, alice, arn, DurationSeconds=3600)
        assert answer["Credentials"]["Expiration"] == START + timedelta(hours=1)
        with pytest.raises(ServiceError, match="exceeds the 1 hour session limit"):
            assume(world, alice, arn, DurationSeconds=3601)

    def test_without_a_chain_the_roles_own_limit_holds(self, world: World, arn: str) -> None:
        answer = assume(world, world.user("alice", [ASSUME]), arn, DurationSeconds=7200)
        assert answer["Credentials"]["Expiration"] == START + timedelta(hours=2)

    def test_a_chained_session_lives_on_when_its_parent_is_over(self, world: World, arn: str) -> None:
        first = world.session(assume(world, world.user("alice", [ASSUME]), arn, DurationSeconds=900))
        world.clock.advance(600)
        second = world.session(assume(world, first, arn))
        world.clock.advance(3599)
        with pytest.raises(ServiceError, match="ExpiredToken"):
            world.call(first, "GetCallerIdentity", service="sts")
        assert world.call(second, "GetCallerIdentity", service="sts")
        world.clock.advance(1)
        with pytest.raises(ServiceError, match="ExpiredToken"):
            world.call(second, "GetCallerIdentity", service="sts")

    def test_it_dies_with_its_role(self, world: World, arn: str) -> None:
        first = world.session(assume(world, world.user("alice", [ASSUME]), arn))
        second = world.session(assume(world, first, role(world, "second", allows=None)))
        world.call(world.root, "DeleteRole", RoleName="second")
        with pytest.raises(ServiceError, match="InvalidClientTokenId"):
            world.call(second, "GetCallerIdentity", service="sts")

    def test_it_is_revoked_by_its_issue_time(self, world: World, arn: str) -> None:
        first = world.session(assume(world, world.user("alice", [ASSUME]), arn))
        world.clock.advance(60)
        second = world.session(assume(world, first, role(world, "second")))
        assert world.call(second, "ListUsers")
        older = {"DateLessThan": {"aws:TokenIssueTime": iso_seconds(world.clock.now + timedelta(seconds=1))}}
        revoke = json.dumps(deny("*", condition=older))
        world.call(world.root, "PutRolePolicy", RoleName="second", PolicyName="revoked", PolicyDocument=revoke)
        with pytest.raises(ServiceError, match="with an explicit deny in an identity-based policy"):
            world.call(second, "ListUsers")

    def test_it_ends_with_the_epoch(self, world: World, arn: str) -> None:
        first = world.session(assume(world, world.user("alice", [ASSUME]), arn))
        second = world.session(assume(world, first, arn))
        with sqlite3.connect(world.installation.settings.data_dir / "carnet.db") as restored:
            restored.execute("UPDATE head SET epoch = 'another'")
        restored.close()
        world.installation.directory.catch_up()
        with pytest.raises(ServiceError, match="InvalidClientTokenId"):
            world.call(second, "GetCallerIdentity", service="sts")

    def test_with_the_parents_lifetime_it_ends_with_its_parent(self, tmp_path: Path) -> None:
        with open_world(tmp_path, session_lifetime=SessionLifetime.PARENT) as world:
            arn = role(world, "reader", MaxSessionDuration=7200)
            first = assume(world, world.user("alice", [ASSUME]), arn, DurationSeconds=900)
            world.clock.advance(600)
            second = assume(world, world.session(first), arn)
            assert second["Credentials"]["Expiration"] == first["Credentials"]["Expiration"]

    def test_the_depth_is_counted(self, world: World, arn: str) -> None:
        caller = world.user("alice", [ASSUME])
        for depth in range(3):
            caller = world.session(assume(world, caller, arn))
            session = world.principal(caller).credential.session
            assert session is not None
            assert session.chain_depth == depth

    def test_a_session_policy_narrows_assuming_too(self, world: World, arn: str) -> None:
        narrowed = json.dumps({"Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}})
        session = world.session(assume(world, world.user("alice", [ASSUME]), arn, Policy=narrowed))
        with pytest.raises(ServiceError, match="AccessDenied"):
            assume(world, session, arn)


class TestSourceIdentity:
    def test_it_is_echoed_and_asked_for_permission(self, world: World, arn: str) -> None:
        alice = world.user("alice", [ASSUME])
        assert assume(world, alice, arn, SourceIdentity="alice")["SourceIdentity"] == "alice"

        plain = role(world, "plain", trusting(world.account_id))
        with pytest.raises(ServiceError) as refused:
            assume(world, alice, plain, SourceIdentity="alice")
        assert refused.value.message == denied("sts:SetSourceIdentity", arn_of(world, "alice"), plain)

    def test_the_chain_inherits_it(self, world: World, arn: str) -> None:
        first = world.session(assume(world, world.user("alice", [ASSUME]), arn, SourceIdentity="alice"))
        assert assume(world, first, arn)["SourceIdentity"] == "alice"
        assert assume(world, first, arn, SourceIdentity="alice")["SourceIdentity"] == "alice"

    def test_inherited_it_still_needs_the_next_roles_consent(self, world: World, arn: str) -> None:
        first = world.session(assume(world, world.user("alice", [ASSUME]), arn, SourceIdentity="alice"))
        plain = role(world, "plain", trusting(world.account_id))
        with pytest.raises(ServiceError, match="sts:SetSourceIdentity"):
            assume(world, first, plain)

    def test_the_chain_cannot_change_it(self, world: World, arn: str) -> None:
        first = world.session(assume(world, world.user("alice", [ASSUME]), arn, SourceIdentity="alice"))
        with pytest.raises(ServiceError) as refused:
            assume(world, first, arn, SourceIdentity="mallory")
        assert refused.value.code == "AccessDenied"

    def test_a_trust_policy_can_ask_for_it(self, world: World) -> None:
        condition = {"StringEquals": {"sts:SourceIdentity": "${aws:username}"}}
        actions = ("sts:AssumeRole", "sts:SetSourceIdentity")
        traced = role(world, "traced", trusting(world.account_id, actions=actions, condition=condition))
        alice = world.user("alice", [ASSUME])
        assert assume(world, alice, traced, SourceIdentity="alice")
        with pytest.raises(ServiceError, match="AccessDenied"):
            assume(world, alice, traced)


class TestSessionTags:
    def test_they_need_a_permission_of_their_own(self, world: World) -> None:
        plain = role(world, "plain", trusting(world.account_id))
        with pytest.raises(ServiceError) as refused:
            assume(world, world.user("alice", [ASSUME]), plain, Tags=[{"Key": "team", "Value": "a"}])
        assert refused.value.message == denied("sts:TagSession", arn_of(world, "alice"), plain)

    def test_across_accounts_the_caller_needs_it_too(self, world: World) -> None:
        only_assume = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}
        alice = world.user("alice", [only_assume])
        shared = role(world, "shared", trusting(arn_of(world, "alice"), actions=EVERY_ACTION), root=world.account())
        assert assume(world, alice, shared)
        with pytest.raises(ServiceError, match="sts:TagSession"):
            assume(world, alice, shared, Tags=[{"Key": "team", "Value": "a"}])

    def test_a_trust_policy_sees_them(self, world: World) -> None:
        condition = {
            "StringEquals": {"aws:RequestTag/team": "a"},
            "ForAllValues:StringEquals": {"aws:TagKeys": ["team"], "sts:TransitiveTagKeys": ["team"]},
        }
        tagged = role(world, "tagged", trusting(world.account_id, actions=EVERY_ACTION, condition=condition))
        alice = world.user("alice", [ASSUME])
        team = {"Key": "team", "Value": "a"}
        assert assume(world, alice, tagged, Tags=[team], TransitiveTagKeys=["team"])
        for wrong in ([{"Key": "team", "Value": "b"}], [team, {"Key": "more", "Value": "b"}], []):
            with pytest.raises(ServiceError, match="AccessDenied"):
                assume(world, alice, tagged, Tags=wrong)

    def test_they_are_the_sessions_principal_tags_and_override_the_roles(self, world: World) -> None:
        own_tag_only = {
            "Statement": {
                "Effect": "Allow",
                "Action": "iam:ListUsers",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:PrincipalTag/team": "a"}},
            }
        }
        tagged = role(world, "tagged", allows=own_tag_only, Tags=[{"Key": "Team", "Value": "b"}])
        alice = world.user("alice", [ASSUME])
        with pytest.raises(ServiceError, match="AccessDenied"):
            world.call(world.session(assume(world, alice, tagged)), "ListUsers")
        assert world.call(
            world.session(assume(world, alice, tagged, Tags=[{"Key": "team", "Value": "a"}])), "ListUsers"
        )

    def test_transitive_ones_go_down_the_chain_and_no_others(self, world: World, arn: str) -> None:
        tags = [{"Key": "Team", "Value": "a"}, {"Key": "job", "Value": "b"}]
        alice = world.user("alice", [ASSUME])
        first = world.session(assume(world, alice, arn, Tags=tags, TransitiveTagKeys=["team"]))
        second = world.session(assume(world, first, arn, Tags=[{"Key": "more", "Value": "c"}]))
        third = world.session(assume(world, second, arn))

        def of(caller: object) -> dict[str, str]:
            session = world.principal(caller).credential.session  # type: ignore[arg-type]  # callers all
            assert session is not None
            return dict(session.tags)

        assert of(first) == {"Team": "a", "job": "b"}
        assert of(second) == {"Team": "a", "more": "c"}
        assert of(third) == {"Team": "a"}

    def test_inherited_ones_need_the_next_roles_consent(self, world: World, arn: str) -> None:
        alice = world.user("alice", [ASSUME])
        tags = [{"Key": "team", "Value": "a"}]
        first = world.session(assume(world, alice, arn, Tags=tags, TransitiveTagKeys=["team"]))
        plain = role(world, "plain", trusting(world.account_id))
        with pytest.raises(ServiceError, match="sts:TagSession"):
            assume(world, first, plain)

    def test_inherited_ones_are_in_the_request_for_the_next_trust_policy(self, world: World, arn: str) -> None:
        condition = {"StringEquals": {"aws:RequestTag/team": "a"}}
        guarded = role(world, "guarded", trusting(world.account_id, actions=EVERY_ACTION, condition=condition))
        alice = world.user("alice", [ASSUME])
        for value, opens in (("a", True), ("b", False)):
            tags = [{"Key": "team", "Value": value}]
            first = world.session(assume(world, alice, arn, Tags=tags, TransitiveTagKeys=["team"]))
            if opens:
                assert assume(world, first, guarded)
            else:
                with pytest.raises(ServiceError, match="AccessDenied"):
                    assume(world, first, guarded)

    @pytest.mark.parametrize("key", ["team", "TEAM"])
    def test_inherited_ones_cannot_be_overridden(self, world: World, arn: str, key: str) -> None:
        alice = world.user("alice", [ASSUME])
        tags = [{"Key": "team", "Value": "a"}]
        first = world.session(assume(world, alice, arn, Tags=tags, TransitiveTagKeys=["team"]))
        with pytest.raises(ServiceError) as refused:
            assume(world, first, arn, Tags=[{"Key": key, "Value": "b"}])
        assert refused.value.code == "InvalidParameterValue"
        assert "conflicts with a transitive tag key from the calling session" in refused.value.message
