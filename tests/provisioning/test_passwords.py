"""First passwords of users, which a document gives and never changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from carnet.entities.login_profile import LoginProfile
from carnet.entities.user import User
from carnet.identity.passwords import Passwords
from carnet.policy.case_members import Misread
from carnet.provisioning.document import Home, read_document
from carnet.provisioning.plan import Verdict, make_plan
from tests.provisioning.planning import applied, applying, done, planned, problem
from tests.services.world import World, open_world

PASSWORD = "Tr0ub4dor&3-horse"
OTHER = "444455556666"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("passwords")) as made:
        yield made


def users(*names: str, password: str = PASSWORD, **more: Any) -> dict[str, Any]:
    profile = {"Password": password, **more}
    return {"UserDetailList": [{"UserName": name, "LoginProfile": profile} for name in names]}


def profile_of(world: World, name: str, account: str | None = None) -> LoginProfile:
    view = world.snapshot.accounts[account or world.account_id]
    user = view.of(User).named(name)
    assert user is not None
    return view.of(LoginProfile).by_id[user.id]


def is_password(world: World, profile: LoginProfile, password: str) -> bool:
    return world.installation.execution.parts.passwords.is_right(profile, password)


def test_a_new_user_gets_the_password_and_keeps_its_own(world: World) -> None:
    plan = applied(world, users("alice", PasswordResetRequired=True))
    assert done(plan) == {"alice": ["CreateUser", "CreateLoginProfile"]}
    profile = profile_of(world, "alice")
    assert profile.reset_required
    assert is_password(world, profile, PASSWORD)
    world.call(world.root, "UpdateLoginProfile", UserName="alice", Password=f"{PASSWORD}-own")
    applied(world, users("alice", PasswordResetRequired=True))
    assert is_password(world, profile_of(world, "alice"), f"{PASSWORD}-own")


def test_a_user_that_is_there_without_a_password_gets_it(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="bob")
    assert done(applied(world, users("bob"))) == {"bob": ["CreateLoginProfile"]}
    assert is_password(world, profile_of(world, "bob"), PASSWORD)


def test_users_of_one_name_and_password_each_have_their_own(world: World) -> None:
    accounts = [{"AccountId": each, **users("carol")} for each in (world.account_id, OTHER)]
    applied(world, {"Accounts": accounts})
    for account in (world.account_id, OTHER):
        assert is_password(world, profile_of(world, "carol", account), PASSWORD)


def test_passwords_are_hashed_when_the_plan_is_made_and_not_while_others_wait(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    applier = applying(world)
    document = read_document(users("dora", "emil"), Home(partition_of=lambda _: "aws", account=world.account_id))
    plan = make_plan(document, world.snapshot, applier.operator, world.installation.store.types)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("hashed under the lock of the writers")

    monkeypatch.setattr(Passwords, "hashed", refuse)
    applier.apply(plan)
    monkeypatch.undo()
    assert is_password(world, profile_of(world, "emil"), PASSWORD)


def test_the_password_is_in_no_record(world: World) -> None:
    secret = "N0body-must-see-this"
    plan = applied(world, users("frank", password=secret))
    stored = json.dumps([event for _, event in world.installation.store.audit_events()])
    assert "CreateLoginProfile" in stored
    assert secret not in stored
    assert secret not in repr([item.wanted for item in plan.items])


def test_the_password_policy_of_the_document_binds_its_passwords(world: World) -> None:
    data = {"AccountId": "505050505050", "PasswordPolicy": {"MinimumPasswordLength": "40"}, **users("gina")}
    (item,) = planned(world, data).impossible
    assert "password policy" in item.problem
    assert item.verdict is Verdict.CANNOT


@pytest.mark.parametrize("password", ["x" * 129, "emoji \N{GRINNING FACE}"])
def test_what_is_no_password_is_told_without_it(world: World, password: str) -> None:
    told = problem(world, users("hugo", password=password))
    assert password not in told


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ({}, ".LoginProfile.Password is missing"),
        ({"Password": ""}, ".LoginProfile.Password must not be empty"),
        ({"Password": ["x"]}, ".LoginProfile.Password must be text"),
        ({"Password": PASSWORD, "PasswordResetRequired": "yes"}, "PasswordResetRequired must be true or false"),
        ({"Password": PASSWORD, "Hash": "x"}, "unknown member 'Hash'"),
    ],
)
def test_what_is_no_login_profile(profile: dict[str, Any], told: str) -> None:
    data = {"AccountId": OTHER, "UserDetailList": [{"UserName": "a", "LoginProfile": profile}]}
    with pytest.raises(Misread) as refused:
        read_document(data, Home(partition_of=lambda _: "aws", account=None))
    assert told in str(refused.value)
    assert PASSWORD not in str(refused.value)
