"""Rows of instances of IAM Identity Center."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import Column, Row, Table, Text, UniqueConstraint

from carnet.entities.identity_center_instance import Instance, InstanceStatus
from carnet.store.codec import json_text, read_moment, read_pairs, read_strings
from carnet.store.entity_type import EntityType
from carnet.store.schema import METADATA, moment, optional_text, own_id, owning_account, text

TABLE = Table(
    "identity_center_instances",
    METADATA,
    own_id(),
    owning_account(),
    text("partition"),
    text("identity_store"),
    optional_text("organization"),
    text("region"),
    optional_text("name"),
    text("status"),
    moment("created"),
    text("tags"),
    Column("network", Text, nullable=False, server_default="{}"),
    UniqueConstraint("account"),
    UniqueConstraint("identity_store"),
)


def from_row(row: Row[Any]) -> Instance:
    return Instance(
        id=row.id,
        account=row.account,
        partition=row.partition,
        organization=row.organization,
        region=row.region,
        name=row.name,
        status=InstanceStatus(row.status),
        created=read_moment(row.created),
        tags=read_pairs(row.tags),
        network=_network(row.network),
    )


def _network(text: str) -> dict[str, list[str]]:
    return {setting: list(read_strings(json_text(networks))) for setting, networks in orjson.loads(text).items()}


IDENTITY_CENTER_INSTANCES = EntityType(
    entity=Instance,
    kind="instance of Identity Center",
    table=TABLE,
    from_row=from_row,
    decides=False,  # without it nobody signs in
    name_of=attrgetter("id"),
    unique_name=attrgetter("account"),
    installation_name=attrgetter("identity_store"),
    order=attrgetter("id"),
)
