"""How often a password may be tried, at both sides of each limit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from carnet.identity.attempt_limits import MOST_OF_OWNER, MOST_OTHERS, may_try, wait_after
from carnet.identity.networks import network_of
from carnet.store.password_attempts import Attempts

NOW = datetime(2026, 1, 2, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
LONG_AGO = NOW - timedelta(days=1)


@dataclass
class Now:
    """An attempt made now."""

    failures: int = 0
    last: datetime = LONG_AGO
    trusted: bool = False
    of_owner: int = 0
    others: int = 0
    others_last: datetime = LONG_AGO

    @property
    def allowed(self) -> bool:
        return may_try(Attempts(**vars(self)), NOW)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 1), (2, 2), (3, 4), (10, 512), (11, 900), (12, 900), (10_000, 900)]
)
def test_after_each_wrong_one_the_network_waits_longer(failures: int, seconds: int) -> None:
    waits = timedelta(seconds=seconds)
    assert wait_after(failures) == waits
    assert Now(failures=failures, last=NOW - waits).allowed
    assert not Now(failures=failures, last=NOW - waits + INSTANT).allowed
    assert not Now(failures=failures, last=NOW - waits + INSTANT, trusted=True).allowed


def test_a_clock_that_was_set_back_lets_nobody_try_sooner() -> None:
    assert not Now(failures=1, last=NOW + timedelta(seconds=1) - INSTANT).allowed
    assert Now(failures=1, last=NOW + timedelta(seconds=1)).allowed, "and keeps nobody out for long"


def test_an_owner_is_tried_so_often_from_strange_networks_and_never_locked_out() -> None:
    assert Now(of_owner=MOST_OF_OWNER - 1).allowed
    assert not Now(of_owner=MOST_OF_OWNER).allowed
    assert Now(of_owner=10 * MOST_OF_OWNER, trusted=True).allowed


def test_a_network_that_tries_everybody_waits() -> None:
    assert Now(others=MOST_OTHERS - 1, others_last=NOW).allowed
    assert not Now(others=MOST_OTHERS, others_last=NOW).allowed
    assert Now(others=MOST_OTHERS, others_last=NOW - timedelta(seconds=1)).allowed
    assert not Now(others=MOST_OTHERS + 1, others_last=NOW - timedelta(seconds=1)).allowed
    assert Now(others=10 * MOST_OTHERS, others_last=NOW, trusted=True).allowed


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("192.0.2.255", "192.0.2.0/24"),
        ("192.0.3.0", "192.0.3.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ("", "unknown"),
        ("unix", "unix"),
    ],
)
def test_what_counts_as_one_network(peer: str, network: str) -> None:
    assert network_of(peer) == network
