"""PostgreSQL on a disk that is full: its tables, or its write-ahead log, without which it ends."""

from __future__ import annotations

import random
from contextlib import suppress

import psycopg

from tests.chaos.disturbing import disturbed
from tests.chaos.places import postgresql_on, small_disk, with_account
from tests.chaos.promises import Tally
from tests.chaos.writers import Watched
from tests.stores.postgresql import PostgresqlServer

_TABLES_MEBIBYTES = 128
_LOG_MEBIBYTES = 24
_LONGEST_SECONDS = 0.5
_MOST_LOOKS = 1200


def full_tables(moments: random.Random, times: int) -> Tally:
    """There is no room for tables, nor for anything else, then room again."""
    with small_disk(_TABLES_MEBIBYTES) as disk, postgresql_on(disk=disk.place) as server:

        def fill(process: Watched) -> None:
            disk.fill()
            process.listen(moments.uniform(0, _LONGEST_SECONDS))
            disk.make_room()

        return disturbed(_new_url(server), moments, times, fill, seconds=_LONGEST_SECONDS)


def full_log(moments: random.Random, times: int) -> Tally:
    """There is no room for the write-ahead log until the server has ended, and does not recover; then it is started."""
    with small_disk(_LOG_MEBIBYTES) as disk, postgresql_on(log_disk=disk.place) as server:

        def fill(process: Watched) -> None:
            disk.fill()
            process.listen(moments.uniform(0, _LONGEST_SECONDS))
            _wait_until_ended(server, process)
            disk.make_room()
            server.start()

        return disturbed(_new_url(server), moments, times, fill, seconds=_LONGEST_SECONDS)


def _new_url(server: PostgresqlServer) -> str:
    return with_account(server.new_database(patient=False))


def _wait_until_ended(server: PostgresqlServer, process: Watched) -> None:
    """Others on the same server write, too."""
    for _ in range(_MOST_LOOKS):
        if server.has_ended:
            return
        with suppress(psycopg.OperationalError):  # in recovery, or gone
            server.execute("SELECT pg_logical_emit_message(true, 'chaos', repeat('x', 50000))")
        process.listen(0.1)
    raise AssertionError("the log of PostgreSQL still has room")
