"""Rows of what accounts have set in IAM."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import Column, Integer, Row, Table

from carnet.entities.iam_settings import IamSettings
from carnet.store.codec import RowValues, columns, json_text, read_pairs
from carnet.store.entity_type import EntityType
from carnet.store.schema import METADATA, own_id, owning_account, text

TABLE = Table(
    "iam_settings",
    METADATA,
    own_id(),
    owning_account(),
    text("properties"),
    Column("global_token_version", Integer, nullable=False),
    text("quotas"),
)


def to_row(settings: IamSettings) -> RowValues:
    return columns(
        {
            "id": settings.id,
            "account": settings.account,
            "properties": settings.properties,
            "global_token_version": settings.global_token_version,
            "quotas": json_text(dict(settings.quotas)),
        }
    )


def from_row(row: Row[Any]) -> IamSettings:
    return IamSettings(
        account=row.account,
        properties=read_pairs(row.properties),
        global_token_version=row.global_token_version,
        quotas=orjson.loads(row.quotas),
    )


IAM_SETTINGS = EntityType(
    entity=IamSettings,
    kind="iam settings",
    table=TABLE,
    to_row=to_row,
    from_row=from_row,
    decides=False,
    name_of=attrgetter("account"),
    unique_name=None,
    order=attrgetter("account"),
)
