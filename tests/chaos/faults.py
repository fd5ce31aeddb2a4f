"""Each thing that goes wrong, as a value: what happens, where, and how it is told of.

A fault of a database happens while a process writes; afterwards the process goes on, or it is killed.
"""

from __future__ import annotations

import random
import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.clocks import stepping_clocks
from tests.chaos.disturbing import LONGEST_SECONDS, disturbed
from tests.chaos.full_disks import full_log, full_tables
from tests.chaos.nodes import keys_under_nodes, promoted_under_nodes
from tests.chaos.places import NewDatabase, fail_over, pair, postgresql, sqlite_files
from tests.chaos.promises import Tally
from tests.chaos.rotations import killed_commands
from tests.chaos.served import half_requests, restores
from tests.chaos.writers import Watched, write_on, writing
from tests.store.crashing import Writer, read_books
from tests.stores.link import linked

_NUMBERS = 100_000
"""Of one writer, before the next one's begin."""
_LIVES_OF_A_DATABASE = 20
"""Kills, before a new database is begun: everything is read after each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of fault. `run` lets it happen so many times, at random moments, and looks after each."""

    name: str
    run: Callable[[random.Random, int], Tally]
    slow: bool = False
    """Whether one takes seconds: it is tried a twentieth as often."""


def kills(new: NewDatabase, moments: random.Random, times: int, writer: Writer = write_on) -> Tally:
    """kill -9 of the process that writes."""
    tally, url, acknowledged = Tally(), "", set[int]()
    for turn in range(times):
        if turn % _LIVES_OF_A_DATABASE == 0:
            tally.acknowledged += len(acknowledged)
            url, acknowledged = new(), set()
        with writing(url, turn * _NUMBERS, writer) as process:
            process.listen(moments.uniform(0, LONGEST_SECONDS))
        acknowledged |= process.acknowledged
        tally.add(acknowledged, read_books(url))
    tally.acknowledged += len(acknowledged)
    return tally


def _sqlite_kills(moments: random.Random, times: int) -> Tally:
    with sqlite_files() as new:
        return kills(new, moments, times)


def _postgresql_kills(moments: random.Random, times: int) -> Tally:
    with postgresql() as (_, new):
        return kills(new, moments, times)


def _full_disk(moments: random.Random, times: int) -> Tally:
    """No file of the process may grow, at a random point of the write-ahead log."""

    def fill(process: Watched) -> None:
        most = wal.stat().st_size + moments.randrange(1, 40_000)
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
        process.listen(0.3)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))

    with sqlite_files() as new:
        url = new()
        wal = Path(f"{url.removeprefix('sqlite:///')}-wal")
        return disturbed(url, moments, times, fill)


def _database_crashes(moments: random.Random, times: int) -> Tally:
    with postgresql() as (server, new):

        def crash(process: Watched) -> None:
            server.stop()
            process.listen(moments.uniform(0, LONGEST_SECONDS))
            server.start()

        return disturbed(new(), moments, times, crash)


def _database_stands_still(moments: random.Random, times: int) -> Tally:
    with postgresql() as (server, new):

        def pause(process: Watched) -> None:
            server.hang()
            process.listen(moments.uniform(0.5, 4))
            server.go_on()

        return disturbed(new(), moments, times, pause)


def _link_is_cut(moments: random.Random, times: int) -> Tally:
    """Packets are swallowed in both directions, and nobody is told."""
    with postgresql() as (_, new):
        url = new()
        with linked(url) as (link, through):

            def cut(process: Watched) -> None:
                link.swallow()
                process.listen(moments.uniform(0.5, 3))
                link.heal()

            return disturbed(url, moments, times, cut, through=through)


def failover(moments: random.Random, *, synchronous: bool) -> Tally:
    """The primary dies, the standby is promoted, and three processes go on with it by a URL that names both."""
    tally = Tally(faults=1)
    with postgresql() as (primary, new):
        url = new()
        with pair(primary) as standby:
            primary.wait_for_standby(synchronous=synchronous)
            both = primary.with_standby(url, standby)
            with writing(both, 0) as one, writing(both, _NUMBERS) as two, writing(both, 2 * _NUMBERS) as three:
                processes = (one, two, three)
                for each in processes:
                    each.listen(moments.uniform(0, LONGEST_SECONDS))
                fail_over(primary, standby, None if synchronous else one.wait_for_writes)
                for each in processes:
                    each.wait_for_writes()
            acknowledged = set[int]().union(*(each.acknowledged for each in processes))
            tally.acknowledged = len(acknowledged)
            tally.add(acknowledged, read_books(both))
            tally.faults = 1
    return tally


def _failovers(moments: random.Random, times: int) -> Tally:
    whole = Tally()
    for _ in range(times):
        each = failover(moments, synchronous=True)
        whole.faults += 1
        whole.acknowledged += each.acknowledged
        whole.broken += each.broken
    return whole


FAULTS = (
    Fault(name="kill -9 of a process that writes to SQLite", run=_sqlite_kills),
    Fault(name="kill -9 of a process that writes to PostgreSQL", run=_postgresql_kills),
    Fault(name="no room for the files of SQLite, then room again", run=_full_disk, slow=True),
    Fault(name="no room for the tables of PostgreSQL, then room again", run=full_tables, slow=True),
    Fault(
        name="no room for PostgreSQL's write-ahead log until it ends, then room, and a start", run=full_log, slow=True
    ),
    Fault(name="PostgreSQL crashes (SIGQUIT) and is started again", run=_database_crashes, slow=True),
    Fault(name="PostgreSQL stands still (SIGSTOP) for 0.5 to 4 seconds", run=_database_stands_still, slow=True),
    Fault(
        name="all packets between process and PostgreSQL are swallowed for 0.5 to 3 seconds",
        run=_link_is_cut,
        slow=True,
    ),
    Fault(
        name="PostgreSQL dies and its synchronous standby is promoted under three processes", run=_failovers, slow=True
    ),
    Fault(
        name="kill -9 of `carnet keys rotate` and `carnet keys rewrap`, while a node seals and opens",
        run=killed_commands,
        slow=True,
    ),
    Fault(
        name="PostgreSQL dies and its synchronous standby is promoted under three servers that are written to",
        run=promoted_under_nodes,
        slow=True,
    ),
    Fault(
        name="kill -9 of `carnet keys rotate` and `carnet keys rewrap` beside three servers on PostgreSQL",
        run=keys_under_nodes,
        slow=True,
    ),
    Fault(name="requests and answers over HTTP are cut at any byte, or come byte by byte", run=half_requests),
    Fault(name="`carnet restore --replace` under a server that is written to", run=restores, slow=True),
    Fault(
        name="the clock is set back, or ahead by mistake, under a server that is written to, and killed",
        run=stepping_clocks,
        slow=True,
    ),
)
