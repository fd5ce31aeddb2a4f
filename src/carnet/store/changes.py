"""What the change log tells its readers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from carnet.entities.scope import Scope

if TYPE_CHECKING:
    from carnet.store.entity_type import EntityType


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of the store: `seq` write transactions after its creation.

    `epoch` names the life of the database and is new after a restore; `hash` is the last link of the change log's
    chain. Two equal revisions are the same history; equal numbers alone are not (a failover can lose the tail of the
    log and write it anew).
    """

    seq: int
    epoch: str
    hash: bytes


NOWHERE = Revision(0, "", b"")
"""The revision of a reader that has read nothing: no store is ever there."""


@dataclass(frozen=True, slots=True)
class Change:
    """One row as it is now; `entity` is None if it was removed."""

    type: EntityType[Any]
    scope: Scope
    key: str
    """The entity's unique id."""
    entity: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All that is different at `revision`, seen from `base`; each row occurs once in each scope
    that it is in or has left."""

    base: Revision | None
    """None: `changes` is the whole store, and what the reader had before is void."""
    revision: Revision
    changes: tuple[Change, ...] = ()
    whole: frozenset[Scope] = field(default=frozenset())
    """Scopes of which `changes` has every row: what the reader had of them before is void."""
    unreadable: frozenset[Scope] = field(default=frozenset())
    """Scopes with a row that bears on decisions and could not be read. INVARIANT: nothing in them may be allowed."""
