"""Rows of the access points of buckets."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Table

from carnet.entities.access_point import AccessPoint
from carnet.entities.bucket import Bucket, bucket_arn
from carnet.store.codec import RowValues, columns, read_moment, read_pairs
from carnet.store.entity_type import EntityType, Reference, one
from carnet.store.rows.buckets import block_written, read_block
from carnet.store.schema import METADATA, moment, optional_text, own_id, owning_account, text

_TEXTS = ("partition", "region", "name", "alias", "bucket", "bucket_account")
TABLE = Table(
    "access_points",
    METADATA,
    own_id("arn"),
    owning_account(),
    *map(text, _TEXTS),
    moment("created"),
    optional_text("vpc"),
    text("block"),
    optional_text("policy"),
    text("principal_ids"),
    text("tags"),
)
_AS_THEY_ARE = ("arn", "account", *_TEXTS, "created", "vpc", "policy", "principal_ids", "tags")


def to_row(point: AccessPoint) -> RowValues:
    return columns({name: getattr(point, name) for name in _AS_THEY_ARE} | {"block": block_written(point.block)})


def from_row(row: Row[Any]) -> AccessPoint:
    named = {name: getattr(row, name) for name in ("account", *_TEXTS, "vpc", "policy")}
    return AccessPoint(
        **named,
        created=read_moment(row.created),
        block=read_block(row.block),
        principal_ids=read_pairs(row.principal_ids),
        tags=read_pairs(row.tags),
    )


ACCESS_POINTS = EntityType(
    entity=AccessPoint,
    kind="access point",
    table=TABLE,
    to_row=to_row,
    from_row=from_row,
    decides=True,
    key_column="arn",
    unique_name=None,
    installation_name=attrgetter("alias"),
    order=attrgetter("name", "region"),
    references={
        "bucket": Reference(Bucket, lambda point: (bucket_arn(point.partition, point.bucket),)),
        "name": one(Bucket, "name"),
    },
)
