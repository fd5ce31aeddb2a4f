"""A node tells the others that it lives and what it knows, and learns what all of them know."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from carnet.base.faults import Unavailable
from carnet.keyring.data_keys import NEWEST_FORMAT
from carnet.keyring.keyring import Keyring
from carnet.keyring.master_keys import MasterKeys
from carnet.store.nodes import Node, all_know
from carnet.store.store import Store

if TYPE_CHECKING:
    from carnet.directory.directory import Directory

REPORT_SECONDS = 10.0
ASK_AGAIN_SECONDS = 1.0
ROTATES = "rotates-keys"
"""The feature of a node that knows of data keys after the first one of a purpose."""


def opens(sealed_format: int) -> str:
    """The feature of a node that opens secrets sealed in this format."""
    return f"sealed:{sealed_format}"


def seals(sealed_format: int) -> str:
    """The feature of a node that seals in this format, and in no older one any more."""
    return f"seals:{sealed_format}"


def has_key(kid: str) -> str:
    """The feature of a node that opens with this data key."""
    return f"data-key:{kid}"


def seals_with(kid: str) -> str:
    """The feature of a node that seals with this data key, and with no older one any more."""
    return f"seals-with:{kid}"


def has_master_key(key_id: str) -> str:
    """The feature of a node that has read this master key."""
    return f"master-key:{key_id}"


def known_features(kinds: Iterable[str]) -> frozenset[str]:
    """What this release knows: the kinds of entities, rotation, and the formats that it opens."""
    return frozenset((*kinds, ROTATES, *map(opens, range(1, NEWEST_FORMAT + 1))))


def agreed_format(nodes: Iterable[Node]) -> int:
    """The newest format of sealed values that all these nodes open."""
    live = tuple(nodes)
    return max((each for each in range(1, NEWEST_FORMAT + 1) if all_know(live, opens(each))), default=1)


class Presence:
    """This process among the nodes of its store."""

    def __init__(
        self,
        node_id: str,
        release: str,
        features: frozenset[str],
        *,
        store: Store,
        directory: Directory,
        masters: MasterKeys,
        keyring: Keyring,
        adopted: Callable[[Keyring], None] = lambda _: None,
    ) -> None:
        """`adopted` is called when the data keys of the store were taken over."""
        self.id = node_id
        """This process's name, as the holder of leases too."""
        self._release = release
        self._features = features
        self._store = store
        self._directory = directory
        self._masters = masters
        self._keyring = keyring
        self._adopted = adopted

    def join(self) -> None:
        """Report before anything is served. Raises Unavailable, and KeyringError for a key of a newer release."""
        self._learn(self._store.nodes.join, self._node())

    def report(self) -> None:
        """Report, and go on with the keys of now and with the format that all nodes have agreed upon."""
        self._masters.refresh()
        self._learn(self._store.nodes.report, self._node())

    def ask_again(self) -> None:
        """While the store refuses changes, try one: it is known soon that they are taken again, though nobody makes
        any."""
        if self._store.refuses_changes:
            with suppress(Unavailable):
                self.report()
                self._store.try_change()

    def leave(self) -> None:
        """The others need not wait until this node has been silent for long. Raises Unavailable."""
        self._store.nodes.leave(self.id)

    def _node(self) -> Node:
        rings = self._keyring.rings.values()
        features = {
            seals(self._keyring.agreed_format),
            *(has_key(kid) for ring in rings for kid in ring.kids),
            *(seals_with(ring.primary.kid.hex()) for ring in rings),
            *map(has_master_key, self._masters.ids),
        }
        return Node(
            id=self.id, release=self._release, features=self._features | features, seq=self._directory.snapshot.seq
        )

    def _learn(self, report: Callable[[Node], tuple[Node, ...]], told: Node) -> None:
        """Report, learn, and tell at once what was learned: the others wait for it."""
        live = report(told)
        # Never back to an older format: the others rely on what this node has reported that it seals.
        self._keyring.agreed_format = max(self._keyring.agreed_format, agreed_format(live))
        self._keyring.adopt(self._masters.opening(self._store.data_keys())[1])
        self._adopted(self._keyring)
        if (now := self._node()).features != told.features:
            self._store.nodes.report(now)
