"""The nodes that run on a store: each process that serves reports itself, again and again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, Table, delete, select

from carnet.store import head
from carnet.store.codec import read_strings, strings
from carnet.store.databases.backend import Backend
from carnet.store.schema import METADATA, moment, own_id, text

LIVE_SECONDS = 60
"""For how long a node counts as live after its last report."""
_FORGOTTEN_SECONDS = 86_400

NODES = Table(
    "nodes",
    METADATA,
    own_id(),
    text("release"),
    text("features"),
    Column("seq", BigInteger, nullable=False),
    moment("seen"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One process that serves."""

    id: str
    release: str
    """The version of Carnet it runs."""
    features: frozenset[str]
    """What it knows and an older release may not: kinds of entities, formats of sealed values (`sealed:2`)."""
    seq: int
    """Where its directory stands: of the change log it needs only what comes after."""


class Nodes:
    """The nodes of a store. Methods raise Unavailable."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def join(self, node: Node) -> tuple[Node, ...]:
        """Report a node before it serves, and give the nodes that are live.

        INVARIANT: the head is locked meanwhile. A write that asks what every live node knows comes before this, and the
        node reads what was written; or after it, and the node is asked too.
        """
        with self._backend.writing() as connection:
            connection.execute(head.LOCK)
            return self._report(connection, node)

    def report(self, node: Node) -> tuple[Node, ...]:
        """Report that a node lives and where it stands, and give the nodes that are live."""
        with self._backend.writing() as connection:
            return self._report(connection, node)

    def leave(self, node_id: str) -> None:
        """The node serves no more."""
        with self._backend.writing() as connection:
            connection.execute(delete(NODES).where(NODES.c.id == node_id))

    def live(self) -> tuple[Node, ...]:
        """The nodes that have reported within LIVE_SECONDS."""
        with self._backend.reading() as connection:
            return read_live(connection, self._backend)

    def know(self, connection: Connection, feature: str) -> bool:
        """Whether every live node has reported `feature`, asked in the transaction that relies on it."""
        return all_know(read_live(connection, self._backend), feature)

    def _report(self, connection: Connection, node: Node) -> tuple[Node, ...]:
        connection.execute(delete(NODES).where(NODES.c.seen < _ago(self._backend, _FORGOTTEN_SECONDS)))
        row = {"release": node.release, "features": strings(sorted(node.features)), "seq": node.seq}
        report = self._backend.upsert(NODES).values(id=node.id, seen=self._backend.now, **row)
        report = report.on_conflict_do_update(index_elements=["id"], set_={**row, "seen": self._backend.now})
        connection.execute(report)
        return read_live(connection, self._backend)


def read_live(connection: Connection, backend: Backend) -> tuple[Node, ...]:
    """The nodes that have reported within LIVE_SECONDS."""
    query = select(NODES).where(NODES.c.seen >= _ago(backend, LIVE_SECONDS)).order_by(NODES.c.id)
    return tuple(
        Node(id=row.id, release=row.release, features=frozenset(read_strings(row.features)), seq=row.seq)
        for row in connection.execute(query)
    )


def all_know(nodes: Iterable[Node], feature: str) -> bool:
    """Whether each of the nodes has reported `feature`; so it is if there is none."""
    return all(feature in node.features for node in nodes)


def _ago(backend: Backend, seconds: int) -> ColumnElement[int]:
    return backend.now - seconds * 1_000_000
