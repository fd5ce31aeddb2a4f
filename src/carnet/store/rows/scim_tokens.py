"""Rows of SCIM tokens. The store never sees the token itself."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Table, UniqueConstraint

from carnet.entities.scim_token import ScimToken
from carnet.store.codec import read_moment
from carnet.store.entity_type import EntityType
from carnet.store.schema import METADATA, moment, own_id, owning_account, text

TABLE = Table(
    "scim_tokens",
    METADATA,
    own_id(),
    owning_account(),
    text("identity_store"),
    text("digest"),
    moment("created"),
    moment("expires"),
    UniqueConstraint("digest"),
)


def from_row(row: Row[Any]) -> ScimToken:
    return ScimToken(
        id=row.id,
        account=row.account,
        identity_store=row.identity_store,
        digest=row.digest,
        created=read_moment(row.created),
        expires=read_moment(row.expires),
    )


SCIM_TOKENS = EntityType(
    entity=ScimToken,
    kind="SCIM token",
    table=TABLE,
    from_row=from_row,
    decides=False,  # one that cannot be read opens nothing
    name_of=attrgetter("id"),
    unique_name=None,
    installation_name=attrgetter("digest"),
    order=attrgetter("created", "id"),
)
