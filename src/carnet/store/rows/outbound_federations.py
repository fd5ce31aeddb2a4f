"""Rows of outbound federations. Private keys are sealed before they get here; the store never sees them."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

from sqlalchemy import Boolean, Column, Row, Table

from carnet.entities.outbound_federation import OutboundFederation, SigningAlgorithm, SigningKey
from carnet.store.codec import RowValues, columns, json_text, moment, read_moment, read_objects
from carnet.store.entity_type import EntityType, Sealed
from carnet.store.schema import METADATA, own_id, owning_account, text
from carnet.store.schema import moment as moment_column

TABLE = Table(
    "outbound_federations",
    METADATA,
    own_id(),
    owning_account(),
    text("issuer"),
    Column("enabled", Boolean, nullable=False),
    text("keys"),
    moment_column("created"),
)


def to_row(one: OutboundFederation) -> RowValues:
    return columns(
        {
            "id": one.id,
            "account": one.account,
            "issuer": one.issuer,
            "enabled": one.enabled,
            "keys": json_text([_key_json(key) for key in one.keys]),
            "created": one.created,
        }
    )


def from_row(row: Row[Any]) -> OutboundFederation:
    return OutboundFederation(
        account=row.account,
        issuer=row.issuer,
        enabled=row.enabled,
        keys=tuple(_read_key(key) for key in read_objects(row.keys)),
        created=read_moment(row.created),
    )


def _key_json(key: SigningKey) -> dict[str, Any]:
    return {
        "kid": key.kid,
        "algorithm": key.algorithm.value,
        "public": dict(key.public),
        "sealed": b64encode(key.sealed).decode(),
        "retired": moment(key.retired) if key.retired is not None else None,
    }


def _read_key(told: dict[str, Any]) -> SigningKey:
    return SigningKey(
        kid=told["kid"],
        algorithm=SigningAlgorithm(told["algorithm"]),
        public=told["public"],
        sealed=b64decode(told["sealed"]),
        retired=read_moment(told["retired"]) if told["retired"] is not None else None,
    )


OUTBOUND_FEDERATIONS = EntityType(
    entity=OutboundFederation,
    kind="outbound web identity federation",
    table=TABLE,
    to_row=to_row,
    from_row=from_row,
    sealed=Sealed("keys", lambda one: (key.sealed for key in one.keys)),
    decides=False,  # without one that cannot be read, no token is issued
    name_of=lambda one: one.account,
    unique_name=None,
    installation_name=lambda one: one.issuer,
    order=lambda one: one.account,
)
