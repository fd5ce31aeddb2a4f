"""Token buckets in bounded memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.server.fairness.token_buckets import Buckets, Rate


def taken(buckets: Buckets, key: str, now: float, tries: int = 1000) -> int:
    return sum(not buckets.take(key, now) for _ in range(tries))


def test_a_burst_and_then_the_rate() -> None:
    buckets = Buckets(Rate(10, 50))
    assert taken(buckets, "a", 100.0) == 50
    assert taken(buckets, "a", 100.09) == 0
    assert taken(buckets, "a", 101.0) == 10
    assert taken(buckets, "a", 200.0) == 50


def test_each_key_has_a_bucket() -> None:
    buckets = Buckets(Rate(1, 5))
    assert taken(buckets, "a", 0.0) == 5
    assert taken(buckets, "b", 0.0) == 5


def test_it_tells_how_long_to_wait() -> None:
    buckets = Buckets(Rate(4, 1))
    assert buckets.wait("a", 10.0) == 0
    assert buckets.take("a", 10.0) == 0
    assert buckets.take("a", 10.0) == pytest.approx(0.25)
    assert buckets.wait("a", 10.1) == pytest.approx(0.15)
    assert buckets.take("a", 10.25) == 0


def test_who_owes_waits_behind_all_who_owe() -> None:
    buckets = Buckets(Rate(100, 1))
    assert [round(buckets.owe("a", 5.0), 2) for _ in range(4)] == [0, 0.01, 0.02, 0.03]


def test_there_are_never_more_than_the_most() -> None:
    buckets = Buckets(Rate(1, 2), most=100)
    for number in range(1000):
        buckets.take(number, 0.0)
        assert len(buckets) <= 100
    assert buckets.take(999, 0.0) == 0  # the second of two: it is known
    assert buckets.take(999, 0.0) > 0


def test_the_bucket_that_is_used_is_kept() -> None:
    buckets = Buckets(Rate(1, 1000), most=10)
    for number in range(100):
        buckets.take("used", 0.0)
        buckets.take(number, 0.0)
    assert taken(buckets, "used", 0.0) == 900


@given(
    st.floats(0.1, 1000),
    st.integers(1, 50),
    st.lists(st.floats(0, 3), min_size=1, max_size=60),
)
def test_no_more_than_burst_and_rate_in_any_time(rate: float, burst: int, pauses: list[float]) -> None:
    buckets, now, times = Buckets(Rate(rate, burst)), 0.0, list[float]()
    for pause in pauses:
        now += pause
        if not buckets.take("a", now):
            times.append(now)
    for begin in range(len(times)):
        for end in range(begin, len(times)):
            assert end - begin + 1 <= burst + rate * (times[end] - times[begin]) + 1e-3


def test_a_share_is_never_nothing() -> None:
    assert Rate(200, 500).shared(4) == Rate(50, 125)
    assert Rate(1, 2).shared(8) == Rate(0.125, 1)
