"""What is kept of the directory on the disk is what was there, or is not used."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.directory import keeper as keeper_module
from carnet.directory import unpacking
from carnet.directory.directory import Directory
from carnet.directory.image import image_of
from carnet.directory.image import snapshot_of as snapshot_of_image
from carnet.directory.keeper import Keeper
from carnet.directory.kept_snapshot import SKEW, KeptSnapshot, Unusable, check_age, read, sealed_parts
from carnet.directory.packed import pack, unpack
from carnet.directory.snapshot import Snapshot
from carnet.directory.unpacking import Unpacking
from carnet.entities.account import Account
from carnet.entities.group import Group
from carnet.entities.role import Role
from carnet.entities.scope import INSTALLATION, Scope, account_scope
from carnet.entities.user import User
from carnet.keyring.master_key import MasterKey
from carnet.store import reading
from carnet.store.changes import Changes, Revision
from carnet.store.entity_types import ENTITY_TYPES, EntityTypes
from carnet.store.faults import WentBack
from carnet.store.store import Store
from tests.directory.snapshots import row, snapshot_of
from tests.keyring.keys import MASTER, WRAPPED
from tests.store.test_rows import ENTITIES
from tests.stores.entities import ACCOUNT, ACCOUNT_ID, ALICE, GROUP, NOW, POLICY, POLICY_ARN, ROLE, a_user, an_account
from tests.stores.migrated import lay_out

OTHER = Account(id="444455556666", name="second", email="b@example.com", created=NOW)
SNAPSHOT = snapshot_of(ACCOUNT, GROUP, ALICE, ROLE, POLICY, OTHER, *WRAPPED)
HOUR = timedelta(hours=1)


@given(st.lists(ENTITIES, min_size=1, max_size=3))
def test_every_entity_is_unpacked_as_it_was_packed(entities: list[object]) -> None:
    type_ = ENTITY_TYPES.of(entities[0])
    scope = type_.scope_of(entities[0])
    same = [one for one in entities if type(one) is type(entities[0]) and type_.scope_of(one) == scope]
    assert unpack(type_, scope, pack(type_, same, ())) == same


def test_any_mapping_is_packed() -> None:
    """A type says that it is a Mapping, and some are made read-only."""
    tagged = replace(ALICE, tags=MappingProxyType({"team": "blue"}))
    (unpacked,) = unpack(
        ENTITY_TYPES.of(tagged), account_scope(ACCOUNT_ID), pack(ENTITY_TYPES.of(tagged), [tagged], ())
    )
    assert unpacked == replace(ALICE, tags={"team": "blue"})


def _packed_and_unpacked(snapshot: Snapshot) -> Snapshot:
    return snapshot_of_image(image_of(snapshot), snapshot.readable.types, snapshot.revision)


def _everything(snapshot: Snapshot) -> dict[Scope, dict[type[Any], dict[str, Any]]]:
    views = snapshot.readable
    return {
        view.scope: {entity: dict(ones.by_id) for entity, ones in view.collections.items()}
        for view in (views.installation, *views.organizations.values(), *views.accounts.values())
    }


def test_a_snapshot_shows_what_the_one_before_it_showed() -> None:
    again = _packed_and_unpacked(SNAPSHOT)
    assert _everything(again) == _everything(SNAPSHOT)
    assert again.revision == SNAPSHOT.revision
    assert again.by_alias("example") is again.accounts[ACCOUNT_ID]
    view = again.accounts[ACCOUNT_ID]
    assert view.of(User).named("ALICE") == ALICE
    assert view.of(User).sorted() == view.members("AGPA1") == (ALICE,)
    assert view.attachments(POLICY_ARN) == SNAPSHOT.accounts[ACCOUNT_ID].attachments(POLICY_ARN)
    assert view.policy(POLICY_ARN) == POLICY


def test_nothing_is_unpacked_before_it_is_asked_for() -> None:
    again = _packed_and_unpacked(_packed_and_unpacked(SNAPSHOT))
    users = again.accounts[ACCOUNT_ID].of(User)
    with pytest.raises(AttributeError):
        object.__getattribute__(users, "by_id")
    assert len(users) == 1
    assert object.__getattribute__(users, "by_id")
    with pytest.raises(AttributeError):
        users.no_such_thing  # type: ignore[attr-defined] # noqa: B018


def test_what_is_large_is_unpacked_beside_the_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    again = _packed_and_unpacked(snapshot_of(ACCOUNT, *(a_user(number) for number in range(5)), GROUP))
    users, groups = (again.accounts[ACCOUNT_ID].of(kind) for kind in (User, Group))
    size = users.packed_bytes
    assert size > groups.packed_bytes > 0
    monkeypatch.setattr(unpacking, "LARGE_BYTES", size + 1)
    Unpacking(again).step()
    assert users.packed_bytes == size
    monkeypatch.setattr(unpacking, "LARGE_BYTES", size)
    steps = Unpacking(again)
    assert steps.step() == steps.step() > 60
    assert users.packed_bytes == 0 < groups.packed_bytes
    assert len(users) == 5


def test_unpacking_goes_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    again = _packed_and_unpacked(snapshot_of(ACCOUNT, a_user(1), GROUP))
    monkeypatch.setattr(unpacking, "LARGE_BYTES", 1)
    monkeypatch.setattr(unpacking, "_STEP_SECONDS", 0)
    steps, view = Unpacking(again), again.accounts[ACCOUNT_ID]
    assert steps.step() < 1
    assert [view.of(kind).packed_bytes > 0 for kind in (User, Group)].count(True) == 1
    while steps.step() < 1:
        pass
    assert not any(each.packed_bytes for each in view.collections.values())


def test_what_changes_is_packed_anew_and_the_rest_is_not() -> None:
    again = _packed_and_unpacked(SNAPSHOT)
    renamed = a_user(1)
    after = again.with_changes(
        Changes(base=again.revision, revision=Revision(2, "epoch", b"2"), changes=(row(renamed), row(GROUP)))
    )
    users, roles = (after.accounts[ACCOUNT_ID].of(kind) for kind in (User, Role))
    with pytest.raises(AttributeError):
        object.__getattribute__(roles, "by_id")
    assert dict(users.by_id) == {ALICE.id: ALICE, renamed.id: renamed}
    assert _everything(_packed_and_unpacked(after)) == _everything(after)


@pytest.mark.parametrize("held", [account_scope(OTHER.id), INSTALLATION])
def test_what_is_held_back_stays_held_back(held: Scope) -> None:
    changes = Changes(base=SNAPSHOT.revision, revision=Revision(2, "epoch", b"2"), unreadable=frozenset((held,)))
    before = SNAPSHOT.with_changes(changes)
    after = _packed_and_unpacked(before)
    assert after.quarantined == {held}
    assert set(after.accounts) == set(before.accounts) == ({ACCOUNT_ID} if held != INSTALLATION else set())


def _file(tmp_path: Path, snapshot: Snapshot = SNAPSHOT) -> Path:
    path = tmp_path / "directory.snapshot"
    path.write_bytes(b"".join(sealed_parts(KeptSnapshot(installation="here", snapshot=snapshot, as_of=NOW), MASTER)))
    return path


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    kept = read(_file(tmp_path), MASTER, ENTITY_TYPES)
    assert _everything(kept.snapshot) == _everything(SNAPSHOT)
    assert kept.known == (SNAPSHOT.revision, NOW)


def test_a_file_with_any_byte_altered_is_not_used(tmp_path: Path) -> None:
    path = _file(tmp_path)
    genuine = path.read_bytes()
    for place in range(len(genuine)):
        path.write_bytes(genuine[:place] + bytes([genuine[place] ^ 1]) + genuine[place + 1 :])
        with pytest.raises(Unusable):
            read(path, MASTER, ENTITY_TYPES)


def test_a_file_that_is_cut_or_longer_is_not_used(tmp_path: Path) -> None:
    path = _file(tmp_path)
    genuine = path.read_bytes()
    for cut in (b"", genuine[:3], genuine[:200], genuine[:-1], genuine + b"\0", genuine + bytes(40), genuine * 2):
        path.write_bytes(cut)
        with pytest.raises(Unusable):
            read(path, MASTER, ENTITY_TYPES)


def test_a_file_of_another_installation_or_release_is_not_used(tmp_path: Path) -> None:
    path = _file(tmp_path)
    with pytest.raises(Unusable, match="another installation"):
        read(path, MasterKey(bytes(32)), ENTITY_TYPES)
    fewer = EntityTypes(*(each for each in ENTITY_TYPES if each.entity is not Role))
    with pytest.raises(Unusable, match="another release"):
        read(path, MASTER, fewer)
    with pytest.raises(Unusable, match="There is no"):
        read(tmp_path / "elsewhere", MASTER, ENTITY_TYPES)


@pytest.mark.parametrize(
    ("later", "usable"),
    [
        (timedelta(0), True),
        (HOUR, True),
        (HOUR + timedelta(seconds=1), False),
        (-SKEW, True),
        (-SKEW - timedelta(seconds=1), False),
    ],
)
def test_a_snapshot_is_good_for_a_time(later: timedelta, *, usable: bool) -> None:
    kept = KeptSnapshot(installation="here", snapshot=SNAPSHOT, as_of=NOW)
    if usable:
        check_age(kept, NOW + later, HOUR)
    else:
        with pytest.raises(Unusable):
            check_age(kept, NOW + later, HOUR)


@pytest.fixture
def store(tmp_path: Path) -> Any:
    lay_out(tmp_path / "carnet.db")
    opened = Store.open(f"sqlite:///{tmp_path}/carnet.db")
    an_account(opened)
    yield opened
    opened.close()


def _keeper(tmp_path: Path, directory: Directory, **more: Any) -> Keeper:
    return Keeper(tmp_path / "kept", directory, MASTER, lambda: NOW, **{"renewed": HOUR, **more})


def _write(store: Store, number: int) -> None:
    with store.write() as unit:
        unit.add(a_user(number))


def test_the_file_is_written_when_something_changed_or_it_is_old(tmp_path: Path, store: Store) -> None:
    directory, path = Directory(store), tmp_path / "kept"
    keeper = _keeper(tmp_path, directory)
    keeper.keep()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first = path.stat().st_ino
    keeper.keep()
    assert path.stat().st_ino == first
    _write(store, 1)
    directory.catch_up()
    keeper.keep()
    assert path.stat().st_ino != first
    kept = read(path, MASTER, ENTITY_TYPES)
    assert kept.snapshot.revision == store.revision()
    assert sorted(os.listdir(tmp_path)).count("kept.draft") == 0
    old = _keeper(tmp_path, directory, known=(kept.snapshot.revision, kept.as_of - HOUR - timedelta(minutes=1)))
    keeper.close()
    before = path.stat().st_ino
    old.keep()
    assert path.stat().st_ino != before, "what is true for long is said again"
    old.close()


def test_one_process_writes_and_the_next_one_after_it(tmp_path: Path, store: Store) -> None:
    directory = Directory(store)
    one, other = _keeper(tmp_path, directory), _keeper(tmp_path, directory)
    one.keep()
    before = (tmp_path / "kept").stat().st_ino
    other.keep()
    assert (tmp_path / "kept").stat().st_ino == before
    one.close()
    other.keep()
    assert (tmp_path / "kept").stat().st_ino != before
    other.close()


def test_a_write_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = Directory(store)
    keeper = _keeper(tmp_path, directory)
    keeper.keep()
    before = (tmp_path / "kept").read_bytes()
    _write(store, 1)
    directory.catch_up()

    def full(descriptor: int, data: bytes) -> None:
        os.write(descriptor, data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keeper_module, "_write_whole", full)
    with pytest.raises(OSError, match="No space"):
        keeper.keep()
    assert (tmp_path / "kept").read_bytes() == before
    assert not (tmp_path / "kept.draft").exists()
    monkeypatch.undo()
    keeper.close()
    assert read(tmp_path / "kept", MASTER, ENTITY_TYPES).snapshot.revision == store.revision()


def _kept(store: Store) -> Snapshot:
    return _packed_and_unpacked(Directory(store).snapshot)


def test_a_start_from_what_is_kept_reads_only_what_has_changed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(store, 1)
    kept = _kept(store)
    _write(store, 2)
    monkeypatch.setattr(reading, "load", None)
    directory = Directory(store, kept)
    assert directory.snapshot.revision == store.revision()
    assert {one.id for one in directory.snapshot.accounts[ACCOUNT_ID].of(User)} == {a_user(1).id, a_user(2).id}


def _invented(kept: Snapshot, epoch: str, link: bytes) -> Snapshot:
    """With what the store does not know, at a revision of the same number."""
    revision = Revision(kept.seq, epoch, link)
    return kept.with_changes(Changes(base=kept.revision, revision=revision, changes=(row(a_user(9)), row(OTHER))))


def test_what_is_kept_of_another_epoch_is_void(store: Store) -> None:
    _write(store, 1)
    kept = _kept(store)
    directory = Directory(store, _invented(kept, "another", kept.revision.hash))
    assert _everything(directory.snapshot) == _everything(Directory(store).snapshot)


def test_what_is_kept_of_another_past_is_refused(store: Store) -> None:
    _write(store, 1)
    kept = _kept(store)
    with pytest.raises(WentBack):
        Directory(store, _invented(kept, kept.epoch, b"another"))
