"""Data keys when an installation is opened: a purpose that is new, a master key that is not the store's."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from carnet.assembly.installation import open_installation
from carnet.assembly.settings import Settings
from carnet.keyring.data_keys import KeyState, Purpose, WrappedKey, new_data_key
from carnet.keyring.errors import KeyringError, WrongMasterKey
from carnet.keyring.master_key import create, load_or_create
from carnet.store.store import Store
from tests.stores.processes import CONTEXT, running
from tests.waiting import PATIENCE_SECONDS

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation whose release did not know session tokens yet."""
    settings = Settings(data_dir=tmp_path)
    master = load_or_create(settings.master_key)
    with closing(Store.open(settings.store_url)) as store, store.write() as unit:
        unit.add(new_data_key(master, Purpose.ACCESS_KEY_SECRETS, KeyState.PRIMARY, now=NOW, floor=1))
    return settings


def data_keys(settings: Settings) -> tuple[WrappedKey, ...]:
    with closing(Store.open(settings.store_url)) as store:
        return store.data_keys()


def test_a_new_purpose_gets_its_key_and_the_old_one_stays(settings: Settings) -> None:
    (old,) = data_keys(settings)
    with open_installation(settings) as installation:
        assert installation.keyring.ring(Purpose.ACCESS_KEY_SECRETS).primary.kid.hex() == old.kid
    keys = data_keys(settings)
    assert old in keys
    assert sorted(key.purpose for key in keys) == sorted(Purpose)
    with open_installation(settings):
        assert data_keys(settings) == keys


def open_when_told(data_dir: Path, told: object) -> None:
    told.wait(PATIENCE_SECONDS)  # type: ignore[attr-defined]  # an event of the multiprocessing context
    with open_installation(Settings(data_dir=data_dir)) as installation:
        assert installation.keyring.ring(Purpose.SESSION_TOKENS).primary.kid


def test_several_processes_that_open_it_at_once_make_one_key(settings: Settings) -> None:
    told = CONTEXT.Event()
    with (
        running(open_when_told, settings.data_dir, told) as one,
        running(open_when_told, settings.data_dir, told) as two,
        running(open_when_told, settings.data_dir, told) as three,
    ):
        told.set()
        for process in (one, two, three):
            process.join(PATIENCE_SECONDS)
        assert [process.exitcode for process in (one, two, three)] == [0, 0, 0]
    assert sorted(key.purpose for key in data_keys(settings)) == sorted(Purpose)


def test_no_key_is_made_with_a_master_key_that_is_not_the_store_s(settings: Settings) -> None:
    settings.master_key.unlink()
    create(settings.master_key)
    before = data_keys(settings)
    with pytest.raises(WrongMasterKey), open_installation(settings):
        pass
    assert data_keys(settings) == before


def test_a_purpose_of_a_newer_release_is_let_be(settings: Settings) -> None:
    master = load_or_create(settings.master_key)
    newer = new_data_key(master, "console-sessions", KeyState.PRIMARY, now=NOW)
    with closing(Store.open(settings.store_url)) as store, store.write() as unit:
        unit.add(newer)
    with open_installation(settings) as installation:
        assert newer in installation.store.data_keys()
        assert not installation.directory.snapshot.quarantined


def test_a_format_of_a_newer_release_is_told(settings: Settings) -> None:
    master = load_or_create(settings.master_key)
    newer = new_data_key(master, Purpose.SESSION_TOKENS, KeyState.PRIMARY, now=NOW, floor=3)
    with closing(Store.open(settings.store_url)) as store, store.write() as unit:
        unit.add(newer)
    with pytest.raises(KeyringError, match="only a newer Carnet can open"), open_installation(settings):
        pass
