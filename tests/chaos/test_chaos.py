"""A short form of `make chaos`, and the settings in which its checks must fail."""

from __future__ import annotations

import os
import random
import socket
from dataclasses import replace

import pytest

from carnet.base.clock import SteadyClock
from tests.chaos.clocks import BelievesTheWall, TrustsAtOnce, stepping_clocks
from tests.chaos.faults import FAULTS, Fault, failover, kills
from tests.chaos.places import sqlite_files
from tests.chaos.promises import Tally, broken
from tests.chaos.rotations import ENDS_TOO_EARLY, killed_commands
from tests.chaos.run import ROW, table
from tests.chaos.served import Caller, half_requests, restores
from tests.store.crashing import Books, acknowledge_before_commit
from tests.stores.postgresql import NoPostgresql

_SHORT = {FAULTS[0].name: 3, FAULTS[2].name: 2, FAULTS[-1].name: 2}
"""What fits into the tests, and how often; the rest is for `make chaos`."""
_MOST_TURNS = 200

WHOLE = Books(
    intact=True, users=frozenset({1, 2}), groups=frozenset({1, 2}), audited=frozenset({1, 2}), seq=3, one_chain=True
)


@pytest.mark.parametrize("fault", [each for each in FAULTS if each.name in _SHORT], ids=lambda fault: fault.name)
def test_no_promise_is_broken(fault: Fault) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    tally = fault.run(random.Random(seed), _SHORT[fault.name])
    assert tally.broken == [], f"seed {seed}"
    assert tally.faults == _SHORT[fault.name]
    assert tally.acknowledged >= tally.faults, "each time something was written before the fault"


def test_a_process_that_acknowledges_too_early_is_caught() -> None:
    with sqlite_files() as new:
        moments = random.Random()
        caught = (kills(new, moments, 1, acknowledge_before_commit).broken for _ in range(_MOST_TURNS))
        assert any("acknowledged writes are lost" in sentence for broken in caught for sentence in broken)


@pytest.mark.skipif("CHAOS" not in os.environ, reason="two PostgreSQL servers: make chaos")
def test_a_standby_that_is_late_is_caught() -> None:
    try:
        tally = failover(random.Random(), synchronous=False)
    except NoPostgresql as reason:
        pytest.skip(str(reason))
    assert any("acknowledged writes are lost" in sentence for sentence in tally.broken)


class SendsTheRest(Caller):
    """What a server that does not wait for the end of a request would do."""

    def send_in_part(self, connection: socket.socket, request: bytes, length: int) -> None:
        connection.sendall(request)
        connection.recv(1)


class BelievesAtOnce(Caller):
    """What a server that answers before the commit might do."""

    def create(self, number: int) -> int:
        return 200


@pytest.mark.skipif("CHAOS" not in os.environ, reason="starts servers: make chaos")
@pytest.mark.parametrize(
    ("caller", "told"),
    [(SendsTheRest, "sent in part was carried out"), (BelievesAtOnce, "acknowledged writes are lost")],
)
def test_a_half_request_that_is_carried_out_is_caught(caller: type[Caller], told: str) -> None:
    tally = half_requests(random.Random(7), 12, caller.root_of)
    assert any(told in sentence for sentence in tally.broken)


@pytest.mark.skipif("CHAOS" not in os.environ, reason="starts a server: make chaos")
def test_a_restore_that_takes_too_much_away_is_caught() -> None:
    tally = restores(random.Random(), 1, too_early=True)
    assert any("a write of before the backup is lost" in sentence for sentence in tally.broken)


@pytest.mark.skipif("CHAOS" not in os.environ, reason="waits for a rotation: make chaos")
def test_a_rotation_that_seals_nothing_anew_is_caught() -> None:
    tally = killed_commands(random.Random(), 0, ENDS_TOO_EARLY)
    assert any("sealed with a key or in a format that is not taken" in sentence for sentence in tally.broken)


@pytest.mark.skipif("CHAOS" not in os.environ, reason="starts servers: make chaos")
@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (BelievesTheWall, "a session that had expired is good again"),
        (TrustsAtOnce, "a session is over since a clock was ahead by mistake"),
    ],
)
def test_a_clock_that_is_followed_back_or_ahead_is_caught(kind: type[SteadyClock], told: str) -> None:
    assert told in stepping_clocks(random.Random(), 2, kind).broken


@pytest.mark.parametrize(
    ("books", "told"),
    [
        (WHOLE, None),
        (replace(WHOLE, users=frozenset({1})), "lost"),
        (replace(WHOLE, groups=frozenset({1})), "in part"),
        (replace(WHOLE, audited=frozenset({1})), "in part"),
        (replace(WHOLE, seq=4), "revisions"),
        (replace(WHOLE, one_chain=False), "no chain"),
        (replace(WHOLE, intact=False), "damaged"),
    ],
)
def test_each_broken_promise_is_told(books: Books, told: str | None) -> None:
    sentences = list(broken({1, 2}, books))
    assert sentences == [] if told is None else any(told in sentence for sentence in sentences)


def test_the_table_tells_what_was_tried_and_what_came_of_it() -> None:
    kept, lost = Tally(faults=3, acknowledged=1200), Tally(faults=2, acknowledged=7, broken=["1 is lost"])
    lines = table([("a kill", kept), ("a pause", lost)], seed=7).splitlines()
    assert lines[-2:] == [ROW.format("a kill", "3", "1,200", "none"), ROW.format("a pause", "2", "7", "1 is lost")]
