"""Secrets that are sealed in an older format are sealed anew; then the older format is taken no more."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from carnet.entities.access_key import AccessKey
from carnet.identity.credentials import secret_context
from carnet.jobs.presence import seals
from carnet.keyring.data_keys import NEWEST_FORMAT, Purpose, with_floor
from carnet.keyring.errors import Unsealable
from carnet.keyring.keyring import Keyring
from carnet.keyring.master_key import MasterKey
from carnet.store.leases import Lease
from carnet.store.nodes import all_know, read_live
from carnet.store.old_seals import access_keys_sealed_before
from carnet.store.store import Store
from carnet.store.unit_of_work import UnitOfWork

_LOG = logging.getLogger(__name__)
RESEAL_SECONDS = 15.0
_BATCH = 100
"""Secrets in one write transaction: they keep the writers behind waiting for some ten milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealing:
    """The job of one store. What is done stays done: it may end anywhere, and begin again in another process."""

    store: Store
    master: MasterKey
    keyring: Keyring

    def steps(self, lease: Lease) -> Iterator[None]:
        """Seal a batch anew each step, then raise the floor. Raises LeaseLost, Unavailable.

        INVARIANT: each batch is read and written under the head lock, so a key that is deleted meanwhile stays so.
        """
        cursor = ""
        while self.due():
            with self.store.write() as unit:
                unit.hold(lease)
                if not _everybody_seals(unit):
                    return
                last = self._reseal(unit, cursor)
                if last is None and not self._left(unit):
                    self._raise_floor(unit)
                cursor = last or ""
            self.keyring.adopt(Keyring.unwrap(self.master, self.store.data_keys()))
            yield

    def due(self) -> bool:
        """Whether an older format is still taken."""
        return self.keyring.ring(Purpose.ACCESS_KEY_SECRETS).floor < NEWEST_FORMAT

    def _reseal(self, unit: UnitOfWork, after: str) -> str | None:
        """Seal the batch behind a key id; gives the last id of it, None if it is empty."""
        batch = unit.ask(lambda connection, _: tuple(_older(connection, after=after, limit=_BATCH)))
        for _, key in batch:
            plain = self._opened(key)
            if key is not None and plain is not None:
                context = secret_context(key.id, key.account, key.owner)
                unit.save(replace(key, sealed_secret=self.keyring.seal(plain, context=context)))
        return batch[-1][0] if batch else None

    def _left(self, unit: UnitOfWork) -> bool:
        """Whether a secret is still sealed in an older format. One that does not open has nothing to lose."""
        return unit.ask(
            lambda connection, _: any(self._opened(key) is not None for _, key in _older(connection)),
        )

    def _opened(self, key: AccessKey | None) -> bytes | None:
        if key is None:
            return None
        try:
            return self.keyring.open(key.sealed_secret, context=secret_context(key.id, key.account, key.owner))
        except Unsealable:
            return None

    def _raise_floor(self, unit: UnitOfWork) -> None:
        """Bind the data keys to the newest format: wrapped anew, they open no older one for anybody."""
        for key in self.store.data_keys():
            if key.purpose == Purpose.ACCESS_KEY_SECRETS and key.floor < NEWEST_FORMAT:
                unit.save(with_floor(self.master, key, NEWEST_FORMAT))
        _LOG.info("all secrets are sealed in format %s; older ones are refused from now on", NEWEST_FORMAT)


def _everybody_seals(unit: UnitOfWork) -> bool:
    return all_know(unit.ask(read_live), seals(NEWEST_FORMAT))


_older = partial(access_keys_sealed_before, sealed_format=NEWEST_FORMAT)
