"""An installation of before there was a second format of sealed values, beside a node that knows only the first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from carnet.assembly.installation import Installation, open_installation
from carnet.assembly.jobs import node
from carnet.assembly.settings import Settings
from carnet.entities.access_key import AccessKey
from carnet.entities.account import Account
from carnet.entities.user import User
from carnet.identity.credentials import secret_context
from carnet.identity.new_access_key import new_access_key
from carnet.identity.resealing import Resealing
from carnet.jobs.presence import Presence, opens
from carnet.keyring.data_keys import Purpose, new_data_keys
from carnet.keyring.keyring import format_of
from carnet.keyring.master_key import load_or_create
from carnet.store.leases import Lease
from carnet.store.nodes import Node
from carnet.store.store import Store

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = Account(id="111122223333", name="first", email="root@example.com", created=NOW)
OLDER = Node(id="older", release="0.0.9", features=frozenset({opens(1)}), seq=0)
KEYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """An installation of before there was a second format, and this process as a node of it."""

    installation: Installation
    presence: Presence

    @property
    def store(self) -> Store:
        return self.installation.store

    def add_user(self, number: int) -> AccessKey:
        user = User(id=f"AIDA{number:017}", account=ACCOUNT.id, name=f"user{number}", created=NOW)
        made = new_access_key(
            self.installation.ids, self.installation.keyring, account=ACCOUNT.id, owner=user.id, now=NOW
        )
        with self.store.write() as unit:
            unit.add(user)
            unit.add(made.key)
        return made.key

    def keys(self) -> dict[str, AccessKey]:
        loaded = (change.entity for change in self.store.load().changes)
        return {entity.id: entity for entity in loaded if isinstance(entity, AccessKey)}

    def formats(self) -> list[int]:
        return sorted(format_of(key.sealed_secret) for key in self.keys().values())

    def opened(self, key: AccessKey) -> bytes:
        context = secret_context(key.id, key.account, key.owner)
        return self.installation.keyring.open(key.sealed_secret, context=context)

    def lease(self) -> Lease:
        lease = self.store.leases.take("resealing", self.presence.id)
        assert lease is not None
        return lease

    def steps(self, lease: Lease) -> Iterator[None]:
        installation = self.installation
        return Resealing(
            store=self.store,
            masters=installation.masters,
            keyring=installation.keyring,
            clock=installation.clock,
        ).steps(lease)

    def reseal(self) -> None:
        lease = self.lease()
        for _ in self.steps(lease):
            pass
        self.store.leases.release(lease)

    def older_node_ends(self) -> None:
        self.store.nodes.leave(OLDER.id)
        self.presence.report()  # it learns that all open the second format, and seals in it from now on
        self.presence.report()  # it tells so

    @property
    def floor(self) -> int:
        return self.installation.keyring.ring(Purpose.ACCESS_KEY_SECRETS).floor


@contextmanager
def running(settings: Settings) -> Iterator[Running]:
    with open_installation(settings) as installation:
        yield Running(installation=installation, presence=node(installation))


def made_before(data_dir: Path) -> Settings:
    """The settings of such an installation, made here."""
    settings = Settings(data_dir=data_dir)
    with closing(Store.open(settings.store_url)) as store:
        with store.write() as unit:
            for key in new_data_keys(load_or_create(settings.master_key), now=NOW, floor=1):
                unit.add(key)
            unit.add(ACCOUNT)
        store.nodes.join(OLDER)
    return settings


@contextmanager
def running_with_keys(settings: Settings) -> Iterator[Running]:
    """A node of this release that has joined, in an installation with KEYS access keys."""
    with running(settings) as here:
        here.presence.join()
        for number in range(KEYS):
            here.add_user(number)
        yield here
