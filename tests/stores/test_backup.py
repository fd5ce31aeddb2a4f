"""A backup of one moment restores into either database, whole or not at all, and servers that run see it."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect

from carnet.directory.directory import Directory
from carnet.keyring.data_keys import WrappedKey
from carnet.keyring.errors import WrongMasterKey
from carnet.store.backup import LEFT_OUT, BackupReader
from carnet.store.changes import Changes
from carnet.store.faults import BadBackup, Incompatible, NotEmpty
from carnet.store.store import Store
from tests.stores import raw
from tests.stores.conftest import new_database
from tests.stores.entities import ALL, a_user, add_all, an_account

OTHER = "999988887777"
MADE = "2026-01-02T03:04:05+00:00"


def quiet(_done: int, _of: int) -> None:
    pass


def any_key(_keys: tuple[WrappedKey, ...]) -> None:
    pass


def backup_of(store: Store) -> bytes:
    file = io.BytesIO()
    store.back_up(file, release="1.2.3", made=MADE, told=quiet)
    return file.getvalue()


def restore(
    url: str,
    backup: bytes,
    *,
    replace: bool = False,
    check_keys: Callable[[tuple[WrappedKey, ...]], None] = any_key,
    told: Callable[[int, int], None] = quiet,
) -> None:
    Store.restore(url, io.BytesIO(backup), replace=replace, check_keys=check_keys, told=told)


def entities(changes: Changes) -> list[object]:
    return sorted((change.entity for change in changes.changes), key=repr)


@pytest.fixture
def filled(store: Store) -> Store:
    with store.write() as unit:
        add_all(unit)
        unit.audit({"eventName": "One"})
    return store


@pytest.fixture(params=["sqlite", "postgresql"])
def other_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with new_database(request, tmp_path / "other.db") as url:
        yield url


def test_it_restores_into_either_database(filled: Store, other_database: str) -> None:
    restore(other_database, backup_of(filled))
    restored = Store.open(other_database, create=False)
    try:
        assert entities(restored.load()) == entities(filled.load())
        assert restored.audit_events() == filled.audit_events()
        assert restored.revision().seq == filled.revision().seq
        assert restored.revision().hash == filled.revision().hash
        assert restored.revision().epoch != filled.revision().epoch
        an_account(restored, OTHER)
        assert OTHER in Directory(restored).snapshot.accounts
    finally:
        restored.close()


def test_a_server_that_runs_reads_everything_anew(filled: Store, database: str) -> None:
    backup, directory = backup_of(filled), Directory(filled)
    an_account(filled, OTHER)
    seen, stamp = directory.catch_up(), filled.poll()
    assert OTHER in seen.accounts
    restore(database, backup, replace=True)
    assert filled.poll() != stamp
    after = directory.catch_up()
    assert OTHER not in after.accounts
    assert after.revision == filled.revision()
    assert after.revision.epoch != seen.revision.epoch
    an_account(filled, OTHER)
    assert OTHER in directory.catch_up().accounts


def test_it_is_of_one_moment(filled: Store) -> None:
    def write_meanwhile(done: int, _of: int) -> None:
        if done == 1:
            with filled.write() as unit:
                unit.add(a_user(1))

    file = io.BytesIO()
    header = filled.back_up(file, release="1.2.3", made=MADE, told=write_meanwhile)
    file.seek(0)
    rows = [row for name, row in BackupReader(file).rows() if name == "users"]
    assert len(rows) == 1
    assert header.seq == filled.revision().seq - 1


def test_what_is_there_is_replaced_only_if_that_is_said(filled: Store, database: str) -> None:
    backup, before = backup_of(filled), filled.revision()
    with pytest.raises(NotEmpty, match="There are 1 accounts already"):
        restore(database, backup)
    assert filled.revision() == before


def _cut(backup: bytes) -> bytes:
    return backup[: len(backup) // 2]


def _without_its_end(backup: bytes) -> bytes:
    return gzip.compress(b"".join(gzip.decompress(backup).splitlines(keepends=True)[:-1]))


def _edited(backup: bytes) -> bytes:
    return gzip.compress(gzip.decompress(backup).replace(b'"alice"', b'"mallory"'))


def _without_a_row(backup: bytes) -> bytes:
    lines = gzip.decompress(backup).splitlines(keepends=True)
    return gzip.compress(b"".join(lines[:3] + lines[4:]))


def _into_another_table(backup: bytes) -> bytes:
    return gzip.compress(gzip.decompress(backup).replace(b'"users"', b'"pg_shadow"'))


@pytest.mark.parametrize(
    "spoil",
    [
        _cut,
        _without_its_end,
        _edited,
        _without_a_row,
        _into_another_table,
        lambda _: b"",
        lambda _: b"no gzip",
        lambda _: gzip.compress(b"[1]\n"),
        lambda _: gzip.compress(b"{}\n"),
        lambda _: gzip.compress(b"no json\n"),
    ],
)
def test_what_is_not_as_it_was_written_changes_nothing(
    filled: Store, database: str, spoil: Callable[[bytes], bytes]
) -> None:
    before = filled.revision()
    with pytest.raises(BadBackup):
        restore(database, spoil(backup_of(filled)), replace=True)
    assert filled.revision() == before
    assert len(filled.load().changes) == len(ALL)


def _resealed(header: dict[str, Any], rows: list[Any]) -> bytes:
    """A backup whose digest is right, whatever it holds."""
    lines = b"".join(json.dumps(line).encode() + b"\n" for line in (header, *rows))
    end = {"rows": len(rows), "sha256": hashlib.sha256(lines).hexdigest()}
    return gzip.compress(lines + json.dumps(end).encode())


@pytest.mark.parametrize(
    "changed",
    [
        {"migration": ""},
        {"migration": "0000"},
        {"migration": 52},
        {"tables": []},
        {"tables": {"users": [["id"]]}},
        {"tables": {"users": "id"}},
        {"binary": [["users"]]},
        {"binary": {"users": 1}},
        {"rows": "many"},
        {"seq": None},
    ],
)
def test_a_header_that_somebody_has_made_up_changes_nothing(
    filled: Store, database: str, changed: dict[str, Any]
) -> None:
    header, *rows = map(json.loads, gzip.decompress(backup_of(filled)).splitlines()[:-1])
    before = filled.revision()
    with pytest.raises(BadBackup):
        restore(database, _resealed({**header, **changed}, rows), replace=True)
    assert filled.revision() == before


@pytest.mark.parametrize("value", [[], {}, [1], {"a": 1}, 1 << 63])
@pytest.mark.parametrize("name", ["users", "changes", "kinds"])
def test_a_value_that_no_column_has_changes_nothing(filled: Store, database: str, name: str, value: Any) -> None:
    header, *rows = map(json.loads, gzip.decompress(backup_of(filled)).splitlines()[:-1])
    row = next(each for each in rows if each[0] == name)
    row[1][-1] = value
    before = filled.revision()
    with pytest.raises(BadBackup):
        restore(database, _resealed(header, rows), replace=True)
    assert filled.revision() == before


def test_a_format_of_later_is_told(filled: Store, database: str) -> None:
    later = gzip.decompress(backup_of(filled)).replace(b"carnet-backup 1", b"carnet-backup 9")
    with pytest.raises(BadBackup, match="has the format 'carnet-backup 9', which this release does not know"):
        restore(database, gzip.compress(later), replace=True)


def test_a_backup_of_a_newer_release_is_refused(filled: Store, database: str) -> None:
    newer = gzip.decompress(backup_of(filled)).replace(b'"migration":"0', b'"migration":"9', 1)
    with pytest.raises(Incompatible, match=r"Carnet 1\.2\.3 made the backup"):
        restore(database, gzip.compress(newer), replace=True)


def test_tables_of_a_newer_release_are_neither_backed_up_nor_replaced(filled: Store, database: str) -> None:
    backup = backup_of(filled)
    raw.execute(database, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Incompatible, match="back up with that release"):
        backup_of(filled)
    with pytest.raises(Incompatible, match="restore with that release"):
        restore(database, backup, replace=True)
    assert len(filled.load().changes) == len(ALL)


def test_another_master_key_undoes_it(filled: Store, database: str) -> None:
    def refuse(keys: tuple[WrappedKey, ...]) -> None:
        assert len(keys) == 1
        raise WrongMasterKey("another one")

    before = filled.revision()
    with pytest.raises(WrongMasterKey):
        restore(database, backup_of(filled), replace=True, check_keys=refuse)
    assert filled.revision() == before


def test_who_waits_is_told(filled: Store, other_database: str) -> None:
    heard: list[tuple[int, int]] = []
    restore(other_database, backup_of(filled), told=lambda done, of: heard.append((done, of)))
    assert heard[-1][0] == heard[-1][1] > 0


def test_no_table_is_forgotten(filled: Store, database: str) -> None:
    engine = create_engine(raw.with_driver(database))
    try:
        there = set(inspect(engine).get_table_names()) - {"alembic_version"}
    finally:
        engine.dispose()
    assert set(BackupReader(io.BytesIO(backup_of(filled))).header.tables) == there - {one.name for one in LEFT_OUT}


def test_an_empty_installation_takes_a_backup(filled: Store, other_database: str) -> None:
    Store.open(other_database).close()
    restore(other_database, backup_of(filled))
    with closing(Store.open(other_database, create=False)) as restored:
        assert entities(restored.load()) == entities(filled.load())
