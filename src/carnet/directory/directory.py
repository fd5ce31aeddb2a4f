"""The directory: the data plane's picture of the store, one atomic reference to a snapshot."""

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
    """Reads the store when made; follows it when told to. Readers take `snapshot` and never wait.

    Raises Unavailable when made while the store is down; afterwards only `catch_up` does.
    """

    def __init__(self, store: Store, start: Snapshot | None = None, *, stale_for: float | None = None) -> None:
        """From `start`, a snapshot of former times, only what has changed since is read; else the whole store.

        `stale_for` says that nothing is read now, and for how many seconds nobody has known whether `start` is the
        newest state.
        """
        self._store = store
        self._adopting = Lock()
        self.snapshot: Snapshot = empty_snapshot(store.types) if start is None else start
        """The newest state known, set here alone. Take it once per request: the next look may show a later one."""
        self.lost = False
        """Whether the store was removed or replaced, as its follower saw: `snapshot` is then the state of nothing, and
        INVARIANT: every door answers 503."""
        self.before_shown: Callable[[Snapshot], None] = _nothing
        """Called with what others have written, before anybody sees it. Raises nothing."""
        self._looked: Hashable = None
        """What `Store.poll` gave when it was last asked for what was missed."""
        self._confirmed = monotonic() - (stale_for or 0.0)
        if stale_for is None:
            self.catch_up()

    @property
    def installation(self) -> str:
        """Which installation's the store is."""
        return self._store.installation

    @property
    def staleness(self) -> float:
        """For how many seconds it has not been known whether `snapshot` is the newest state."""
        return monotonic() - self._confirmed

    def confirm(self, when: float) -> None:
        """The store had nothing newer at a moment of the monotonic clock."""
        self._confirmed = max(self._confirmed, when)

    def check_staleness(self, most_seconds: float) -> None:
        """Raise Unavailable if it has not been known for longer."""
        if self.staleness > most_seconds:
            raise Unavailable("The server has not been able to follow its store for too long to give out sessions.")

    def apply(self, changes: Changes | None) -> None:
        """Show what this process has committed (`UnitOfWork.committed`), without asking the store if possible.

        Raises nothing, since the commit is made: if the store must be asked and is down, the follower does it later.
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
        """Show a snapshot that came of the one at `base` by changes that are committed. Raises nothing, as `apply`."""
        with self._adopting:
            held_back = self.snapshot.quarantined and any(map(self.snapshot.holds_back, made))
            if base == self.snapshot.revision and not held_back:
                self.snapshot = snapshot
            elif snapshot.revision != self.snapshot.revision:
                with suppress(Unavailable):
                    self._follow()

    def catch_up(self, to: Revision | None = None) -> Snapshot:
        """The snapshot, after following the store to its newest state; at once if it already stands at `to`.

        Inside `Store.write`, `catch_up(unit.base)` gives the state that the unit changes: no other writer can commit.
        """
        if to is not None and to == self.snapshot.revision:
            return self.snapshot
        with self._adopting:
            if to is None or to != self.snapshot.revision:
                self._follow()
            return self.snapshot

    def missed(self) -> bool:
        """Whether there was something newer: what is not found may have been made a moment ago, by another process.

        Nobody waits for it: of a store that cannot be asked at once, or that is down, the answer is no. Asking costs
        some microseconds, and more only if somebody has committed since it was last asked. Raises nothing.
        """
        if not self._store.polls_at_once or not self._store.is_open:
            return False
        known = self.snapshot.revision
        with suppress(Exception):  # the follower meets it, too, and tells of it
            stamp = self._store.poll()
            if stamp != self._looked:
                self.catch_up()
                self._looked = stamp  # remembered after, taken before: as the follower does
        return self.snapshot.revision != known

    def _follow(self) -> None:
        began = monotonic()
        changes = self._store.changes_since(self.snapshot.revision, self.snapshot.quarantined)
        if changes.base is None or changes.revision != self.snapshot.revision:
            coming = self.snapshot.with_changes(changes)
            self.before_shown(coming)
            self.snapshot = coming
        self.confirm(began)


def _nothing(_coming: Snapshot) -> None: ...
