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
from carnet.keyring.errors import KeyringError, WrongMasterKey
from tests.identity.first_format import ACCOUNT, Running, made_before, running, running_with_keys


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


def _read(settings: Settings, statement: str, *values: object) -> object:
    database = Path(settings.store_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(statement, values).fetchone()[0]


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
    wrapped = _read(settings, "SELECT wrapped FROM data_keys WHERE purpose = 'access-key-secrets'")
    old = here.keys()[mine].sealed_secret
    here.older_node_ends()
    here.reseal()
    _write(settings, "UPDATE access_keys SET sealed_secret = ? WHERE id = ?", old, mine)
    _make_it_root_s(settings, mine)
    _write(settings, "UPDATE data_keys SET floor = 1")
    with pytest.raises(WrongMasterKey):
        _found(settings, mine)
    # With a copy of the data key as it was wrapped before, a server that runs is not deceived either.
    _write(settings, "UPDATE data_keys SET wrapped = ? WHERE purpose = 'access-key-secrets'", wrapped)
    with pytest.raises(KeyringError, match="would open older formats than before"):
        here.presence.report()
    here.installation.directory.catch_up()
    assert here.floor == 2


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
