"""Rows of the settings of instances of IAM Identity Center."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Table

from carnet.entities.instance_settings import InstanceSettings
from carnet.store.codec import RowValues, json_text, read_moments, read_pairs
from carnet.store.entity_type import EntityType
from carnet.store.schema import METADATA, optional_text, own_id, owning_account, text

TABLE = Table(
    "instance_settings",
    METADATA,
    own_id(),
    owning_account(),
    optional_text("attributes"),
    text("regions"),
)


def to_row(settings: InstanceSettings) -> RowValues:
    return {
        "id": settings.id,
        "account": settings.account,
        "attributes": None if settings.attributes is None else json_text(settings.attributes),
        "regions": json_text(settings.regions),
    }


def from_row(row: Row[Any]) -> InstanceSettings:
    return InstanceSettings(
        id=row.id,
        account=row.account,
        attributes=None if row.attributes is None else read_pairs(row.attributes),
        regions=read_moments(row.regions),
    )


INSTANCE_SETTINGS = EntityType(
    entity=InstanceSettings,
    kind="settings of an instance",
    table=TABLE,
    from_row=from_row,
    to_row=to_row,
    decides=False,
    name_of=attrgetter("id"),
    unique_name=None,
    order=attrgetter("id"),
)
