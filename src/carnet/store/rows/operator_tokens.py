"""Rows of operator tokens. The store never sees the token itself."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Table, UniqueConstraint

from carnet.entities.operator_token import OperatorToken
from carnet.entities.scope import ScopeKind
from carnet.store.codec import read_moment, read_strings
from carnet.store.entity_type import EntityType
from carnet.store.schema import METADATA, own_id, text
from carnet.store.schema import moment as moment_column

TABLE = Table(
    "operator_tokens",
    METADATA,
    own_id(),
    text("name"),
    text("digest"),
    text("scopes"),
    moment_column("created"),
    moment_column("expires"),
    UniqueConstraint("digest"),
)


def from_row(row: Row[Any]) -> OperatorToken:
    return OperatorToken(
        id=row.id,
        name=row.name,
        digest=row.digest,
        scopes=read_strings(row.scopes),
        created=read_moment(row.created),
        expires=read_moment(row.expires),
    )


OPERATOR_TOKENS = EntityType(
    entity=OperatorToken,
    kind="operator token",
    table=TABLE,
    from_row=from_row,
    decides=False,  # no decision of a policy depends on one; a token that cannot be read opens nothing
    scope_kind=ScopeKind.INSTALLATION,
    scope_column=None,
    name_of=attrgetter("id"),
    unique_name=None,
    installation_name=attrgetter("digest"),
    order=attrgetter("created", "id"),
)
