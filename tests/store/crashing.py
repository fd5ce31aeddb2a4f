"""A writer that is killed, and the books to hold against it afterwards."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

from carnet.store.changes import Revision
from carnet.store.head import GENESIS_HASH
from carnet.store.rows.groups import GROUPS
from carnet.store.rows.users import USERS
from carnet.store.store import Store
from tests.stores.entities import a_group, a_user, an_account
from tests.stores.processes import CONTEXT

Writer = Callable[[str, int, Connection], None]

_NUMBERS_PER_ROUND = 100_000
_LONGEST_LIFE_SECONDS = 0.1
_GROUP = 8


def acknowledge_after_commit(url: str, first: int, acknowledged: Connection) -> None:
    """What a client is promised: write a user and a group together, then say so."""
    store = Store.open(url)
    number = first
    while True:
        with store.write() as unit:
            unit.add(a_user(number))
            unit.add(a_group(number))
            unit.audit({"number": number})
        acknowledged.send(number)
        number += 1


def acknowledge_before_commit(url: str, first: int, acknowledged: Connection) -> None:
    """The broken promise: the same, said a moment too early."""
    store = Store.open(url)
    number = first
    while True:
        with store.write() as unit:
            unit.add(a_user(number))
            unit.add(a_group(number))
            unit.audit({"number": number})
            acknowledged.send(number)
        number += 1


def acknowledge_groups_after_commit(url: str, first: int, acknowledged: Connection) -> None:
    """The promise of a group: several such writes in one transaction, each acknowledged after the commit."""
    store = Store.open(url)
    for begin in count(first, _GROUP):
        with store.group() as group:
            for number in range(begin, begin + _GROUP):
                with group.unit() as unit:
                    unit.add(a_user(number))
                    unit.add(a_group(number))
                    unit.audit({"number": number})
        for number in range(begin, begin + _GROUP):
            acknowledged.send(number)


def acknowledge_each_unit_of_a_group(url: str, first: int, acknowledged: Connection) -> None:
    """The broken promise of a group: each write is acknowledged when it is made, and not when it is committed."""
    store = Store.open(url)
    for begin in count(first, _GROUP):
        with store.group() as group:
            for number in range(begin, begin + _GROUP):
                with group.unit() as unit:
                    unit.add(a_user(number))
                    unit.add(a_group(number))
                    unit.audit({"number": number})
                acknowledged.send(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What the database holds after a crash."""

    intact: bool
    users: frozenset[int]
    groups: frozenset[int]
    audited: frozenset[int]
    seq: int
    one_chain: bool
    """The change log leads from the beginning to the head."""


def new_database(path: Path) -> str:
    """The URL of a database with one account."""
    url = f"sqlite:///{path}"
    with closing(Store.open(url)) as store:
        an_account(store)
    return url


def run_and_kill(writer: Writer, url: str, turn: int) -> frozenset[int]:
    """Let `writer` write until it is killed at a random moment; the numbers it acknowledged."""
    ours, theirs = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=writer, args=(url, turn * _NUMBERS_PER_ROUND, theirs), daemon=True)
    process.start()
    theirs.close()
    acknowledged = {ours.recv()}
    time.sleep(random.uniform(0, _LONGEST_LIFE_SECONDS))
    process.kill()
    process.join()
    try:
        while True:
            acknowledged.add(ours.recv())
    except (EOFError, OSError):  # the last message may be cut short: then nobody was told
        ours.close()
    return frozenset(acknowledged)


def read_books(url: str) -> Books:
    """Open the database as the next start would, and look at everything."""
    with closing(Store.open(url)) as store:
        everything = store.load()
        beginning = Revision(0, everything.revision.epoch, GENESIS_HASH)
        return Books(
            intact=_is_intact(url),
            users=frozenset(int(each.key[4:]) for each in everything.changes if each.type is USERS),
            groups=frozenset(int(each.key[4:]) for each in everything.changes if each.type is GROUPS),
            audited=frozenset(event["number"] for _, event in store.audit_events()),
            seq=everything.revision.seq,
            one_chain=store.changes_since(beginning).base == beginning,
        )


def _is_intact(url: str) -> bool:
    """What SQLite says of its file; PostgreSQL has no such question."""
    if not url.startswith("sqlite"):
        return True
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        answer: str = connection.execute("PRAGMA integrity_check").fetchone()[0]
    return answer == "ok"
