"""Rows of external identity providers."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, Column, Row, Table

from carnet.entities.external_identity_provider import ExternalIdentityProvider
from carnet.store.codec import read_moment, read_strings
from carnet.store.entity_type import EntityType
from carnet.store.schema import METADATA, moment, own_id, owning_account, text

TABLE = Table(
    "external_identity_providers",
    METADATA,
    own_id(),
    owning_account(),
    text("issuer"),
    text("sign_in_url"),
    text("certificates"),
    Column("valid_until", BigInteger, nullable=True),
    text("document"),
    moment("created"),
)


def from_row(row: Row[Any]) -> ExternalIdentityProvider:
    return ExternalIdentityProvider(
        id=row.id,
        account=row.account,
        issuer=row.issuer,
        sign_in_url=row.sign_in_url,
        certificates=read_strings(row.certificates),
        valid_until=None if row.valid_until is None else read_moment(row.valid_until),
        document=row.document,
        created=read_moment(row.created),
    )


EXTERNAL_IDENTITY_PROVIDERS = EntityType(
    entity=ExternalIdentityProvider,
    kind="external identity provider",
    table=TABLE,
    from_row=from_row,
    # Not that a decision of a policy depends on one: without it, people would sign in by passwords again.
    decides=True,
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("id"),
)
