"""Rows of the sessions of browsers. The store never sees the token itself."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Row, Table, Text, UniqueConstraint

from carnet.entities.browser_session import BrowserSession, HolderKind
from carnet.entities.user import User
from carnet.store.codec import read_moment, read_pairs
from carnet.store.entity_type import EntityType, one
from carnet.store.expiry import past_end
from carnet.store.schema import METADATA, optional_text, own_id, owning_account, text
from carnet.store.schema import moment as moment_column

TABLE = Table(
    "browser_sessions",
    METADATA,
    own_id(),
    owning_account(),
    text("kind"),
    text("holder"),
    text("digest"),
    moment_column("created"),
    moment_column("expires"),
    Column("password_set", BigInteger, nullable=True),
    Column("mfa", BigInteger, nullable=True),
    optional_text("mfa_device"),
    text("address"),
    text("user_agent"),
    Column("claims", LargeBinary, nullable=True),
    optional_text("provider"),
    Column("attributes", Text, nullable=False, server_default="{}"),
    UniqueConstraint("digest"),
    Index(None, "expires"),
)


def from_row(row: Row[Any]) -> BrowserSession:
    return BrowserSession(
        id=row.id,
        account=row.account,
        kind=HolderKind(row.kind),
        holder=row.holder,
        digest=row.digest,
        created=read_moment(row.created),
        expires=read_moment(row.expires),
        password_set=read_moment(row.password_set) if row.password_set is not None else None,
        mfa=read_moment(row.mfa) if row.mfa is not None else None,
        mfa_device=row.mfa_device,
        address=row.address,
        user_agent=row.user_agent,
        claims=row.claims or b"",
        provider=row.provider,
        attributes=read_pairs(row.attributes),
    )


expired = past_end(TABLE, from_row)
"""Some of those whose time is over."""


BROWSER_SESSIONS = EntityType(
    entity=BrowserSession,
    kind="browser session",
    table=TABLE,
    from_row=from_row,
    decides=False,  # no decision of a policy depends on one; one that cannot be read lets nobody in
    name_of=attrgetter("id"),
    unique_name=None,
    installation_name=attrgetter("digest"),
    order=attrgetter("created", "id"),
    references={"holder": one(User, "holder")},
)
