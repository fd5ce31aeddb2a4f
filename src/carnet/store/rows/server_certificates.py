"""Rows of server certificates."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Table

from carnet.entities.server_certificate import ServerCertificate
from carnet.store.codec import read_moment
from carnet.store.entity_type import EntityType, entity_fields
from carnet.store.schema import METADATA, moment, named_entity, optional_text, text

TABLE = Table("server_certificates", METADATA, *named_entity(), text("body"), optional_text("chain"), moment("expires"))


def from_row(row: Row[Any]) -> ServerCertificate:
    return ServerCertificate(**entity_fields(row), body=row.body, chain=row.chain, expires=read_moment(row.expires))


SERVER_CERTIFICATES = EntityType(
    entity=ServerCertificate, kind="server certificate", table=TABLE, from_row=from_row, decides=False
)
