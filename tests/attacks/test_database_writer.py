"""Somebody who can write the database, and has no master key, makes a key of their own the root user's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from carnet.assembly.installation import open_installation
from carnet.assembly.settings import Settings
from carnet.identity.credential import Credential
from carnet.keyring.data_keys import Purpose
from carnet.keyring.errors import KeyringError, WrongMasterKey
from carnet.keyring.master_key import create
from carnet.services.key_rotation import rewrap_data_keys
from tests.identity.first_format import ACCOUNT, NOW, Running, made_before, running, running_with_keys


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return made_before(tmp_path)


@pytest.fixture
def here(settings: Settings) -> Iterator[Running]:
    with running_with_keys(settings) as here:
        yield here


@pytest.fixture
def mine(here: Running) -> str:
    """The id of the attacker's own access key, sealed in the first format."""
    return min(here.keys())


def _write(settings: Settings, statement: str, *values: object) -> None:
    database = Path(settings.store_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(statement, values)


def _rows(settings: Settings, statement: str) -> list[tuple[object, ...]]:
    database = Path(settings.store_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(statement).fetchall()


def _make_it_root_s(settings: Settings, key_id: str) -> None:
    _write(settings, "UPDATE access_keys SET owner = account WHERE id = ?", key_id)


def _found(settings: Settings, key_id: str) -> Credential | None:
    """What a server that starts now takes the key for."""
    with open_installation(settings) as installation:
        return installation.execution.credentials.find(key_id, None)


def test_the_first_format_falls_to_it(settings: Settings, mine: str) -> None:
    """What the second format is for. If this fails, the test below shows nothing."""
    _make_it_root_s(settings, mine)
    found = _found(settings, mine)
    assert found is not None
    assert found.principal.arn == f"arn:aws:iam::{ACCOUNT.id}:root"


def test_the_second_format_does_not(settings: Settings, here: Running, mine: str) -> None:
    here.older_node_ends()
    here.reseal()
    assert _found(settings, mine) is not None
    _make_it_root_s(settings, mine)
    assert _found(settings, mine) is None


def test_a_secret_of_the_first_format_cannot_be_brought_back(settings: Settings, here: Running, mine: str) -> None:
    old = here.keys()[mine].sealed_secret
    here.older_node_ends()
    here.reseal()
    _write(settings, "UPDATE access_keys SET sealed_secret = ? WHERE id = ?", old, mine)
    _make_it_root_s(settings, mine)
    assert _found(settings, mine) is None


def test_nor_can_the_time_when_it_was_taken(settings: Settings, here: Running, mine: str) -> None:
    of_then = _rows(settings, "SELECT wrapped, kid FROM data_keys")
    old = here.keys()[mine].sealed_secret
    here.older_node_ends()
    here.reseal()
    here.presence.report()
    _write(settings, "UPDATE access_keys SET sealed_secret = ? WHERE id = ?", old, mine)
    _make_it_root_s(settings, mine)
    _write(settings, "UPDATE data_keys SET floor = 1")
    with pytest.raises(WrongMasterKey):
        _found(settings, mine)
    # With a copy of the data keys as they were wrapped before, neither a server that runs is deceived ...
    for row in of_then:
        _write(settings, "UPDATE data_keys SET wrapped = ? WHERE kid = ?", *row)
    with pytest.raises(KeyringError, match="would open older formats than before"):
        here.presence.report()
    here.installation.directory.catch_up()
    assert here.floor == 2
    # ... nor one that starts on a machine that has seen the newer ones.
    with pytest.raises(KeyringError, match=r"older than those that .*keys\.seen remembers"):
        _found(settings, mine)
    settings.seen_keys.unlink()
    assert _found(settings, mine) is not None, "what the memory is for"


def test_under_another_master_key_nothing_of_before_can_be_brought_back(
    settings: Settings, here: Running, mine: str
) -> None:
    of_then = _rows(settings, "SELECT wrapped, floor, kid FROM data_keys")
    here.older_node_ends()
    here.reseal()
    here.presence.leave()
    new = create(settings.next_master_key)
    masters = here.installation.masters
    masters.refresh()
    assert rewrap_data_keys(here.store, masters, new, NOW) == len(Purpose)
    settings.next_master_key.replace(settings.master_key)
    settings.seen_keys.unlink()
    assert _found(settings, mine) is not None
    for row in of_then:
        _write(settings, "UPDATE data_keys SET wrapped = ?, floor = ? WHERE kid = ?", *row)
    with pytest.raises(WrongMasterKey):
        _found(settings, mine)


def test_a_running_server_takes_no_owner_from_the_database_that_the_secret_was_not_sealed_for(
    settings: Settings, here: Running, mine: str
) -> None:
    here.older_node_ends()
    here.reseal()
    with running(settings) as other:
        find = other.installation.execution.credentials.find
        assert find(mine, None) is not None
        _make_it_root_s(settings, mine)
        with other.store.write() as unit:  # any change of the row makes the server read it again
            unit.save(other.keys()[mine])
        other.installation.directory.catch_up()
        assert find(mine, None) is None
