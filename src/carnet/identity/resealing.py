"""Data keys follow one another, and what is sealed with an older key, or in an older format, is sealed anew."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any

from carnet.base.clock import Clock
from carnet.entities.oauth_session import LONGEST_SESSION, REGISTERED_FOR
from carnet.identity.sealed_kinds import SealedKind, kinds_of
from carnet.jobs.presence import has_key, seals, seals_with
from carnet.keyring.data_keys import NEWEST_FORMAT, KeyState, Purpose, Ring, WrappedKey, moved_to, with_floor
from carnet.keyring.errors import Unsealable
from carnet.keyring.keyring import Keyring, SealContext
from carnet.keyring.master_keys import MasterKeys
from carnet.store.leases import Lease
from carnet.store.nodes import all_know, read_live
from carnet.store.rows import data_keys
from carnet.store.sealed_rows import rows_sealed_otherwise
from carnet.store.store import Store
from carnet.store.unit_of_work import UnitOfWork

_LOG = logging.getLogger(__name__)
RESEALING = "resealing"
"""The job and its lease."""
RESEAL_SECONDS = 15.0
CARRIED_FOR = timedelta(hours=37)
"""How long a retired key opens what callers hold: no session lives longer than 36 hours, and no message is read later.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
"""
_CARRIED_LONGER: Mapping[Purpose, timedelta] = {
    Purpose.SIGN_IN_TOKENS: LONGEST_SESSION + timedelta(hours=1),
    Purpose.CLIENT_REGISTRATIONS: REGISTERED_FOR + timedelta(hours=1),
}
"""What callers hold longer than that: a refresh token as long as its session lives, and a client its registration."""
_NEVER_ENDED = frozenset({Purpose.AUDIT_CHECKPOINTS})
"""Purposes of what is looked at for ever: a checkpoint of the audit log is verified by the key of its time."""
_BATCH = 25
"""Rows that one write transaction reads, and seals anew as long as it has time."""
_HELD_SECONDS = 0.01
"""How long it goes on with that: all writers wait behind it. A row takes half a millisecond of a processor, and on a
machine that many share twenty times as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealing:
    """The job of one store. What is done stays done: it may end anywhere, and begin again in another process."""

    store: Store
    masters: MasterKeys
    keyring: Keyring
    clock: Clock

    def steps(self, lease: Lease) -> Iterator[None]:
        """Go as far as the live nodes allow, a batch each step. Raises LeaseLost, Unavailable, KeyringError.

        INVARIANT: each batch is read and written under the head lock, so a key that is deleted meanwhile stays so.
        """
        self._learn()
        if any(ring.of_state(KeyState.STAGED) for ring in self.keyring.rings.values()):
            self._promote(lease)
            self._learn()
            yield
        for purpose, ring in self.keyring.rings.items():
            if self._behind(purpose, ring):
                yield from self._catch_up(purpose, lease)
                self._learn()

    def due(self) -> bool:
        """Whether there is anything to do, perhaps when all nodes are so far."""
        rings = self.keyring.rings
        return any(ring.of_state(KeyState.STAGED) or self._behind(purpose, ring) for purpose, ring in rings.items())

    def _behind(self, purpose: Purpose, ring: Ring) -> bool:
        """Whether an older key or format is still taken that need not be."""
        retired = () if purpose in _NEVER_ENDED else ring.of_state(KeyState.RETIRED)
        if kinds_of(purpose):
            return bool(retired) or ring.floor < NEWEST_FORMAT
        return any(key.retired is not None and self.clock() >= key.retired + _carried_for(purpose) for key in retired)

    def _learn(self) -> None:
        self.keyring.adopt(self.masters.opening(self.store.data_keys())[1])

    def _promote(self, lease: Lease) -> None:
        """Seal with the staged keys from now on, of which each is one that every live node has.

        Each in a change of its own: no writer waits for all of them.
        """
        for known in self.store.data_keys():
            if known.state is KeyState.STAGED:
                with self.store.write() as unit:
                    unit.hold(lease)
                    self._promote_one(unit, known.kid)

    def _promote_one(self, unit: UnitOfWork, kid: str) -> None:
        keys, now = stored_keys(unit), self.clock()
        staged = next((key for key in keys if (key.kid, key.state) == (kid, KeyState.STAGED)), None)
        if staged is None or not all_know(unit.ask(read_live), has_key(kid)):
            return
        master, _ = self.masters.opening(keys)
        primary = next(key for key in keys if (key.purpose, key.state) == (staged.purpose, KeyState.PRIMARY))
        unit.save(moved_to(master, primary, KeyState.RETIRED, now))
        unit.save(moved_to(master, staged, KeyState.PRIMARY, now))
        _LOG.info("data key %s follows %s for %s", kid, primary.kid, staged.purpose)

    def _catch_up(self, purpose: Purpose, lease: Lease) -> Iterator[None]:
        for kind in kinds_of(purpose):
            after: str | None = ""
            while after is not None:
                with self.store.write() as unit:
                    unit.hold(lease)
                    if not self._everybody_seals_so(unit, purpose):
                        return
                    after = self._reseal(unit, kind, after)
                yield
        with self.store.write() as unit:
            unit.hold(lease)
            if self._everybody_seals_so(unit, purpose) and not self._is_unfinished(unit, purpose):
                self._end_older(unit, purpose)
        yield

    def _everybody_seals_so(self, unit: UnitOfWork, purpose: Purpose) -> bool:
        """Whether each live node, and this process, seals with the primary key in the newest format."""
        kid = self.keyring.ring(purpose).primary.kid.hex()
        primary = next(key.kid for key in stored_keys(unit) if (key.purpose, key.state) == (purpose, KeyState.PRIMARY))
        live = unit.ask(read_live)
        return kid == primary and all_know(live, seals(NEWEST_FORMAT)) and all_know(live, seals_with(kid))

    def _reseal(self, unit: UnitOfWork, kind: SealedKind[Any], after: str) -> str | None:
        """Seal some rows behind a key anew; gives the last key of them, None if there are none."""
        until, last = monotonic() + _HELD_SECONDS, None
        for key, entity in tuple(self._rows_to_reseal(unit, kind, after=after, limit=_BATCH)):
            anew = None if entity is None else kind.changed(entity, self._sealed_anew)
            if anew != entity:
                unit.save(anew)
            last = key
            if monotonic() >= until:
                break
        return last

    def _sealed_anew(self, sealed: bytes, context: SealContext) -> bytes:
        plain = self._opened_if_older(sealed, context)
        return sealed if plain is None else self.keyring.seal(plain, context=context)

    def _is_unfinished(self, unit: UnitOfWork, purpose: Purpose) -> bool:
        """Whether a value is still sealed otherwise. One that does not open has nothing to lose."""
        return any(
            self._opened_if_older(sealed, context) is not None
            for kind in kinds_of(purpose)
            for _, entity in self._rows_to_reseal(unit, kind)
            if entity is not None
            for sealed, context in kind.values(entity)
        )

    def _opened_if_older(self, sealed: bytes, context: SealContext) -> bytes | None:
        if not sealed or sealed.startswith(self.keyring.head(context.purpose)):
            return None
        try:
            return self.keyring.open(sealed, context=context)
        except Unsealable:
            return None

    def _rows_to_reseal(
        self, unit: UnitOfWork, kind: SealedKind[Any], *, after: str = "", limit: int | None = None
    ) -> Iterator[tuple[str, Any]]:
        type_, head = self.store.types.of_class(kind.entity), self.keyring.head(kind.purpose)
        return unit.ask(lambda connection, _: rows_sealed_otherwise(connection, type_, head, after=after, limit=limit))

    def _end_older(self, unit: UnitOfWork, purpose: Purpose) -> None:
        """Bind the keys to the newest format, and let retired ones open nothing any more, for anybody."""
        keys, now = stored_keys(unit), self.clock()
        master, _ = self.masters.opening(keys)
        for key in keys:
            if key.purpose == purpose and key.state is not KeyState.KEPT:
                ended = self._has_ended(key)
                floor = NEWEST_FORMAT if kinds_of(purpose) else key.floor
                if ended or key.floor < floor:
                    bound = with_floor(master, key, max(floor, key.floor))
                    unit.save(moved_to(master, bound, KeyState.KEPT, now) if ended else bound)
                    _LOG.info(
                        "data key %s (%s) %s", key.kid, purpose, "opens nothing any more" if ended else "is bound"
                    )

    def _has_ended(self, key: WrappedKey) -> bool:
        if key.state is not KeyState.RETIRED or key.retired is None or key.purpose in _NEVER_ENDED:
            return False
        return bool(kinds_of(Purpose(key.purpose))) or self.clock() >= key.retired + _carried_for(Purpose(key.purpose))


def _carried_for(purpose: Purpose) -> timedelta:
    return _CARRIED_LONGER.get(purpose, CARRIED_FOR)


def stored_keys(unit: UnitOfWork) -> tuple[WrappedKey, ...]:
    """The data keys as they are under the head lock."""
    return unit.ask(lambda connection, _: data_keys.read_all(connection))
