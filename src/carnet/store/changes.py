"""What the change log tells its readers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from carnet.entities.access_key import AccessKey
from carnet.entities.account import Account
from carnet.entities.group import Group
from carnet.entities.instance_profile import InstanceProfile
from carnet.entities.managed_policy import ManagedPolicy
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.keyring.data_keys import WrappedKey

Stored: TypeAlias = Account | User | Group | Role | ManagedPolicy | InstanceProfile | AccessKey | WrappedKey


class Kind(StrEnum):
    """The kinds of rows a change can be about."""

    ACCOUNT = "account"
    USER = "user"
    GROUP = "group"
    ROLE = "role"
    POLICY = "policy"
    INSTANCE_PROFILE = "instance profile"
    ACCESS_KEY = "access key"
    DATA_KEY = "data key"


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
    """One row as it is now; `entity` is None where it was removed."""

    kind: Kind
    account: str
    """Account id; empty for what belongs to none (data keys)."""
    key: str
    """The entity's unique id."""
    entity: Stored | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All that is different at `revision`, seen from `base`; each row occurs once."""

    base: Revision | None
    """None: `changes` is the whole store, and what the reader had before is void."""
    revision: Revision
    changes: tuple[Change, ...] = ()
    unreadable: frozenset[str] = field(default=frozenset())
    """Accounts with a row that could not be read. INVARIANT: nothing in them may be decided on."""
