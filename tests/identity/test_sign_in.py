"""Who knows a password: the same cost, the same limits and the same answer for whoever is not there."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from carnet.base.faults import Refused
from carnet.entities.account import Account
from carnet.entities.login_profile import LoginProfile
from carnet.entities.membership import Membership
from carnet.entities.user import User
from carnet.identity.password_hashing import HashCost, password_hash
from carnet.identity.sign_in import Claim, KnownPassword, PasswordState
from tests.services.iam.documents import allow
from tests.services.iam.expect import refused
from tests.services.world import World, open_world

GOOD, OTHER = "Correct-horse-1", "Battery-staple-2"
DAY = 86_400


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as world:
        world.user("Alice", [allow("iam:ChangePassword")])
        world.call(world.root, "CreateLoginProfile", UserName="Alice", Password=GOOD)
        yield world


def claim(world: World, **given: object) -> Claim:
    """Alice, who types the right password at home."""
    alice = Claim(account=world.account_id, user_name="Alice", password=GOOD, peer="192.0.2.1")
    return replace(alice, **given)  # type: ignore[arg-type]  # members of a claim


def check(world: World, **given: object) -> KnownPassword | None:
    sign_ins = world.installation.execution.parts.sign_ins
    return sign_ins.check(world.snapshot, claim(world, **given), world.clock())


def too_soon(world: World, **given: object) -> bool:
    try:
        check(world, **given)
    except Refused as refusal:
        return refusal.code == "Throttling"
    return False


def root_password(world: World, password: str) -> None:
    """Give root a password."""
    parts, account = world.installation.execution.parts, world.account_id
    hashed = parts.passwords.hashed(password, account=account, owner=account, before=None)
    now = world.clock()
    with world.installation.store.write() as unit:
        unit.add(LoginProfile(id=account, account=account, sealed_hashes=hashed.sealed, created=now, changed=now))
    world.installation.directory.catch_up()


def test_who_knows_the_password_of_a_user_is_that_user(world: World) -> None:
    found = check(world, user_name="alice")
    assert found is not None
    assert isinstance(found.holder, User)
    assert (found.holder.name, found.state) == ("Alice", PasswordState.GOOD)


def test_an_account_is_named_by_its_alias_too(world: World) -> None:
    world.call(world.root, "CreateAccountAlias", AccountAlias="example")
    assert check(world, account="example") is not None


def test_root_has_a_password_of_its_own(world: World) -> None:
    assert check(world, user_name=None) is None
    world.clock.advance(1)
    root_password(world, OTHER)
    found = check(world, user_name=None, password=OTHER)
    assert found is not None
    assert isinstance(found.holder, Account)
    assert world.call(world.root, "GetAccountSummary")["SummaryMap"]["AccountPasswordPresent"] == 1


NOBODY = [
    {"password": OTHER},
    {"user_name": "nobody"},
    {"user_name": "bob"},
    {"account": "999999999999"},
    {"account": "unknown"},
    {"account": "", "user_name": "\ud800"},
    {"user_name": None},
]


@pytest.mark.parametrize("given", NOBODY, ids=str)
def test_whoever_is_not_there_costs_as_much_and_waits_as_long_as_a_wrong_password(
    world: World, given: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.call(world.root, "CreateUser", UserName="bob")
    hashed: list[str] = []

    def counting(password: str, salt: bytes, cost: HashCost) -> str:
        hashed.append(password)
        return password_hash(password, salt, cost)

    for room in ("passwords", "password_hashing"):
        monkeypatch.setattr(f"carnet.identity.{room}.password_hash", counting)
    assert check(world, **given) is None
    assert len(hashed) == 1
    assert too_soon(world, **given)
    world.clock.advance(1)
    assert check(world, **given) is None
    world.clock.advance(1.999)
    assert too_soon(world, **given)
    assert len(hashed) == 2, "what comes too soon costs no hash"


def test_guesses_made_at_once_are_one_guess(world: World) -> None:
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda number: too_soon(world, password=f"guess {number}"), range(16)))
    assert sum(not each for each in outcomes) == 1
    assert too_soon(world), "and the right one has to wait, too"
    world.clock.advance(1)
    assert check(world) is not None


def test_nobody_else_can_lock_a_user_out(world: World) -> None:
    assert check(world) is not None
    for number in range(100):
        assert not too_soon(world, password=OTHER, peer=f"198.51.{number}.1")
    assert too_soon(world, peer="198.51.100.1"), "not even the right one, from a place that is not known"
    assert check(world) is not None
    world.clock.advance(3600)
    assert check(world, peer="198.51.100.1") is not None


def test_a_place_that_tries_everybody_has_to_wait(world: World) -> None:
    for number in range(20):
        assert not too_soon(world, user_name=f"user{number}", peer="203.0.113.9")
    assert too_soon(world, peer="203.0.113.10")
    assert check(world) is not None


def test_wrong_passwords_of_change_password_are_counted_with_the_others(world: World) -> None:
    bob = world.user("bob", [allow("iam:ChangePassword")])
    world.call(world.root, "CreateLoginProfile", UserName="bob", Password=GOOD)
    wrong = {"OldPassword": OTHER, "NewPassword": OTHER}
    assert refused(world, bob, "ChangePassword", **wrong)[0] == "AccessDenied"
    assert refused(world, bob, "ChangePassword", **wrong) == ("Throttling", "Rate exceeded")
    assert too_soon(world, user_name="bob")
    world.clock.advance(1)
    world.call(bob, "ChangePassword", OldPassword=GOOD, NewPassword=OTHER)


def test_a_password_expires_when_the_policy_says_so(world: World) -> None:
    world.call(world.root, "UpdateAccountPasswordPolicy", MaxPasswordAge=2)
    world.clock.advance(2 * DAY - 1)
    assert state(world) is PasswordState.GOOD
    world.clock.advance(1)
    assert state(world) is PasswordState.MUST_CHANGE
    world.call(world.root, "UpdateAccountPasswordPolicy", MaxPasswordAge=2, HardExpiry=True)
    assert state(world) is PasswordState.MUST_BE_RESET
    world.call(world.root, "UpdateAccountPasswordPolicy", HardExpiry=True)
    assert state(world) is PasswordState.GOOD
    world.call(world.root, "UpdateAccountPasswordPolicy", MaxPasswordAge=2, HardExpiry=True)
    world.call(world.root, "UpdateLoginProfile", UserName="Alice", PasswordResetRequired=True)
    assert state(world) is PasswordState.MUST_BE_RESET
    world.call(world.root, "UpdateLoginProfile", UserName="Alice", Password=GOOD)
    assert state(world) is PasswordState.MUST_CHANGE


def test_the_password_of_root_never_expires(world: World) -> None:
    root_password(world, GOOD)
    world.call(world.root, "UpdateAccountPasswordPolicy", MaxPasswordAge=1, HardExpiry=True)
    world.clock.advance(1000 * DAY)
    found = check(world, user_name=None)
    assert found is not None
    assert found.state is PasswordState.GOOD


def test_when_a_password_was_last_used_is_told(world: World) -> None:
    used = world.installation.last_used
    alice = world.call(world.root, "GetUser", UserName="alice")["User"]
    assert "PasswordLastUsed" not in alice
    used.note_password(alice["UserId"], world.clock())
    used.exchange()
    assert world.call(world.root, "GetUser", UserName="alice")["User"]["PasswordLastUsed"] == world.clock()
    (listed,) = world.call(world.root, "ListUsers")["Users"]
    assert listed["PasswordLastUsed"] == world.clock()
    used.note_password(world.account_id, world.clock())
    assert "PasswordLastUsed" not in world.call(world.root, "GetUser")["User"], "root has no password"
    root_password(world, GOOD)
    assert world.call(world.root, "GetUser")["User"]["PasswordLastUsed"] == world.clock()
    world.call(world.root, "DeleteLoginProfile", UserName="alice")
    assert "PasswordLastUsed" not in world.call(world.root, "GetUser", UserName="alice")["User"]


def state(world: World) -> PasswordState:
    found = check(world)
    assert found is not None
    return found.state


def test_nobody_signs_in_to_a_closed_account(world: World) -> None:
    world.call(world.root, "CreateAccountAlias", AccountAlias="example")
    typed, by_alias = claim(world), claim(world, account="example")
    with world.installation.store.write() as unit:
        unit.add(Membership(account=world.account_id, organization="o-abcdefghij", closed=world.clock()))
    world.installation.directory.catch_up()
    sign_ins = world.installation.execution.parts.sign_ins
    assert sign_ins.check(world.snapshot, typed, world.clock()) is None
    assert sign_ins.check(world.snapshot, by_alias, world.clock()) is None
