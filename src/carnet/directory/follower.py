"""Following the store: the thread that shows this process what others have written."""

from __future__ import annotations

import logging
import random
from collections.abc import Hashable
from threading import Event, Thread

from carnet.base.faults import Unavailable
from carnet.directory.directory import Directory
from carnet.store.store import Store

_LOG = logging.getLogger(__name__)
_JITTER = 0.2
"""Pauses differ by this share, so that many nodes do not all ask at once."""
_PAUSE_AFTER_FAILURE_SECONDS = 0.5


class Follower:
    """Polls the store and lets the directory catch up. While the store is down the directory stays as it is."""

    def __init__(self, directory: Directory, store: Store) -> None:
        self._directory = directory
        self._store = store
        self._seen: Hashable = None
        self._reachable = True
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="carnet-follower", daemon=True)

    @property
    def reachable(self) -> bool:
        """Whether the store answered when last asked."""
        return self._reachable

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        pause = self._store.poll_seconds
        while not self._stopping.wait(pause * random.uniform(1 - _JITTER, 1 + _JITTER)):  # noqa: S311 - no secret
            pause = self._store.poll_seconds if self._look() else _PAUSE_AFTER_FAILURE_SECONDS

    def _look(self) -> bool:
        """Whether the store could be followed. INVARIANT: raises nothing, or nobody would follow any more."""
        try:
            stamp = self._store.poll()
            if stamp != self._seen:
                self._directory.catch_up()
                # Remembered after, taken before: a commit in between is seen at the next look.
                self._seen = stamp
        except Unavailable:
            if self._reachable:
                _LOG.warning("the store cannot be reached: deciding goes on with what is known")
            self._reachable = False
        except Exception:
            _LOG.exception("the store cannot be followed")
            self._reachable = False
        else:
            if not self._reachable:
                _LOG.warning("the store is back")
            self._reachable = True
        return self._reachable
