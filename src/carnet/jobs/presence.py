"""A node tells the others that it lives and what it knows, and learns what all of them know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from carnet.keyring.data_keys import NEWEST_FORMAT
from carnet.keyring.keyring import Keyring
from carnet.keyring.master_key import MasterKey
from carnet.store.nodes import Node, all_know
from carnet.store.store import Store

if TYPE_CHECKING:
    from carnet.directory.directory import Directory

REPORT_SECONDS = 10.0


def opens(sealed_format: int) -> str:
    """The feature of a node that opens secrets sealed in this format."""
    return f"sealed:{sealed_format}"


def seals(sealed_format: int) -> str:
    """The feature of a node that seals in this format, and in no older one any more."""
    return f"seals:{sealed_format}"


def known_features(kinds: Iterable[str]) -> frozenset[str]:
    """What this release knows: the kinds of stored things, and the formats that it opens."""
    return frozenset((*kinds, *map(opens, range(1, NEWEST_FORMAT + 1))))


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
        master: MasterKey,
        keyring: Keyring,
    ) -> None:
        self.id = node_id
        """This process's name, as the holder of leases too."""
        self._release = release
        self._features = features
        self._store = store
        self._directory = directory
        self._master = master
        self._keyring = keyring

    def join(self) -> None:
        """Report before anything is served. Raises Unavailable, and KeyringError for a key of a newer release."""
        self._learn(self._store.nodes.join(self._node()))

    def report(self) -> None:
        """Report, and go on with the data keys of now and with the format that all nodes have agreed upon."""
        self._learn(self._store.nodes.report(self._node()))

    def leave(self) -> None:
        """The others need not wait until this node has been silent for long. Raises Unavailable."""
        self._store.nodes.leave(self.id)

    def _node(self) -> Node:
        features = self._features | {seals(self._keyring.agreed_format)}
        return Node(id=self.id, release=self._release, features=features, seq=self._directory.snapshot.seq)

    def _learn(self, live: tuple[Node, ...]) -> None:
        # Never back to an older format: the others rely on what this node has reported that it seals.
        self._keyring.agreed_format = max(self._keyring.agreed_format, agreed_format(live))
        self._keyring.adopt(Keyring.unwrap(self._master, self._store.data_keys()))
