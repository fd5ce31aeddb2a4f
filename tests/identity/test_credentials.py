"""A credential is found, and found again at another revision, only while it is good."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from carnet.assembly.installation import open_installation
from carnet.entities.access_key import AccessKey
from carnet.entities.account import Account
from carnet.entities.user import User
from carnet.identity.credential import Credential, TokenExpired
from carnet.identity.credentials import Credentials
from carnet.identity.new_access_key import GivenKey, sealed_access_key
from tests.directory.snapshots import snapshot_of
from tests.services.world import World, open_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as made:
        yield made


def credentials(world: World) -> Credentials:
    return world.installation.execution.credentials


def alice(world: World) -> tuple[Credential, Account, User, AccessKey]:
    """A user's credential, and what it rests on."""
    found = world.principal(world.user("alice")).credential
    view = world.snapshot.accounts[world.account_id]
    user, key = view.of(User).get(found.principal.id), view.of(AccessKey).get(found.key_id)
    assert user is not None
    assert key is not None
    return found, view.account, user, key


def test_a_long_term_credential_is_renewed_while_its_key_and_user_are_there(world: World) -> None:
    found, account, user, key = alice(world)
    renew = credentials(world).renew
    assert renew(snapshot_of(account, user, key), found) == found
    assert renew(snapshot_of(account, user), found) is None
    assert renew(snapshot_of(account, key), found) is None
    assert renew(snapshot_of(), found) is None
    assert renew(snapshot_of(account, user, replace(key, active=False)), found) is None


def test_a_key_whose_secret_does_not_open_is_no_credential(world: World) -> None:
    found, account, user, key = alice(world)
    altered = key.sealed_secret[:-1] + bytes([key.sealed_secret[-1] ^ 1])
    for sealed in (b"", b"\x02short", altered):
        assert credentials(world).renew(snapshot_of(account, user, replace(key, sealed_secret=sealed)), found) is None


def test_a_key_with_another_secret_is_not_the_one_that_was_proved(world: World) -> None:
    found, account, user, key = alice(world)
    assert credentials(world).renew(snapshot_of(account, user, key), replace(found, secret="guessed")) is None


def test_a_session_is_renewed_until_its_time_is_over(world: World) -> None:
    answer = world.call(world.user("alice"), "GetSessionToken", service="sts", DurationSeconds=900)
    session = world.session(answer)
    found = credentials(world).find(session.key_id, session.token)
    assert found is not None
    world.clock.advance(899)
    assert credentials(world).renew(world.snapshot, found) == found
    world.clock.advance(1)
    assert credentials(world).renew(world.snapshot, found) is None
    with pytest.raises(TokenExpired):
        credentials(world).find(session.key_id, session.token)


def test_a_session_is_of_no_use_without_its_token(world: World) -> None:
    session = world.session(world.call(world.user("alice"), "GetSessionToken", service="sts"))
    assert credentials(world).find(session.key_id, session.token) is not None
    assert credentials(world).find(session.key_id, None) is None
    assert credentials(world).find(session.key_id, "forged") is None


@pytest.mark.parametrize("key_id", ["", "AKIA", "AKIAalice", "AKIA" + "7" * 16, "ASIA" + "A" * 16, "alice"])
def test_what_is_no_key_of_an_account_here_is_not_found(world: World, key_id: str) -> None:
    assert credentials(world).find(key_id, None) is None


def test_a_key_of_an_account_that_is_not_here_is_not_found(world: World) -> None:
    elsewhere = world.installation.ids.access_key("444455556666")
    assert credentials(world).find(elsewhere, None) is None


@pytest.mark.parametrize("key_id", ["AKIAIOSFODNN7EXAMPLE", "AKIA" + "X" * 30, "AKIA000011112222"])
def test_a_key_whose_id_was_given_is_found_in_its_account(world: World, key_id: str) -> None:
    _, account, user, _ = alice(world)
    given = GivenKey(id=key_id, secret="a-secret-that-was-given")
    keyring = world.installation.keyring
    key = sealed_access_key(keyring, given, account=account.id, owner=user.id, now=world.clock()).key
    store, directory = world.installation.store, world.installation.directory
    with store.write() as unit:
        unit.add(key)
    directory.apply(unit.committed)
    found = credentials(world).find(key_id, None)
    assert found is not None
    assert (found.secret, found.principal.account) == (given.secret, account.id)
    with store.write() as unit:
        unit.save(replace(key, active=False))
    directory.apply(unit.committed)
    assert credentials(world).find(key_id, None) is None
    with store.write() as unit:
        unit.remove(key)
    directory.apply(unit.committed)
    assert credentials(world).find(key_id, None) is None
    assert credentials(world).find(key_id + "X", None) is None


def test_of_a_key_that_is_known_the_store_is_not_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call looks for its key: it would wait for the store."""
    _, _, _, key = alice(world)
    asked: list[str] = []
    monkeypatch.setattr(type(world.installation.directory), "missed", lambda _: asked.append("missed"))
    assert credentials(world).find(key.id, None) is not None
    assert asked == []
    assert credentials(world).find("AKIA" + "7" * 16, None) is None
    assert asked == ["missed"]


def test_a_key_that_another_process_made_is_known_before_the_store_is_followed(world: World) -> None:
    with open_installation(world.installation.settings) as beside:
        key = sealed_access_key(
            beside.keyring,
            GivenKey(id="AKIAIOSFODNN7EXAMPLE", secret="a-secret-that-was-given"),
            account=world.account_id,
            owner=world.account_id,
            now=world.clock(),
        ).key
        with beside.store.write() as unit:
            unit.add(key)
    before = world.installation.directory.snapshot
    found = credentials(world).find(key.id, None)
    assert found is not None
    assert found.secret == "a-secret-that-was-given"
    assert world.installation.directory.snapshot is not before
