"""How often a password may be tried. Whoever knows it is never kept out by those who do not.

The numbers are Carnet's own: AWS does not tell its.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from carnet.store.password_attempts import Attempts

LONGEST_WAIT = timedelta(minutes=15)
MOST_OF_OWNER = 100
"""Wrong attempts for one owner within an hour, from networks that have not known its password lately."""
MOST_OTHERS = 20
"""Owners whose password one network has not known within ten minutes; with more, it tries passwords on everybody."""


def may_try(seen: Attempts, now: datetime) -> bool:
    """Whether an attempt may be made now.

    After each wrong one the network waits, for 1, 2, 4 ... seconds, 15 minutes at most. One that has known the owner's
    password is not kept waiting for what comes from others, so nobody else can lock the owner out.
    """
    if _waits(seen.failures, seen.last, now):
        return False
    if seen.trusted:
        return True
    return seen.of_owner < MOST_OF_OWNER and not _waits(seen.others + 1 - MOST_OTHERS, seen.others_last, now)


def _waits(failures: int, last: datetime, now: datetime) -> bool:
    """A clock that was set back, or is another node's, lets nobody try sooner."""
    return failures > 0 and abs(now - last) < wait_after(failures)


def wait_after(failures: int) -> timedelta:
    """How long to wait after that many wrong attempts."""
    return min(timedelta(seconds=1 << min(failures - 1, 20)), LONGEST_WAIT)
