"""A write transaction with what a change needs in it, and the changes of the operator of an installation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from carnet.base.ids import Ids
from carnet.directory.snapshot import Snapshot
from carnet.keyring.keyring import Keyring
from carnet.store.store import Store
from carnet.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from carnet.directory.directory import Directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A write transaction; `snapshot` is the state at the locked revision."""

    unit: UnitOfWork
    snapshot: Snapshot
    keyring: Keyring
    ids: Ids
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorCall:
    """A change that the operator of an installation asks for on its machine, without a request."""

    store: Store
    directory: Directory
    keyring: Keyring
    ids: Ids
    now: datetime

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction, which is committed at the end. Raises as `Store.write`."""
        with self.store.write() as unit:
            snapshot = self.directory.catch_up(unit.base)
            yield Transaction(unit=unit, snapshot=snapshot, keyring=self.keyring, ids=self.ids, now=self.now)
