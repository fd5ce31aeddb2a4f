"""Rows of what somebody has let a client do. The store sees no token."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Row,
    Table,
    Text,
    UniqueConstraint,
)

from carnet.entities.oauth_session import Grantor, OAuthSession
from carnet.entities.user import User
from carnet.store.codec import read_moment, read_pairs, read_strings
from carnet.store.entity_type import EntityType, one
from carnet.store.expiry import past_end
from carnet.store.schema import METADATA, own_id, owning_account, text
from carnet.store.schema import moment as moment_column

TABLE = Table(
    "oauth_sessions",
    METADATA,
    own_id(),
    owning_account(),
    text("kind"),
    text("holder"),
    text("instance"),
    text("client"),
    text("client_name"),
    text("scopes"),
    text("grant"),
    moment_column("created"),
    moment_column("expires"),
    Column("generation", Integer, nullable=False),
    moment_column("rotated"),
    Column("revoked", Boolean, nullable=False),
    text("sign_in"),
    text("key"),
    text("proofs"),
    Column("claims", LargeBinary, nullable=False),
    Column("attributes", Text, nullable=False, server_default="{}"),
    UniqueConstraint("grant"),
    Index(None, "expires"),
)


def from_row(row: Row[Any]) -> OAuthSession:
    return OAuthSession(
        id=row.id,
        account=row.account,
        kind=Grantor(row.kind),
        holder=row.holder,
        instance=row.instance,
        client=row.client,
        client_name=row.client_name,
        scopes=read_strings(row.scopes),
        grant=row.grant,
        created=read_moment(row.created),
        expires=read_moment(row.expires),
        generation=row.generation,
        rotated=read_moment(row.rotated),
        revoked=row.revoked,
        sign_in=row.sign_in,
        key=row.key,
        proofs=read_strings(row.proofs),
        claims=row.claims,
        attributes=read_pairs(row.attributes),
    )


expired = past_end(TABLE, from_row)
"""Some of those whose time is over."""


OAUTH_SESSIONS = EntityType(
    entity=OAuthSession,
    kind="OAuth session",
    table=TABLE,
    from_row=from_row,
    decides=False,  # no decision of a policy depends on one; the tokens of one that cannot be read are good for nothing
    name_of=attrgetter("id"),
    unique_name=None,
    installation_name=attrgetter("grant"),
    order=attrgetter("created", "id"),
    references={"holder": one(User, "holder")},
)
