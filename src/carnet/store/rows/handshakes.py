"""Rows of handshakes."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Table

from carnet.entities.account import Account
from carnet.entities.handshake import Handshake, HandshakeAction, HandshakeState
from carnet.entities.organization import Organization
from carnet.entities.scope import ScopeKind
from carnet.store.codec import read_moment, read_pairs
from carnet.store.entity_type import EntityType, one
from carnet.store.schema import METADATA, moment, optional_text, own_id, text

TABLE = Table(
    "handshakes",
    METADATA,
    own_id(),
    # Without foreign keys: an account may be gone when the organization is still told of its handshake.
    text("organization"),
    text("action"),
    text("account"),
    optional_text("email"),
    optional_text("parent"),
    optional_text("notes"),
    text("tags"),
    text("state"),
    moment("requested"),
    moment("expires"),
    moment("changed"),
)


def from_row(row: Row[Any]) -> Handshake:
    return Handshake(
        id=row.id,
        organization=row.organization,
        action=HandshakeAction(row.action),
        account=row.account,
        email=row.email,
        parent=row.parent,
        notes=row.notes,
        tags=read_pairs(row.tags),
        state=HandshakeState(row.state),
        requested=read_moment(row.requested),
        expires=read_moment(row.expires),
        changed=read_moment(row.changed),
    )


HANDSHAKES = EntityType(
    entity=Handshake,
    kind="handshake",
    table=TABLE,
    from_row=from_row,
    decides=False,
    scope_kind=ScopeKind.INSTALLATION,
    scope_column=None,
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("id"),
    references={"organization": one(Organization, "organization"), "account": one(Account, "account")},
)
