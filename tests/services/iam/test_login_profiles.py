"""Login profiles: passwords that users are given, and that they change themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from carnet.entities.login_profile import LoginProfile
from carnet.entities.user import User
from carnet.services.account_removal import delete_account
from tests.services.iam.documents import allow, deny, trust
from tests.services.iam.expect import changes_nothing, refused
from tests.services.meanwhile import happens_meanwhile
from tests.services.world import Caller, ServiceError, World

GOOD, OTHER = "Correct-horse-1", "Battery-staple-2"
AGAINST_POLICY = ("PasswordPolicyViolation", "Password does not conform to the account password policy.")
USED_BEFORE = (
    "PasswordPolicyViolation",
    "Policy constraint violation with password reuse prevention during password change.",
)
WRONG = ("AccessDenied", "The old password was incorrect.")


def changing_user(world: World, name: str = "alice") -> Caller:
    """A user with a password, who may change it."""
    user = world.user(name, [allow("iam:ChangePassword")])
    world.call(world.root, "CreateLoginProfile", UserName=name, Password=GOOD)
    return user


def profile(world: World, name: str = "alice") -> LoginProfile:
    view = world.snapshot.accounts[world.account_id]
    user = view.of(User).named(name)
    assert user is not None
    found = view.of(LoginProfile).get(user.id)
    assert found is not None
    return found


def has_password(world: World, password: str, name: str = "alice") -> bool:
    return world.installation.execution.parts.passwords.is_right(profile(world, name), password)


def set_policy(world: World, **policy: Any) -> None:
    world.call(world.root, "UpdateAccountPasswordPolicy", **policy)


def test_a_user_is_given_a_password(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="Alice")
    made = world.call(world.root, "CreateLoginProfile", UserName="alice", Password=GOOD)["LoginProfile"]
    assert made == {"UserName": "Alice", "CreateDate": world.clock(), "PasswordResetRequired": False}
    assert world.call(world.root, "GetLoginProfile", UserName="ALICE")["LoginProfile"] == made
    assert has_password(world, GOOD, "alice")
    assert not has_password(world, GOOD + "x", "alice")


def test_a_user_may_give_itself_one(world: World) -> None:
    alice = world.user("alice", [allow("iam:*LoginProfile", resource="arn:aws:iam::*:user/alice")])
    world.call(alice, "CreateLoginProfile", Password=GOOD)
    assert world.call(alice, "GetLoginProfile")["LoginProfile"]["UserName"] == "alice"
    world.call(alice, "DeleteLoginProfile")
    assert refused(world, alice, "GetLoginProfile") == (
        "NoSuchEntity",
        "Login Profile for User alice cannot be found.",
    )


def test_a_user_has_one_password_at_most(world: World) -> None:
    changing_user(world)
    expected = ("EntityAlreadyExists", "Login Profile for user alice already exists.")
    assert refused(world, world.root, "CreateLoginProfile", UserName="alice", Password=OTHER) == expected
    assert has_password(world, GOOD)


def test_a_password_is_needed(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="alice")
    code, message = refused(world, world.root, "CreateLoginProfile", UserName="alice")
    assert (code, "Value null at 'password'" in message) == ("ValidationError", True)


def test_who_is_no_user_has_to_name_one(world: World) -> None:
    expected = ("ValidationError", "Must specify userName when calling with non-User credentials")
    for caller in (world.root, a_session(world)):
        assert refused(world, caller, "CreateLoginProfile", Password=GOOD) == expected
        assert refused(world, caller, "GetLoginProfile") == expected
        assert refused(world, caller, "DeleteLoginProfile") == expected


def test_without_a_user_or_a_password_there_is_nothing_to_change(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="Alice")
    for operation in ("GetLoginProfile", "UpdateLoginProfile", "DeleteLoginProfile"):
        expected = ("NoSuchEntity", "The user with name nobody cannot be found.")
        assert refused(world, world.root, operation, UserName="nobody") == expected
        expected = ("NoSuchEntity", "Login Profile for User Alice cannot be found.")
        assert refused(world, world.root, operation, UserName="alice") == expected
    nobody = refused(world, world.root, "CreateLoginProfile", UserName="nobody", Password=GOOD)
    assert nobody == ("NoSuchEntity", "The user with name nobody cannot be found.")


def test_a_user_with_a_password_is_not_deleted(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="alice")
    world.call(world.root, "CreateLoginProfile", UserName="alice", Password=GOOD)
    expected = ("DeleteConflict", "Cannot delete entity, must delete login profile first.")
    assert refused(world, world.root, "DeleteUser", UserName="alice") == expected
    world.call(world.root, "DeleteLoginProfile", UserName="alice")
    world.call(world.root, "DeleteUser", UserName="alice")


def test_another_password_is_set_and_the_date_of_the_first_stays(world: World) -> None:
    world.user("alice")
    world.call(world.root, "CreateLoginProfile", UserName="alice", Password=GOOD, PasswordResetRequired=True)
    before = world.call(world.root, "GetLoginProfile", UserName="alice")["LoginProfile"]
    world.clock.advance(60)
    world.call(world.root, "UpdateLoginProfile", UserName="alice", Password=OTHER)
    assert world.call(world.root, "GetLoginProfile", UserName="alice")["LoginProfile"] == before
    assert profile(world).changed == world.clock()
    assert (has_password(world, GOOD), has_password(world, OTHER)) == (False, True)


def test_what_is_not_given_stays_as_it_is(world: World) -> None:
    changing_user(world)
    world.call(world.root, "UpdateLoginProfile", UserName="alice", PasswordResetRequired=True)
    world.call(world.root, "UpdateLoginProfile", UserName="alice", MaxSigninSessionDuration=3600)
    told = world.call(world.root, "GetLoginProfile", UserName="alice")["LoginProfile"]
    assert (told["PasswordResetRequired"], told["MaxSigninSessionDuration"]) == (True, 3600)
    assert has_password(world, GOOD)
    changes_nothing(world, world.root, "UpdateLoginProfile", UserName="alice")
    changes_nothing(world, world.root, "UpdateLoginProfile", UserName="alice", ResetMaxSigninSessionDuration=False)


def test_a_duration_is_set_or_forgotten(world: World) -> None:
    world.user("alice")
    given: dict[str, Any] = {"UserName": "alice", "Password": GOOD, "MaxSigninSessionDuration": 7_776_000}
    assert (
        world.call(world.root, "CreateLoginProfile", **given)["LoginProfile"]["MaxSigninSessionDuration"] == 7_776_000
    )
    both: dict[str, Any] = {
        "UserName": "alice",
        "MaxSigninSessionDuration": 3600,
        "ResetMaxSigninSessionDuration": True,
    }
    assert refused(world, world.root, "UpdateLoginProfile", **both)[0] == "InvalidInput"
    world.call(world.root, "UpdateLoginProfile", UserName="alice", ResetMaxSigninSessionDuration=True)
    told = world.call(world.root, "GetLoginProfile", UserName="alice")["LoginProfile"]
    assert "MaxSigninSessionDuration" not in told


def test_a_user_changes_its_password(world: World) -> None:
    alice = changing_user(world)
    world.call(world.root, "UpdateLoginProfile", UserName="alice", PasswordResetRequired=True)
    world.clock.advance(60)
    world.call(alice, "ChangePassword", OldPassword=GOOD, NewPassword=OTHER)
    assert has_password(world, OTHER)
    assert profile(world).changed == world.clock()
    assert not profile(world).reset_required


def test_who_does_not_know_the_old_password_does_not_change_it(world: World) -> None:
    alice = changing_user(world)
    assert refused(world, alice, "ChangePassword", OldPassword=OTHER, NewPassword=OTHER) == WRONG
    assert has_password(world, GOOD)


def test_without_a_password_there_is_none_to_change(world: World) -> None:
    alice = world.user("alice", [allow("iam:ChangePassword")])
    expected = ("NoSuchEntity", "Login Profile for User alice cannot be found.")
    assert refused(world, alice, "ChangePassword", OldPassword=GOOD, NewPassword=OTHER) == expected


def test_only_users_change_their_own_password(world: World) -> None:
    expected = ("InvalidUserType", "Only IAM Users can change their own password.")
    for caller in (world.root, a_session(world)):
        assert refused(world, caller, "ChangePassword", OldPassword=GOOD, NewPassword=OTHER) == expected


def test_a_change_needs_the_permission(world: World) -> None:
    alice = world.user("alice")
    world.call(world.root, "CreateLoginProfile", UserName="alice", Password=GOOD)
    code, message = refused(world, alice, "ChangePassword", OldPassword=GOOD, NewPassword=OTHER)
    assert code == "AccessDenied"
    assert "iam:ChangePassword" in message


def test_the_account_may_let_all_its_users_change_their_passwords(world: World) -> None:
    alice, bob = world.user("alice"), world.user("bob", [deny("iam:ChangePassword")])
    for name in ("alice", "bob"):
        world.call(world.root, "CreateLoginProfile", UserName=name, Password=GOOD)
    set_policy(world, AllowUsersToChangePassword=True)
    assert world.call(alice, "GetAccountPasswordPolicy")["PasswordPolicy"]["AllowUsersToChangePassword"]
    world.call(alice, "ChangePassword", OldPassword=GOOD, NewPassword=OTHER)
    assert refused(world, bob, "ChangePassword", OldPassword=GOOD, NewPassword=OTHER)[0] == "AccessDenied"
    assert refused(world, alice, "UpdateLoginProfile", UserName="alice", Password=GOOD)[0] == "AccessDenied"
    world.call(world.root, "DeleteAccountPasswordPolicy")
    assert refused(world, alice, "ChangePassword", OldPassword=OTHER, NewPassword=GOOD)[0] == "AccessDenied"


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("Abcdefg1", True),
        ("Abcdef1", False),
        ("abcdefg1", False),
        ("abcdefg1!", True),
        ("ABCDEFG1é", False),
        ("A1!" * 42 + "xx", True),
        ("Test-account", True),
        ("Root@example1.com", False),
        ("Name of it 1", False),
    ],
)
def test_without_a_policy_of_its_own_an_account_has_the_default_one(world: World, password: str, good: bool) -> None:
    account = world.snapshot.accounts[world.account_id].account
    named = replace(account, name="Name of it 1", email="Root@example1.com")
    assert named.allows_user_password(password) is good
    assert named.allows_root_password(password) is good


@pytest.mark.parametrize(
    ("policy", "bad", "good"),
    [
        ({}, "short", "longer"),
        ({"MinimumPasswordLength": 9}, "12345678", "123456789"),
        ({"MinimumPasswordLength": 128}, "x" * 127, "x" * 128),
        ({"RequireSymbols": True}, 'abcdef1A"', "abcdef|"),
        ({"RequireNumbers": True}, "abcdef\u00b2", "abcdef1"),
        ({"RequireUppercaseCharacters": True}, "abcdef\u00c0", "abcdefZ"),
        ({"RequireLowercaseCharacters": True}, "ABCDEF\u00e0", "ABCDEFz"),
    ],
)
def test_the_policy_is_enforced_on_every_change(world: World, policy: dict[str, Any], bad: str, good: str) -> None:
    alice = world.user("alice", [allow("iam:ChangePassword")])
    set_policy(world, **policy)
    assert refused(world, world.root, "CreateLoginProfile", UserName="alice", Password=bad) == AGAINST_POLICY
    world.call(world.root, "CreateLoginProfile", UserName="alice", Password=good)
    assert refused(world, world.root, "UpdateLoginProfile", UserName="alice", Password=bad) == AGAINST_POLICY
    assert refused(world, alice, "ChangePassword", OldPassword=good, NewPassword=bad) == AGAINST_POLICY
    world.call(world.root, "UpdateLoginProfile", UserName="alice", Password=good)
    world.call(alice, "ChangePassword", OldPassword=good, NewPassword=good)


@pytest.mark.parametrize("remembered", [1, 2, 24])
def test_as_many_passwords_are_not_used_again_as_the_policy_says(world: World, remembered: int) -> None:
    alice = changing_user(world)
    set_policy(world, PasswordReusePrevention=remembered)
    last = GOOD
    for number in range(remembered - 1):
        last = f"Password-{number}"
        world.call(world.root, "UpdateLoginProfile", UserName="alice", Password=last)
    assert refused(world, alice, "ChangePassword", OldPassword=last, NewPassword=GOOD) == USED_BEFORE
    assert refused(world, world.root, "UpdateLoginProfile", UserName="alice", Password=GOOD) == USED_BEFORE
    world.call(alice, "ChangePassword", OldPassword=last, NewPassword=OTHER)
    world.call(alice, "ChangePassword", OldPassword=OTHER, NewPassword=GOOD)


def test_passwords_are_remembered_before_a_policy_asks_for_it(world: World) -> None:
    alice = changing_user(world)
    world.call(alice, "ChangePassword", OldPassword=GOOD, NewPassword=OTHER)
    world.call(alice, "ChangePassword", OldPassword=OTHER, NewPassword=OTHER)
    set_policy(world, PasswordReusePrevention=3)
    assert refused(world, alice, "ChangePassword", OldPassword=OTHER, NewPassword=GOOD) == USED_BEFORE


def test_of_two_changes_at_once_one_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, another = changing_user(world), {"UserName": "alice", "Password": "Another-one-3"}
    happens_meanwhile(monkeypatch, lambda: world.call(world.root, "UpdateLoginProfile", **another))
    with pytest.raises(ServiceError, match="EntityTemporarilyUnmodifiable"):
        world.call(alice, "ChangePassword", OldPassword=GOOD, NewPassword=OTHER)
    assert has_password(world, another["Password"])


def test_a_policy_that_came_after_the_hashing_is_enforced(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = changing_user(world)
    happens_meanwhile(monkeypatch, lambda: set_policy(world, MinimumPasswordLength=20))
    with pytest.raises(ServiceError, match="PasswordPolicyViolation"):
        world.call(alice, "ChangePassword", OldPassword=GOOD, NewPassword=OTHER)
    assert has_password(world, GOOD)


def test_the_summary_tells_of_no_password_of_root(world: World) -> None:
    changing_user(world)
    assert world.call(world.root, "GetAccountSummary")["SummaryMap"]["AccountPasswordPresent"] == 0


def test_passwords_go_with_the_account(world: World) -> None:
    changing_user(world)
    account = world.account_id
    delete_account(world.installation.store, account=account, now=world.clock())
    assert world.installation.store.all_of(LoginProfile) == ()


def a_session(world: World) -> Caller:
    """A session of a role that may do everything in IAM."""
    carol = world.user("carol", [allow("sts:AssumeRole")])
    document = trust(world.principal(carol).principal.arn)
    role = world.call(world.root, "CreateRole", RoleName="admin", AssumeRolePolicyDocument=document)["Role"]
    policy = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}}'
    world.call(world.root, "PutRolePolicy", RoleName="admin", PolicyName="all", PolicyDocument=policy)
    return world.session(world.call(carol, "AssumeRole", service="sts", RoleArn=role["Arn"], RoleSessionName="session"))
