"""The directory: the data plane's copy of the store, as one atomic reference to a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from threading import Lock
from time import monotonic

from carnet.base.faults import Unavailable
from carnet.directory.snapshot import Snapshot, empty_snapshot
from carnet.store.changes import Changes, Revision
from carnet.store.store import Store


class Directory:
    """Reads the store when it is made, and follows it when told to. Readers use `snapshot` and never wait.

    Making one raises Unavailable while the store is down; afterwards only `catch_up` does.
    """

    def __init__(self, store: Store, start: Snapshot | None = None, *, stale_for: float | None = None) -> None:
        """With `start`, an older snapshot, only the changes since are read, else the whole store.

        If `stale_for` is given, nothing is read now: it says for how many seconds it has not been known whether `start`
        is the newest state.
        """
        self._store = store
        self._adopting = Lock()
        self.snapshot: Snapshot = empty_snapshot(store.types) if start is None else start
        """The newest known state. Only this class sets it. Read it once per request: a second read may return a later
        one."""
        self.lost = False
        """Whether the follower has seen that the store was removed or replaced. `snapshot` then belongs to no store.
        INVARIANT: every request is answered with 503."""
        self.before_shown: Callable[[Snapshot], None] = _do_nothing
        """Called with a snapshot that has changes of others, before it is shown. Never raises."""
        self._looked: Hashable = None
        """The last result of `Store.poll` in `missed`."""
        self._confirmed = monotonic() - (stale_for or 0.0)
        if stale_for is None:
            self.catch_up()

    @property
    def installation(self) -> str:
        """The id of the installation that the store belongs to."""
        return self._store.installation

    @property
    def staleness(self) -> float:
        """For how many seconds it has not been known if `snapshot` is the newest state."""
        return monotonic() - self._confirmed

    def confirm(self, when: float) -> None:
        """Note that the store had nothing newer at a moment of the monotonic clock."""
        self._confirmed = max(self._confirmed, when)

    def check_staleness(self, most_seconds: float) -> None:
        """Raise Unavailable if `staleness` exceeds the limit."""
        if self.staleness > most_seconds:
            raise Unavailable("The server has not been able to follow its store for too long to give out sessions.")

    def apply(self, changes: Changes | None) -> None:
        """Show the changes that this process has committed (`UnitOfWork.committed`), without asking the store if
        possible.

        Never raises, because the commit is made: if the store has to be asked and is down, the follower shows them
        later.
        """
        if changes is None:
            return
        with self._adopting:
            if changes.base == self.snapshot.revision and not self.snapshot.holds_back(changes):
                self.snapshot = self.snapshot.with_changes(changes)
            elif changes.revision != self.snapshot.revision:
                with suppress(Unavailable):
                    self._follow()

    def adopt(self, base: Revision, snapshot: Snapshot, made: Iterable[Changes]) -> None:
        """Show a snapshot that was made from the one at `base` by committed changes. Never raises, as `apply`."""
        with self._adopting:
            held_back = self.snapshot.quarantined and any(map(self.snapshot.holds_back, made))
            if base == self.snapshot.revision and not held_back:
                self.snapshot = snapshot
            elif snapshot.revision != self.snapshot.revision:
                with suppress(Unavailable):
                    self._follow()

    def catch_up(self, to: Revision | None = None) -> Snapshot:
        """Follow the store to its newest state and return the snapshot; at once if the snapshot is at `to` already.

        Inside `Store.write`, `catch_up(unit.base)` gives the state that the unit changes: no other writer can commit.
        """
        if to is not None and to == self.snapshot.revision:
            return self.snapshot
        with self._adopting:
            if to is None or to != self.snapshot.revision:
                self._follow()
            return self.snapshot

    def missed(self) -> bool:
        """Follow the store, and return whether there was something newer: an entity that is not found may just have
        been made by another process.

        It never waits: if the store cannot be asked at once, or is down, the answer is False. It takes some
        microseconds, and more only if there was a commit since the last call. Never raises.
        """
        if not self._store.polls_at_once or not self._store.is_open:
            return False
        known = self.snapshot.revision
        with suppress(Exception):  # the follower gets the same error, and reports it
            stamp = self._store.poll()
            if stamp != self._looked:
                self.catch_up()
                self._looked = stamp  # polled before the look, remembered after it, as in the follower
        return self.snapshot.revision != known

    def _follow(self) -> None:
        began = monotonic()
        changes = self._store.changes_since(self.snapshot.revision, self.snapshot.quarantined)
        if changes.base is None or changes.revision != self.snapshot.revision:
            coming = self.snapshot.with_changes(changes)
            self.before_shown(coming)
            self.snapshot = coming
        self.confirm(began)


def _do_nothing(_coming: Snapshot) -> None: ...
