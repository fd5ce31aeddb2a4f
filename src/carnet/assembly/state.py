"""Opens the state of an installation: its store and its keys, which is all that most commands need."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from carnet.assembly.last_seen import LastSeen
from carnet.assembly.master_key_files import read_master_keys
from carnet.assembly.seen_keys import check_seen, forget_seen
from carnet.assembly.settings import Settings
from carnet.audit.logs import FileLog, Log, MemoryLog
from carnet.audit.recorder import AuditLines, Recorder, Underway
from carnet.audit.room import free
from carnet.base.clock import Clock, SteadyClock
from carnet.base.faults import Unavailable
from carnet.base.ids import Ids
from carnet.jobs.presence import agreed_format
from carnet.keyring.aead import KEY_BYTES
from carnet.keyring.data_keys import Purpose, WrappedKey, new_data_keys
from carnet.keyring.keyring import Keyring
from carnet.keyring.master_key import MasterKey, load_or_create
from carnet.keyring.master_keys import MasterKeys
from carnet.store.faults import Damaged, NotSetUp, Unreachable, named
from carnet.store.head import UNKNOWN_MOMENT
from carnet.store.store import Store

if TYPE_CHECKING:
    from carnet.directory.directory import Directory
    from carnet.directory.kept_snapshot import KeptSnapshot
    from carnet.services.transaction import OperatorCall

_MEGABYTE = 1024 * 1024
system_clock: Clock = partial(datetime.now, UTC)
"""The present moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What outlives the processes of an installation, and what is needed to change it."""

    settings: Settings
    clock: Clock
    ids: Ids
    store: Store
    masters: MasterKeys
    keyring: Keyring
    audit_log: Log
    recorder: Recorder
    """Puts the changes into the audit log, whichever command makes them."""
    kept: KeptSnapshot | None = None
    """What is served until the store answers for the first time; None if it has answered."""

    def operator_call(self) -> OperatorCall:
        """A change that the operator makes now; it reads the whole store."""
        from carnet.directory.directory import Directory

        return self._operator_call(Directory(self.store))

    def _operator_call(self, directory: Directory) -> OperatorCall:
        from carnet.services.transaction import OperatorCall

        return OperatorCall(store=self.store, directory=directory, keyring=self.keyring, ids=self.ids, now=self.clock())


@contextmanager
def open_state(
    settings: Settings, *, create: bool = False, clock: Clock | None = None, or_kept: bool = False
) -> Iterator[State]:
    """Open what the settings name; if it is not there yet, `create` makes it, unless it was there once.

    If the database does not answer and `or_kept` allows it, what the data directory keeps of it is opened in its stead.
    Raises StoreMissing if it was, NotSetUp if it is not there and not to be made, Unavailable if the store does not
    answer, KeyringError if the master key is not the store's. `clock` is taken instead of the machine's.
    """
    if create and not settings.dev:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        store = Store.in_memory() if settings.dev else _open_store(settings, create=create)
    except Unavailable as problem:
        if not or_kept or isinstance(problem, Damaged):
            raise
        with _kept_state(settings, clock, problem) as state:
            yield state
        return
    with ExitStack() as stack:
        stack.callback(store.close)
        stack.enter_context(named(store.shown_url, Unreachable))
        if clock is None:
            clock = _steady_clock(settings, store)
        masters, keyring = _open_keyring(store, settings, clock(), create=create)
        keyring.agreed_format = agreed_format(store.nodes.live())
        audit_log = log_at(settings, settings.audit_file)
        store.record = recorder = stack.enter_context(closing(recorder_of(settings, audit_log, clock)))
        yield State(
            settings=settings,
            clock=clock,
            ids=Ids(secrets.token_bytes),
            store=store,
            masters=masters,
            keyring=keyring,
            audit_log=audit_log,
            recorder=recorder,
        )


def log_at(settings: Settings, path: Path) -> Log:
    """The log at `path`, or one in memory, which is all that an installation in memory has."""
    return MemoryLog() if settings.dev else FileLog(path)


def recorder_of(settings: Settings, log: Log, clock: Clock) -> Recorder:
    """What puts changes into that log, for as long as the data directory has room."""
    if settings.dev:
        return Recorder(partial(log.open_chained, clock))

    def opened() -> AuditLines:
        if settings.database_url:  # a command may be the first that needs a directory on this machine
            settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        return log.open_chained(clock)

    floor = settings.disk_floor_megabytes * _MEGABYTE

    def has_room() -> bool:
        return not (settings.data_dir.exists() and free(settings.data_dir) < floor)

    def takes_files() -> bool:
        directory = settings.audit_file.parent
        return os.access(directory if os.path.lexists(directory) else settings.data_dir, os.W_OK | os.X_OK)

    return Recorder(opened, Underway(settings.audit_file.parent), has_room, takes_files)


@contextmanager
def _kept_state(settings: Settings, given: Clock | None, problem: Unavailable) -> Iterator[State]:
    """Raises Unavailable if nothing is kept that may be used."""
    from carnet.assembly.kept_state import open_kept  # which is seldom needed

    clock = given or _floored_clock(settings, UNKNOWN_MOMENT)
    kept, masters, keyring, store = open_kept(settings, clock, problem)
    if isinstance(clock, SteadyClock):
        store.trusted = lambda: clock.trusted
    audit_log = log_at(settings, settings.audit_file)
    with closing(store), closing(recorder_of(settings, audit_log, clock)) as recorder:
        store.record = recorder
        yield State(
            settings=settings,
            clock=clock,
            ids=Ids(secrets.token_bytes),
            store=store,
            masters=masters,
            keyring=keyring,
            audit_log=audit_log,
            recorder=recorder,
            kept=kept,
        )


class StoreMissing(Exception):
    """An installation was here, and its store is not there, or is empty."""


def _open_store(settings: Settings, *, create: bool) -> Store:
    """INVARIANT: where an installation has been, no new one is begun."""
    if not create:
        return Store.open(settings.store_url, create=False)
    # A master key at another place may have been made before its installation.
    left = (settings.last_seen, *((settings.master_key,) if settings.master_key_file is None else ()))
    traces = [str(path) for path in left if path.exists()]
    if not traces:
        return Store.open(settings.store_url, check=True)
    try:
        return Store.open(settings.store_url, create=False, check=True)
    except NotSetUp as missing:
        raise StoreMissing(
            f"{missing} There was one: {' and '.join(traces)} tell of it. Bring its store back, or restore a backup by "
            "carnet restore; to begin a new installation, remove what is left of that one first."
        ) from missing


def _steady_clock(settings: Settings, store: Store) -> SteadyClock:
    """The machine's, but never before what a process of this installation has trusted."""
    clock = _floored_clock(settings, store.standing().at)
    store.trusted = lambda: clock.trusted
    return clock


def _floored_clock(settings: Settings, written: datetime) -> SteadyClock:
    """The machine's, but not before the store was written or this node has trusted its clock."""
    seen = None if settings.dev else LastSeen(settings.last_seen).read()
    floor = max(written, seen.at if seen is not None else UNKNOWN_MOMENT)
    return SteadyClock(system_clock, monotonic, None if floor == UNKNOWN_MOMENT else floor)


def _open_keyring(store: Store, settings: Settings, now: datetime, *, create: bool) -> tuple[MasterKeys, Keyring]:
    """The master keys, and the store's data keys. Where it has none yet, `create` makes both.

    A purpose that is new in this release has no key in an older installation: it is made here, by one of the processes
    that open it at once.
    """
    keys = store.data_keys()
    if not keys and not create:
        raise NotSetUp(store.shown_url)
    masters = _master_keys(settings, present=bool(keys))
    if not set(Purpose) <= {key.purpose for key in keys}:
        keys = _add_missing(store, masters, now)
    keyring = masters.opening(keys)[1]
    if not settings.dev:
        check_seen(settings, keyring)
    return masters, keyring


def _add_missing(store: Store, masters: MasterKeys, now: datetime) -> tuple[WrappedKey, ...]:
    """Make a key for each purpose that has none; gives all keys."""
    with store.write() as unit:
        present = store.data_keys()
        # INVARIANT: nothing is committed with a master key that does not open what is there.
        made = new_data_keys(masters.for_more(present), now=now, present=present)
        for key in made:
            unit.add(key)
    return *present, *made


def _master_keys(settings: Settings, *, present: bool) -> MasterKeys:
    """Those of the files, or one that is gone with the process; `present` says that the store was set up with one."""
    if settings.dev:
        return MasterKeys.of(MasterKey(secrets.token_bytes(KEY_BYTES)))
    if not present:
        forget_seen(settings)
        load_or_create(settings.master_key)
    return MasterKeys(partial(read_master_keys, settings))
