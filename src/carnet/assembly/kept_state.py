"""The state of an installation whose database does not answer, from what the data directory keeps of it."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from carnet.assembly.last_seen import LastSeen
from carnet.assembly.master_key_files import read_master_keys
from carnet.assembly.past import StoreWentBack, check_past
from carnet.assembly.settings import Settings
from carnet.base.clock import Clock
from carnet.base.faults import Unavailable
from carnet.directory import kept_snapshot
from carnet.directory.kept_snapshot import KeptSnapshot
from carnet.keyring.data_keys import WrappedKey
from carnet.keyring.errors import KeyringError
from carnet.keyring.keyring import Keyring
from carnet.keyring.master_keys import MasterKeys
from carnet.store.entity_types import ENTITY_TYPES
from carnet.store.store import Store

_LOG = logging.getLogger(__name__)


class KeptState(NamedTuple):
    kept: KeptSnapshot
    masters: MasterKeys
    keyring: Keyring
    store: Store
    """Not open yet."""


def open_kept(settings: Settings, clock: Clock, problem: Unavailable) -> KeptState:
    """What is kept, and a store that is opened when its database answers.

    Raises `problem`, which is why the store is not opened, if nothing is kept, or only what must not be used any more.
    """
    try:
        kept_snapshot.check_there(settings.snapshot_file)  # before the master key: a first start has neither
        masters = MasterKeys(partial(read_master_keys, settings))
        kept = kept_snapshot.read(settings.snapshot_file, masters, ENTITY_TYPES)
        kept_snapshot.check_age(kept, clock(), timedelta(minutes=settings.snapshot_max_age_minutes))
        keyring = masters.opening(kept.snapshot.installation.of(WrappedKey))[1]
    except (KeyringError, kept_snapshot.Unusable) as reason:
        problem.message = f"{problem.message} {reason}"
        problem.args = (problem.message,)
        raise problem from reason
    try:
        store = Store.opened_later(settings.store_url, _FirstLook(settings, kept, masters).check)
    except Unavailable:
        raise problem from None  # a file is not waited for: what keeps it from being opened is told
    store.expect(kept.installation)
    _LOG.warning("the store cannot be reached: serving what was known at %s", kept.as_of.isoformat(timespec="seconds"))
    return KeptState(kept, masters, keyring, store)


class _FirstLook:
    """Looks at a database that answers for the first time."""

    def __init__(self, settings: Settings, kept: KeptSnapshot, masters: MasterKeys) -> None:
        self._seen = LastSeen(settings.last_seen)
        self._kept = kept
        self._masters = masters
        self._told: str | None = None

    def check(self, store: Store) -> None:
        """Raises Unavailable for a database that a start would have refused."""
        try:
            if store.standing().installation != self._kept.installation:
                raise StoreWentBack(f"{store.shown_url} is the store of another installation")
            check_past(store, self._seen.read())
            self._masters.opening(store.data_keys())
        except (StoreWentBack, KeyringError) as problem:
            if str(problem) != self._told:
                self._told = str(problem)
                _LOG.error("the store answers, and is not followed: %s", problem)
            raise Unavailable("The store is another one.") from problem
