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
from carnet.provisioning.estates.changes import Thing
from carnet.provisioning.plan import Told, Verdict, nobody
from carnet.services.accounts import RootKey
from carnet.services.operator_event import operator_event
from carnet.store.store import Store
from carnet.store.unit_of_work import UnitOfWork

_CHUNK = 300
"""Things of one transaction, of three rows each at most: all other writers wait for it, some 100 ms."""
_PAUSE_SECONDS = 0.01
"""Between two chunks, so that those who wait get their turn."""


@dataclass(frozen=True, slots=True)
class Item:
    """What becomes of one thing, and why if it cannot be done."""

    thing: Thing
    verdict: Verdict
    problem: str = ""


def planned(things: Sequence[Thing], snapshot: Snapshot) -> tuple[Item, ...]:
    """What is to be done for each thing at a state; it is found anew when it is done."""
    return tuple(_item(thing, snapshot) for thing in things)


def _item(thing: Thing, snapshot: Snapshot) -> Item:
    try:
        writes = thing.writes(snapshot)
    except Fault as problem:
        return Item(thing, Verdict.CANNOT, problem.message)
    if not writes:
        return Item(thing, Verdict.UNCHANGED)
    return Item(thing, Verdict.CREATE if writes[-1].new or writes[0].new else Verdict.UPDATE)


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
        waiting = [item.thing for item in items if item.verdict in (Verdict.CREATE, Verdict.UPDATE)]
        keys: list[RootKey] = []
        for start in range(0, len(waiting), _CHUNK):
            if start:
                sleep(_PAUSE_SECONDS)
            chunk = waiting[start : start + _CHUNK]
            keys += self._write(chunk)
            told(start + len(chunk), len(waiting))
        return tuple(keys)

    def _write(self, chunk: Sequence[Thing]) -> list[RootKey]:
        """INVARIANT: what is to be written is found at the locked revision."""
        keys: list[RootKey] = []
        written: list[str] = []
        with self.store.write() as unit:
            snapshot = self.directory.catch_up(unit.base)
            new: list[object] = []
            for thing in chunk:
                for write in thing.writes(snapshot):
                    if write.new:
                        new.append(write.entity)
                    else:
                        unit.save(write.entity)
                written.append(thing.id)
            unit.add_all(new)
            if self.root_keys:
                keys = [self._root_key(unit, one) for one in new if isinstance(one, Account)]
            unit.audit(operator_event("ImportOrganization", {"resources": written}, self.now))
        self.directory.apply(unit.committed)
        return keys

    def _root_key(self, unit: UnitOfWork, account: Account) -> RootKey:
        given = drawn_key(self.ids, account.id)
        made = sealed_access_key(self.keyring, given, account=account.id, owner=account.id, now=self.now)
        unit.add(made.key)
        return RootKey(account=account.id, access_key_id=made.key.id, secret_access_key=made.secret)
