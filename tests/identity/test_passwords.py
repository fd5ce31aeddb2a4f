"""How passwords are kept: slow hashes, one salt for each profile, sealed."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from carnet.assembly.settings import Settings
from carnet.entities.login_profile import LoginProfile
from carnet.identity import passwords as room
from carnet.identity.password_hashing import HashCost, password_hash, salt_of, same_passwords
from carnet.identity.passwords import Passwords
from carnet.keyring.aead import KEY_BYTES
from carnet.keyring.data_keys import new_data_keys
from carnet.keyring.keyring import Keyring
from carnet.keyring.master_key import MasterKey

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ACCOUNT, ALICE, BOB = "111122223333", "AIDAALICE", "AIDABOB"
CHEAP, DEARER = HashCost(memory_kib=8), HashCost(memory_kib=16)


@pytest.fixture(scope="module")
def keyring() -> Keyring:
    master = MasterKey(secrets.token_bytes(KEY_BYTES))
    return Keyring.unwrap(master, new_data_keys(master, now=NOW))


@pytest.fixture
def kept(keyring: Keyring) -> Passwords:
    return Passwords(keyring, secrets.token_bytes, CHEAP)


def profile(kept: Passwords, *passwords: str, owner: str = ALICE) -> LoginProfile:
    """A profile whose passwords were these, the present one last."""
    made = None
    for password in passwords:
        hashed = kept.hashed(password, account=ACCOUNT, owner=owner, before=made)
        made = LoginProfile(id=owner, account=ACCOUNT, sealed_hashes=hashed.sealed, created=NOW, changed=NOW)
    assert made is not None
    return made


def hashes(keyring: Keyring, of: LoginProfile) -> list[str]:
    context = room.hashes_context(of.account, of.id)
    read: list[str] = json.loads(keyring.open(of.sealed_hashes, context=context))
    return read


def test_the_present_password_is_right_and_no_other(kept: Passwords) -> None:
    made = profile(kept, "one", "two")
    assert kept.is_right(made, "two")
    assert not any(kept.is_right(made, wrong) for wrong in ("one", "Two", "two ", "", "\ud800"))
    assert not kept.is_right(None, "two")


def test_it_is_argon2id_as_recommended() -> None:
    hashed = password_hash("word", b"s" * 16, HashCost(memory_kib=Settings().password_hash_kib))
    assert hashed.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    assert salt_of(hashed) == b"s" * 16
    assert same_passwords("word", [hashed]) == [True]
    assert same_passwords("work", [hashed]) == [False]


def test_a_password_is_known_by_how_long_ago_it_was_used(kept: Passwords) -> None:
    made = profile(kept, *(f"password {number}" for number in range(30)))
    ago = {
        number: kept.hashed(f"password {number}", account=ACCOUNT, owner=ALICE, before=made).passwords_ago
        for number in (29, 28, 6, 5)
    }
    assert ago == {29: 1, 28: 2, 6: 24, 5: None}


def test_a_change_costs_one_hash_however_many_passwords_are_remembered(
    kept: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = profile(kept, *(f"password {number}" for number in range(24)))
    counted: list[str] = []

    def counting(password: str, salt: bytes, cost: HashCost) -> str:
        counted.append(password)
        return password_hash(password, salt, cost)

    monkeypatch.setattr(room, "password_hash", counting)
    monkeypatch.setattr("carnet.identity.password_hashing.password_hash", counting)
    kept.hashed("new", account=ACCOUNT, owner=ALICE, before=made)
    assert len(counted) == 1
    for known in (made, None):
        counted.clear()
        kept.is_right(known, "wrong")
        assert len(counted) == 1, "whoever is asked about, wrong or unknown, it costs one hash"


def test_two_users_with_one_password_have_two_salts(kept: Passwords, keyring: Keyring) -> None:
    ones = [hashes(keyring, profile(kept, "same", owner=owner))[0] for owner in (ALICE, BOB)]
    assert salt_of(ones[0]) != salt_of(ones[1])


def test_passwords_stay_good_and_remembered_when_the_cost_changes(kept: Passwords, keyring: Keyring) -> None:
    made = profile(kept, "one", "two")
    dearer = Passwords(keyring, secrets.token_bytes, DEARER)
    assert dearer.is_right(made, "two")
    again = dearer.hashed("one", account=ACCOUNT, owner=ALICE, before=made)
    assert again.passwords_ago == 2
    assert "m=16," in hashes(keyring, replace(made, sealed_hashes=again.sealed))[0]


def test_a_hash_is_good_for_nobody_else(kept: Passwords) -> None:
    """Somebody who can write the database puts their own password into another row."""
    mine = profile(kept, "mine", owner=BOB)
    assert kept.is_right(mine, "mine")
    assert not kept.is_right(replace(mine, id=ALICE), "mine")
    assert not kept.is_right(replace(mine, id=ACCOUNT), "mine")
    assert not kept.is_right(replace(mine, account="444455556666"), "mine")
    assert not kept.is_right(replace(mine, sealed_hashes=b"x"), "mine")


def test_what_is_printed_shows_no_hash(kept: Passwords) -> None:
    made = profile(kept, "one")
    assert "sealed" not in repr(made)
    assert "sealed" not in repr(kept.hashed("one", account=ACCOUNT, owner=ALICE, before=made))
