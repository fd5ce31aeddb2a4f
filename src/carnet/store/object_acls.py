"""Rows of the ACLs of objects, of those that have another than the default: a row a version."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Table

from carnet.entities.bucket import Bucket
from carnet.entities.object_acl import ObjectAcl
from carnet.store.acls import acl_written, read_acl
from carnet.store.codec import RowValues, columns, read_moment
from carnet.store.entity_type import EntityType, one
from carnet.store.schema import METADATA, moment, own_id, owning_account, text

_TEXTS = ("object", "version", "upload", "etag", "owner")
TABLE = Table("object_acls", METADATA, own_id(), owning_account(), *map(text, _TEXTS), text("acl"), moment("set_at"))


def to_row(kept: ObjectAcl) -> RowValues:
    named = {name: getattr(kept, name) for name in ("id", "account", *_TEXTS)}
    return columns({**named, "acl": acl_written(kept.acl), "set_at": kept.set})


def from_row(row: Row[Any]) -> ObjectAcl:
    named = {name: getattr(row, name) for name in ("account", *_TEXTS)}
    return ObjectAcl(**named, acl=read_acl(row.acl), set=read_moment(row.set_at))


OBJECT_ACLS = EntityType(
    entity=ObjectAcl,
    kind="ACL of an object",
    table=TABLE,
    to_row=to_row,
    from_row=from_row,
    decides=True,
    name_of=attrgetter("object"),
    unique_name=None,
    order=attrgetter("set", "id"),
    references={"bucket": one(Bucket, "bucket"), "object": one(Bucket, "object")},
)
