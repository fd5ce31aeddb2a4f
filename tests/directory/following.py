"""A directory that follows its store, as a server's does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from carnet.directory.follower import Follower, Later
from carnet.jobs.periodic import Periodic


@contextmanager
def following(follower: Follower, later: Later | None = None) -> Iterator[None]:
    """The follower at work; with `later`, watched from a loop too."""
    job = Periodic("follower", follower.look, seconds=0.1)
    job.start()
    if later is not None:
        follower.watch(later, job.wake)
    try:
        yield
    finally:
        follower.unwatch()
        job.stop()
