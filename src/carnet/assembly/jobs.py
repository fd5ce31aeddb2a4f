"""What a process that serves does besides: every periodic job, and how often it is done."""

from __future__ import annotations

from carnet.assembly.installation import Installation
from carnet.directory.follower import Follower
from carnet.jobs.periodic import Periodic

_LAST_USED_SECONDS = 5.0


def periodic_jobs(installation: Installation, follower: Follower) -> tuple[Periodic, ...]:
    """The jobs of one process, that of the follower first; none is started yet."""
    return (
        Periodic("follower", follower.look, seconds=installation.store.poll_seconds),
        Periodic("last-used", installation.last_used.exchange, seconds=_LAST_USED_SECONDS, once_more=True),
    )
