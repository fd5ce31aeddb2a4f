"""kill -9 of a process in the midst of its migrations: nothing is migrated in part, and the next start goes on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text

from carnet.store.migrate import upgrade
from carnet.store.migrated import newest_migration, revision
from carnet.store.store import Store
from tests.stores.processes import CONTEXT

_STOOD_AT = "0050"
"""Five migrations before the newest one of when this was written."""
_CHANGES = ("CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE")


def open_until(url: str, last: int) -> None:
    """Open a store, and be killed before that many changes of a table or of its rows were made; 0 before the commit."""
    made = 0

    def die_at(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal made
        made += statement.lstrip().upper().startswith(_CHANGES)
        if made == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def die(_connection: object) -> None:
        if made:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", die_at)
    if not last:
        event.listen(Engine, "commit", die)
    Store.open(url).close()


def test_the_next_start_migrates_what_a_killed_one_has_begun(database: str) -> None:
    with _connected(database) as connection:
        upgrade(connection, _STOOD_AT)
        connection.execute(text("INSERT INTO role_use (role_id, last_used, region) VALUES ('AROA1', 1, 'eu-west-1')"))
        before = _columns(connection)
    kills = 0
    while _killed(database, kills):
        with _connected(database) as connection:
            assert revision(connection) == _STOOD_AT
            assert _columns(connection) == before
        kills += 1
    assert kills > len(_CHANGES)
    with closing(Store.open(database)) as store, _connected(database) as connection:
        assert revision(connection) == newest_migration()
        assert store.load().changes == ()
        assert connection.execute(text("SELECT role_id, last_used, region FROM role_use")).all() == [
            ("AROA1", 1, "eu-west-1")
        ]


def _killed(url: str, last: int) -> bool:
    process = CONTEXT.Process(target=open_until, args=(url, last), daemon=True)
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _columns(connection: Connection) -> dict[str, list[Any]]:
    inspector = inspect(connection)
    return {table: [each["name"] for each in inspector.get_columns(table)] for table in inspector.get_table_names()}
