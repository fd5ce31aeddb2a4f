"""Rows of OpenID Connect providers."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Row, Table

from carnet.entities.oidc_provider import OidcProvider
from carnet.store.entity_type import EntityType, entity_fields
from carnet.store.schema import METADATA, named_entity, optional_text, text

TABLE = Table(
    "oidc_providers",
    METADATA,
    *named_entity(),
    text("client_ids"),
    text("thumbprints"),
    text("context_provider"),
    optional_text("identity_center_instance"),
)


def from_row(row: Row[Any]) -> OidcProvider:
    return OidcProvider(
        **entity_fields(row),
        client_ids=tuple(orjson.loads(row.client_ids)),
        thumbprints=tuple(orjson.loads(row.thumbprints)),
        context_provider=orjson.loads(row.context_provider),
        identity_center_instance=row.identity_center_instance,
    )


OIDC_PROVIDERS = EntityType(
    entity=OidcProvider,
    kind="OpenID Connect provider",
    table=TABLE,
    from_row=from_row,
    decides=False,  # without a provider that cannot be read, its tokens are refused
)
