"""Secrets are sealed anew while others write, and the older format is refused when none is left."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from carnet.assembly.settings import Settings
from carnet.entities.access_key import AccessKey
from carnet.identity import resealing
from carnet.keyring.errors import Unsealable
from carnet.keyring.keyring import format_of
from carnet.store.leases import LeaseLost
from tests.identity.first_format import KEYS, NOW, OLDER, Running, made_before, running, running_with_keys
from tests.stores import raw


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return made_before(tmp_path)


@pytest.fixture
def here(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr(resealing, "_BATCH", 3)
    monkeypatch.setattr(resealing, "_HELD_SECONDS", 3600.0)
    with running_with_keys(settings) as here:
        yield here


def test_the_older_format_is_written_as_long_as_an_older_node_lives(here: Running) -> None:
    here.presence.report()
    here.reseal()
    assert here.formats() == [1] * KEYS
    assert here.floor == 1
    here.store.nodes.leave(OLDER.id)
    here.presence.report()
    key = here.add_user(KEYS)
    assert format_of(key.sealed_secret) == 2
    assert here.formats() == [1] * KEYS + [2]


def test_nothing_is_sealed_anew_before_every_node_has_told_that_it_seals_so(settings: Settings, here: Running) -> None:
    with running(settings) as other:
        other.presence.join()
        here.older_node_ends()
        here.reseal()
        assert here.formats() == [1] * KEYS, "the other node still seals in the older format"
        late = other.add_user(KEYS)
        assert format_of(late.sealed_secret) == 1
        other.presence.report()
        other.presence.report()
        here.reseal()
        assert here.formats() == [2] * (KEYS + 1)
        assert here.floor == 2
        assert other.floor == 1
        other.presence.report()
        assert other.floor == 2


def test_all_secrets_open_after_it_and_the_older_format_no_more(here: Running) -> None:
    before = {key.id: (key, here.opened(key)) for key in here.keys().values()}
    here.older_node_ends()
    here.reseal()
    assert here.formats() == [2] * KEYS
    assert {key.id: here.opened(key) for key in here.keys().values()} == {key: was[1] for key, was in before.items()}
    for key, _ in before.values():
        with pytest.raises(Unsealable):
            here.opened(key)


def test_the_floor_is_there_after_a_restart(here: Running, settings: Settings) -> None:
    here.older_node_ends()
    here.reseal()
    with running(settings) as again:
        assert again.floor == 2
        assert all(again.opened(key) for key in again.keys().values())


def test_what_ended_half_way_goes_on_in_another_process(here: Running, settings: Settings) -> None:
    here.older_node_ends()
    lease = here.lease()
    next(here.steps(lease))
    assert here.formats() == [1] * (KEYS - 3) + [2] * 3
    done = {key.id: key.sealed_secret for key in here.keys().values() if format_of(key.sealed_secret) == 2}
    here.store.leases.release(lease)
    with running(settings) as other:
        other.presence.join()
        other.reseal()
        assert other.formats() == [2] * KEYS
        assert other.floor == 2
    assert done.items() <= {key.id: key.sealed_secret for key in here.keys().values()}.items()


def test_writers_behind_it_do_not_wait_for_a_batch_that_takes_long(
    here: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = count(step=0.006)
    monkeypatch.setattr(resealing, "monotonic", lambda: next(now))
    monkeypatch.setattr(resealing, "_HELD_SECONDS", 0.01)
    here.older_node_ends()
    steps = here.steps(here.lease())
    next(steps)
    assert here.formats() == [1] * (KEYS - 2) + [2] * 2, "two of three: then it has taken twelve milliseconds"
    for _ in steps:
        pass
    assert here.formats() == [2] * KEYS


def test_a_key_that_is_deleted_meanwhile_stays_deleted(here: Running) -> None:
    here.older_node_ends()
    keys = sorted(here.keys())
    for number, _ in enumerate(here.steps(here.lease())):
        if number < 2:  # one that is done, and one that is not yet
            with here.store.write() as unit:
                unit.remove(here.keys()[keys[number]])
                unit.remove(here.keys()[keys[-1 - number]])
    assert sorted(here.keys()) == keys[2:-2]
    assert here.formats() == [2] * (KEYS - 4)


def test_one_who_lost_the_lease_seals_nothing_more(here: Running) -> None:
    here.older_node_ends()
    lease = here.lease()
    steps = here.steps(lease)
    next(steps)
    before = here.store.revision()
    here.store.leases.release(lease)
    here.lease()
    with pytest.raises(LeaseLost):
        next(steps)
    assert here.store.revision() == before


def test_a_secret_that_does_not_open_holds_nothing_up(here: Running) -> None:
    broken = min(here.keys())
    with here.store.write() as unit:
        key = here.keys()[broken]
        unit.save(AccessKey(id=key.id, account=key.account, owner=key.owner, sealed_secret=b"\x01no", created=NOW))
    here.older_node_ends()
    here.reseal()
    assert here.formats() == [1] + [2] * (KEYS - 1)
    assert here.floor == 2


def test_a_row_that_cannot_be_read_holds_nothing_up(here: Running, settings: Settings) -> None:
    broken = min(here.keys())
    raw.execute(settings.store_url, f"UPDATE access_keys SET created = {2**63 - 1} WHERE id = '{broken}'")
    here.older_node_ends()
    here.reseal()
    assert here.formats() == [2] * (KEYS - 1)
    assert here.floor == 2


def test_an_older_node_that_joins_meanwhile_stops_it(here: Running) -> None:
    here.older_node_ends()
    for _ in here.steps(here.lease()):
        here.store.nodes.join(OLDER)
    assert here.formats() == [1] * (KEYS - 3) + [2] * 3
    assert here.floor == 1


def test_who_has_told_that_it_seals_in_the_newer_format_does_not_go_back(here: Running) -> None:
    """The others may have ended the older one by what it told."""
    here.older_node_ends()
    here.store.nodes.join(OLDER)
    here.presence.report()
    assert here.floor == 1
    assert format_of(here.add_user(KEYS).sealed_secret) == 2


def test_a_value_that_was_sealed_before_and_written_late_is_not_lost(here: Running) -> None:
    """Another node sealed it before it told that it seals otherwise, and commits behind the place that is worked on."""
    here.older_node_ends()
    late = here.keys()[min(here.keys())]
    plain, written = here.opened(late), False
    lease = here.lease()
    for _ in here.steps(lease):
        if not written:
            assert format_of(here.keys()[late.id].sealed_secret) == 2
            with here.store.write() as unit:
                unit.save(late)
            written = True
    assert here.formats() == [1] + [2] * (KEYS - 1)
    assert here.floor == 1
    assert here.opened(late) == plain
    here.store.leases.release(lease)
    here.reseal()
    assert (here.formats(), here.floor) == ([2] * KEYS, 2)
