"""Rows of trusted token issuers."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Table, UniqueConstraint

from carnet.entities.trusted_token_issuer import TrustedTokenIssuer
from carnet.store.codec import read_moment, read_pairs
from carnet.store.entity_type import EntityType, one
from carnet.store.schema import METADATA, moment, optional_text, own_id, owning_account, text

TABLE = Table(
    "trusted_token_issuers",
    METADATA,
    own_id(),
    owning_account(),
    text("instance"),
    text("partition"),
    text("name"),
    text("issuer_url"),
    text("claim"),
    text("attribute"),
    moment("created"),
    optional_text("client_token"),
    text("tags"),
    UniqueConstraint("instance", "issuer_url"),
)


def from_row(row: Row[Any]) -> TrustedTokenIssuer:
    return TrustedTokenIssuer(
        id=row.id,
        account=row.account,
        instance=row.instance,
        partition=row.partition,
        name=row.name,
        issuer_url=row.issuer_url,
        claim=row.claim,
        attribute=row.attribute,
        created=read_moment(row.created),
        client_token=row.client_token,
        tags=read_pairs(row.tags),
    )


TRUSTED_TOKEN_ISSUERS = EntityType(
    entity=TrustedTokenIssuer,
    kind="trusted token issuer",
    table=TABLE,
    from_row=from_row,
    decides=False,
    unique_name=attrgetter("issuer_url"),
    order=attrgetter("id"),
    references={"client_token": one(TrustedTokenIssuer, "client_token")},
)
