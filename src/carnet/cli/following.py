"""Follows what a server tells, by asking it again and again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import click

LOOK_SECONDS = 2.0
_OVERLAP = timedelta(seconds=10)
"""What is told of an earlier moment may come later: so much is asked for again."""
_BEFORE = timedelta(hours=1)
"""How far before this machine's present moment is looked at first: the server's may be another."""


class Told(NamedTuple):
    """One event; `time` is in ISO 8601."""

    id: str
    time: str
    shown: str | None
    """What people are told of it; None for nothing."""


def followed(ask: Callable[[datetime], Sequence[Told]], after: str | None = None) -> Iterator[str]:
    """What comes after the event of the id `after`, or else from now on, each once, in its order. It does not end.

    `ask` tells what has come since a moment, the newest first.
    """
    since = datetime.now(UTC) - _BEFORE
    seen: frozenset[str] | None = None
    while True:
        told = ask(since)
        if seen is None:
            seen = _seen_ids(after, told)
        yield from (one.shown for one in reversed(told) if one.id not in seen and one.shown is not None)
        seen = frozenset(one.id for one in told)
        if told:
            since = max(since, datetime.fromisoformat(told[0].time) - _OVERLAP)
        time.sleep(LOOK_SECONDS)


def _seen_ids(after: str | None, told: Sequence[Told]) -> frozenset[str]:
    """The ids of what is no news at the first look: all, if the event of the id `after` is not among them."""
    ids = [one.id for one in told]
    return frozenset(ids[ids.index(after) :] if after in ids else ids)


def show_until_ctrl_c(lines: Iterable[str]) -> None:
    """Print what comes, until whoever watches has seen enough: that is no failure."""
    with suppress(KeyboardInterrupt):
        for line in lines:
            click.echo(line)
