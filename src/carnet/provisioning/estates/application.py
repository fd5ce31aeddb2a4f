"""Plans the import of an organization, and writes it in chunks that are each committed or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from time import sleep

from carnet.base.faults import Fault
from carnet.base.ids import Ids
from carnet.directory.directory import Directory
from carnet.directory.snapshot import Snapshot
from carnet.entities.account import Account
from carnet.identity.new_access_key import drawn_key, sealed_access_key
from carnet.keyring.keyring import Keyring
from carnet.provisioning.estates.changes import Entry, Write
from carnet.provisioning.plan import Told, Verdict, nobody
from carnet.services.accounts import RootKey
from carnet.services.operator_event import operator_event
from carnet.store.changes import Revision
from carnet.store.store import Store
from carnet.store.unit_of_work import UnitOfWork

_CHUNK = 1000
"""Entries of one transaction, of three rows each at most: all other writers wait for it, some 100 ms."""
_PAUSE_SECONDS = 0.01
"""Between two chunks, so that those who wait get their turn."""


@dataclass(frozen=True, slots=True)
class Item:
    """What becomes of one entry, and why if it cannot be done."""

    entry: Entry
    verdict: Verdict
    planned_at: Revision
    writes: Sequence[Write] = ()
    """What is to be written at that revision. What has to be written for one entry does not depend on other entries."""
    problem: str = ""


def planned(entries: Sequence[Entry], snapshot: Snapshot) -> tuple[Item, ...]:
    """What is to be done for each entry at a state; it is found anew if others write before it is done."""
    return tuple(_item(entry, snapshot) for entry in entries)


def _item(entry: Entry, snapshot: Snapshot) -> Item:
    at = snapshot.revision
    try:
        writes = entry.writes(snapshot)
    except Fault as problem:
        return Item(entry, Verdict.CANNOT, at, problem=problem.message)
    if not writes:
        return Item(entry, Verdict.UNCHANGED, at)
    verdict = Verdict.CREATE if writes[-1].new or writes[0].new else Verdict.UPDATE
    return Item(entry, verdict, at, writes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Importing:
    """The store that is written to, and its picture in this process."""

    store: Store
    directory: Directory
    keyring: Keyring
    ids: Ids
    now: datetime
    root_keys: bool = False
    """Whether accounts that are new get a root key."""

    def apply(self, items: Sequence[Item], told: Told = nobody) -> tuple[RootKey, ...]:
        """Write what is to be written; gives the root keys of new accounts, if they are asked for.

        Raises a Fault for what others have made impossible meanwhile. What was committed before stays: whoever imports
        the document again goes on where this has ended. `told` is told after each commit.
        """
        waiting = [item for item in items if item.verdict in (Verdict.CREATE, Verdict.UPDATE)]
        keys: list[RootKey] = []
        alone_since = waiting[0].planned_at if waiting else None
        for start in range(0, len(waiting), _CHUNK):
            if start:
                sleep(_PAUSE_SECONDS)
            chunk = waiting[start : start + _CHUNK]
            alone_since = self._write(chunk, alone_since, keys)
            told(start + len(chunk), len(waiting))
        return tuple(keys)

    def _write(self, chunk: Sequence[Item], alone_since: Revision | None, keys: list[RootKey]) -> Revision | None:
        """Write a chunk, and add the root keys of new accounts to `keys`.

        INVARIANT: what is to be written is found at the locked revision, or was found at one after which nobody else
        has written. `alone_since` is the last revision of which that is known; so is the one that is given back.
        """
        with self.store.write() as unit:
            alone = unit.base == alone_since
            snapshot = None if alone else self.directory.catch_up(unit.base)
            writes = [one for item in chunk for one in _writes(item, snapshot)]
            for write in writes:
                if not write.new:
                    unit.save(write.entity)
            new = [write.entity for write in writes if write.new]
            unit.add_all(new)
            if self.root_keys:
                keys += [self._root_key(unit, one) for one in new if isinstance(one, Account)]
            written = [item.entry.id for item in chunk]
            unit.audit(operator_event("ImportOrganization", {"resources": written}, self.now))
        return unit.committed.revision if alone and unit.committed is not None else None

    def _root_key(self, unit: UnitOfWork, account: Account) -> RootKey:
        given = drawn_key(self.ids, account.id)
        made = sealed_access_key(self.keyring, given, account=account.id, owner=account.id, now=self.now)
        unit.add(made.key)
        return RootKey(account=account.id, access_key_id=made.key.id, secret_access_key=made.secret)


def _writes(item: Item, snapshot: Snapshot | None) -> Sequence[Write]:
    """What is to be written for an item at a state; without one, what was planned."""
    return item.writes if snapshot is None else item.entry.writes(snapshot)
