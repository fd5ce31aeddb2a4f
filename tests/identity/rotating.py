"""Nodes on one store whose keys are rotated, each as a process of its own would be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from carnet.assembly.installation import Installation, open_installation
from carnet.assembly.jobs import node
from carnet.assembly.settings import Settings
from carnet.identity.resealing import RESEALING, Resealing
from carnet.identity.sealed_kinds import SEALED_KINDS
from carnet.jobs.presence import Presence
from carnet.keyring.data_keys import KeyState, Purpose, WrappedKey
from carnet.keyring.keyring import SealContext
from carnet.keyring.session_claims import SessionClaims
from carnet.keyring.session_tokens import SessionCredentials
from carnet.services.key_rotation import is_rotating, keys_of, stage_data_keys
from carnet.store.store import Store
from tests.identity.sealed_samples import add_samples, secret, values

CLAIMS = SessionClaims(
    kind="session-token", account="1" * 12, principal_id="AIDA1", issued_ms=0, expires_ms=1, token_id="t", epoch=""
)


class Clock:
    """Stands still, and is turned ahead."""

    now = datetime(2026, 2, 3, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One process that serves."""

    installation: Installation
    presence: Presence

    @property
    def store(self) -> Store:
        return self.installation.store

    def entities(self) -> dict[type[Any], tuple[Any, ...]]:
        return {kind.entity: self.store.all_of(kind.entity) for kind in SEALED_KINDS}

    def sealed(self) -> dict[SealContext, bytes]:
        """Every sealed value in the store, by what it is bound to."""
        return {place: value for value, place in values(self.entities())}

    def all_open(self) -> bool:
        """Whether this node opens every value in the store, and finds in it what was sealed."""
        keyring = self.installation.keyring
        return all(keyring.open(value, context=place) == secret(place) for place, value in self.sealed().items())

    def keys(self, purpose: Purpose = Purpose.ACCESS_KEY_SECRETS) -> list[WrappedKey]:
        return sorted(keys_of(self.store.data_keys(), purpose), key=lambda key: key.number)

    def states(self, purpose: Purpose = Purpose.ACCESS_KEY_SECRETS) -> list[KeyState]:
        return [key.state for key in self.keys(purpose)]

    def stage(self, *purposes: Purpose) -> tuple[WrappedKey, ...]:
        installation = self.installation
        return stage_data_keys(self.store, installation.masters, purposes or tuple(Purpose), installation.clock())

    def steps(self, store: Store | None = None) -> Iterator[None]:
        """The job, as this node does it; `store` stands for its own."""
        installation = self.installation
        lease = self.store.leases.take(RESEALING, self.presence.id)
        assert lease is not None
        job = Resealing(
            store=store or self.store,
            masters=installation.masters,
            keyring=installation.keyring,
            clock=installation.clock,
        )
        try:
            yield from job.steps(lease)
        finally:
            self.store.leases.release(lease)

    def work(self) -> None:
        for _ in self.steps():
            pass

    def session(self) -> SessionCredentials:
        return self.installation.execution.parts.tokens.issue(CLAIMS)

    def knows(self, session: SessionCredentials) -> bool:
        tokens = self.installation.execution.parts.tokens
        return tokens.open(session.access_key_id, session.session_token) is not None

    def is_rotating(self) -> bool:
        return any(is_rotating(keys_of(self.store.data_keys(), purpose)) for purpose in Purpose)


@contextmanager
def joined(settings: Settings, clock: Clock) -> Iterator[Node]:
    """A node that serves, until the block ends."""
    with open_installation(settings, create=True, clock=clock) as installation:
        here = Node(installation=installation, presence=node(installation))
        here.presence.join()
        yield here
        here.presence.leave()


def fill(here: Node) -> None:
    with here.store.write() as unit:
        add_samples(unit, here.installation.keyring)


def rotate_to_the_end(*nodes: Node) -> None:
    """All nodes report and the first one works, turn by turn."""
    for _ in range(10):
        for each in nodes:
            each.presence.report()
        nodes[0].work()
        if not nodes[0].is_rotating():
            return
    raise AssertionError("the rotation does not end")
