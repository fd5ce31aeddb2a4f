"""The setting `limits`."""

from __future__ import annotations

import re

import pytest

from carnet.assembly.settings import Settings
from carnet.assembly.worker import limits_of
from carnet.server.fairness.rates import MOST, Rates, read_limits
from carnet.server.fairness.token_buckets import Rate


def test_sets_have_names() -> None:
    assert read_limits("") == read_limits("default") == Rates()
    assert read_limits("aws") == Rates(reads=Rate(20, 100), writes=Rate(5, 50), sts=Rate(600, 600))
    assert read_limits("off") is None


def test_figures_change_a_set() -> None:
    assert read_limits("reads=400:1000, connections=7") == Rates(reads=Rate(400, 1000), connections=7)
    given = read_limits("aws,writes=10")
    assert given is not None
    assert (given.writes, given.reads) == (Rate(10, 10), Rate(20, 100))
    assert read_limits(f"failures={MOST}:1") == Rates(failures=Rate(MOST, 1))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("on", "'on' is none of default, aws, off."),
        ("off,reads=1", "off takes no figures."),
        ("calls=1", "'calls' is no limit; the limits are: reads, writes, sts, failures, connections."),
        ("reads=0", "The limit reads needs a number from 1 to 1000000, as in reads=400:1000"),
        ("reads=1:0", "The limit reads needs"),
        (f"reads={MOST + 1}", "The limit reads needs"),
        ("reads=1.5", "The limit reads needs"),
        ("reads=\N{ARABIC-INDIC DIGIT ONE}", "The limit reads needs"),
        ("connections=1:2", "The limit connections needs a number from 1 to 1000000, as in connections=400."),
        ("default,aws", "'aws' is no limit"),
    ],
)
def test_what_is_wrong_is_told(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(why)}"):
        read_limits(text)


def test_workers_share_what_the_server_does() -> None:
    assert limits_of(Settings(workers=1)) == Rates()
    shared = limits_of(Settings(workers=4))
    assert shared is not None
    assert (shared.reads, shared.writes, shared.connections) == (Rate(50, 125), Rate(12.5, 125), 250)


def test_there_are_no_limits_in_development() -> None:
    assert limits_of(Settings(dev=True)) is None
    assert limits_of(Settings(dev=True, limits="aws")) == read_limits("aws")
