"""Following the store: the thread that shows this process what others have written, and the loop that may wake it."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Hashable
from threading import Event, Thread

from carnet.base.faults import Unavailable
from carnet.directory.directory import Directory
from carnet.store.store import Store

_LOG = logging.getLogger(__name__)
_JITTER = 0.2
"""Pauses differ by this share, so that many nodes do not all ask at once."""
_PAUSE_AFTER_FAILURE_SECONDS = 0.5
_WATCHED_PAUSE_SECONDS = 1.0
"""How often the thread looks by itself where a loop watches for it."""

Later = Callable[[float, Callable[[], None]], object]
"""Calls something after so many seconds, as an event loop's `call_later`."""


class Follower:
    """Polls the store and lets the directory catch up. While the store is down the directory stays as it is."""

    def __init__(self, directory: Directory, store: Store) -> None:
        self._directory = directory
        self._store = store
        self._seen: Hashable = None
        self._reachable = True
        self._look_now = Event()
        self._stopping = False
        self._pause_seconds = store.poll_seconds
        self._thread = Thread(target=self._run, name="carnet-follower", daemon=True)

    @property
    def reachable(self) -> bool:
        """Whether the store answered when last asked."""
        return self._reachable

    def start(self, later: Later | None = None) -> None:
        """Begin to follow.

        A store that can be polled without waiting for it is watched from the loop of `later`: a thread that wakes forty
        times a second would take the interpreter from the loop each time, which was measured to cost a tenth of it.
        """
        if later is not None and self._store.polls_at_once:
            self._pause_seconds = _WATCHED_PAUSE_SECONDS
            self._watch(later)
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended."""
        self._stopping = True
        self._look_now.set()
        self._thread.join()

    def _watch(self, later: Later) -> None:
        """Wake the thread where the store is not what it was, or cannot be polled. INVARIANT: goes on until `stop`."""
        if self._stopping:
            return
        later(self._store.poll_seconds, lambda: self._watch(later))
        try:
            changed = self._reachable and self._store.poll() != self._seen
        except Exception:
            changed = self._reachable  # the thread tells of it, and looks by itself until it is over
        if changed:
            self._look_now.set()

    def _run(self) -> None:
        pause = self._pause_seconds
        while True:
            self._look_now.wait(pause * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311 - no secret
            self._look_now.clear()
            if self._stopping:
                return
            pause = self._pause_seconds if self._look() else _PAUSE_AFTER_FAILURE_SECONDS

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
