"""The change log, the stored audit events, reports and the last uses of actions are kept for a time; what tells of
something that is gone goes, too."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Protocol

from sqlalchemy import Connection

from carnet.base.clock import Clock
from carnet.store.audit_log import AUDIT_EVENTS
from carnet.store.change_log import CHANGES
from carnet.store.last_used import remove_old_actions
from carnet.store.leases import Lease
from carnet.store.left_over import OWNERS, remove_left_over
from carnet.store.password_attempts import forget
from carnet.store.reports import remove_old_reports
from carnet.store.retention import forget_marks, last_followed, last_old, mark, remove_batch
from carnet.store.store import Store

_LOG = logging.getLogger(__name__)
ACTIONS_REACH = timedelta(days=400)
"""How far back the last uses of actions are told of.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
"""
_REPORTS_KEPT = timedelta(days=1)

FORGET_WRONG, FORGET_RIGHT = timedelta(days=1), timedelta(days=90)
"""How long wrong attempts of a password are held against a network, and how long a right one speaks for it."""
PRUNE_SECONDS = 3600.0
"""How often it is done; an age is known to about as much."""


class _RemoveFrom(Protocol):
    def __call__(self, connection: Connection, /, *, after: str) -> str | None:
        """Remove rows of the owners behind the id `after`, and give the last of those; None if no more follow."""


def prune_logs(store: Store, lease: Lease, *, change_log: timedelta, audit: timedelta) -> Iterator[None]:
    """Remove the rows that are older than these ages, some each step. Raises LeaseLost, Unavailable.

    INVARIANT: of the change log, nothing goes that a live node has not read, and never the newest row.
    """
    with store.fenced(lease) as (connection, backend):
        mark(connection, backend)
        old_changes, old_events = (last_old(connection, backend, age) for age in (change_log, audit))
        ends = {CHANGES: min(old_changes, last_followed(connection, backend)), AUDIT_EVENTS: old_events}
    yield
    for log, end in ends.items():
        more, batches = True, 0
        while more:
            with store.fenced(lease) as (connection, _):
                more = remove_batch(connection, log, end)
            batches += more
            yield
        if batches:  # more than an hour brings: somebody may ask where they are
            _LOG.info("%s: all up to revision %d was too old, and is removed", log.name, end)
    with store.fenced(lease) as (connection, _):
        forget_marks(connection, min(old_changes, old_events))
    yield
    now = store.clock()
    with store.fenced(lease) as (connection, _):
        remove_old_reports(connection, now - _REPORTS_KEPT)
    yield
    yield from _in_parts(store, lease, partial(remove_old_actions, before=now - ACTIONS_REACH))
    for column in OWNERS:
        yield from _in_parts(store, lease, partial(remove_left_over, column=column))


def _in_parts(store: Store, lease: Lease, remove: _RemoveFrom) -> Iterator[None]:
    """Remove from a table what is to go, some owners each step."""
    after: str | None = ""
    while after is not None:
        with store.fenced(lease) as (connection, _):
            after = remove(connection, after=after)
        yield


def forget_attempts(store: Store, lease: Lease, *, clock: Clock) -> Iterator[None]:
    """Remove attempts of passwords that nothing depends on any more, some each step. Raises LeaseLost, Unavailable."""
    now, more = clock(), True
    while more:
        with store.fenced(lease) as (connection, _):
            more = forget(connection, wrong_before=now - FORGET_WRONG, right_before=now - FORGET_RIGHT)
        yield
