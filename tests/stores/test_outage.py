"""While the database is down, reading goes on and writing says so; afterwards all is as if nothing had been."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import psycopg
import pytest
from sqlalchemy import Engine, RootTransaction, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from carnet.base.faults import Unavailable
from carnet.directory.directory import Directory
from carnet.directory.follower import Follower
from carnet.directory.last_used import LastUsed
from carnet.entities.user import User
from carnet.jobs.periodic import Periodic
from carnet.store import group_commit
from carnet.store.databases import postgresql, sqlite, sqlite_damage
from carnet.store.databases.watched_connection import WatchedConnection
from carnet.store.faults import Damaged, Full, Held, OutcomeUnknown, SettingsDropped, because
from carnet.store.last_used import KeyUse
from carnet.store.store import Store
from tests.stores import raw
from tests.stores.entities import ACCOUNT_ID, NOW, a_user, an_account
from tests.stores.link import Link, linked
from tests.stores.postgresql import PostgresqlServer, running_server
from tests.waiting import eventually

_COMMIT = group_commit._commit


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresqlServer]:
    """A server that only these tests stop."""
    yield from running_server()


def _write_user(store: Store, number: int) -> None:
    with store.write() as unit:
        unit.add(a_user(number))


def _reason(do: Callable[[], object]) -> BaseException | None:
    """Why the store is unavailable: the driver's own error, or that of what waited for it."""
    with pytest.raises(Unavailable) as caught:
        do()
    cause = caught.value.__cause__
    return cause.orig if isinstance(cause, DBAPIError) else cause


def _sqlite_error(do: Callable[[], object]) -> str:
    """The name of SQLite's error behind an outage."""
    reason = _reason(do)
    assert isinstance(reason, sqlite3.Error)
    return reason.sqlite_errorname


def _settings(engine: Engine, *names: str) -> list[str]:
    with engine.connect() as connection:
        return [connection.scalar(text(f"SHOW {name}")) for name in names]


WAITS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")


def test_nothing_waits_longer_for_postgresql_than_it_is_set_up_to(own_server: PostgresqlServer) -> None:
    """The other tests show which wait ended; this one how long it may be."""
    with closing(postgresql.Postgresql(make_url(own_server.new_database(patient=False)))) as backend:
        assert _settings(backend.writer, *WAITS) == ["2s", "5s", "5s"]
        assert _settings(backend.reader, *WAITS[1:]) == ["1min", "10min"]
        assert _connected_with(backend.writer, *CONNECTION) == ["2", "500", "carnet"]
    assert sqlite.BUSY_MILLISECONDS == 5000


_SECONDS_OF_OTHERS, _SECONDS_OF_WRITERS = ("3", "10", "5", "25000"), ("3", "3", "1", "6000")
"""The last is of milliseconds. A writer that is cut off within a long statement may hold the head: a server that has
got a part of one keeps no timeout of the session."""


@pytest.mark.parametrize(
    ("engine", "seconds"),
    [("writer", _SECONDS_OF_WRITERS), ("reader", _SECONDS_OF_OTHERS), ("_prober", _SECONDS_OF_OTHERS)],
)
def test_postgresql_holds_no_connection_of_a_node_that_is_cut_off(
    own_server: PostgresqlServer, engine: str, seconds: tuple[str, ...]
) -> None:
    """Else each cut leaves some for two hours. Whatever a socket of Unix is set up to, it shows 0."""
    asked = text("SELECT name, reset_val, source FROM pg_settings WHERE name LIKE 'tcp_%' ORDER BY name")
    with (
        closing(postgresql.Postgresql(make_url(own_server.new_database(patient=False)))) as backend,
        getattr(backend, engine).connect() as connection,
    ):
        set_up_to = [tuple(row) for row in connection.execute(asked)]
    names = ("tcp_keepalives_count", "tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_user_timeout")
    assert set_up_to == [(name, value, "client") for name, value in zip(names, seconds, strict=True)]


@pytest.mark.parametrize("engine", ["writer", "reader", "_prober"])
def test_a_connection_that_a_thread_has_when_the_store_is_closed_is_closed_when_it_comes_back(
    own_server: PostgresqlServer, engine: str
) -> None:
    backend = postgresql.Postgresql(make_url(own_server.new_database(patient=False)))
    with getattr(backend, engine).connect() as kept:
        held = kept.connection.driver_connection
        backend.close()
        with getattr(backend, engine).connect() as made:
            made_afterwards = made.connection.driver_connection
    assert [held.closed, made_afterwards.closed] == [True, True]


CONNECTION = ("connect_timeout", "tcp_user_timeout", "application_name")


def _connected_with(engine: Engine, *names: str) -> list[str]:
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        chosen = driver.info.get_parameters()
        return [chosen[name] for name in names]


def test_what_is_set_for_all_sessions_of_the_database_ends_no_load(own_server: PostgresqlServer) -> None:
    url = own_server.new_database(patient=False)
    for name in WAITS[1:]:
        own_server.execute(f"ALTER DATABASE {make_url(url).database} SET {name} = '20ms'")
    with closing(Store.open(url)) as store:
        an_account(store)
        counted = text("SELECT count(*) FROM accounts")
        with store._backend.reading() as connection:
            assert connection.scalar(counted) == 1
            time.sleep(0.3)
            assert connection.scalar(counted) == 1


def test_what_the_database_url_says_wins(own_server: PostgresqlServer) -> None:
    url = make_url(own_server.new_database(patient=False)).update_query_dict(
        {
            "options": ["-c lock_timeout=7s -c statement_timeout=8s", "-c work_mem=9MB"],
            "connect_timeout": "11",
            "tcp_user_timeout": "12000",
            "application_name": "other",
        }
    )
    with closing(postgresql.Postgresql(url)) as backend:
        for engine in (backend.writer, backend.reader):
            assert _settings(engine, *WAITS[:2], "work_mem") == ["7s", "8s", "9MB"]
            assert _connected_with(engine, *CONNECTION) == ["11", "12000", "other"]
        assert _settings(backend.writer, "idle_in_transaction_session_timeout") == ["5s"], "what is not written is ours"


def test_of_several_hosts_readers_ask_the_one_that_takes_writes(own_server: PostgresqlServer) -> None:
    with closing(Store.open(f"{own_server.new_database()}&target_session_attrs=read-write")) as store:
        an_account(store)
        assert len(store.load().changes) == 1


def test_a_reader_sees_one_state_whatever_the_database_url_says(own_server: PostgresqlServer) -> None:
    names = ("default_transaction_isolation", "default_transaction_read_only")
    url = make_url(own_server.new_database(patient=False)).update_query_dict(
        {"options": f"-c {names[0]}=serializable -c {names[1]}=off"}
    )
    with closing(postgresql.Postgresql(url)) as backend:
        assert _settings(backend.reader, *names) == ["repeatable read", "on"]


@pytest.mark.parametrize("dropped", ["isolation", "read_only"])
def test_behind_what_drops_the_settings_of_sessions_nothing_is_read(
    own_server: PostgresqlServer, monkeypatch: pytest.MonkeyPatch, dropped: str
) -> None:
    """As PgBouncer does with `ignore_startup_parameters = options`: a read would see halves of changes."""
    url, made = own_server.new_database(patient=False), postgresql._options
    monkeypatch.setattr(
        postgresql, "_options", lambda settings: [each for each in made(settings) if dropped not in each]
    )
    with pytest.raises(SettingsDropped, match=r"Name PostgreSQL itself in the database URL\."):
        Store.open(url)


def test_what_refuses_the_settings_of_sessions_is_told_of_so(
    own_server: PostgresqlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As PgBouncer does if nothing is said to it."""

    def refuse(*_: object, **__: object) -> None:
        raise psycopg.OperationalError("connection failed: FATAL:  unsupported startup parameter: options")

    monkeypatch.setattr(WatchedConnection, "connect", refuse)
    with pytest.raises(SettingsDropped):
        Store.open(own_server.new_database(patient=False))


@pytest.mark.parametrize(
    ("written", "while_it_migrates"), [("100ms", "1min"), ("59999ms", "1min"), ("61s", "61s"), ("0", "0")]
)
def test_a_migration_may_take_a_minute_or_what_the_database_url_says(
    own_server: PostgresqlServer, written: str, while_it_migrates: str
) -> None:
    url = make_url(own_server.new_database(patient=False)).update_query_dict(
        {"options": " ".join(f"-c {name}={written}" for name in WAITS)}
    )
    with closing(postgresql.Postgresql(url)) as backend, backend.writer.begin() as connection:
        backend.lock_schema(connection)
        assert [connection.scalar(text(f"SHOW {name}")) for name in WAITS] == [while_it_migrates] * 3


def test_postgresql_stopped_and_started(own_server: PostgresqlServer) -> None:
    url = own_server.new_database(patient=False)
    store = Store.open(url)
    an_account(store)
    _write_user(store, 1)
    directory = Directory(store)
    follower = Follower(directory, store)
    job = Periodic("follower", follower.look, seconds=store.poll_seconds)
    job.start()
    last_used = LastUsed(store)
    last_used.note_key("AKIA1", KeyUse(NOW, "iam", "us-east-1"))
    own_server.stop()
    try:
        for do in (lambda: _write_user(store, 2), store.load, store.poll, last_used.flush, lambda: Store.open(url)):
            assert isinstance(_reason(do), psycopg.OperationalError)
        eventually(lambda: not follower.reachable)
        assert len(directory.snapshot.accounts[ACCOUNT_ID].of(User)) == 1
        assert last_used.key("AKIA1") is not None
    finally:
        own_server.start()
    eventually(lambda: follower.reachable)  # until a poll has been answered, nobody waits for an answer
    _write_user(store, 3)
    other = Store.open(url)
    _write_user(other, 4)
    eventually(lambda: len(directory.snapshot.accounts[ACCOUNT_ID].of(User)) == 3 and follower.reachable)
    last_used.flush()
    assert set(other.last_uses.load(NOW).keys) == {"AKIA1"}
    job.stop()
    store.close()
    other.close()


def test_postgresql_stopped_within_a_write(own_server: PostgresqlServer) -> None:
    store = Store.open(own_server.new_database(patient=False))
    an_account(store)
    before = store.revision()

    def interrupted() -> None:
        with store.write() as unit:
            unit.add(a_user(1))
            own_server.stop()

    try:
        assert isinstance(_reason(interrupted), psycopg.OperationalError)
    finally:
        own_server.start()
    assert store.revision() == before
    _write_user(store, 1)
    assert store.revision().seq == before.seq + 1
    store.close()


def test_a_writer_who_holds_the_head_too_long(own_server: PostgresqlServer) -> None:
    url = f"{own_server.new_database()}&options=-c%20lock_timeout%3D100"
    store, other = Store.open(url), Store.open(url)
    an_account(store)
    with store.write() as unit:
        assert isinstance(_reason(lambda: _write_user(other, 1)), psycopg.errors.LockNotAvailable)
        with pytest.raises(Held):
            _write_user(other, 1)
        unit.add(a_user(2))
    _write_user(other, 3)
    assert other.revision().seq == 3
    store.close()
    other.close()


def _write_over(store: Store, link: Link) -> float:
    """The link swallows all packets within a write: after how many seconds that is known."""

    def interrupted() -> None:
        with store.write() as unit:
            link.swallow()
            unit.add(a_user(1))

    began = time.monotonic()
    assert isinstance(_reason(interrupted), psycopg.OperationalError)
    return time.monotonic() - began


def _seconds_until_refused(do: Callable[[], object]) -> float:
    began = time.monotonic()
    _reason(do)
    return time.monotonic() - began


def test_a_statement_that_is_not_answered_is_given_up_after_its_timeout(own_server: PostgresqlServer) -> None:
    """Also by a command, which polls nothing."""
    with (
        linked(own_server.new_database(patient=False)) as (link, url),
        closing(Store.open(f"{url}?options=-c%20statement_timeout%3D200")) as store,
    ):
        an_account(store)
        assert 1.0 < _write_over(store, link) < 40.0, "what a migration may take is over with it"


def test_a_statement_is_given_up_as_soon_as_a_poll_is_not_answered(own_server: PostgresqlServer) -> None:
    with (
        linked(own_server.new_database(patient=False)) as (link, url),
        closing(Store.open(f"{url}?options=-c%20statement_timeout%3D60s")) as store,
    ):
        an_account(store)
        follower = Follower(Directory(store), store)
        job = Periodic("follower", follower.look, seconds=store.poll_seconds)
        job.start()
        try:
            assert _write_over(store, link) < 40.0
            for do in (store.load, store.nodes.live, lambda: _write_user(store, 2)):
                assert min(_seconds_until_refused(do) for _ in range(5)) < 0.3, "it is not asked again"
            link.heal()
            eventually(lambda: not store.silent)
            assert len(store.load().changes) == 1
        finally:
            job.stop()


def test_who_polls_notices_a_silent_server_while_it_reads(own_server: PostgresqlServer) -> None:
    """The link swallows all packets within the follower's own read: nobody else asks whether the server answers."""
    with (
        linked(own_server.new_database(patient=False)) as (link, url),
        closing(Store.open(f"{url}?options=-c%20statement_timeout%3D60s")) as store,
    ):
        an_account(store)
        store.poll()

        def read() -> None:
            with store._backend.reading() as connection:
                link.swallow()
                connection.execute(text("SELECT 1"))

        began = time.monotonic()
        _reason(read)
        assert time.monotonic() - began < 40.0, "less than the 60 s that a statement may take"
        assert store.silent
        link.heal()
        store.poll()
        assert not store.silent


def test_a_kept_connection_that_is_dead_is_found_without_waiting_for_a_statement(own_server: PostgresqlServer) -> None:
    """What lies between has forgotten it; the server itself answers."""
    with (
        linked(own_server.new_database(patient=False)) as (link, url),
        closing(Store.open(f"{url}?options=-c%20statement_timeout%3D60s")) as store,
    ):
        an_account(store)
        store.load()
        store.poll()
        link.forget()
        began = time.monotonic()
        store.poll()
        assert len(store.load().changes) == 1
        _write_user(store, 1)
        assert time.monotonic() - began < 40.0, "less than the 60 s that a statement may take"


_SYNC = b"S\0\0\0\4"
"""https://www.postgresql.org/docs/current/protocol-message-formats.html"""


@pytest.mark.parametrize("swallowed", [_SYNC, b"Q\0\0\0\x0bCOMMIT\0", b"Q\0\0\0\x1bRELEASE SAVEPOINT unit\0"])
def test_who_is_cut_off_within_a_change_holds_others_up_for_some_seconds(
    own_server: PostgresqlServer, swallowed: bytes
) -> None:
    """No timeout of a session ends while the database waits for the rest of a statement: so none is sent in parts."""
    url = own_server.new_database(patient=False)
    with linked(url) as (link, through), closing(Store.open(through)) as cut, closing(Store.open(url)) as other:
        an_account(cut)
        link.swallow_from = swallowed
        with suppress(Unavailable), cut.write() as unit:
            for number in (1, 2):
                unit.add(a_user(number))
        eventually(lambda: _is_written(other, 3))


def _is_written(store: Store, number: int) -> bool:
    with suppress(Unavailable):
        _write_user(store, number)
        return True
    return False


def test_a_store_that_is_opened_later_is_looked_at_first(own_server: PostgresqlServer) -> None:
    """Until its database has answered and is the right one, nothing is read from it and nothing written."""
    url, checked = own_server.new_store(), list[Store]()

    def check(store: Store) -> None:
        assert not store.silent, "it may be asked"
        checked.append(store)
        if len(checked) == 1:
            raise Unavailable("The store is another one.")

    with closing(Store.opened_later(url, check)) as store:
        for do in (store.load, store.data_keys, store.nodes.live, lambda: _write_user(store, 1)):
            assert isinstance(_reason(do), psycopg.OperationalError)
        with pytest.raises(Unavailable, match="another one"):
            store.poll()
        assert isinstance(_reason(store.load), psycopg.OperationalError)
        assert store.poll() == store.poll()
        assert len(checked) == 2
        assert store.load().revision.seq == 0


def test_a_database_without_an_installation_is_not_opened_later(own_server: PostgresqlServer) -> None:
    with closing(Store.opened_later(own_server.new_database(), lambda store: None)) as store:
        with pytest.raises(Unavailable):
            store.poll()
        assert store.silent
        assert not store.is_open


def test_a_file_is_not_waited_for(tmp_path: Path) -> None:
    Store.open(f"sqlite:///{tmp_path}/carnet.db").close()
    with pytest.raises(Unavailable):
        Store.opened_later(f"sqlite:///{tmp_path}/carnet.db", lambda store: None)


@pytest.fixture
def sqlite_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sqlite, "BUSY_MILLISECONDS", 200)
    return tmp_path / "carnet.db"


def test_sqlite_locked_by_another_process(sqlite_file: Path) -> None:
    store = Store.open(f"sqlite:///{sqlite_file}")
    an_account(store)
    blocker = sqlite3.connect(sqlite_file, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    assert _sqlite_error(lambda: _write_user(store, 1)) == "SQLITE_BUSY"
    assert len(store.load().changes) == 1
    blocker.execute("ROLLBACK")
    blocker.close()
    _write_user(store, 1)
    assert store.revision().seq == 2
    store.close()


def test_sqlite_writers_of_one_process_wait_for_each_other_only_so_long(sqlite_file: Path) -> None:
    store = Store.open(f"sqlite:///{sqlite_file}")
    an_account(store)
    with store.write() as unit:
        assert isinstance(_reason(lambda: _write_user(store, 1)), PoolTimeout)
        unit.add(a_user(2))
    assert store.revision().seq == 2
    store.close()


def test_a_full_disk_is_said_to_be_one_and_nothing_was_changed(
    sqlite_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open(f"sqlite:///{sqlite_file}")
    an_account(store)
    with monkeypatch.context() as patched:
        patched.setattr(group_commit, "_commit", partial(_commit_refused, sqlite3.SQLITE_FULL))
        assert isinstance(_outage(lambda: _write_user(store, 1)), Full)
        patched.setattr(group_commit, "_commit", partial(_commit_refused, sqlite3.SQLITE_IOERR))
        unknown = _outage(lambda: _write_user(store, 1))
        assert (type(unknown), because(unknown)[-19:]) == (OutcomeUnknown, "says: disk refuses.")
    with store._backend.writer.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    assert isinstance(_outage(lambda: _write_users(store, 1000)), Full)
    assert len(store.load().changes) == store.revision().seq
    store.close()


def _write_users(store: Store, count: int) -> None:
    for number in range(count):
        _write_user(store, number)


def _commit_refused(code: int, transaction: RootTransaction) -> None:
    """A commit of which SQLite says so: what is written by it is taken back when the transaction is."""
    problem = sqlite3.OperationalError("disk refuses")
    problem.sqlite_errorcode = code

    def refuse() -> None:
        raise OperationalError("COMMIT", None, problem)

    _COMMIT(cast(RootTransaction, SimpleNamespace(commit=refuse)))


def _outage(do: Callable[[], object]) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        do()
    return caught.value


def test_who_waits_for_a_row_that_another_process_holds_is_told_so(own_server: PostgresqlServer) -> None:
    url = own_server.new_database(patient=False)
    with closing(Store.open(url)) as store:
        an_account(store)
        with psycopg.connect(url) as other:
            other.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
            assert isinstance(_outage(lambda: _write_user(store, 1)), Held)
        _write_user(store, 1)


def test_a_place_where_no_file_can_be_made(tmp_path: Path) -> None:
    missing = tmp_path / "missing" / "carnet.db"
    assert isinstance(_reason(lambda: Store.open(f"sqlite:///{missing}")), FileNotFoundError)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "carnet.db"
    path.write_bytes(b"not a database" * 100)
    assert _sqlite_error(lambda: Store.open(f"sqlite:///{path}")) == "SQLITE_NOTADB"
    with pytest.raises(Damaged, match=f"{path}: The file of the store is damaged: file is not a database"):
        Store.open(f"sqlite:///{path}")


def _sound(path: Path) -> str:
    """A file of some pages that is written back wholly."""
    store = Store.open(f"sqlite:///{path}")
    an_account(store)
    for number in range(40):
        _write_user(store, number)
    store.close()
    return f"sqlite:///{path}"


def test_a_damaged_file_is_found_when_it_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "carnet.db"
    url = _sound(path)
    Store.open(url, check=True).close()
    whole = path.read_bytes()
    pages = len(whole) // 4096
    found = 0
    for page in range(2, pages, 5):
        path.write_bytes(whole[: page * 4096] + b"\x7f" * 4096 + whole[(page + 1) * 4096 :])
        try:
            Store.open(url, check=True).close()
        except Damaged:
            found += 1
    assert found >= len(range(2, pages, 5)) - 1  # a page may be free
    path.write_bytes(whole[: pages // 2 * 4096])
    with pytest.raises(Damaged):
        Store.open(url, check=True)


def test_a_large_file_is_looked_at_for_some_seconds_and_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "carnet.db"
    _sound(path)
    monkeypatch.setattr(sqlite_damage, "_STEPS_BETWEEN_LOOKS", 1)
    with caplog.at_level("INFO"):
        sqlite_damage.check_file(path, seconds=60)
        assert caplog.text == ""
        sqlite_damage.check_file(path, seconds=-1)
    assert "is large: it was checked" in caplog.text


def _is_lost(directory: Directory) -> bool:
    return directory.lost


def _reaches(follower: Follower) -> bool:
    return follower.reachable


def test_another_database_at_the_url_of_the_store_is_not_followed(
    postgresql_server: PostgresqlServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The name stands for another database now: one of another installation, one without Carnet's tables."""
    url = postgresql_server.new_database()
    store = Store.open(url)
    an_account(store)
    directory = Directory(store)
    follower = Follower(directory, store)
    follower.look()
    other = Store.open(postgresql_server.new_database())
    mine, backend = store._backend, other._backend
    try:
        store._backend = backend
        follower.look()
        assert _is_lost(directory)
        assert ACCOUNT_ID in directory.snapshot.accounts
        store._backend = mine
        follower.look()
        assert not _is_lost(directory)
        with psycopg.connect(url) as connection:
            connection.execute("ALTER TABLE head RENAME TO former")
        follower.look()
        assert _is_lost(directory)
    finally:
        store._backend = mine
        other.close()
        store.close()


def test_a_store_that_went_back_is_decided_by_as_it_was_seen(store: Store, database: str) -> None:
    an_account(store)
    directory = Directory(store)
    follower = Follower(directory, store)
    _write_user(store, 1)
    follower.look()
    seen = directory.snapshot
    raw.execute(database, "UPDATE head SET seq = seq - 1")
    store.poll()
    follower._seen = None
    follower.look()
    assert not _reaches(follower)
    assert not _is_lost(directory)
    assert directory.snapshot is seen
    with pytest.raises(Unavailable), store.write() as unit:
        directory.catch_up(unit.base)
    store.accept(NOW, {})
    follower.look()
    assert _reaches(follower)
    assert directory.snapshot.epoch != seen.epoch
