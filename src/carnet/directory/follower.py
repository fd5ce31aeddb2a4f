"""Follows the store: shows this process the changes of other processes. An event loop may watch for them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from time import monotonic

from carnet.base.faults import Unavailable
from carnet.directory.directory import Directory
from carnet.store.faults import Lost, WentBack, because
from carnet.store.store import Store

_LOG = logging.getLogger(__name__)
_PAUSE_AFTER_FAILURE_SECONDS = 0.5
_WATCHED_PAUSE_SECONDS = 1.0
"""How often the job polls by itself if an event loop watches."""

SILENT_SECONDS = 4.0
"""How long a poll may take before the store counts as unreachable: a store that hangs raises nothing."""

Later = Callable[[float, Callable[[], None]], object]
"""Calls a function after so many seconds, as an event loop's `call_later`."""


class Follower:
    """Polls the store and lets the directory catch up. While the store is down the directory stays as it is."""

    def __init__(self, directory: Directory, store: Store) -> None:
        self._directory = directory
        self._store = store
        self._seen: Hashable = None
        self._reachable = True
        self._looking_since: float | None = None
        self._watching = False

    @property
    def reachable(self) -> bool:
        """Whether the store answered the last poll, and quickly enough."""
        since = self._looking_since
        return self._store.is_open and self._reachable and (since is None or monotonic() - since < SILENT_SECONDS)

    @property
    def state(self) -> str:
        """`reachable`, `takes no changes` (the store can be read, and has refused a change) or `unreachable`."""
        if not self.reachable:
            return "unreachable"
        return "takes no changes" if self._store.refuses_changes else "reachable"

    def look(self) -> float:
        """Follow the store if it has changed; returns the seconds until the next poll. Never raises."""
        self._looking_since = monotonic()
        try:
            followed = self._look()
        finally:
            self._looking_since = None
        if not followed:
            return _PAUSE_AFTER_FAILURE_SECONDS
        return _WATCHED_PAUSE_SECONDS if self._watching else self._store.poll_seconds

    def watch(self, later: Later, look_now: Callable[[], None]) -> None:
        """Watch the store from the event loop of `later`, and call `look_now` when it has changed.

        Only for a store that can be polled without waiting: a thread that wakes forty times a second takes the
        interpreter from the event loop each time, which was measured to cost a tenth of its throughput.
        """
        if self._store.polls_at_once:
            self._watching = True
            self._watch(later, look_now)

    def unwatch(self) -> None:
        self._watching = False

    def _watch(self, later: Later, look_now: Callable[[], None]) -> None:
        """Call `look_now` if the store has changed, or cannot be polled. INVARIANT: it is repeated until `unwatch`."""
        if not self._watching:
            return
        later(self._store.poll_seconds, lambda: self._watch(later, look_now))
        try:
            changed = self._reachable and self._store.poll() != self._seen
        except Exception:
            changed = self._reachable  # the job reports it, and polls by itself until it is over
        if changed:
            look_now()

    def _look(self) -> bool:
        """Follow the store; returns False if that failed."""
        try:
            began = monotonic()
            stamp = self._store.poll()
            if stamp != self._seen:
                self._directory.catch_up()
                # Polled before the look, remembered after it, so that a commit in between is seen by the next poll.
                self._seen = stamp
            self._directory.confirm(began)
        except Lost:
            self._lose()
        except WentBack as problem:
            if self._reachable:
                _LOG.error(
                    "%s Changes are refused, and deciding goes on with what was seen; bring the right store back, or "
                    "accept this one: carnet restore --as-found",
                    problem.message,
                )
            self._reachable = False
        except Unavailable as problem:
            if self._reachable:
                _LOG.warning("deciding goes on with what is known. %s", because(problem))
            self._reachable = False
        except Exception:
            _LOG.exception("the store cannot be followed")
            self._reachable = False
        else:
            if not self._reachable:
                _LOG.warning("the store is back")
            self._reachable = True
            self._directory.lost = False
        return self._reachable

    def _lose(self) -> None:
        if not self._directory.lost:
            _LOG.error(
                "%s was removed, replaced or overwritten: nothing is answered until it is back or the server is "
                "restarted",
                self._store.shown_url,
            )
        self._reachable = False
        self._directory.lost = True
