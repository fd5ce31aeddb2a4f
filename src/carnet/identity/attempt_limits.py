"""How often a password may be tried. Wrong attempts of others never lock out a person who knows the password.

The numbers are Carnet's own: AWS does not publish its.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from carnet.store.password_attempts import Attempts

LONGEST_WAIT = timedelta(minutes=15)
MOST_OF_OWNER = 100
"""Wrong attempts for one owner within an hour, from networks that have not given the right password lately."""
MOST_OTHERS = 20
"""Owners for whom one network has given wrong passwords within ten minutes. A network with more is trying passwords on
many users."""


def may_try(seen: Attempts, now: datetime) -> bool:
    """Whether an attempt may be made now.

    After each wrong attempt the network has to wait 1, 2, 4 ... seconds, 15 minutes at most. A network that has given
    the owner's right password does not wait for the attempts of others, so that nobody else can lock the owner out.
    """
    if _has_to_wait(seen.failures, seen.last, now):
        return False
    if seen.trusted:
        return True
    return seen.of_owner < MOST_OF_OWNER and not _has_to_wait(seen.others + 1 - MOST_OTHERS, seen.others_last, now)


def _has_to_wait(failures: int, last: datetime, now: datetime) -> bool:
    """A clock that was set back, or another node's clock, allows no earlier attempt."""
    return failures > 0 and abs(now - last) < wait_after(failures)


def wait_after(failures: int) -> timedelta:
    """How long to wait after that many wrong attempts."""
    return min(timedelta(seconds=1 << min(failures - 1, 20)), LONGEST_WAIT)
