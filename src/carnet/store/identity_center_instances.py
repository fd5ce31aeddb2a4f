"""Rows of instances of IAM Identity Center."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Table, UniqueConstraint

from carnet.entities.identity_center_instance import Instance, InstanceStatus
from carnet.store.codec import read_moment, read_pairs
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
    )


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
